"""The report says of embeddings computed elsewhere what their scores are worth."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import builders
from demo import Tags
from omicsbench.records.spec import Phases, RunRecord
from omicsbench.reporting import answer, write_report
from omicsbench.verdict.equal_cost import at_equal_cost
from omicsbench.verdict.judge import verdicts

SEEN, UNKNOWN, UNSEEN = "far(key='A')", "far(key='B')", "far(key='C')"
WIDE = "far(key='D')"


def record(pipeline: str, size: int, repeat: int, at: float, **more: Any) -> RunRecord:
    spec = builders.spec(
        pipeline=pipeline, size=size, repeat=repeat, dataset="cells", scored=1_000
    )
    scores = {"knn_recall": at + float(np.random.default_rng([size, repeat]).normal(0, 0.001))}
    made: dict[str, Any] = {
        "family": "deep",
        "output_dim": 10,
        "scores": scores,
        "validation": scores,
        "phases": Phases(fit_s=0.001 * size, transform_s=0.001),
        "dataset_info": {"kind": "real"},
    }
    return builders.record(spec, **(made | more))


def study(*wanted: str) -> list[RunRecord]:
    """The wanted pipelines and a simple one at two sizes, five times each."""
    stated: dict[str, dict[str, Any]] = {
        "pca(n_components=10)": {"at": 0.5, "family": "simple"},
        "net(n_components=10)": {"at": 0.6},
        "ours(key='X')": {
            "at": 0.9,
            "family": "simple",
            "is_control": True,
            "contamination": "seen",
        },
        SEEN: {"at": 0.8, "contamination": "seen", "is_control": True},
        UNKNOWN: {"at": 0.7, "contamination": "unknown"},
        UNSEEN: {"at": 0.65, "contamination": "unseen"},
        WIDE: {"at": 0.7, "contamination": "unseen", "output_dim": 512},
    }
    return [
        record(name, size, repeat, **stated[name])
        for name in ("pca(n_components=10)", *wanted)
        for size in (30, 60)
        for repeat in range(5)
    ]


def said(records: list[RunRecord]) -> str:
    return "\n".join(answer(verdicts(records), records))


def test_it_is_said_of_each_whether_its_model_has_seen_the_data() -> None:
    words = said(study(SEEN, UNKNOWN, UNSEEN))
    for name, what in (
        (SEEN, "has seen these data: its scores are no forecast, and it is not in the headline"),
        (UNKNOWN, "may have seen these data, nobody says: if it has, its scores are no forecast"),
        (UNSEEN, "as is stated, has not seen these data"),
    ):
        assert re.search(rf"{re.escape(name)}: computed elsewhere, by a model .*{what}", words)
    assert "computed elsewhere" not in said(study("net(n_components=10)"))


def test_what_has_seen_the_data_is_judged_but_not_in_the_headline() -> None:
    found = verdicts(study(SEEN, UNKNOWN))
    assert {v.deep for v in found if v.best} == {UNKNOWN}
    assert {v.deep for v in found if v.is_control} == {SEEN}
    assert f"Controls of the deep side, not counted above: {SEEN}: deep ahead in 1" in (
        said(study(SEEN, UNKNOWN))
    )


def test_a_simple_one_that_has_seen_the_data_is_nobodys_rival() -> None:
    found = verdicts(study("ours(key='X')", "net(n_components=10)"))
    assert {v.simple for v in found} == {"pca(n_components=10)"}
    assert all(v.outcome.ahead for v in found)


def test_what_nobody_timed_is_in_no_comparison_of_costs(tmp_path: Path) -> None:
    assert at_equal_cost(study(UNKNOWN)) == []
    assert at_equal_cost(study("net(n_components=10)"))
    assert "Median time" not in said(study(UNKNOWN))
    write_report(study(UNKNOWN), tmp_path, tmp_path / "page.html", command="")
    costs = pd.read_csv(tmp_path / "costs.csv").set_index("pipeline")["total_s"]
    assert costs[UNKNOWN].isna().all()
    assert costs["pca(n_components=10)"].notna().all()
    scores = pd.read_csv(tmp_path / "summary.csv")
    assert UNKNOWN in set(scores["pipeline"])


def test_one_without_a_rival_of_its_dimension_is_told_apart() -> None:
    assert f"{WIDE} has 512 dimensions and no simple pipeline has" in said(study(WIDE))
    assert "dimensions and no simple" not in said(study(UNKNOWN))
    predictions = [r.model_copy(update={"output_dim": None}) for r in study(WIDE)[10:]]
    assert "dimensions and no simple" not in said(predictions), "they have none"


def test_the_page_marks_them_wherever_they_are_named(tmp_path: Path) -> None:
    records = study(SEEN, UNKNOWN, UNSEEN, "net(n_components=10)")
    page = write_report(records, tmp_path, tmp_path / "page.html", command="").page
    text = page.read_text(encoding="utf-8")
    for name, sign in ((SEEN, "†"), (UNKNOWN, "‡"), (UNSEEN, "§")):
        escaped = name.replace("'", "&#39;")
        marked = re.findall(rf"{re.escape(escaped)}<sup title=\"[^\"]+\">{sign}</sup>", text)
        assert len(marked) > 3, "in the legends, the matrix, the verdicts and the costs"
        assert f"{sign} {name}: computed elsewhere" in Tags(text).text
    assert "net(n_components=10)<sup" not in text
    assert ">nan" not in text
    assert "not known" in text
