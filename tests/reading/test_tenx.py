"""10x files are read by blocks of cells, both layouts, beyond 2^31 counts, and never wrongly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from scipy import sparse

from omicsbench.errors import DataError
from omicsbench.reading import tenx
from omicsbench.reading.own import OwnData
from omicsbench.reading.readers import read
from omicsbench.reading.tenx import inspect_10x, kinds_10x, open_10x
from tenx import write_10x

CELLS, GENES = 230, 12


def stored(path: Path) -> np.ndarray:
    """(cells, genes), read in the plainest way."""
    with h5py.File(path) as file:
        group = file["matrix" if "matrix" in file else "mm10"]
        parts = (group["data"][:], group["indices"][:], group["indptr"][:])
        return sparse.csc_matrix(parts, shape=group["shape"][:]).toarray().T


def group_of(file: h5py.File) -> h5py.Group:
    return file["matrix" if "matrix" in file else "mm10"]


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("block", [1, 7, 230, 8_192])
def test_blocks_hold_every_cell_once_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int, block: int
) -> None:
    path = write_10x(tmp_path / "a.h5", CELLS, GENES, version)
    monkeypatch.setattr(tenx, "BLOCK_ROWS", block)
    stream = open_10x(path)
    assert stream.shape == (CELLS, GENES)
    blocks = list(stream.blocks())
    assert [b.shape[0] for b in blocks[:-1]] == [block] * (len(blocks) - 1)
    assert all(b.format == "csr" and b.dtype == np.float32 for b in blocks)
    np.testing.assert_array_equal(sparse.vstack(blocks).toarray(), stored(path))
    again = sparse.vstack(list(stream.blocks())).toarray()
    np.testing.assert_array_equal(again, stored(path), "as often as asked")


def test_the_blocks_are_what_the_reader_of_whole_files_gives(tmp_path: Path) -> None:
    types = ["Gene Expression", "Antibody Capture", "Gene Expression"] * 4
    path = write_10x(tmp_path / "a.h5", CELLS, GENES, 3, types)
    stream, whole = open_10x(path), read(OwnData(path))
    assert stream.shape == (CELLS, 8) == whole.shape
    expected = stored(path)[:, np.array(types) == "Gene Expression"]
    np.testing.assert_array_equal(stream.to_adata().X.toarray(), expected)
    np.testing.assert_array_equal(whole.X.toarray(), expected)
    assert stream.features == tuple(whole.var_names)
    assert stream.features[1] == "gene2"
    assert stream.notes == ("Only gene expression is used, not Antibody Capture.",)


def test_any_kind_of_feature_can_be_read(tmp_path: Path) -> None:
    types = np.array(["Peaks", "Gene Expression", "Antibody Capture"] * 4)
    path = write_10x(tmp_path / "a.h5", CELLS, GENES, 3, list(types))
    for kind in types[:3]:
        found = inspect_10x(path, kind)
        assert found.kinds == ("Peaks", "Gene Expression", "Antibody Capture")
        assert found.shape == (CELLS, 4)
        assert found.gene_ids == tuple(f"ENSMUSG{j}" for j in np.flatnonzero(types == kind))
        expected = stored(path)[:, types == kind]
        np.testing.assert_array_equal(found.rows(0, CELLS).toarray(), expected)
    assert kinds_10x(path) == tuple(types[:3])
    note = "Only Antibody Capture is used, not Gene Expression, Peaks."
    assert inspect_10x(path, "Antibody Capture").notes == (note,)
    with pytest.raises(DataError, match="no CRISPR, only Antibody Capture, Gene Expression, Peaks"):
        inspect_10x(path, "CRISPR")
    old = write_10x(tmp_path / "b.h5", CELLS, GENES, 2)
    assert inspect_10x(old).kinds == ("Gene Expression",)
    with pytest.raises(DataError, match="only Gene Expression"):
        inspect_10x(old, "Peaks")


def test_repeated_gene_names_are_told_apart(tmp_path: Path) -> None:
    found = inspect_10x(write_10x(tmp_path / "a.h5", CELLS, GENES))
    assert found.names[0] == "gene0"
    assert found.names[-1] == "gene0-1"
    assert found.gene_ids[-1] == f"ENSMUSG{GENES - 1}"
    assert found.notes == ("Gene names that occur again (1) were told apart by a number.",)
    assert found.barcodes()[7] == "0000000000000007-1"


def test_more_counts_than_an_int32_can_number(tmp_path: Path) -> None:
    """1,306,127 cells of 2,000 counts each: 2.6e9 numbers, declared but mostly not allocated."""
    cells, genes, each = 1_306_127, 3_000, 2_000
    path, total = tmp_path / "a.h5", cells * each
    assert total > 2**31
    rng = np.random.default_rng(0)
    last = 40  # cells whose counts are really there
    columns = np.sort([rng.choice(genes, each, replace=False) for _ in range(last)], axis=1).astype(
        np.int64
    )
    counts = rng.integers(1, 9, (last, each)).astype(np.int32)
    with h5py.File(path, "w") as file:
        group = file.create_group("mm10")
        chunked: dict[str, Any] = {"shape": (total,), "chunks": (1 << 16,)}
        group.create_dataset("data", dtype=np.int32, fillvalue=1, **chunked)
        group.create_dataset("indices", dtype=np.int64, **chunked)
        group["data"][-last * each :] = counts.ravel()
        group["indices"][-last * each :] = columns.ravel()
        group["indptr"] = np.arange(cells + 1, dtype=np.int64) * each
        group["shape"] = np.array([genes, cells], dtype=np.int32)
        group["barcodes"] = np.char.mod("%d-1", np.arange(cells)).astype("S12")
        group["genes"] = group["gene_names"] = np.char.mod("g%d", np.arange(genes)).astype("S8")
    assert path.stat().st_size < 50e6
    found = inspect_10x(path)
    assert found.shape == (cells, genes)
    block = found.rows(cells - last, cells)
    expected = np.zeros((last, genes), dtype=np.float32)
    np.put_along_axis(expected, columns, counts, axis=1)
    np.testing.assert_array_equal(block.toarray(), expected)
    across = 2**31 // each  # the cell in which the count of number 2^31 lies
    assert found.rows(across - 2, across + 3).nnz == 5 * each


def test_more_than_the_memory_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path, total = write_10x(tmp_path / "a.h5", CELLS, GENES), 10**13
    with h5py.File(path, "a") as file:
        for name, dtype in (("data", np.int32), ("indices", np.int64)):
            del file["mm10"][name]
            file["mm10"].create_dataset(name, (total,), dtype, chunks=(1 << 16,))
        file["mm10/indptr"][-1] = total
    with pytest.raises(DataError, match=r"unpacks to 160000\.0 GB"):
        read(OwnData(path))
    assert inspect_10x(path).shape == (CELLS, GENES)


# Broken files


def refused(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        list(open_10x(path).blocks())
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert str(path) in sentence
    with pytest.raises(DataError):
        read(OwnData(path))
    return sentence


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.9, 0.999])
def test_truncated_files_are_refused(tmp_path: Path, version: int, share: float) -> None:
    path = write_10x(tmp_path / "a.h5", 3_000, GENES, version)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    assert "truncated" in refused(path)


def replace(group: h5py.Group, name: str, values: Any) -> None:
    del group[name]
    group[name] = values


def pointers(group: h5py.Group, place: int, value: int) -> None:
    values = group["indptr"][:]
    values[place] = value
    replace(group, "indptr", values)


BROKEN: dict[str, tuple[Callable[[h5py.Group], None], str]] = {
    "indptr falls": (lambda g: pointers(g, 100, 1), "out of order"),
    "indptr leaves the data": (lambda g: pointers(g, 100, 2**40), "out of order"),
    "indptr does not start at 0": (lambda g: pointers(g, 0, 1), "indptr goes from 1"),
    "indptr does not end with the data": (lambda g: pointers(g, -1, 5), "indptr goes from 0 to 5"),
    "indptr is short": (lambda g: replace(g, "indptr", g["indptr"][:-1]), "indptr has 230"),
    "data is short": (lambda g: replace(g, "data", g["data"][:-3]), "indices has"),
    "indices is short": (lambda g: replace(g, "indices", g["indices"][:-3]), "indices has"),
    "an index is too large": (lambda g: g["indices"].__setitem__(5, GENES), "none of the 12"),
    "an index is negative": (lambda g: g["indices"].__setitem__(5, -1), "none of the 12"),
    "an index is beyond int32": (lambda g: g["indices"].__setitem__(5, 2**32), "none of the 12"),
    "the shape is another": (lambda g: replace(g, "shape", [GENES, CELLS + 1]), "barcodes has"),
    "the shape is transposed": (lambda g: replace(g, "shape", [CELLS, GENES]), "has 12 entries"),
    "the shape is no pair": (lambda g: replace(g, "shape", [GENES]), "shape is stated as [12]"),
    "no barcodes": (lambda g: g.__delitem__("barcodes"), "barcodes is missing"),
    "no data": (lambda g: g.__delitem__("data"), "data is missing"),
}


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("what", BROKEN)
def test_files_that_contradict_themselves_are_refused(
    tmp_path: Path, what: str, version: int
) -> None:
    path = write_10x(tmp_path / "a.h5", CELLS, GENES, version)
    spoil, says = BROKEN[what]
    with h5py.File(path, "a") as file:
        spoil(group_of(file))
    assert says in refused(path)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        open_10x(tmp_path / "none.h5")
    (tmp_path / "text.h5").write_text("no HDF5\n" * 100)
    assert "another format" in refused(tmp_path / "text.h5")
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["numbers"] = np.arange(3)
    assert "is not a 10x file (it holds numbers)" in refused(tmp_path / "b.h5")
    path = write_10x(tmp_path / "c.h5", CELLS, GENES, 3, ["Peaks"] * GENES)
    assert "only Peaks" in refused(path)
    path = write_10x(tmp_path / "d.h5", CELLS, GENES, 3)
    with h5py.File(path, "a") as file:
        replace(file["matrix"], "features/feature_type", np.array(["Peaks"], dtype="S9"))
    assert "1 kinds of 12 features" in refused(path)
