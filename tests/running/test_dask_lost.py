"""Dask workers and drivers that are killed: no finished run is lost, doubled or changed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest

from dask_cluster import Cluster, cluster_in, wait_for
from omicsbench.planning.suite import Suite, load_suite
from omicsbench.records import store
from omicsbench.records.spec import RunRecord, Status
from omicsbench.registry.discover import discover
from omicsbench.running.runner import RunsMissing, run_suite

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.slow  # clusters and suites that are killed

PLUGIN = """
import os, signal, time
from pathlib import Path
from omicsbench.plugin import method

class Base:
    "The first columns."
    def __init__(self, n_components: int | None = None):
        self.n_components = n_components
    def transform(self, X):
        return X[:, : self.n_components].astype("float32")

@method(name="gated", family="simple", summary="x", source="x")
class Gated(Base):
    "From 100 rows on it waits for a file, if one is named."
    def fit(self, X):
        while len(X) >= 100 and not Path(os.environ.get("GATE", "/")).exists():
            time.sleep(0.05)
        return self

@method(name="kills_its_parent", family="simple", summary="x", source="x")
class KillsItsParent(Base):
    "Ends whoever started its process, from 100 rows on."
    def fit(self, X):
        if len(X) >= 100 and "GATE" in os.environ:
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(60)
        return self
