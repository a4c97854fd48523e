"""The process that scores: what a metric does to it ends one run, and the next is scored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omicsbench.metrics import METRICS
from omicsbench.planning.plan import make_plan
from omicsbench.records.spec import Cause, RunRecord, Status
from omicsbench.registry.discover import Registry, discover
from omicsbench.running import scorers
from omicsbench.running.execute import execute
from omicsbench.running.fitting import Workplace
from omicsbench.running.handover import Outputs
from omicsbench.running.outputs import InvalidOutput
from omicsbench.running.runner import run_suite
from omicsbench.running.scoring import Bench, by_class, judge
from suites import tiny_suite

METRIC = """
import os, signal, time
from pathlib import Path
from omicsbench.plugin import metric

@metric(title="Mine", range=(0, 1), direction="max", source="tests", group="distances")
def mine(embedding):
    mark = Path({mark!r})
    if not mark.exists():
        mark.touch()
        {do}
    return 0.5
"""

SMALL = {"name": "linear_control(n=300)", "sizes": [30]}


def _registry(tmp_path: Path, do: str) -> Registry:
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "mine.py").write_text(METRIC.format(mark=str(tmp_path / "done"), do=do))
    return discover([plugins])


def _run(tmp_path: Path, do: str, **more: Any) -> list[RunRecord]:
    suite = tiny_suite(
        "random_embedding", metrics=["mine", "knn_recall"], warm_up_timeout_s=60, **more
    )
    return run_suite(suite, tmp_path / "out", registry=_registry(tmp_path, do))


@pytest.mark.parametrize(
    ("do", "status", "says"),
    [
        ("os.abort()", Status.CRASHED, "SIGABRT while it was scored"),
        ("os._exit(3)", Status.CRASHED, "exit code 3 while it was scored"),
        ("raise SystemExit(2)", Status.ERROR, "SystemExit: 2 while it was scored"),
        ("time.sleep(60)", Status.TIMEOUT, "time limit of 3 s while it was scored"),
    ],
)
def test_a_metric_that_ends_its_scorer_ends_one_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, do: str, status: Status, says: str
) -> None:
    monkeypatch.setattr(scorers, "LEAST_S", 1.0)
    first, *others = _run(tmp_path, do)
    assert first.status is status
    assert says in str(first.reason)
    assert first.cause is Cause.SCORING
    assert not first.exceeded, "the limits of the method were not"
    assert {r.status for r in others} == {Status.OK}
    assert {r.scores["mine"] for r in others} == {0.5}


def test_what_a_metric_says_of_its_failure_is_made_storable(tmp_path: Path) -> None:
    says = "mark.unlink(); raise ValueError(chr(0xDCFF) + 'x' * 100_000_000)"
    (record,) = _run(tmp_path, says, repeats=1, datasets=[SMALL])
    assert record.status is Status.OK, record.reason
    assert len(record.skipped_metrics["mine"]) < 5000
    assert record.skipped_metrics["mine"].startswith(r"failed with ValueError: \udcffxxx")


def test_a_scorer_that_something_killed_is_no_failure(tmp_path: Path) -> None:
    records = _run(tmp_path, "os.kill(os.getpid(), signal.SIGKILL)", repeats=1)
    assert [(r.status, r.scores["mine"]) for r in records] == [(Status.OK, 0.5)] * 2


def test_what_a_metric_does_to_numpy_stays_with_it(tmp_path: Path) -> None:
    do = "import numpy; numpy.seterr(all='raise')"
    honest, *_ = run_suite(tiny_suite("random_embedding"), tmp_path / "honest")
    first, *_ = _run(tmp_path, do)
    assert first.scores["knn_recall"] == honest.scores["knn_recall"]


def test_scored_apart_is_scored_alike(tmp_path: Path) -> None:
    """A run by processes of their own has the very scores that it has in this one."""
    more = {"metrics": list(METRICS)[:12], "timeout_s": 60, "warm_up_timeout_s": 60}
    suite = tiny_suite("pca", "pca > tsne", repeats=1, **more)
    registry = discover()
    for planned, apart in zip(
        make_plan(suite, registry),
        run_suite(suite, tmp_path / "out", registry=registry),
        strict=True,
    ):
        assert apart.status is Status.OK
        place = Workplace(planned.pipeline, tmp_path / "scratch")
        here = execute(place, tmp_path, planned.spec, planned.prepared)
        for told in ("scores", "scores_se", "scores_by_unit", "validation", "in_sample"):
            assert getattr(apart, told) == getattr(here, told), told


def test_parts_of_classes_bear_their_names_and_no_other_parts_do() -> None:
    assert by_class({"0": 0.5, "2": 0.25, "mine": 1.0}, ["T", "B", "NK"]) == {
        "T": 0.5,
        "NK": 0.25,
        "mine": 1.0,
    }


def test_recalls_are_kept_by_the_names_of_the_classes(tmp_path: Path) -> None:
    suite = tiny_suite("pca", metrics=["knn_transfer_balanced_accuracy"], repeats=1)
    record, *_ = run_suite(suite, tmp_path)
    parts = record.parts["knn_transfer_balanced_accuracy"]
    assert set(parts) <= set(record.dataset_info.label_names)
    assert len(parts) > 1


def test_outputs_of_other_rows_are_refused(tmp_path: Path) -> None:
    (planned, *_) = make_plan(tiny_suite("pca"), discover())
    bench = Bench(tmp_path, tmp_path, METRICS)
    rows = {"train": 30, "validation": 7, "test": 60}
    with pytest.raises(InvalidOutput, match="nothing was handed over for test rows"):
        judge(bench, planned.spec, planned.prepared, Outputs({}))
    Z = {part: np.zeros((n, 2), np.float32) for part, n in rows.items()}
    with pytest.raises(InvalidOutput, match="returned shape"):
        judge(bench, planned.spec, planned.prepared, Outputs(Z | {"test": Z["test"][1:]}))


def test_outputs_come_back_as_they_were_written(tmp_path: Path) -> None:
    Z = {"test": np.arange(6, dtype=np.float32).reshape(3, 2)}
    answers = {"test": {"reconstruction": Z["test"], "cross_modal": {"a/b": Z["test"] + 1}}}
    told = Outputs(Z, answers).write(tmp_path)
    back = Outputs.read(tmp_path, told)
    assert np.array_equal(back.Z["test"], Z["test"])
    assert np.array_equal(back.answers["test"]["cross_modal"]["a/b"], Z["test"] + 1)
    with pytest.raises(ValueError, match="no file of outputs"):
        Outputs.read(tmp_path, [["../x.npy", "test"]])
