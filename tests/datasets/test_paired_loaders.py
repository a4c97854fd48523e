"""Data sets of several modalities that are downloaded, on small files of the same layouts."""

from __future__ import annotations

import gzip
import hashlib
import importlib
import io
import re
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from omicsbench.errors import DataError
from omicsbench.inputs.fetch import local_path
from omicsbench.inputs.notes import NOTES
from omicsbench.inputs.pairing import pair
from omicsbench.plugin import Remote

NAMES = ("pbmc_cite_5k", "pbmc_cite_10k", "cbmc_cite", "pbmc_multiome_10k", "scnmt_mesc")
CELLS = 40
RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path))


def module(name: str) -> Any:
    return importlib.import_module(f"omicsbench.datasets.{name}")


def place(remote: Remote, content: bytes) -> Path:
    """Put a file where a download would lie, accepted as a user does who trusts it."""
    path = local_path(remote)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    path.with_name(f"{path.name}.sha256").write_text(f"{digest}  {path.name}\n")
    return path


def refused(name: str) -> str:
    with pytest.raises(DataError) as caught:
        module(name).load()
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


def dense(adata: Any) -> np.ndarray:
    return adata.X.toarray() if sparse.issparse(adata.X) else adata.X


def table(
    rows: Sequence[str],
    columns: Sequence[str],
    values: np.ndarray,
    separator: str,
    corner: str | None = "",
    quote: str = "",
) -> bytes:
    """A gzipped table with features in rows; no ``corner``: a header one field shorter."""
    header = [*([] if corner is None else [corner]), *columns]
    lines = [separator.join(f"{quote}{name}{quote}" for name in header)]
    for name, row in zip(rows, values, strict=True):
        lines.append(separator.join([f"{quote}{name}{quote}", *(f"{v:g}" for v in row)]))
    return gzip.compress(("\n".join(lines) + "\n").encode())


def tenx(names: Sequence[str], kinds: Sequence[str], counts: np.ndarray) -> bytes:
    """A 10x file, version 3: (cells, features) counts, features of several kinds mixed."""
    matrix = sparse.csr_matrix(counts)
    held = io.BytesIO()
    with h5py.File(held, "w") as file:
        group = file.create_group("matrix")
        group["barcodes"] = np.array([f"AAC{i:03d}-1" for i in range(len(counts))], dtype="S")
        group["shape"] = np.array(counts.shape[::-1], dtype=np.int32)
        for part in ("data", "indices", "indptr"):
            group[part] = getattr(matrix, part)
        group["features/id"] = np.array([f"id_{name}" for name in names], dtype="S")
        group["features/name"] = np.array(names, dtype="S")
        group["features/feature_type"] = np.array(kinds, dtype="S")
    return held.getvalue()


# 10x files


ANTIBODIES = (
    "CD3_TotalSeqB",
    "IgG1_control_TotalSeqB",
    "CD19_TotalSeqB",
    "IgG2a_control_TotalSeqB",
    "IgG2b_control_TotalSeqB",
)


def place_cite_5k() -> np.ndarray:
    counts = RNG.poisson(1.0, (CELLS, 11))
    counts[:, [0, 6]] += 1  # no cell without any
    kinds = ["Gene Expression"] * 6 + ["Antibody Capture"] * 5
    names = [*(f"G{j}" for j in range(5)), "G0", *ANTIBODIES]
    place(module("pbmc_cite_5k").COUNTS, tenx(names, kinds, counts))
    return counts


def test_antibodies_and_genes_of_a_10x_file_without_the_controls() -> None:
    counts = place_cite_5k()
    found = module("pbmc_cite_5k").load()
    np.testing.assert_array_equal(dense(found["rna"]), counts[:, :6])
    np.testing.assert_array_equal(found["protein"].X, counts[:, [6, 8]])
    assert list(found["protein"].var_names) == ["CD3_TotalSeqB", "CD19_TotalSeqB"]
    assert list(found["rna"].var_names) == ["G0", "G1", "G2", "G3", "G4", "G0-1"]
    assert list(found["rna"].var["id"])[:2] == ["id_G0", "id_G1"]
    assert found["rna"].obs_names[3] == "AAC003-1"


