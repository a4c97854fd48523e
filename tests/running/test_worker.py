"""A worker that compiled starts anew, so that no run is charged for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from omicsbench.records.spec import Status
from omicsbench.registry.discover import discover
from omicsbench.running.runner import run_suite
from suites import tiny_suite

COMPILED = """
import os, shutil
from pathlib import Path
import numba, numpy as np
from omicsbench.plugin import method

with Path(os.environ["STARTS"]).open("a") as file:
    file.write(f"{os.getpid()}\\n")
if "FORGETFUL" in os.environ:
    shutil.rmtree(os.environ["NUMBA_CACHE_DIR"], ignore_errors=True)

@numba.njit(cache=True)
def first(X, k):
    Z = np.empty((X.shape[0], k), dtype=np.float32)
    for i in range(X.shape[0]):
        for j in range(k):
            Z[i, j] = X[i, j]
    return Z

@method(name="compiled", family="simple", summary="x", source="x")
class Compiled:
    '''The first columns, by numba.'''

    def __init__(self, n_components: int | None = None):
        self.n_components = n_components

    def fit(self, X):
        return self

    def transform(self, X):
        return first(np.asarray(X), self.n_components)
"""


@pytest.mark.parametrize("forgetful", [False, True])
def test_a_worker_that_compiled_starts_anew_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forgetful: bool
) -> None:
    """What a compiler took is not counted as a method's memory; a cache that fails is no loop."""
    plugins, starts = tmp_path / "plugins", tmp_path / "starts"
    plugins.mkdir()
    (plugins / "compiled.py").write_text(COMPILED)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("STARTS", str(starts))
    if forgetful:
        monkeypatch.setenv("FORGETFUL", "1")
    registry = discover([plugins])
    suite = tiny_suite("compiled", timeout_s=60, warm_up_timeout_s=120)
    seen = []
    for out in ("cold", "warm"):
        starts.write_text("")
        records = run_suite(suite, tmp_path / out, registry=registry)
        assert [r.status for r in records] == [Status.OK] * 4
        pids = starts.read_text().split()
        seen.append((len(pids), len(set(pids)), records[0].base_rss_bytes or 0))
    assert [(imports, pids) for imports, pids, _ in seen] == [(2, 1), (2 if forgetful else 1, 1)]
    if not forgetful:
        assert abs(seen[0][2] - seen[1][2]) < 10e6
