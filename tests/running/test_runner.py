"""The runner with real processes: every failure a record, limits that hold, resuming."""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from omicsbench.errors import OmicsbenchError
from omicsbench.metrics import METRICS
from omicsbench.metrics.evaluate import evaluate
from omicsbench.records import store
from omicsbench.records.spec import Cause, RunRecord, Status
from omicsbench.registry.discover import Registry, discover
from omicsbench.reporting.tables import is_censored
from omicsbench.running.job import Manner
from omicsbench.running.runner import run_suite
from suites import tiny_suite


@pytest.fixture(scope="module")
def registry(bad_plugins: Path) -> Registry:
    return discover([bad_plugins])


def _by_size(records: list[RunRecord]) -> dict[int, set[Status]]:
    found: dict[int, set[Status]] = {}
    for record in records:
        found.setdefault(record.spec.size, set()).add(record.status)
    return found


@pytest.mark.parametrize(
    ("method", "status", "reason"),
    [
        ("segfaults", Status.CRASHED, "SIGSEGV"),
        ("exits", Status.CRASHED, "exit code 7: about to leave"),
        ("eats", Status.OUT_OF_MEMORY, "memory limit of 1 GiB"),
        ("hangs_when_large", Status.TIMEOUT, "time limit of 3 s"),
    ],
)
def test_native_failures_are_recorded_and_the_rest_goes_on(
    tmp_path: Path, registry: Registry, method: str, status: Status, reason: str
) -> None:
    limit = 3.0 if "hangs" in method else 60.0
    records = run_suite(tiny_suite(method, timeout_s=limit), tmp_path, registry=registry)
    assert _by_size(records) == {30: {Status.OK}, 120: {status}}
    failed = [r for r in records if r.status is status]
    assert all(reason in (r.reason or "") for r in failed)
    assert not any(r.scores for r in failed), "a failure is never turned into a score"
    assert sorted(r.key for r in store.read_records(tmp_path)) == sorted(r.key for r in records)


@pytest.mark.parametrize(
    ("method", "status", "reason"),
    [
        ("raises", Status.ERROR, "ValueError: no such luck"),
        ("returns_nan", Status.INVALID_OUTPUT, "non-finite"),
        ("wrong_shape", Status.INVALID_OUTPUT, "shape"),
        ("wrong_dimension", Status.INVALID_OUTPUT, "3 dimensions, not 2"),
        ("never_here", Status.SKIPPED, "no_such_module_anywhere, which is not installed"),
        ("prints", Status.OK, ""),
    ],
)
def test_failures_in_python_are_recorded_with_their_cause(
    tmp_path: Path, registry: Registry, method: str, status: Status, reason: str
) -> None:
    records = run_suite(tiny_suite(method), tmp_path, registry=registry)
    assert {r.status for r in records} == {status}
    assert all(reason in (r.reason or "") for r in records)
    assert len(records) == 4


def test_a_method_that_hangs_from_the_start_costs_one_time_limit(
    tmp_path: Path, registry: Registry
) -> None:
    records = run_suite(tiny_suite("hangs", "good"), tmp_path, registry=registry)
    hung = [r for r in records if r.spec.pipeline.startswith("hangs")]
    assert [r.status for r in hung] == [Status.TIMEOUT] + [Status.SKIPPED] * 3
    assert hung[0].reason == "exceeded its time limit of 3 s while warming up"
    assert hung[1].reason == "timeout already while warming up"
    assert {r.cause for r in hung} == {Cause.WARM_UP}
    assert not any(is_censored(r) for r in hung), "its warm-up tells nothing of a run's cost"
    assert all(r.status is Status.OK for r in records if r not in hung)