def test_a_10x_file_without_antibodies_is_refused() -> None:
    place(module("pbmc_cite_5k").COUNTS, tenx(["A", "B"], ["Gene Expression"] * 2, np.ones((9, 2))))
    assert "no Antibody Capture" in refused("pbmc_cite_5k")
    kinds = ["Gene Expression", "Antibody Capture"]
    place(module("pbmc_cite_5k").COUNTS, tenx(["A", "IgG1_x"], kinds, np.ones((9, 2))))
    assert "no antibodies but controls" in refused("pbmc_cite_5k")


def place_multiome() -> np.ndarray:
    counts = RNG.poisson(0.8, (CELLS, 12))
    counts[:, 5] += 3
    kinds = ["Gene Expression", "Peaks"] * 6
    names = [f"G{j}" if j % 2 == 0 else f"chr1:{j}00-{j}50" for j in range(12)]
    place(module("pbmc_multiome_10k").COUNTS, tenx(names, kinds, counts))
    return counts


def test_peaks_are_presence_and_genes_are_counts() -> None:
    counts = place_multiome()
    found = module("pbmc_multiome_10k").load()
    np.testing.assert_array_equal(dense(found["rna"]), counts[:, ::2])
    np.testing.assert_array_equal(dense(found["atac"]), counts[:, 1::2] > 0)
    assert counts[:, 1::2].max() > 1, "there was something to set to 1"
    assert found["atac"].var_names[0] == "chr1:100-150"


# An h5ad file with proteins beside


def h5ad(tmp_path: Path, proteins: Any, counts: Any = None, **uns: Any) -> None:
    counts = RNG.poisson(1.0, (CELLS, 7)) if counts is None else counts
    adata = anndata.AnnData(
        sparse.csr_matrix(counts.astype(np.float32)),
        obs=pd.DataFrame({"n_genes": 1}, index=[f"c{i}" for i in range(CELLS)]),
        obsm={} if proteins is None else {"protein_expression": proteins},
        uns=uns,
    )
    adata.write_h5ad(tmp_path / "written.h5ad")
    place(module("pbmc_cite_10k").TABLE, (tmp_path / "written.h5ad").read_bytes())


PROTEINS = RNG.poisson(5.0, (CELLS, 3)).astype(np.int64)
STAINS = ["CD3", "CD4", "CD8a"]


def place_cite_10k(tmp_path: Path) -> np.ndarray:
    counts = 1 + RNG.poisson(1.0, (CELLS, 7))
    index = [f"c{i}" for i in range(CELLS)]
    h5ad(tmp_path, pd.DataFrame(PROTEINS, index=index, columns=STAINS), counts)
    return counts


def test_proteins_lie_in_obsm_as_a_table_or_as_an_array_with_names(tmp_path: Path) -> None:
    counts = place_cite_10k(tmp_path)
    first = module("pbmc_cite_10k").load()
    h5ad(tmp_path, PROTEINS, counts, protein_names=np.array(STAINS, dtype=object))
    for found in (first, module("pbmc_cite_10k").load()):
        np.testing.assert_array_equal(dense(found["rna"]), counts)
        np.testing.assert_array_equal(found["protein"].X, PROTEINS)
        assert list(found["protein"].var_names) == STAINS
        assert not found["rna"].obs.columns.size


@pytest.mark.parametrize(
    ("proteins", "scale", "says"),
    [
        (None, 1.0, "protein_expression"),
        (PROTEINS, 1.0, "protein_names"),
        (pd.DataFrame(PROTEINS, columns=STAINS), 0.3, "X holds other values than counts"),
        (pd.DataFrame(PROTEINS - 50, columns=STAINS), 1.0, "holds other values than counts"),
    ],
)
def test_an_h5ad_of_another_layout_is_refused(
    tmp_path: Path, proteins: Any, scale: float, says: str
) -> None:
    if isinstance(proteins, pd.DataFrame):
        proteins = proteins.set_index(pd.Index([f"c{i}" for i in range(CELLS)]))
    h5ad(tmp_path, proteins, RNG.poisson(1.0, (CELLS, 7)) * scale)
    assert says in refused("pbmc_cite_10k")


