"""Parts of a suite: disjoint, complete, and together equal to one run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

import builders
from command import inside
from omicsbench.errors import OmicsbenchError
from omicsbench.planning.shards import Shard
from omicsbench.records import store
from omicsbench.records.ids import digest
from omicsbench.records.merging import merge
from omicsbench.records.planned import planned_records, read_plan
from omicsbench.running import runner
from omicsbench.running.job import Conditions, Job
from omicsbench.running.runner import run_suite
from suites import tiny_suite


@pytest.mark.parametrize("of", [1, 2, 3, 16])
def test_every_run_is_in_one_shard(of: int) -> None:
    keys = [digest(number) for number in range(400)]
    shards = [Shard(number, of) for number in range(1, of + 1)]
    assert all(sum(shard.holds(key) for shard in shards) == 1 for key in keys)
    shares = [sum(map(shard.holds, keys)) for shard in shards]
    assert min(shares) > 400 / of / 3, "no shard does it all"


@pytest.mark.parametrize("text", ["0/4", "5/4", "3", "a/b", "1/0", "-1/4", "1/2/3", "1.5/4", ""])
def test_what_is_no_part_is_refused(text: str) -> None:
    with pytest.raises(OmicsbenchError, match=r"write i/N"):
        Shard.parse(text)


def test_a_part_names_its_folder(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(
        'pipelines = ["random_projection(2)"]\nrepeats = 1\nthreads = 1\n'
        'metrics = ["reconstruction_r2"]\n'
        'datasets = [{name = "linear_control(n=60)", sizes = [30]}]\n'
    )
    done = inside("run", "s.toml", "--shard", "1/1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "merge" in done.stdout
    folder = tmp_path / "results" / "s-1of1"
    (record,) = store.read_records(folder)
    assert not (folder / "report.html").exists(), "the report is that of all parts"
    # A part that holds no run is no failure.
    other = next(i for i in range(1, 9) if not Shard(i, 8).holds(record.key))
    done = inside("run", "s.toml", "--shard", f"{other}/8", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert read_plan(tmp_path / "results" / f"s-{other}of8").runs == ()


def _shards_equal_one_run(tmp_path: Path, of: int, repeats: int = 3) -> None:
    suite = tiny_suite(
        "random_projection(2)",
        "pca(2)",
        timeout_s=60,
        warm_up_timeout_s=60,
        metrics=["reconstruction_r2"],
        repeats=repeats,
    )
    whole = run_suite(suite, tmp_path / "whole")
    parts = [tmp_path / str(number) for number in range(1, of + 1)]
    for number, part in enumerate(parts, 1):
        assert run_suite(suite, part, shard=Shard(number, of)), "an empty shard shows nothing"
    done = merge(parts, tmp_path / "merged")
    assert (done.runs, done.in_several, done.missing) == (len(whole), 0, 0)
    assert done.absent == ()
    merged, missing, others = planned_records(tmp_path / "merged")
    assert (missing, others) == (0, 0)
    assert read_plan(tmp_path / "merged").suite == read_plan(tmp_path / "whole").suite
    told = [
        {r.key: r.model_dump(mode="json", exclude=builders.MEASURED) for r in records}
        for records in (whole, merged)
    ]
    assert told[0] == told[1]


def _at_once(jobs: Sequence[list[Job]], conditions: Conditions, *others: object) -> list[str]:
    """Stores a record of every run, in place of workers: its score is told by its key."""
    for job in (job for chain in jobs for job in chain):
        for spec, _ in job.runs:
            scores = {"reconstruction_r2": int(spec.key, 16) / 16**16}
            store.write_record(Path(conditions.out), builders.record(spec, scores=scores))
    return []


@pytest.mark.parametrize("of", [1, 3])
def test_shards_merged_equal_one_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of: int
) -> None:
    monkeypatch.setattr(runner, "_execute_here", _at_once)
    _shards_equal_one_run(tmp_path, of)


def test_a_shard_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_execute_here", _at_once)
    suite = tiny_suite("pca(2)", "random_projection(2)", repeats=3)
    parts = [tmp_path / str(number) for number in (1, 3)]
    for number, part in zip((1, 3), parts, strict=True):
        run_suite(suite, part, shard=Shard(number, 4))
    done = inside("merge", *map(str, parts), "-o", "merged", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "missing: Parts 2of4, 4of4 of the suite" in done.stdout


@pytest.mark.slow
def test_sixteen_shards_merged_equal_one_run(tmp_path: Path) -> None:
    _shards_equal_one_run(tmp_path, 16, repeats=20)
