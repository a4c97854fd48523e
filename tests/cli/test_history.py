"""The command `history`, and the page of trends it draws."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from browser import Visit
from histories import at, digits_runs, grown, stored, worsen
from omicsbench.cli.main import app, main
from omicsbench.records.spec import RunRecord
from omicsbench.reporting.history_page import write_history


@pytest.fixture(scope="module")
def real() -> list[RunRecord]:
    return digits_runs()


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def call(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["omicsbench", "history", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return call


def test_the_command_adds_tells_and_draws(
    command: Any, real: list[RunRecord], tmp_path: Path
) -> None:
    real = [r for r in real if r.spec.size == 50 and r.spec.repeat < 2]
    file, page = tmp_path / "h.jsonl", tmp_path / "pages" / "h.html"
    folders = [
        stored(tmp_path / str(i), worsen(at(real, i), "mlp", score=0.05 if i == 3 else 0))
        for i in range(4)
    ]
    added = [part for folder in folders[:3] for part in ("--add", folder)]
    assert command(file, *added, "--out", page)[0] == 0
    code, out, _ = command(file, "--add", folders[3], "--out", page)
    assert code == 0
    assert f"Added {3:012x}, ci, 3 cells." in out
    assert "worse" in out
    assert f"{2:012x}..{3:012x}" in "".join(out.split())
    lines = file.read_text().splitlines()
    assert len(lines) == 4
    assert command(file, "--add", tmp_path / "0", "--out", page)[0] == 0
    assert file.read_text().splitlines() == lines

    text = page.read_text(encoding="utf-8")
    (data,) = [
        part.split("</script>")[0]
        for part in text.split('<script type="application/json" id="data">')[1:]
    ]
    content = json.loads(data)
    assert len(content["revisions"]) == 4
    changed = [s for s in content["series"] if s["changes"]]
    assert {s["pipeline"] for s in changed} == {"mlp"}
    assert "http-equiv" in text
    assert 'src="http' not in text


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_draws_its_trends_offline_and_leads_to_a_change(
    visit: Visit, real: list[RunRecord], tmp_path: Path, width: int
) -> None:
    path = write_history(grown(real, 12, time=1.5), tmp_path / "h.html")
    page, wrong = visit(path, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator("table.changes a").first.click()
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.wait_for_function(
        "document.querySelectorAll('#charts figure').length"
        " === document.querySelectorAll('#charts [data-drawn] svg').length"
    )
    first = page.locator("#charts figure").first
    assert "mlp" in first.locator("figcaption").inner_text()
    assert "between" in first.locator(".plot").get_attribute("aria-label")
    shown = page.locator("#charts figure").count()
    page.select_option("[name=pipeline]", "class_prior")
    assert page.locator("#charts figure", has_text="class_prior").count() > 0
    page.check("[name=changed]")
    assert page.locator("#charts figure").count() == 0
    assert "No trend" in page.locator("#found").inner_text()
    page.select_option("[name=pipeline]", "mlp")
    assert 0 < page.locator("#charts figure").count() <= shown
    assert not wrong


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["none.jsonl"], "begin one with --add"),
        (["h.jsonl", "--add", "nowhere"], "no results folder"),
        (["h.jsonl", "--revision", "v1"], "--add"),
        (["h.jsonl", "--out", "page.pdf"], "html"),
    ],
)
def test_bad_input_gets_one_sentence(
    command: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = command(*arguments)
    assert code == 2
    assert sentence in err
    assert len(err.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_the_command_is_registered() -> None:
    assert "history" in [c.callback.__name__ for c in app.registered_commands if c.callback]