def test_larger_sizes_are_not_tried_after_a_timeout(tmp_path: Path, registry: Registry) -> None:
    datasets = [{"name": "linear_control(n=300)", "sizes": [30, 110, 120]}]
    suite = tiny_suite("hangs_when_large", datasets=datasets, repeats=1)
    records = run_suite(suite, tmp_path, registry=registry)
    assert [r.status for r in records] == [Status.OK, Status.TIMEOUT, Status.SKIPPED]
    assert "timeout already at the smaller size 110" in str(records[2].reason)
    longer = suite.model_copy(update={"timeout_s": 4.0})
    again = run_suite(longer, tmp_path, registry=registry)
    assert again[0].started_at == records[0].started_at, "what is done is not done again"
    assert "4 s" in str(again[1].reason), "a raised limit gives a second chance"


def test_running_again_resumes_and_a_change_is_another_run(
    tmp_path: Path, registry: Registry
) -> None:
    first = run_suite(tiny_suite("good", "raises"), tmp_path, registry=registry)
    files = {p: p.stat().st_mtime_ns for p in (tmp_path / "runs").iterdir()}
    again = run_suite(tiny_suite("good", "raises"), tmp_path, registry=registry)
    assert again == first
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "runs").iterdir()} == files
    retried = run_suite(
        tiny_suite("good", "raises"), tmp_path, registry=registry, manner=Manner(retry=True)
    )
    assert {r.key for r in retried} == {r.key for r in first}
    changed = sum(p.stat().st_mtime_ns != files[p] for p in (tmp_path / "runs").iterdir())
    assert changed == 4, "the failed runs, and only those, were done again"
    other = run_suite(tiny_suite("good(3)", "raises"), tmp_path, registry=registry)
    assert not {r.key for r in other if "good" in r.spec.pipeline} & {r.key for r in first}


def test_an_edited_method_is_another_run(tmp_path: Path, bad_plugins: Path) -> None:
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    code = (bad_plugins / "bad.py").read_text()
    keys = []
    for text in (code, code + "\n# edited\n"):
        (plugins / "mine.py").write_text(text)
        (record, *_) = run_suite(
            tiny_suite("good", repeats=1), tmp_path / "out", registry=discover([plugins])
        )
        keys.append(record.key)
    assert keys[0] != keys[1]


def test_isolated_runs_get_a_process_each(tmp_path: Path, registry: Registry) -> None:
    records = run_suite(
        tiny_suite("good"), tmp_path, registry=registry, manner=Manner(isolate_runs=True)
    )
    assert {r.status for r in records} == {Status.OK}
    assert len({r.phases.import_s for r in records}) == 4, "each run imported anew"


def test_records_tell_where_and_how_they_were_made(tmp_path: Path, registry: Registry) -> None:
    record = run_suite(tiny_suite("pca", repeats=1), tmp_path, registry=registry)[-1]
    environment = record.environment
    assert environment.packages["numpy"]
    assert environment.cores >= 1
    assert environment.ram_bytes > 2**30
    assert set(environment.threads.values()) == {1}, "thread counts are pinned"
    assert record.cpu_s is not None
    assert record.peak_rss_bytes >= record.base_rss_bytes > 0  # type: ignore[operator]
    assert record.peak_vram_bytes is None
    phases = record.phases
    assert min(phases.fit_s, phases.transform_s, phases.prepare_s, phases.score_s) > 0
    assert phases.warm_up_s > 0
    assert record.dataset_info.provenance == "simulated"
    assert 0 < record.scores["reconstruction_r2"] < 1
    assert record.limits.timeout_s == 3


def test_peak_memory_is_that_of_the_run_not_of_the_worker(tmp_path: Path) -> None:
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "hungry.py").write_text(
        "import numpy as np\nfrom omicsbench.plugin import method\n"
        "@method(name='hungry', family='simple', summary='x', source='x')\n"
        "class Hungry:\n    '''Takes 300 MB at 30 rows, nothing at more.'''\n"
        "    def __init__(self, n_components: int | None = None):\n"
        "        self.n_components = n_components\n"
        "    def fit(self, X):\n"
        "        if len(X) == 30:\n            np.ones(37_500_000)\n"
        "        return self\n"
        "    def transform(self, X):\n        return X[:, : self.n_components].astype('float32')\n"
    )
    suite = tiny_suite("hungry", repeats=1)
    small, large = run_suite(suite, tmp_path / "out", registry=discover([plugins]))
    assert small.peak_rss_bytes - small.base_rss_bytes > 250e6  # type: ignore[operator]
    if sys.platform == "linux":
        assert large.peak_rss_bytes - large.base_rss_bytes < 100e6  # type: ignore[operator]