# Two tables with cells in columns


ADT = ("CD3", "CCR5", "CD19", "CCR7", "CD10")


def place_cbmc(order: Sequence[int] | None = None) -> tuple[np.ndarray, np.ndarray]:
    """RNA and antibodies, features x cells; the antibodies' cells in another order."""
    genes = [f"{'MOUSE' if j % 3 == 0 else 'HUMAN'}_gene_{j}" for j in range(9)]
    cells = [f"CTG{i:03d}" for i in range(CELLS)]
    counts, stained = 1 + RNG.poisson(1.0, (9, CELLS)), RNG.poisson(20.0, (5, CELLS))
    order = np.arange(CELLS)[::-1] if order is None else np.asarray(order)
    place(module("cbmc_cite").RNA, table(genes, cells, counts, ",", quote='"'))
    mixed = table(ADT, [cells[i] for i in order], stained[:, order], ",")
    place(module("cbmc_cite").ANTIBODIES, mixed)
    return counts, stained


def test_human_genes_and_the_antibodies_that_the_authors_kept() -> None:
    counts, stained = place_cbmc()
    found = module("cbmc_cite").load()
    human = [1, 2, 4, 5, 7, 8]
    np.testing.assert_array_equal(dense(found["rna"]), counts[human].T)
    assert list(found["rna"].var_names) == [f"gene_{j}" for j in human], "without the species"
    np.testing.assert_array_equal(found["protein"].X, stained[[0, 2]].T, "matched by name")
    assert list(found["protein"].var_names) == ["CD3", "CD19"]


def spoil_rna(content: Callable[[bytes], bytes]) -> None:
    place_cbmc()
    remote = module("cbmc_cite").RNA
    place(remote, content(local_path(remote).read_bytes()))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda data: data[: len(data) // 2], "cannot be read"),
        (lambda _: b"<html>not found</html>", "cannot be read"),
        (lambda _: gzip.compress(b""), "no features"),
        (lambda _: table(["MOUSE_a"], ["c"], np.ones((1, 1)), ","), "no features"),
        (lambda _: gzip.compress(b",a,b\nHUMAN_x,1,2\nHUMAN_y,3\n"), "line 3"),
        (lambda _: gzip.compress(b",a,b\nHUMAN_x,1,many\n"), "cannot be read"),
        (lambda _: gzip.compress(b",a,b\nHUMAN_x,1,-2\n"), "negative"),
        (lambda _: gzip.compress(b",a,a\nHUMAN_x,1,2\n"), "more than once"),
        (lambda _: gzip.compress(b",a,b\nHUMAN_x,1,2\n"), "are not the same"),
    ],
)
def test_a_table_of_counts_that_is_broken_is_refused(
    change: Callable[[bytes], bytes], says: str
) -> None:
    spoil_rna(change)
    assert says in refused("cbmc_cite")


# scNMT-seq: two tables of counts, and an archive of tables of sites


Sites = dict[tuple[str, str], str]
WELLS = {"ESC": [f"ESC_A{i:02d}" for i in range(14)], "EB": [f"EB_P1B{i:02d}" for i in range(12)]}
KINDS = ("CpG-met", "GpC-acc")


def sites_of(cell: int, shift: float) -> list[tuple[str, int, float]]:
    """Six sites in each of three windows: the rates 0 or 100, more of them in later cells."""
    found = []
    for chromosome, window in (("1", 0), ("1", 7), ("X", 3)):
        for j in range(6):
            high = j < (cell + int(window + shift)) % 7
            found.append((chromosome, window * 10_000 + 17 * j + 1, 100.0 * high))
    return found


def text_of(sites: Sequence[tuple[str, int, float]], header: bool = True) -> str:
    lines = ["chr\tpos\trate"] if header else []
    return "\n".join([*lines, *(f"{c}\t{p}\t{r:g}" for c, p, r in sites)]) + "\n"


