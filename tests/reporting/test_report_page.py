"""The report: self-contained, safe, complete."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from demo import (
    JUDGED,
    Made,
    Tags,
    demo,
)
from omicsbench.errors import OmicsbenchError
from omicsbench.records.spec import Status
from omicsbench.reporting import answer, write_report
from omicsbench.stats.correlated_t import Rope
from omicsbench.stats.extrapolate import extrapolate
from omicsbench.verdict.judge import verdicts


def test_the_page_loads_nothing_and_stays_small(made: Made) -> None:
    text = made[1].read_text(encoding="utf-8")
    assert len(text.encode()) < 4e6
    page = Tags(text)
    assert not {"link", "iframe", "object", "base"} & {tag for tag, _ in page.tags}
    for tag, attributes in page.tags:
        for name in ("src", "href", "data", "srcset"):
            value = attributes.get(name) or ""
            assert tag == "a" or not value or value.startswith("data:"), (tag, value)
    style = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style


def test_no_text_of_a_record_becomes_markup(hostile: Path) -> None:
    text = hostile.read_text(encoding="utf-8")
    assert hostile.name == "index.html"
    assert "<script>alert(1)" not in text
    assert "</script><b>" not in text
    hrefs = [attributes.get("href") or "" for tag, attributes in Tags(text).tags if tag == "a"]
    assert not any(href.startswith("javascript:") for href in hrefs)


def test_every_failure_is_shown(made: Made) -> None:
    records, path = made
    failed = [r for r in records if r.status is not Status.OK]
    assert failed
    assert set(pd.read_csv(path.parent / "failures.csv")["key"]) == {r.key for r in failed}
    shown = Tags(path.read_text(encoding="utf-8")).text
    for r in failed:
        assert r.status.value in shown
        assert r.reason in shown
    assert f"{len(failed)} without a result" in shown


def test_what_the_reader_must_know_is_said(made: Made) -> None:
    records, path = made
    shown = Tags(path.read_text(encoding="utf-8")).text
    for words in (
        "real omics",
        "simulated",
        "real, not omics",
        "labels: computed",
        "CC0",
        "omicsbench run demo --out 'results/demo'",
        "Some CPU",
        "torch 2.9",
        "the pipeline has no inverse_transform",
        *answer(verdicts(records, JUDGED), records),
        *(v.sentence for v in verdicts(records, JUDGED)),
    ):
        assert words in shown, words


def test_tables_hold_the_verdicts(made: Made) -> None:
    records, path = made
    found = verdicts(records, JUDGED)
    table = pd.read_csv(path.parent / "verdicts.csv")
    assert list(table["sentence"]) == [v.sentence for v in found]
    assert list(table["outcome"]) == [v.outcome.value for v in found]
    assert list(table["n_star"].fillna(0)) == [v.n_star or 0 for v in found]
    assert list(table["standing"]) == [v.standing for v in found]
    assert list(table["best"]) == [v.best for v in found]
    text = (path.parent / "verdicts.md").read_text(encoding="utf-8")
    rows = text.partition("## Every verdict")[2].splitlines()
    body = [row for row in rows if row.startswith("|")][2:]
    assert len(body) == len(found)
    for row, v in zip(body, found, strict=True):
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert cells[5] == v.outcome.value.replace("_", "\\_")
        assert cells[6] == str(v.n_star or "")
    differences = pd.read_csv(path.parent / "differences.csv")
    assert len(differences) == sum(len(v.differences) for v in found)
    assert len(pd.read_csv(path.parent / "runs.csv")["key"].unique()) == len(records)


def test_the_same_records_make_the_same_page(made: Made, tmp_path: Path) -> None:
    records, path = made
    command = "omicsbench run demo --out 'results/demo'"
    again = write_report(
        records[::-1], path.parent, tmp_path / "report.html", command=command, analysis=JUDGED
    ).page
    assert again.read_bytes() == path.read_bytes()


def test_missing_and_superseded_runs_are_said(tmp_path: Path) -> None:
    records = [r for r in demo(tmp_path) if r.spec.dataset == "digits"]
    old = records[0].model_copy(
        update={
            "spec": records[0].spec.model_copy(update={"pipeline_id": "0"}),
            "key": "old",
            "started_at": "2020",
        }
    )
    path = write_report(
        [*records, old], tmp_path, tmp_path / "a.html", command="", missing=7, analysis=JUDGED
    ).page
    shown = Tags(path.read_text(encoding="utf-8")).text
    assert "7 planned runs were not run yet" in shown
    assert "1 runs of earlier versions" in shown


def test_a_report_of_failures_only(tmp_path: Path) -> None:
    fine = demo(tmp_path)[:20]
    failed = [
        r.model_copy(
            update={
                "status": Status.ERROR,
                "reason": "no disk",
                "scores": {},
                "validation": {},
                "output_dim": None,
                "embedding": None,
            }
        )
        for r in fine
    ]
    path = write_report(failed, tmp_path, tmp_path / "a.html", command="", analysis=JUDGED).page
    assert "no comparison of a deep with a simple pipeline" in path.read_text(encoding="utf-8")
    with pytest.raises(OmicsbenchError, match="no run records"):
        write_report([], tmp_path, tmp_path / "b.html", command="")


def test_the_page_shows_probabilities_of_folds_and_extrapolations(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records, _ = made
    beyond = extrapolate([100, 300, 1000, 3000], [-0.04, -0.03, -0.02, -0.01], 0.01)
    assert beyond
    found = verdicts(records, JUDGED)
    for v in found:
        object.__setattr__(v, "rope", Rope(0.125, 0.25, 0.625, 0.0, 1.0, 4))
        object.__setattr__(v, "extrapolation", beyond)
    monkeypatch.setattr("omicsbench.reporting.material.verdicts", lambda *_, **__: found)
    path = write_report(
        records, tmp_path, tmp_path / "report.html", command="", analysis=JUDGED
    ).page
    shown = Tags(path.read_text(encoding="utf-8")).text
    for words in ("P(behind)", "62%", "secondary and no part of any verdict", beyond.sentence):
        assert words in shown, words
    table = pd.read_csv(tmp_path / "verdicts.csv")
    assert set(table["p_ahead"]) == {0.625}
    assert set(table["extrapolated"].dropna()) == ({beyond.root} - {None})


def test_records_alone_make_the_report_on_a_machine_without_torch(tmp_path: Path) -> None:
    """What methods and tuning need is not there; the records of a real suite are."""
    stored = Path(__file__).parents[2] / "results" / "million"
    folder = tmp_path / "million"
    shutil.copytree(stored, folder, ignore=shutil.ignore_patterns("*.html", "*.csv", "*.md"))
    blocked = ("torch", "optuna", "openTSNE", "umap")
    code = (
        "import sys\n"
        f"for name in {blocked!r}: sys.modules[name] = None\n"
        "from omicsbench.cli.main import main\n"
        f"sys.argv = ['omicsbench', 'report', {str(folder)!r}]\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (folder / "verdicts.csv").is_file()
    assert "deep ahead in 0" in (folder / "report.html").read_text("utf-8")
