"""The bar governs every table and chart: nothing that is seen names what was not chosen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from browser import Visit, until
from demo import DATASETS, JUDGED, Made, demo
from omicsbench.reporting import write_report
from tests.helpers.answer_runs import base, of_donors

# The first words of what heads a row, a column, a figure or a part of the page. The ranked table
# shows all metrics beside the chosen one, on purpose.
SEEN = """leftOut => {
  const first = (element) => {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const text = walker.currentNode.data.trim();
      if (text) return text.replace(/^[0-9]+ /, "").split(" · ")[0];
    }
    return "";
  };
  const parts = "th, td, figcaption, h3, h4, .stacks > div";
  return [...document.querySelectorAll("main > section")]
    .filter((part) => !["answer", "reading", "again"].includes(part.id))
    .flatMap((part) => [...part.querySelectorAll(parts)])
    .filter((e) => !(leftOut && e.closest(leftOut)) && e.checkVisibility()).map(first);
}"""
HEADS = ", ".join(f"{name}:visible" for name in ("th", "td", "h3", "h4", "figcaption"))
OPEN = "document.querySelectorAll('main details').forEach((d) => { d.open = true; })"
UNPACKED = f"{OPEN}, !document.querySelector('[data-packed]')"  # a part may lie within another
ROWS = """[...document.querySelectorAll(".chart")]
  .filter((chart) => chart.checkVisibility() && chart.specification)
  .flatMap((chart) => chart.specification.data.values)"""


def options(page: Any, name: str) -> dict[str, str]:
    """What a drop-down of the bar offers: the words of each value."""
    every = page.locator(f"#bar [name={name}] option")
    found = every.evaluate_all("all => all.map((o) => [o.value, o.textContent])")
    return {value: text for value, text in found if value}


def check(page: Any, name: str, words: dict[str, str], left_out: str = "") -> None:
    """Choose each in turn: of the words of the others, none is seen; of its own, in all, some."""
    every = set(page.evaluate(SEEN, left_out))
    assert set(words.values()) & every, f"{name} is told nowhere"
    for value, own in words.items():
        page.select_option(f"#bar [name={name}]", value)
        seen = set(page.evaluate(SEEN, left_out))
        assert not seen & (set(words.values()) - {own}), (name, value)
    page.select_option(f"#bar [name={name}]", "")


def opened(visit: Visit, path: Path) -> tuple[Any, list[str]]:
    page, wrong = visit(path, 1280)
    until(page, UNPACKED)
    return page, wrong


def check_contestants(page: Any) -> None:
    """What is hidden is in no table and in no chart."""
    page.click("[popovertarget=contestants]")
    names = page.locator("#contestants button").evaluate_all(
        "all => all.map((b) => b.dataset.pipeline)"
    )
    page.keyboard.press("Escape")
    for name in names:
        page.evaluate(
            "name => [...document.querySelectorAll('#contestants button')]"
            ".find((b) => b.dataset.pipeline === name && b.ariaPressed === 'true')?.click()",
            name,
        )
        seen = page.evaluate(SEEN, "")
        assert name not in seen
        quoted = name.replace("\\", "\\\\").replace("'", "\\'")
        until(page, f"{ROWS}.every((row) => row.pipeline !== '{quoted}')")


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data sets split both ways."""
    folder = tmp_path_factory.mktemp("units")
    records = [*base(), *(of_donors(r, 0.2) for r in base() if r.spec.size < 1_000)]
    return write_report(records, folder, folder / "a.html", command="").page


def test_of_embeddings(visit: Visit, made: Made) -> None:
    page, wrong = opened(visit, made[1])
    check(page, "dataset", options(page, "dataset"))
    check(page, "metric", options(page, "metric"), "#heat")
    for dim in ("10", "2"):
        page.select_option("#bar [name=dim]", dim)
        other = {"10": "2", "2": "10"}[dim]
        text = page.locator("main").inner_text()
        assert f"{other}-D spaces" not in text
        until(page, f"{ROWS}.every((row) => !('dim' in row) || row.dim === {dim})")
        assert page.locator("#each .figure:visible").count() == (
            len(DATASETS) if dim == "10" else 0
        )
    page.select_option("#bar [name=dim]", "")
    check_contestants(page)
    assert not wrong


def test_of_new_donors(visit: Visit, units: Path) -> None:
    page, wrong = opened(visit, units)
    assert page.locator("#new-units tbody tr:visible").count() > 2
    check(page, "metric", options(page, "metric"), "#heat")
    page.select_option("#bar [name=dataset]", "digits (hold-out)")
    assert page.locator("#new-units details:visible").count() == 1
    page.select_option("#bar [name=dataset]", "digits (hold-out) (new donor)")
    assert page.locator("#new-units details:visible").count() == 1
    page.select_option("#bar [name=dataset]", "")
    check_contestants(page)
    assert not wrong


@pytest.mark.usefixtures("known_metrics")
@pytest.mark.parametrize("kind", ["prediction", "integration", "mixed"])
def test_of_other_tasks(visit: Visit, kind: str, request: pytest.FixtureRequest) -> None:
    page, wrong = opened(visit, request.getfixturevalue(kind)[1])
    for name in ("dataset", "task", "metric"):
        if words := options(page, name):
            check(page, name, words, "#heat" if name == "metric" else "")
    check_contestants(page)
    assert not wrong


def test_of_devices(visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("omicsbench.reporting.template.LONG", 1)  # parts are packed in packed ones
    records = demo(tmp_path, {"digits": DATASETS["digits"]})
    again = []
    for r in records:
        spec = r.spec.model_copy(update={"device": "cuda", "keep_embedding": False})
        again.append(r.model_copy(update={"spec": spec, "key": spec.key, "embedding": None}))
    both = [*records, *again]
    made = write_report(both, tmp_path, tmp_path / "a.html", command="", analysis=JUDGED)
    page, wrong = opened(visit, made.page)
    assert set(options(page, "device")) == {"cpu", "cuda"}
    parts = page.locator("main > section:not(#answer, #again, #reading, #data-sets)")
    for device, other in (("cpu", "cuda"), ("cuda", "cpu")):
        page.select_option("#bar [name=device]", device)
        seen = " ".join(parts.locator(HEADS).all_inner_texts())
        assert other not in seen.replace("CPU", "").split()
    assert not wrong