def all_sites() -> Sites:
    cells = [*WELLS["ESC"], *WELLS["EB"]]
    return {
        (cell, kind): text_of(sites_of(i, shift), header=i % 2 == 0)
        for i, cell in enumerate(cells)
        for shift, kind in enumerate(KINDS)
    }


def place_scnmt(sites: Sites | None = None) -> dict[str, np.ndarray]:
    data = module("scnmt_mesc")
    genes = [f"ENSMUSG{j:03d}" for j in range(8)]
    counts = {}
    for culture, wells in WELLS.items():
        counts[culture] = RNG.poisson(30.0, (8, len(wells)))
        corner = "ESC_ens_id" if culture == "ESC" else None
        place(data.COUNTS[culture], table(genes, wells, counts[culture], "\t", corner))
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for number, ((cell, kind), text) in enumerate((sites or all_sites()).items()):
            packed = gzip.compress(text.encode())
            member = tarfile.TarInfo(f"GSM29360{number:02d}_{cell}_{kind}_processed.tsv.gz")
            member.size = len(packed)
            archive.addfile(member, io.BytesIO(packed))
    place(data.SITES, held.getvalue())
    return counts


def mean_rates(shift: int) -> np.ndarray:
    rows = [sites_of(i, shift) for i in range(26)]
    return (
        np.array([[np.mean([r for _, _, r in row[k : k + 6]]) for k in (0, 6, 12)] for row in rows])
        / 100
    )


def test_rates_are_means_over_windows_of_the_same_cells() -> None:
    counts = place_scnmt()
    found = module("scnmt_mesc").load()
    np.testing.assert_array_equal(dense(found["rna"]), np.hstack([*counts.values()]).T)
    for shift, modality in enumerate(("methylation", "accessibility")):
        np.testing.assert_allclose(found[modality].X, mean_rates(shift), atol=1e-6)
        assert list(found[modality].var_names) == ["1:0-10000", "1:70000-80000", "X:30000-40000"]
    assert found["rna"].obs["culture"].value_counts().to_dict() == {"ESC": 14, "EB": 12}
    assert found["rna"].obs["culture"]["EB_P1B03"] == "EB"
    assert found["rna"].uns[NOTES][1] == "0.0% of methylation filled in with the cell's own mean."


def test_a_table_read_in_pieces_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    place_scnmt()
    whole = module("scnmt_mesc").load()
    monkeypatch.setattr(module("_paired"), "ROWS", 4)
    again = module("scnmt_mesc").load()
    for name, adata in whole.items():
        np.testing.assert_allclose(dense(adata), dense(again[name]), atol=1e-6)


def test_a_missing_rate_is_the_cells_own_mean_and_touches_no_other_cell() -> None:
    place_scnmt()
    before = module("scnmt_mesc").load()["methylation"]
    sites = all_sites()
    left = [*sites_of(2, 0)[:8], *sites_of(2, 0)[12:]]  # two sites in the middle window: too few
    sites["ESC_A02", "CpG-met"] = text_of(left)
    place_scnmt(sites)
    loaded = module("scnmt_mesc").load()
    after = loaded["methylation"]
    own = np.mean([rate for _, _, rate in left]) / 100
    assert after["ESC_A02"].X[0, 1] == pytest.approx(own)
    expected = before.X.copy()
    expected[2, 1] = own
    np.testing.assert_allclose(after.X, expected, atol=1e-6)
    assert loaded["rna"].uns[NOTES][1].startswith("1.3% of methylation")


def test_cells_and_windows_that_were_hardly_measured_are_left_out() -> None:
    sites = all_sites()
    del sites["ESC_A01", "GpC-acc"]  # not measured
    sites["ESC_A05", "CpG-met"] = "chr\tpos\trate\n1\t5\t100\n"  # an empty control
    sites["EBcontrol_P1D12", "CpG-met"] = "not\teven\na table"  # without counts: never read
    for i in range(6):  # a window of few cells, a chromosome and a scaffold that are left out
        more = [(c, 500_000 + j, 100.0) for j in range(6) for c in ("2", "Y", "GL456210.1")]
        sites[WELLS["EB"][i], "CpG-met"] += text_of(more, header=False)
    place_scnmt(sites)
    found = module("scnmt_mesc").load()
    for adata in found.values():
        assert adata.n_obs == 24
        assert not {"ESC_A01", "ESC_A05"} & set(adata.obs_names)
    assert found["methylation"].n_vars == 3
    assert found["rna"].uns[NOTES][0].startswith("2 of 26 cells left out")


