"""Compressed rows on disk: what is written is read back, by any rows, in bounded memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.lib.format import open_memmap
from scipy import sparse

from omicsbench.prepare import mapped_rows as mapped
from omicsbench.prepare.mapped_rows import CsrWriter, MappedCsr, ScaledRows, index_type
from omicsbench.prepare.scaling import Scaler


def stored(folder: Path, X: sparse.csr_matrix, cuts: list[int]) -> MappedCsr:
    """``X`` written in blocks that end at ``cuts``."""
    folder.mkdir(parents=True, exist_ok=True)
    with CsrWriter(folder, X.shape[1]) as writer:
        for start, stop in zip([0, *cuts], [*cuts, X.shape[0]], strict=True):
            block = X[start:stop]
            writer.append(block.data, block.indices, block.indptr)
    return MappedCsr.open(folder, X.shape[1])


def matrix(rows: int, columns: int, seed: int = 0) -> sparse.csr_matrix:
    made = sparse.random(rows, columns, 0.3, "csr", np.float32, np.random.default_rng(seed))
    made.data *= 8
    return made


@settings(
    deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.integers(1, 60), columns=st.integers(1, 30), data=st.data())
def test_any_blocks_and_any_rows(
    tmp_path: Path, rows: int, columns: int, data: st.DataObject
) -> None:
    X = matrix(rows, columns, data.draw(st.integers(0, 9)))
    cuts = sorted(data.draw(st.lists(st.integers(0, rows), max_size=4)))
    Y = stored(tmp_path / "m", X, cuts)
    assert Y.shape == X.shape
    wanted = np.array(data.draw(st.lists(st.integers(0, rows - 1), max_size=80)), dtype=int)
    assert (Y[wanted] != X[wanted]).nnz == 0
    assert (Y[1:-1] != X[1:-1]).nnz == 0
    assert (Y[np.arange(rows) % 2 == 0] != X[::2]).nnz == 0
    blocks = [Y[start : start + 7] for start in range(0, rows, 7)]
    assert (sparse.vstack(blocks) != X).nnz == 0


def test_scaled_rows_read_as_the_scaled_matrix(tmp_path: Path) -> None:
    X = matrix(500, 40)
    index = np.sort(np.random.default_rng(1).permutation(500)[:200])
    scaler = Scaler.fit(X[index])
    expected = scaler.transform(X[index]).toarray()
    rows = ScaledRows(stored(tmp_path / "m", X, [100, 130]), index, scaler)
    assert rows.shape == (200, 40)
    assert len(rows) == 200
    for read in (
        rows.toarray(),
        rows.tocsr().toarray(),
        np.concatenate([rows[i : i + 33] for i in range(0, 200, 33)]),
    ):
        np.testing.assert_allclose(read, expected, rtol=1e-6)
    some = np.array([3, 199, 3, 0])
    np.testing.assert_array_equal(rows[some], rows.toarray()[some])
    mean, variance = rows.moments()
    np.testing.assert_allclose(mean, expected.mean(axis=0, dtype=np.float64), rtol=1e-5)
    np.testing.assert_allclose(variance, expected.var(axis=0, dtype=np.float64), rtol=1e-4)
    np.testing.assert_allclose(rows.mean(axis=0), mean)
    unscaled = ScaledRows(rows.matrix, index, None)
    assert (unscaled.tocsr() != X[index]).nnz == 0


def test_more_than_two_billion_values(tmp_path: Path) -> None:
    """A file with a hole of 2^31 values takes no room on disk, but its row pointers are real."""
    hole, p = 2**31 + 1000, 300
    X = matrix(5, p)
    for name, kind, values in (
        ("data", np.float32, X.data),
        ("indices", index_type(p), X.indices),
    ):
        array = open_memmap(tmp_path / f"{name}.npy", "w+", kind, (hole + X.nnz,))
        array[hole:] = values
        del array
    pointers = np.concatenate([[0], hole + X.indptr.astype(np.int64)])
    np.save(tmp_path / "indptr.npy", pointers)
    Y = MappedCsr.open(tmp_path, p)
    assert Y.shape == (6, p)
    assert Y.indptr[-1] > 2**31
    assert (Y[np.arange(1, 6)] != X).nnz == 0
    np.testing.assert_array_equal(
        ScaledRows(Y, np.array([5, 2]), None).toarray()[0], X[4].toarray()[0]
    )


def test_a_file_that_is_not_whole_is_refused(tmp_path: Path) -> None:
    X = matrix(50, 20)
    stored(tmp_path / "m", X, [])
    data = tmp_path / "m" / "data.npy"
    data.write_bytes(data.read_bytes()[:-40])
    with pytest.raises(ValueError, match=r"mmap|whole"):
        MappedCsr.open(tmp_path / "m", 20)
    writer = CsrWriter(tmp_path / "m", 20)  # never closed, as if the process had died
    writer.append(X.data, X.indices, X.indptr)
    with pytest.raises((ValueError, EOFError)):
        MappedCsr.open(tmp_path / "m", 20)


READ = """
import sys, numpy as np, psutil
from pathlib import Path
from omicsbench.prepare import kernels, mapped_rows as mapped
mapped.RELEASE_BYTES = 16 << 20
X = mapped.MappedCsr.open(Path(sys.argv[1]), 100)
rows = mapped.ScaledRows(X, np.arange(X.shape[0]), None)
rows[:10], mapped.ScaledRows(X, np.arange(9), None).moments()
before, most = psutil.Process().memory_info().rss, 0
total = 0.0
for start in range(0, len(rows), 4096):
    place = slice(start, start + 4096)
    block = {read}
    total += float(block.sum())
    most = max(most, psutil.Process().memory_info().rss)
print((most - before) / 2**20, total)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="pages are let go of by madvise")
@pytest.mark.parametrize(
    "read", ["rows[place]", "X[place]", "mapped.ScaledRows(X, rows.index[place], None)[:]"]
)
def test_reading_all_rows_does_not_hold_them(tmp_path: Path, read: str) -> None:
    rng = np.random.default_rng(0)
    block = sparse.csr_matrix(rng.random((20_000, 100), dtype=np.float32))
    with CsrWriter(tmp_path, 100) as writer:
        for _ in range(12):
            writer.append(block.data, block.indices, block.indptr)
    size = sum(path.stat().st_size for path in tmp_path.iterdir()) / 2**20
    command = [sys.executable, "-P", "-c", READ.replace("{read}", read), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    grown, total = map(float, done.stdout.split())
    assert total == pytest.approx(12 * float(block.sum()), rel=1e-4)
    assert size > 130
    assert grown < size / 2


def test_the_index_is_as_small_as_may_be() -> None:
    assert index_type(65_536) == np.uint16
    assert index_type(65_537) == np.int32
    assert mapped.HEADER_BYTES == 128
