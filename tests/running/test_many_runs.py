"""A suite of very many runs: what the driver asks for each of them, and what it keeps of them."""

from __future__ import annotations

import gc
import inspect
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from builders import record
from omicsbench.planning.plan import Planned, make_plan
from omicsbench.planning.suite import Suite, make_suite
from omicsbench.records import store
from omicsbench.records.spec import RunRecord, RunSpec, Status
from omicsbench.registry.discover import Registry, discover
from omicsbench.running.runner import complete

REPEATS = 30


@pytest.fixture(scope="module")
def suite() -> Suite:
    return make_suite(
        {
            "name": "many",
            "datasets": [{"name": "linear_control(n=300)"}],
            "sizes": [30, 60],
            "repeats": REPEATS,
            "pipelines": ["pca(2)", "random_projection(2)"],
        }
    )


@pytest.fixture(scope="module")
def registry() -> Registry:
    return discover()


def test_a_class_is_asked_for_its_parameters_once_not_for_each_run(
    suite: Suite, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, signature, pca = [], inspect.signature, registry.method("pca").make

    def counted(of: Any, **how: Any) -> inspect.Signature:
        asked.extend([of] if of is pca else [])
        return signature(of, **how)

    monkeypatch.setattr(inspect, "signature", counted)
    assert len(make_plan(suite, registry)) == 2 * 2 * REPEATS
    assert 0 < len(asked) < REPEATS


def held() -> int:
    """Records in memory."""
    return sum(isinstance(one, RunRecord) for one in gc.get_objects())


class Counting:
    """Counts the records that are in memory when the runs begin."""

    def dataset(self, name: str, share: float) -> None:
        pass

    def start(self, todo: Sequence[Planned], done: int) -> None:
        self.todo, self.done = len(todo), done
        self.held = held()

    def record(self, record: RunRecord) -> None:
        pass


def test_the_driver_keeps_no_record_of_a_finished_run(
    suite: Suite, registry: Registry, tmp_path: Path
) -> None:
    store.open_folder(tmp_path)
    for planned in make_plan(suite, registry):
        store.write_record(tmp_path, record(planned.spec))
    gc.collect()
    before = held()
    observer = Counting()
    ended = complete(suite, tmp_path, registry=registry, observer=observer)
    assert (observer.todo, observer.done) == (0, 2 * 2 * REPEATS)
    assert observer.held <= before + 1
    assert [run.status for run in ended] == [Status.OK] * 2 * 2 * REPEATS


class Elsewhere(ThreadPoolExecutor):
    """Does no run, and writes a made-up record of each into the folder, as a node would."""

    def __init__(self, folder: Path) -> None:
        super().__init__(max_workers=1)
        self.folder = folder

    def submit(self, call: Any, chain: Any, *told: Any) -> Future[Any]:  # type: ignore[override]
        return super().submit(self._write, [spec for job in chain for spec, _ in job.runs])

    def _write(self, specs: Sequence[RunSpec]) -> None:
        for spec in specs:
            store.write_record(self.folder, record(spec))


class CountingBack(Counting):
    """Counts as well whenever a few more records have come back."""

    def __init__(self) -> None:
        self.back, self.most = 0, 0

    def record(self, record: RunRecord) -> None:
        self.back += 1
        if self.back % 10 == 0:
            self.most = max(self.most, held())


def test_the_driver_keeps_no_record_that_comes_back_from_elsewhere(
    suite: Suite, registry: Registry, tmp_path: Path
) -> None:
    observer = CountingBack()
    complete(suite, tmp_path, registry=registry, observer=observer, executor=Elsewhere(tmp_path))
    assert (observer.todo, observer.back) == (2 * 2 * REPEATS, 2 * 2 * REPEATS)
    assert observer.most <= observer.held + 5, "those being read, not all that were"
