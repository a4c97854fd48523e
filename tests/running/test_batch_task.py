"""Task batch, from a suite to its scores: who takes part, what is handed over, what is scored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omicsbench.contract.checks import check_path
from omicsbench.errors import OmicsbenchError
from omicsbench.metrics import METRICS
from omicsbench.planning.contestants import resolve_pipelines
from omicsbench.planning.plan import make_plan
from omicsbench.planning.suite import Suite, make_suite
from omicsbench.plugin import method
from omicsbench.records.spec import RunRecord, Status
from omicsbench.registry.discover import Registry, add_file, discover
from omicsbench.running.execute import execute
from omicsbench.running.fitting import Workplace

PLUGIN = Path(__file__).parents[1] / "plugins" / "unbatching.py"
BALANCED = "simulated_batches(n=1000, genes=40, strength=1.5)"
CONFOUNDED = "simulated_batches(n=1000, genes=40, composition='confounded')"
GROUPED = "simulated_batches(n=600, genes=40, batches=6, strength=1.5)"


def suite(*pipelines: str, data: str = BALANCED, task: str = "batch", **more: Any) -> Suite:
    split = {"unit": "batch", "split": "group"} if data == GROUPED else {}
    made: dict[str, Any] = {
        "name": "tiny",
        "task": task,
        "pipelines": pipelines,
        "datasets": [{"name": data, **split}],
        "sizes": [200],
        "repeats": 1,
        "n_components": 4,
        "features": 40,
        "scored": 120,
        "background": 120,
        "threads": 1,
    }
    return make_suite({**made, **more})


def registry() -> Registry:
    made = discover()
    add_file(made, PLUGIN)
    return made


def run(folder: Path, *pipelines: str, **more: Any) -> list[RunRecord]:
    records = []
    for planned in make_plan(suite(*pipelines, **more), registry()):
        if planned.skip:
            records.append(planned.skipped_record("tiny", {}))
            continue
        place = Workplace(planned.pipeline, folder / "scratch")
        records.append(execute(place, folder, planned.spec, planned.prepared))
    return records


def test_methods_of_embed_and_of_batch_take_part(tmp_path: Path) -> None:
    found = run(tmp_path, "pca", "combat", "pca(20) > harmony", "random_embedding")
    by_name = {record.spec.pipeline: record for record in found}
    assert all(record.status is Status.OK for record in found), [r.reason for r in found]
    expected = {name for name, metric in METRICS.items() if "batch" in metric.tasks}
    for record in found:
        assert set(record.scores) == expected, record.skipped_metrics
        assert {"ilisi"} <= set(record.in_sample)
    plain, *removed, noise = (record.scores for record in by_name.values())
    for scores in removed:
        assert scores["ilisi"] > plain["ilisi"] + 0.2
        assert scores["clisi"] > noise["clisi"] + 0.2


def test_labels_and_batches_of_the_training_rows_are_handed_over(tmp_path: Path) -> None:
    (planned,) = make_plan(suite(f"unbatching(folder={str(tmp_path)!r})"), registry())
    place = Workplace(planned.pipeline, tmp_path / "scratch")
    record = execute(place, tmp_path, planned.spec, planned.prepared)
    assert record.status is Status.OK, record.reason
    given = np.load(tmp_path / "fit-200.npz")
    codes = planned.prepared.codes("train")
    batches = planned.prepared.hand(["train"]).batches("train")
    assert codes is not None
    assert batches is not None
    pairs = set(zip(codes.tolist(), batches.tolist(), strict=True))
    assert set(zip(given["labels"].tolist(), given["batch"].tolist(), strict=True)) <= pairs
    assert given["batch"].dtype == given["labels"].dtype == np.int32
    assert len(np.unique(given["labels"])) > 3


def test_cells_of_held_out_batches_are_scored_among_training_cells(tmp_path: Path) -> None:
    plain, corrected = run(tmp_path, "pca", "harmony", data=GROUPED)
    for record in (plain, corrected):
        assert record.status is Status.OK, record.reason
        assert {"ilisi", "kbet", "cross_batch_balanced_accuracy"} <= set(record.scores)
    assert corrected.scores["ilisi"] > plain.scores["ilisi"]


def test_where_label_and_batch_are_one_no_score_of_both_is_given(tmp_path: Path) -> None:
    (record,) = run(tmp_path, "combat", data=CONFOUNDED)
    assert "two batches" in record.skipped_metrics["kbet"]
    assert "cross_batch_balanced_accuracy" in record.skipped_metrics
    (planned,) = make_plan(suite("combat", data=CONFOUNDED), registry())
    assert any("cannot be told apart" in note for note in planned.prepared.facts.notes)


def test_without_batches_it_is_skipped(tmp_path: Path) -> None:
    found = run(tmp_path, "pca", "combat", data="linear_control(n=300)")
    assert {record.status for record in found} == {Status.SKIPPED}
    assert {record.reason for record in found} == {"the data set names no batches"}


@pytest.mark.parametrize(
    ("task", "pipeline"), [("embed", "combat"), ("batch", "cca"), ("batch", "pca > mlp")]
)
def test_other_tasks_are_refused(task: str, pipeline: str) -> None:
    with pytest.raises(OmicsbenchError, match="is for task"):
        resolve_pipelines(suite(pipeline, task=task), discover())


def test_batches_may_be_removed_before_a_prediction() -> None:
    (made,) = resolve_pipelines(suite("combat > mlp", task="predict"), discover())
    assert made.task == "predict"


def test_the_contract_hands_batches_and_labels() -> None:
    assert [check.problem for check in check_path(PLUGIN) if check.problem] == []


def test_a_method_of_the_task_says_that_it_uses_the_batch() -> None:
    with pytest.raises(ValueError, match="uses the batch"):
        method(name="a", family="simple", task="batch", summary="s", source="s")


@pytest.mark.slow
def test_without_an_effect_nobody_wins_at_removing_it(tmp_path: Path) -> None:
    names = ("pca", "regress_batch", "combat", "harmony")
    none = {"data": "simulated_batches(effect='none')", "features": 300, "scored": 400}
    found = run(tmp_path, *names, **none, background=400, sizes=[1_000], repeats=5)
    margin = METRICS["ilisi"].margin
    scores = {
        text: np.mean([r.scores["ilisi"] for r in found if r.spec.pipeline == text])
        for text in {r.spec.pipeline for r in found}
    }
    assert max(scores.values()) - scores["pca(4)"] <= margin, scores