def test_shares_are_taken_as_they_are() -> None:
    scaled = {key: re.sub(r"\t100\n", "\t1\n", text) for key, text in all_sites().items()}
    place_scnmt(scaled)
    found = module("scnmt_mesc").load()
    np.testing.assert_allclose(found["accessibility"].X, mean_rates(1), atol=1e-6)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("chr\tpos\trate\n1\t5\t250\n", "0 to 100"),
        ("chr\tpos\trate\n1\t5\tNA\n", "0 to 100"),
        ("chr\tpos\trate\n1\t5\thigh\n", "cannot be read"),
        ("chr\tpos\tmet_reads\tnonmet_reads\trate\n1\t5\t1\t0\t1\n", "3 columns"),
        ("", "3 columns"),
        ("1\t5\t100\n1\t-5\t0\n", "position"),
    ],
)
def test_a_table_of_sites_of_another_layout_is_refused(text: str, says: str) -> None:
    sites = all_sites()
    sites["ESC_A03", "GpC-acc"] = text
    place_scnmt(sites)
    sentence = refused("scnmt_mesc")
    assert says in sentence
    assert "ESC_A03_GpC-acc_processed.tsv.gz" in sentence


def test_a_broken_archive_is_refused() -> None:
    place_scnmt()
    remote = module("scnmt_mesc").SITES
    whole = local_path(remote).read_bytes()
    place(remote, whole[:2000])
    assert "GSE109262_RAW.tar" in refused("scnmt_mesc")
    place(remote, b"no archive")
    assert "cannot be read" in refused("scnmt_mesc")
    place_scnmt({("Other_A01", "CpG-met"): text_of(sites_of(1, 0))})
    assert "no cell has a table" in refused("scnmt_mesc")


# All of them


def place_all(tmp_path: Path) -> None:
    place_cite_5k()
    place_cite_10k(tmp_path)
    place_cbmc()
    place_multiome()
    place_scnmt()


@pytest.mark.parametrize("name", NAMES)
def test_a_data_set_keeps_the_contract(name: str, tmp_path: Path) -> None:
    place_all(tmp_path)
    info = module(name).load.info
    found, again = module(name).load(), module(name).load()
    assert info.name == name
    assert list(found) == [modality for modality, _ in info.modalities]
    assert next(iter(found)) == "rna"
    assert (info.label is None) == (name != "scnmt_mesc")
    for modality, values in info.modalities:
        adata = found[modality]
        assert adata.X.dtype == np.float32
        assert isinstance(adata.X, np.ndarray) or adata.X.format == "csr"
        assert list(adata.obs_names) == list(found["rna"].obs_names)
        assert adata.obs_names.is_unique
        assert adata.var_names.is_unique
        measured = dense(adata)
        assert 0 <= measured.min() < measured.max() <= {"binary": 1, "rates": 1}.get(values, 1e6)
        assert values == "rates" or (measured == np.round(measured)).all()
        assert abs(adata.X - again[modality].X).sum() == 0
    assert pair(found, info.label)["rna"].n_obs == found["rna"].n_obs, "no cell is lost"


def test_addresses_and_names_of_files() -> None:
    remotes = [remote for name in NAMES for remote in module(name).load.info.remote]
    assert len({remote.name for remote in remotes}) == len(remotes) == 8
    for remote in remotes:
        assert remote.url.startswith("https://")
        assert remote.note or remote.digest is None, "where a checksum is from is said"


@pytest.mark.parametrize("name", ["pbmc_cite_5k", "pbmc_multiome_10k", "pbmc_cite_10k"])
def test_a_damaged_hdf5_file_is_refused(name: str, tmp_path: Path) -> None:
    place_all(tmp_path)
    (remote,) = module(name).load.info.remote
    place(remote, local_path(remote).read_bytes()[:3000])
    assert "cannot be read" in refused(name)
