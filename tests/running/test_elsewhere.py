"""A chain that is handed out twice, one time after the other, as after a worker seemed lost."""

from __future__ import annotations

from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from omicsbench.planning.suite import make_suite
from omicsbench.records.spec import Status
from omicsbench.registry.discover import discover
from omicsbench.running.runner import run_suite
from suites import tiny_suite

PLUGIN = """
import os
from omicsbench.plugin import method

@method(name="gives_up", family="simple", summary="x", source="x")
class GivesUp:
    "Notes each fit of 100 rows and more, and raises."
    def __init__(self, n_components: int | None = None):
        self.n_components = n_components
    def fit(self, X):
        if len(X) >= 100:
            with open(os.environ["NOTED"], "a") as file:
                print(len(X), file=file)
            raise ValueError("no more")
        return self
    def transform(self, X):
        return X[:, : self.n_components].astype("float32")
"""


class _AgainAtOnce(Executor):
    """Does each task, and then once more."""

    def __init__(self, pool: Executor) -> None:
        self.pool = pool

    def submit(self, call: Any, *told: Any, **more: Any) -> Future[Any]:  # type: ignore[override]
        def twice() -> Any:
            call(*told, **more)
            return call(*told, **more)

        return self.pool.submit(twice)


def test_a_run_that_failed_is_not_done_again_by_the_second_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "plugin.py").write_text(PLUGIN)
    noted = tmp_path / "noted"
    monkeypatch.setenv("NOTED", str(noted))
    suite = make_suite(
        {
            "name": "tiny",
            "pipelines": ["gives_up"],
            "repeats": 2,
            "n_components": 2,
            "metrics": ["knn_recall"],
            "threads": 1,
            "datasets": [{"name": "linear_control(n=300)", "sizes": [120]}],
        }
    )
    registry = discover([tmp_path / "plugins"])
    with ThreadPoolExecutor(1) as pool:
        records = run_suite(suite, tmp_path / "out", registry=registry, executor=_AgainAtOnce(pool))
    assert [record.status for record in records] == [Status.ERROR] * 2
    assert noted.read_text().split() == ["120", "120"]


class _Late(Executor):
    """Ends at once; its records are seen a moment later, as on a file system that others share."""

    def submit(self, call: Any, *told: Any, **more: Any) -> Future[Any]:  # type: ignore[override]
        ended: Future[Any] = Future()
        ended.set_result(None)
        Timer(2.0, call, told, more).start()
        return ended


def test_records_that_are_seen_late_are_waited_for(tmp_path: Path) -> None:
    suite = tiny_suite("random_projection(2)", timeout_s=60, warm_up_timeout_s=60)
    records = run_suite(suite, tmp_path / "out", executor=_Late())
    assert [record.status for record in records] == [Status.OK] * 4
