"""Runs that somebody leaves out, told why: stored as such, told in the report, done later."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest

from command import inside
from omicsbench.planning.shards import Shard
from omicsbench.planning.suite import Suite
from omicsbench.records import store
from omicsbench.records.planned import planned_records, read_plan
from omicsbench.records.spec import Cause, RunRecord, Status
from omicsbench.registry.discover import Registry, discover
from omicsbench.reporting import answer
from omicsbench.reporting.tables import failure_table, is_censored
from omicsbench.running.job import Manner
from omicsbench.running.runner import RunsMissing, run_suite
from omicsbench.verdict.judge import verdicts
from omicsbench.verdict.recommend import recommendations
from suites import tiny_suite

WHY = "five hours in all"
ASIDE = Manner(set_aside=WHY)


@pytest.fixture(scope="module")
def registry(bad_plugins: Path) -> Registry:
    return discover([bad_plugins])


def _ends(records: list[RunRecord]) -> list[tuple[Status, str | None, Cause | None]]:
    return sorted({(r.status, r.reason, r.cause) for r in records}, key=str)


def test_what_is_not_done_is_stored_with_the_reason_and_done_by_the_same_suite_later(
    tmp_path: Path, registry: Registry
) -> None:
    suite = tiny_suite("good")
    left = run_suite(suite, tmp_path, registry=registry, manner=ASIDE)
    assert _ends(left) == [(Status.SKIPPED, f"set aside: {WHY}", Cause.SET_ASIDE)]
    assert not any(is_censored(r) for r in left), "nothing is known of what they cost"
    assert set(failure_table(left).reason) == {f"set aside: {WHY}"}
    as_deep = [record.model_copy(update={"family": "deep"}) for record in left]
    assert f"({len(left)} set aside)" in answer([], as_deep)[-1]
    other = Manner(set_aside="something else")
    assert run_suite(suite, tmp_path, registry=registry, manner=other) == left
    done = run_suite(suite, tmp_path, registry=registry)
    assert [r.status for r in done] == [Status.OK] * len(left)
    assert run_suite(suite, tmp_path, registry=registry, manner=ASIDE) == done


def test_failures_and_what_cannot_run_keep_their_own_reasons(
    tmp_path: Path, registry: Registry
) -> None:
    suite = tiny_suite("hangs_when_large", "never_here", repeats=1)
    before = run_suite(suite, tmp_path, registry=registry)
    assert run_suite(suite, tmp_path, registry=registry, manner=ASIDE) == before
    assert Cause.SET_ASIDE not in {r.cause for r in before}


class _Loses(Executor):
    """Whatever is sent to it is lost."""

    def submit(self, *_: Any, **__: Any) -> Future[Any]:
        gone: Future[Any] = Future()
        gone.set_exception(RuntimeError("the node is gone"))
        return gone


def test_they_count_as_not_run_yet(tmp_path: Path, registry: Registry) -> None:
    suite = tiny_suite("good")
    left = run_suite(suite, tmp_path, registry=registry, manner=ASIDE)
    assert planned_records(tmp_path)[1:] == (len(left), 0)
    with pytest.raises(RunsMissing, match="the node is gone"):
        run_suite(suite, tmp_path, registry=registry, executor=_Loses())


def test_verdict_and_choice_are_as_if_they_were_not_there(tmp_path: Path) -> None:
    def suite(*simple: str, sizes: list[int]) -> Suite:
        data = [{"name": "linear_control(n=300)", "sizes": sizes}]
        deep = "autoencoder(max_steps=5)"
        primary = ["knn_transfer_balanced_accuracy"]
        return tiny_suite(
            deep,
            *simple,
            repeats=5,
            datasets=data,
            metrics=primary,
            timeout_s=60,
            warm_up_timeout_s=60,
        )

    records = run_suite(suite("pca", sizes=[30, 100]), tmp_path)
    more = run_suite(suite("pca", "nmf", sizes=[30, 100, 200]), tmp_path, manner=ASIDE)
    assert len(more) == len(records) + 5 * 5  # nmf at three sizes, two others at the largest
    assert verdicts(more) == verdicts(records) != []
    assert recommendations(more) == recommendations(records) != []


def test_from_the_command_line(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    given = ["run", "controls", "--only", "-m", "pca", "--repeats", "1", "--sizes", "50"]
    given += ["-d", "linear_control(n=300)", "--no-report", "-o", folder]
    left = inside(*given, "--set-aside", "x", "--set-aside", "a month\nin all")
    assert left.returncode == 0
    assert "1 skipped: set aside: a month in all" in left.stdout.replace("  1", "1")
    assert [r.cause for r in store.read_records(folder)] == [Cause.SET_ASIDE]
    assert "--set-aside" not in read_plan(folder).command, "who runs it again wants the runs"
    collected = inside(*given, "--collect").stdout
    assert "1 of 1 are still to come" in collected
    assert inside(*given).returncode == 0
    assert [r.status for r in store.read_records(folder)] == [Status.OK]


def test_a_part_alone_is_set_aside_and_joins_what_was_run(tmp_path: Path) -> None:
    given = ["run", "controls", "--only", "-m", "pca", "--repeats", "8", "--sizes", "50"]
    given += ["-d", "linear_control(n=300)", "--no-report"]
    whole, left, done, both = (tmp_path / name for name in ("whole", "left", "done", "both"))
    assert inside(*given, "-o", whole, "--set-aside", "all of it").returncode == 0
    keys = [record.key for record in store.read_records(whole)]
    ours = next(shard for shard in (Shard(1, 2), Shard(2, 2)) if shard.holds(keys[0]))
    part = ["--shard", f"{ours.number}/2", "-o", left, "--set-aside", "a month"]
    assert inside(*given, *part).returncode == 0
    others = ["--shard", f"{3 - ours.number}/2", "-o", done]
    assert inside(*given, *others).returncode == 0
    assert inside("merge", left, done, "-o", both).returncode == 0
    ends = {record.key: record.cause for record in store.read_records(both)}
    assert ends == {key: Cause.SET_ASIDE if ours.holds(key) else None for key in keys}
    assert planned_records(both)[1] == sum(map(ours.holds, keys))


@pytest.mark.parametrize(
    "more",
    [["--set-aside", " "], ["--set-aside", "x", "--first-look"], ["--set-aside", "x", "--force"]],
)
def test_it_needs_a_reason_and_goes_alone(tmp_path: Path, more: list[str]) -> None:
    ended = inside("run", "quick", "-o", tmp_path / "r", *more)
    assert ended.returncode == 2
    assert "the reason, which may not be empty" in ended.stderr
    assert not (tmp_path / "r").exists()
