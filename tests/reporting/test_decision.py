"""The first screen: the sentence, the tiles and the rows say what the verdicts hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pandas as pd
import pytest

from demo import DATASETS, EVIL, JUDGED, Made, Tags, demo
from omicsbench.records.analysis import UNSTATED, Analysis
from omicsbench.records.facts import OWN_DATA, DatasetFacts
from omicsbench.records.spec import Phases, RunRecord
from omicsbench.reporting import write_report
from omicsbench.reporting.cases import number_of
from omicsbench.reporting.decision import FirstScreen, decisions, told
from omicsbench.verdict.judge import verdicts
from omicsbench.verdict.recommend import recommendations
from studies import DEEP, PCA, Curve, flat, run, study

RECALL = "knn_recall"
COSTS = {PCA: 0.5, DEEP: 75.0}
OWN = DatasetFacts(name="mine.h5ad", source="mine.h5ad", summary=OWN_DATA, n_cells=184)


def made_up(
    curves: Mapping[str, Curve],
    costs: Mapping[str, float] = COSTS,
    facts: DatasetFacts = OWN,
    **common: Any,
) -> list[RunRecord]:
    """Runs along curves, on one thread, that took what ``costs`` says."""
    return [
        r.model_copy(
            update={
                "phases": Phases(fit_s=costs[r.spec.pipeline]),
                "cpu_s": costs[r.spec.pipeline],
                "dataset_info": facts,
            }
        )
        for r in study(curves, metric=RECALL, threads=1, **common)
    ]


def screen(records: list[RunRecord], analysis: Analysis = UNSTATED) -> FirstScreen:
    """The only task's."""
    found = decisions(recommendations(records, analysis), verdicts(records, analysis), records)
    (one,) = found.values()
    return one


def rising(n: int) -> float:
    return {100: 0.4, 300: 0.4, 1000: 0.6, 3000: 0.7}[n]


def test_a_simple_one_is_recommended_to_a_user_with_its_grounds() -> None:
    first = screen(made_up({PCA: flat(0.5), DEEP: flat(0.4)}))
    assert first.sentence == (
        f"On your 184 cells, use {PCA}: no deep pipeline was shown better by the one measure "
        "(1 settled, 0 open), and it is 150 times as fast as the fastest deep one."
    )
    use, since, cost = first.tiles
    assert use.says == (PCA,)
    assert since.says == ("not up to n = 3,000",)
    assert (cost.says, cost.note) == (
        ("150 times",),
        f"the CPU time of {PCA} (0.50 s at n = 3,000)",
    )


def test_open_is_said_to_be_no_reason_for_deep() -> None:
    first = screen(made_up({PCA: flat(0.5), DEEP: flat(0.6)}, noise=0.3, seed=1))
    assert f"use {PCA}: " in first.sentence
    assert "(0 settled, 1 open)" in first.sentence
    assert first.tiles[1].note == "1 of 1 measure open: no reason for deep"


def test_a_deep_one_is_recommended_with_its_n_and_its_price() -> None:
    records = made_up({PCA: flat(0.5), DEEP: rising})
    first = screen(records)
    assert first.sentence == (
        f"On your 184 cells, use {DEEP}: deep pipelines were shown better by 1 of 1 measure "
        f"(0 more settled, 0 open), at 150 times the CPU time of {PCA}."
    )
    (v,) = [v for v in verdicts(records) if v.outcome.ahead and v.best]
    assert first.tiles[1].says == (f"n = {v.n_star:,}",) == ("n = 1,000",)
    low, high = v.ends
    assert f"95 % interval {low} to {high}" in first.tiles[1].note
    (line,) = first.rows[0].figure.lines  # type: ignore[union-attr]
    assert line.spark is not None
    assert line.spark.star is not None
    places = [float(dot.split()[0]) for dot in line.spark.line[1:].split("L")]
    assert line.spark.star == places[2], "n* is the third of the tested sizes"