def test_a_shared_stage_is_fitted_once_and_counted_into_each(tmp_path: Path) -> None:
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    log = tmp_path / "fits.log"
    (plugins / "slow.py").write_text(
        "import time\nimport numpy as np\nfrom omicsbench.plugin import method\n"
        "@method(name='slow', family='simple', summary='x', source='x', invertible=True)\n"
        "class Slow:\n    '''Notes every fit of a run.'''\n"
        "    def __init__(self, n_components: int | None = None):\n"
        "        self.n_components = n_components\n"
        "    def fit(self, X):\n"
        "        time.sleep(0.2)\n        self.p_ = X.shape[1]\n"
        f"        with open({str(log)!r}, 'a') as f:\n"
        "            f.write(f'{len(X)}\\n')\n"
        "        return self\n"
        "    def transform(self, X):\n        return X[:, : self.n_components].astype('float32')\n"
        "    def inverse_transform(self, Z):\n"
        "        return np.pad(Z, ((0, 0), (0, self.p_ - Z.shape[1]))).astype('float32')\n"
    )
    datasets = [{"name": "linear_control(n=300)", "sizes": [100, 120]}]
    suite = tiny_suite("slow(5)", "slow(5) > pca", "slow(5) > random_projection", datasets=datasets)
    records = run_suite(suite, tmp_path / "out", registry=discover([plugins]))
    assert {r.status for r in records} == {Status.OK}, [r.reason for r in records]
    # The warm-up of each of the three workers fits 64 rows; each run's stage is fitted once.
    assert sorted(map(int, log.read_text().split())) == [64] * 3 + [100] * 2 + [120] * 2
    assert all(r.phases.fit_s >= 0.2 for r in records), "its time counts into each pipeline"
    reused = [r for r in records if r.reused_s > 0]
    assert len(reused) == 8
    assert all("reconstruction_r2" in r.scores for r in records)


