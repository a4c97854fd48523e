"""Result sets that are joined, and those that contradict each other."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import builders
from command import inside
from omicsbench.errors import StoreError
from omicsbench.records import store
from omicsbench.records.merging import merge
from omicsbench.records.packing import arrays_of, pack
from omicsbench.records.planned import planned_records, read_analysis, read_plan, write_plan
from omicsbench.records.spec import Cause, RunRecord, Status

Made = Callable[..., Path]
SUITE = {"name": "s", "analysis": {}}


def run(repeat: int = 0, spec: dict[str, Any] | None = None, **changes: Any) -> RunRecord:
    told: dict[str, Any] = {"scores": {"knn_recall": 0.5}, "environment": {"cpu": "a", "cores": 2}}
    return builders.record(builders.spec(repeat=repeat, **(spec or {})), **(told | changes))


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """A result set of some records, with their plan; its name, and what the suite says."""

    def made(name: str, *records: RunRecord, **suite: Any) -> Path:
        folder = store.open_folder(tmp_path / name)
        for record in records:
            store.write_record(folder, record)
        keys = [record.key for record in records]
        write_plan(folder, json.dumps(SUITE | suite), keys, f"omicsbench run {name}")
        return folder

    return made


def test_sets_become_one_with_plan_commands_and_pictures(made: Made, tmp_path: Path) -> None:
    first, second = made("a", run(0), run(1)), made("b", run(2))
    pack(first)
    picture = io.BytesIO()
    np.save(picture, np.zeros(2))
    for name in (run(2).key, "0123456789abcdef"):  # the second belongs to no run
        (second / "embeddings").mkdir(exist_ok=True)
        (second / "embeddings" / f"{name}.npy").write_bytes(picture.getvalue())
    out = tmp_path / "out"
    done = merge([first, second], out)
    assert (done.runs, done.in_several, done.missing) == (3, 0, 0)
    records, missing, others = planned_records(out)
    assert ({r.key for r in records}, missing, others) == ({run(i).key for i in range(3)}, 0, 0)
    assert list(arrays_of(out)) == [f"{run(2).key}.npy"]
    assert read_plan(out).suite == SUITE
    assert read_plan(out).command.split(" && ")[:2] == ["omicsbench run a", "omicsbench run b"]
    assert len(store.loose_files(second)) == 1, "the sets are left as they are"


def test_what_the_plan_of_a_set_leaves_out_is_not_taken(made: Made, tmp_path: Path) -> None:
    first = made("a", run(0))
    store.write_record(first, run(7))
    merge([first, made("b", run(1))], tmp_path / "out")
    assert {r.spec.repeat for r in store.read_records(tmp_path / "out")} == {0, 1}


def test_a_shard_without_runs_is_no_obstacle(made: Made, tmp_path: Path) -> None:
    assert merge([made("a"), made("b", run())], tmp_path / "out").runs == 1
    with pytest.raises(StoreError, match="holds no run records"):
        merge([made("c")], tmp_path / "none")


def test_the_same_run_twice_is_one_run_if_its_scores_agree(made: Made, tmp_path: Path) -> None:
    early = run(scores={"knn_recall": 0.5}, started_at="2026-01-01T00:00:00")
    late = run(scores={"knn_recall": 0.5 + 1e-9}, started_at="2026-01-02T00:00:00")
    done = merge([made("a", late), made("b", early)], tmp_path / "out")
    assert (done.runs, done.in_several) == (1, 1)
    assert store.read_records(tmp_path / "out") == [early]


def test_a_finished_run_goes_before_a_failed_one(made: Made, tmp_path: Path) -> None:
    limits = {"timeout_s": 1.0, "memory_bytes": 1.0}
    failed = run(status=Status.TIMEOUT, reason="x", scores={}, limits=limits)
    aside = run(status=Status.SKIPPED, reason="y", cause=Cause.CANNOT_RUN, scores={})
    merge([made("a", aside), made("b", failed)], tmp_path / "tried")
    assert store.read_records(tmp_path / "tried") == [failed]
    merge([made("c", failed), made("d", run())], tmp_path / "done")
    assert store.read_records(tmp_path / "done") == [run()]


@pytest.mark.parametrize(
    ("other", "suite", "said"),
    [
        (run(scores={"knn_recall": 0.51}), {}, "knn_recall 0.5 and 0.51"),
        (run(scores={}), {}, "knn_recall 0.5 and missing"),
        (run(1, {"protocol": 1}), {}, "protocol 1"),
        (run(1, {"dataset_id": "2"}), {}, "other versions of the data set d"),
        (run(1, {"pipeline_id": "2"}), {}, "other versions of the pipeline p"),
        (run(1), {"analysis": {"margins": {"knn_recall": 0.5}}}, "judged by other rules"),
    ],
)
def test_contradictions_are_refused_in_one_sentence(
    made: Made, tmp_path: Path, other: RunRecord, suite: dict[str, Any], said: str
) -> None:
    first, second = made("a", run()), made("b", other, **suite)
    done = inside("merge", first, second, "-o", tmp_path / "out")
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists(), "nothing is written"


def test_a_folder_with_records_is_not_merged_into(made: Made, tmp_path: Path) -> None:
    first, second = made("a", run()), made("b", run(1))
    with pytest.raises(StoreError, match="holds records already"):
        merge([first, second], second)


def test_unlike_machines_are_told(made: Made, tmp_path: Path) -> None:
    other = run(1, environment={"cpu": "b", "cores": 8})
    done = inside("merge", made("a", run()), made("b", other), "-o", tmp_path / "out")
    assert done.returncode == 0
    assert "2 kinds of machines" in done.stdout


def test_rules_in_the_old_form_and_the_new_are_kept(made: Made, tmp_path: Path) -> None:
    """Older suites named reference and margins beside the table that holds them today."""
    rules = {"reference": "logistic_regression", "margins": {"knn_recall": 0.3}}
    old = made("old", run(0), **rules)
    plan = json.loads((old / "plan.json").read_text())
    del plan["suite"]["analysis"]
    (old / "plan.json").write_text(json.dumps(plan))
    new = made("new", run(1), analysis=rules)
    merge([old, new], tmp_path / "out")
    assert read_analysis(tmp_path / "out") == read_analysis(new)