def test_over_data_sets_n_star_has_the_outer_ends_of_its_intervals() -> None:
    def late(n: int) -> float:
        return 0.8 if n > 1000 else 0.4

    real = OWN.model_copy(update={"kind": "real", "omics": True})
    records = [
        r
        for name, curve in {"a": rising, "b": late}.items()
        for r in made_up({PCA: flat(0.5), DEEP: curve}, facts=real, dataset=name)
    ]
    since = screen(records).tiles[1]
    assert since.says == ("n = 1,000 to 3,000",)
    ahead = [v for v in verdicts(records) if v.outcome.ahead and v.best]
    assert {v.n_star for v in ahead} == {1000, 3000}
    first, last = sorted(ahead, key=lambda v: v.n_star or 0)
    assert since.note.endswith(f"; 95 % intervals within {first.ends[0]} to {last.ends[1]}")


def test_a_deep_one_that_is_cheaper_is_not_called_dear() -> None:
    first = screen(made_up({PCA: flat(0.5), DEEP: flat(0.4)}, {PCA: 100.0, DEEP: 50.0}))
    assert "though the fastest deep one takes 0.50 of its CPU time" in first.sentence


def test_without_enough_repeats_nothing_is_recommended() -> None:
    first = screen(made_up({PCA: flat(0.5), DEEP: flat(0.8)}, repeats=2))
    assert first.sentence == (
        "On your 184 cells, nothing can be recommended yet: 2 repeats, and a claim needs 5."
    )
    assert first.tiles[0].says == ("open",)


def test_without_deep_runs_none_is_said_to_be_worse() -> None:
    first = screen(made_up({PCA: flat(0.5)}))
    assert first.sentence == f"On your 184 cells, use {PCA}: no deep pipeline could be compared."
    assert [tile.says for tile in first.tiles[1:]] == [("not compared",), ("not known",)]
    assert first.rows[0].figure is None


def test_several_data_sets_are_counted_and_controls_are_not() -> None:
    real = DatasetFacts(n_cells=184)
    control = DatasetFacts(n_cells=9_000, kind="simulated")
    records = [
        *made_up({PCA: flat(0.5), DEEP: flat(0.4)}, facts=real, dataset="a", dataset_id="a"),
        *made_up({PCA: flat(0.5), DEEP: rising}, facts=real, dataset="b", dataset_id="b"),
        *made_up({PCA: flat(0.5), DEEP: rising}, facts=control, dataset="0", dataset_id="0"),
    ]
    first = screen(records)
    assert first.sentence.startswith("Of 2 real omics data sets of 184 samples, use ")
    assert "deep pipelines were shown better in 1 of 2 comparisons" in first.sentence
    assert "on 1 data set" in first.sentence
    assert [(row.dataset, row.kind) for row in first.rows] == [
        ("a", "real omics"),
        ("b", "real omics"),
        ("0", "simulated"),
    ]
    assert first.tiles[1].says == ("n = 1,000",)
    twice = [r for r in records if r.spec.dataset != "0"]
    by_group = {"a": "a", "b": "a (new donors)"}
    twice = [
        r.model_copy(
            update={"spec": r.spec.model_copy(update={"dataset": by_group[r.spec.dataset]})}
        )
        for r in twice
    ]
    both = screen(twice)
    assert both.sentence.startswith(
        "Of 1 real omics data set of 184 samples, split in 2 ways, use "
    )
    assert "comparisons (1 more settled, 0 open), on 1 split" in both.sentence
    assert "of 2 splits" in both.tiles[1].note
    alone = screen([r for r in records if r.spec.dataset == "0"])
    assert alone.sentence.startswith("On 0 (simulated, 9,000 samples), use ")


def test_an_undecided_bar_leaves_the_margin_on_both_sides() -> None:
    first = screen(made_up({PCA: flat(0.5), DEEP: flat(0.5)}, noise=0.02))
    figure = first.rows[0].figure
    assert figure is not None
    (line,) = figure.lines
    assert line.verdict.standing == "open"
    assert line.bar is not None
    assert line.bar[0] < figure.band[0]
    assert line.bar[1] > figure.band[0] + figure.band[1]