def test_an_unwritable_folder_is_refused_before_anything_runs(
    tmp_path: Path, registry: Registry
) -> None:
    (tmp_path / "results").write_text("a file")
    with pytest.raises(OmicsbenchError, match="a file is in the way; name another place"):
        run_suite(tiny_suite("good"), tmp_path / "results", registry=registry)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_disk_that_fills_up_stops_the_suite_and_keeps_what_is_done(
    tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run_suite(tiny_suite("good"), tmp_path, registry=registry)
    wanted = run_suite(tiny_suite("good(3)"), tmp_path / "elsewhere", registry=registry)
    for record in wanted[1:]:
        name = f".{record.key}.json.{socket.gethostname()}.{os.getpid()}.tmp"
        (tmp_path / "runs" / name).symlink_to("/dev/full")
    with pytest.raises(OmicsbenchError, match="disk is full"):
        run_suite(tiny_suite("good(3)"), tmp_path, registry=registry)
    kept = {r.key for r in store.read_records(tmp_path)}
    assert kept == {r.key for r in done} | {wanted[0].key}


def test_dask_runs_the_same_suite(tmp_path: Path, bad_plugins: Path) -> None:
    distributed = pytest.importorskip("distributed")
    registry = discover([bad_plugins])
    suite = tiny_suite("good", "segfaults")
    local = run_suite(suite, tmp_path / "local", registry=registry)
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            dashboard_address=None,
            local_directory=str(tmp_path),
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        remote = run_suite(
            suite, tmp_path / "dask", registry=registry, executor=client.get_executor(pure=False)
        )
    assert [(r.key, r.status, r.scores) for r in remote] == [
        (r.key, r.status, r.scores) for r in local
    ]


def test_the_warm_up_has_a_limit_of_its_own(tmp_path: Path, registry: Registry) -> None:
    suite = tiny_suite("hangs_when_large", timeout_s=2.0, warm_up_timeout_s=60.0, repeats=1)
    start = time.monotonic()
    _, hung = run_suite(suite, tmp_path, registry=registry)
    assert time.monotonic() - start < 30
    assert hung.reason == "exceeded its time limit of 2 s"


def test_what_a_failure_set_aside_is_not_tried_by_the_same_command(
    tmp_path: Path, registry: Registry
) -> None:
    datasets = [{"name": "linear_control(n=300)", "sizes": [30, 110, 120]}]
    suite = tiny_suite("hangs_when_large", datasets=datasets, repeats=1)
    first = run_suite(suite, tmp_path, registry=registry)
    assert run_suite(suite, tmp_path, registry=registry) == first
    assert first[-1].environment.packages, "skipped runs say where that was"


def test_a_finished_run_is_never_replaced_by_a_failure(
    tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    import omicsbench.planning.obstacles

    done = run_suite(tiny_suite("good"), tmp_path, registry=registry)
    monkeypatch.setattr(omicsbench.planning.obstacles, "unavailable", lambda *of: "is gone")
    assert run_suite(tiny_suite("good"), tmp_path, registry=registry) == done
    failed = done[0].model_copy(update={"status": Status.TIMEOUT, "reason": "slow", "scores": {}})
    store.write_record(tmp_path, failed)
    assert all(r.status is Status.OK for r in store.read_records(tmp_path))


METHOD = """
import sys
import numpy as np
from omicsbench.plugin import method
{before}
@method(name="mine", family="simple", summary="x", source="x"{info})
class Mine:
    "A method."
    def __init__(self, n_components: int | None = None):
        self.n_components = n_components
    def fit(self, X):
        {fit}
        return self
    def transform(self, X):
        return X[:, : self.n_components].astype("float32")
"""


def _method(folder: Path, before: str = "", info: str = "", fit: str = "pass") -> Registry:
    folder.mkdir()
    (folder / "mine.py").write_text(METHOD.format(before=before, info=info, fit=fit))
    return discover([folder])


def test_a_pipeline_that_cannot_start_does_not_stop_the_suite(tmp_path: Path) -> None:
    (tmp_path / "half_installed_xyz.py").write_text("raise RuntimeError('half installed')")
    path = f"sys.path.append({str(tmp_path)!r})"
    registry = _method(tmp_path / "plugins", path, ', needs=("half_installed_xyz",)')
    records = run_suite(tiny_suite("mine", "random_embedding"), tmp_path / "out", registry=registry)
    mine = [r for r in records if r.spec.pipeline.startswith("mine")]
    assert [r.status for r in mine] == [Status.CRASHED] + [Status.SKIPPED] * 3
    assert "half installed" in str(mine[0].reason)
    assert all(r.status is Status.OK for r in records if r not in mine)


def test_a_methods_own_facts_are_kept_as_plain_values(tmp_path: Path) -> None:
    facts = "{'loss': np.float32(0.5), 'steps': np.int64(3), 'widths': np.arange(2), 'odd': object}"
    registry = _method(tmp_path / "plugins", fit=f"self.fit_info_ = {facts}")
    record = run_suite(tiny_suite("mine", repeats=1), tmp_path / "out", registry=registry)[0]
    (told,) = record.fit_info.values()
    assert (told["loss"], told["steps"], told["widths"]) == (0.5, 3, [0, 1])


def test_a_failing_metric_is_a_gap_with_a_reason() -> None:
    inputs = {
        "gene_neighbors": "nonsense",
        "background": "nonsense",
        "expression": np.zeros((3, 2)),
        "reconstruction": np.ones((3, 2)),
    }
    scores = evaluate([METRICS["knn_recall"], METRICS["reconstruction_mse"]], inputs)
    assert scores.values == {"reconstruction_mse": 1.0}
    assert scores.skipped["knn_recall"].startswith("failed with")