"""
SUITE = """
pipelines = [{pipelines}]
repeats = 1
n_components = 2
metrics = ["knn_recall"]
threads = 1
datasets = [{{ name = "linear_control(n=300)", sizes = [30, 120] }}]
"""
GATED = '"gated(2)", "gated(3)", "gated(4)"'


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lost")
    (folder / "plugins").mkdir()
    (folder / "plugins" / "plugin.py").write_text(PLUGIN)
    (folder / "suite.toml").write_text(SUITE.format(pipelines=GATED))
    (folder / "deadly.toml").write_text(SUITE.format(pipelines='"kills_its_parent", "gated(2)"'))
    return folder


@pytest.fixture(scope="module")
def cluster(place: Path) -> Iterator[Cluster]:
    with cluster_in(place, GATE=str(place / "gate")) as found:
        yield found


@pytest.fixture(autouse=True)
def gate(place: Path) -> Iterator[Path]:
    """A file for which runs of 120 rows wait."""
    yield place / "gate"
    (place / "gate").unlink(missing_ok=True)


@pytest.fixture(scope="module")
def undisturbed(place: Path) -> dict[str, Any]:
    return _scores(run_suite(_suite(place), place / "alone", registry=_registry(place)))


def _suite(place: Path, name: str = "suite") -> Suite:
    return load_suite(str(place / f"{name}.toml"))


def _registry(place: Path) -> Any:
    return discover([place / "plugins"])


def _scores(records: list[RunRecord]) -> dict[str, Any]:
    return {record.key: (record.status, record.scores) for record in records}


def _files(out: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in store.loose_files(out)}


class _Driver:
    """A suite from the command line, whose pipelines a cluster runs."""

    def __init__(self, place: Path, out: Path, cluster: Cluster) -> None:
        (place / "own").mkdir(exist_ok=True)
        words = ["run", str(place / "suite.toml"), "--plugins", str(place / "plugins")]
        words += [
            "--executor",
            cluster.address.replace("tcp", "dask"),
            "--out",
            str(out),
            "--no-report",
        ]
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "omicsbench", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"TMPDIR": str(place / "own")},
        )
        self.own = place / "own"
        self.out = out

    def until_they_wait(self, cluster: Cluster) -> None:
        """Small runs are done; two workers at least stand before the gate."""

        def wait() -> bool:
            assert self.process.poll() is None, self.process.communicate()
            return len(store.loose_files(self.out)) >= 2 and len(cluster.busy()) >= 2

        wait_for(wait)

    def end(self) -> str:
        try:
            said, errors = self.process.communicate(timeout=120)
        finally:
            self.process.kill()
        assert self.process.returncode == 0, errors
        return said


def _nothing_is_left(cluster: Cluster) -> None:
    wait_for(lambda: not cluster.harness(), 20)
    assert not cluster.left()


def test_a_killed_worker_loses_and_changes_nothing(
    tmp_path: Path, place: Path, cluster: Cluster, gate: Path, undisturbed: dict[str, Any]
) -> None:
    driver = _Driver(place, tmp_path, cluster)
    driver.until_they_wait(cluster)
    before = _files(tmp_path)
    cluster.busy()[0].kill()
    gate.touch()
    assert "Runs: 6 ok" in driver.end()
    assert before.items() <= _files(tmp_path).items()
    assert _scores(store.read_records(tmp_path)) == undisturbed
    _nothing_is_left(cluster)


def test_a_killed_driver_is_followed_by_its_tasks(
    tmp_path: Path, place: Path, cluster: Cluster, gate: Path, undisturbed: dict[str, Any]
) -> None:
    first = _Driver(place, tmp_path, cluster)
    first.until_they_wait(cluster)
    before, old = _files(tmp_path), {process.pid for process in cluster.harness()}
    first.process.send_signal(signal.SIGKILL)
    first.process.communicate()
    second = _Driver(place, tmp_path, cluster)
    wait_for(lambda: not old & {process.pid for process in cluster.harness()})
    gate.touch()
    assert "Runs: 6 ok" in second.end()
    assert before.items() <= _files(tmp_path).items()
    assert _scores(store.read_records(tmp_path)) == undisturbed
    _nothing_is_left(cluster)
    assert not list(second.own.glob("omicsbench-*"))


class _Twice(Executor):
    """Hands each task out twice, as a scheduler does that takes a worker for lost."""

    def __init__(self, pool: Executor) -> None:
        self.pool = pool
        self.spare: list[Future[Any]] = []

    def submit(self, *call: Any, **more: Any) -> Future[Any]:
        self.spare.append(self.pool.submit(*call, **more))
        return self.pool.submit(*call, **more)


def test_a_task_done_twice_is_stored_once(
    tmp_path: Path, place: Path, cluster: Cluster, gate: Path, undisturbed: dict[str, Any]
) -> None:
    gate.touch()
    with distributed.Client(cluster.address) as client:
        twice = _Twice(client.get_executor(pure=False))
        records = run_suite(_suite(place), tmp_path, registry=_registry(place), executor=twice)
        stored = _files(tmp_path)
        for future in twice.spare:
            future.exception(60)  # ends when the driver has let the folder go, if not before
    assert _scores(records) == undisturbed
    assert _files(tmp_path) == stored
    _nothing_is_left(cluster)


def test_a_worker_that_is_gone_for_good_is_done_without(
    tmp_path: Path, place: Path, cluster: Cluster, gate: Path, undisturbed: dict[str, Any]
) -> None:
    driver = _Driver(place, tmp_path, cluster)
    driver.until_they_wait(cluster)
    before = _files(tmp_path)
    worker = cluster.busy()[0]
    with distributed.Client(cluster.address) as client:
        workers = len(client.scheduler_info()["workers"])
    cluster.end_for_good(worker)
    gate.touch()
    assert "Runs: 6 ok" in driver.end()
    assert before.items() <= _files(tmp_path).items()
    assert _scores(store.read_records(tmp_path)) == undisturbed
    with distributed.Client(cluster.address) as client:
        assert len(client.scheduler_info()["workers"]) == workers - 1


def test_a_chain_that_no_worker_survives_does_not_stop_the_others(
    tmp_path: Path, place: Path, cluster: Cluster, gate: Path
) -> None:
    gate.touch()
    suite = _suite(place, "deadly")
    said = r"1 of 4 planned runs have no record .*KilledWorker"
    with distributed.Client(cluster.address) as client:
        pool = client.get_executor(pure=False)
        with pytest.raises(RunsMissing, match=said):
            run_suite(suite, tmp_path, registry=_registry(place), executor=pool)
    before = _files(tmp_path)
    assert len(before) == 3
    again = run_suite(suite, tmp_path, registry=_registry(place))
    assert [record.status for record in again] == [Status.OK] * 4
    assert before.items() <= _files(tmp_path).items()
    wait_for(lambda: not cluster.harness(), 20)