def test_a_bar_beyond_the_axis_is_cut_and_a_margin_of_nothing_has_none() -> None:
    far = made_up({PCA: flat(0.1), DEEP: flat(0.9)})
    (line,) = screen(far).rows[0].figure.lines  # type: ignore[union-attr]
    assert line.cut_right
    assert not line.cut_left
    assert line.dot is None, "it lies beyond the end"
    (bare,) = screen(far, Analysis(margins={RECALL: 0.0})).rows[0].figure.lines  # type: ignore[union-attr]
    assert bare.bar is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "0"),
        (0.0123, "0.012"),
        (0.996, "1.0"),
        (3.44, "3.4"),
        (152.0, "150"),
        (12345, "12,000"),
    ],
)
def test_numbers_have_two_digits(value: float, words: str) -> None:
    assert number_of(value) == words


def test_the_page_says_the_same_and_shows_every_data_set(made: Made) -> None:
    records, page = made
    read = Tags(page.read_text(encoding="utf-8"))
    found = decisions(recommendations(records, JUDGED), verdicts(records, JUDGED), records)
    for sentence in told(found):
        assert sentence in read.text
    about = [str(one["data-of"]) for _, one in read.tags if one.get("class") == "row"]
    rows = [parse_qs(one)["dataset"][0] for one in about]
    assert set(rows) == set(DATASETS)
    assert str(rows[-1]).startswith("linear_control"), "simulated ones come last"


def few(folder: Path) -> list[RunRecord]:
    """Few enough for a page in a second: two data sets, three pipelines, three metrics."""
    known = {name: DATASETS[name] for name in ("blood_cells", "digits")}
    return [
        _scored(r, ("ari", "knn_recall", "silhouette"))
        for r in demo(folder, known)
        if r.output_dim == 10 and r.spec.pipeline.startswith(("pca", "auto", "random"))
    ]


def _scored(record: RunRecord, names: tuple[str, ...]) -> RunRecord:
    """With the scores of some metrics alone."""
    both = {
        part: {m: s for m, s in getattr(record, part).items() if m in names}
        for part in ("scores", "validation")
    }
    return record.model_copy(update=both)


def failed(records: list[RunRecord]) -> list[RunRecord]:
    return [
        run(r.spec.pipeline, r.spec.size, r.spec.repeat, None, family=r.family) for r in records
    ]


def of_one_data_set(records: list[RunRecord]) -> list[RunRecord]:
    return [r for r in records if r.spec.dataset == "digits"]


def of_one_metric(records: list[RunRecord]) -> list[RunRecord]:
    return [_scored(r, ("ari",)) for r in records]


def of_a_secondary_metric(records: list[RunRecord]) -> list[RunRecord]:
    return [_scored(r, ("silhouette",)) for r in records]


def of_many_classes(records: list[RunRecord]) -> list[RunRecord]:
    facts = {"label_names": tuple(f"{EVIL} {i}" for i in range(200))}
    return [
        r.model_copy(update={"dataset_info": r.dataset_info.model_copy(update=facts)})
        for r in records
    ]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (failed, r"^Nothing can be recommended: no run finished\.$"),
        (of_one_data_set, r"^On digits \(real, not omics, 15,000 samples\), use .*\.$"),
        (of_one_metric, r"^On blood_cells \(15,000 samples\), use .*\.$"),
        (of_a_secondary_metric, r"^Nothing can be recommended: no primary measure was scored\.$"),
        (of_many_classes, r"^On blood_cells "),
    ],
)
def test_every_page_stands_and_its_sentence_is_sensible(
    tmp_path: Path, change: Callable[[list[RunRecord]], list[RunRecord]], says: str
) -> None:
    report = write_report(change(few(tmp_path)), tmp_path, tmp_path / "x.html", command="")
    (sentence,) = report.use
    assert re.match(says, sentence), sentence
    text = report.page.read_text(encoding="utf-8")
    assert sentence in Tags(text).text
    assert EVIL not in text
    assert "nan" not in Tags(text[: text.index('id="again"')]).text.lower().split()


def test_the_table_has_every_purpose(made: Made) -> None:
    records, page = made
    table = pd.read_csv(page.parent / "recommendations.csv").fillna({"purpose": "", "tuning": ""})
    found = recommendations(records, JUDGED)
    assert len(table) == sum(1 + len(one.purposes) for one in found)
    overall = table[table["purpose"] == ""]
    assert list(overall["pipeline"].fillna("")) == [one.overall.pipeline for one in found]
    assert set(overall["dataset"]) == set(DATASETS)
