"""The gastrulation data, on small archives of the same layout and on broken ones."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest

from omicsbench.datasets import _paired
from omicsbench.datasets.scnmt_gastrulation import BUNDLE, CELLS, COUNTS, PROMOTERS, load
from omicsbench.errors import DataError
from omicsbench.inputs.fetch import local_path
from omicsbench.reading.notes import NOTES
from omicsbench.reading.pairing import pair
from omicsbench.validation.check import check

N, GENES, MODALITIES = 30, 7, ("methylation", "accessibility")
SAMPLES = [f"E7.5_Plate1_A{i:02d}" for i in range(N)]
COUNTED = np.random.default_rng(0).poisson(20.0, (GENES, N))
Rows = list[tuple[str, str, int, int]]  # cell, promoter, sites that are high, sites


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path))


def cells() -> pd.DataFrame:
    """The cells' table as the authors' README describes it."""
    return pd.DataFrame(
        {
            "sample": SAMPLES,
            "id_rna": [f"lane{i}_R1" for i in range(N)],
            "id_met": [f"met_{i}" for i in range(N)],
            "id_acc": [f"acc_{i}" for i in range(N)],
            "embryo": [f"embryo_{i % 4}" for i in range(N)],
            "plate": "Plate1",
            "pass_rnaQC": "TRUE",
            "pass_metQC": "TRUE",
            "pass_accQC": "TRUE",
            "stage": ["E6.5", "E7.5"] * (N // 2),
            "lineage10x": "Nascent_mesoderm",
            "lineage10x_2": ["Mesoderm", "Endoderm", "Epiblast"] * (N // 3),
        }
    )


def sites(cell: int, promoter: int, shift: int) -> tuple[int, int]:
    """Sites that are high, and sites covered, six to eight."""
    covered = 6 + promoter % 3
    return (cell + promoter + shift) % (covered + 1), covered


def rows(modality: str) -> Rows:
    """Five promoters of every cell, the cells in the order of their names, as files are read."""
    shift = MODALITIES.index(modality)
    order = sorted(range(N), key=str)
    return [
        (f"{modality[:3]}_{i}", f"ENSMUSG{j}", *sites(i, j, shift)) for i in order for j in range(5)
    ]


def long_table(found: Rows, header: str = "") -> bytes:
    lines = [f"{c}\t{p}\tprom_2000_2000\t{h}\t{n}\t{100 * h / n:.0f}" for c, p, h, n in found]
    return gzip.compress((header + "\n".join(lines) + "\n").encode())


def members() -> dict[str, bytes]:
    """The four files among others, the table of the cells last but one."""
    names = cells()["id_rna"]
    counts = pd.DataFrame(COUNTED, columns=names, index=[f"ENSMUSG{j}" for j in range(GENES)])
    found = {
        "met/cpg_level/one.tsv.gz": b"not looked at",
        PROMOTERS["methylation"]: long_table(rows("methylation")),
        "acc/feature_level/genebody.tsv.gz": b"not looked at",
        PROMOTERS["accessibility"]: long_table(rows("accessibility")),
        CELLS: cells().to_csv(sep="\t", index=False, na_rep="NA").encode(),
        COUNTS: gzip.compress(counts.iloc[:, ::-1].to_csv(sep="\t", index_label="ens_id").encode()),
    }
    return found


def place(found: Mapping[str, bytes], cut: Callable[[bytes], bytes] = lambda data: data) -> None:
    """An archive of these files where the download would lie, ``cut`` to be broken."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as archive:
        for name, content in found.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    path = local_path(BUNDLE)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cut(held.getvalue()))
    path.with_name(f"{path.name}.sha256").unlink(missing_ok=True)


def loaded(**changes: bytes) -> dict[str, anndata.AnnData]:
    place(changed(**changes))
    return load()


def changed(**changes: bytes) -> dict[str, bytes]:
    """The files, with ``cells``, ``counts``, ``methylation`` or ``accessibility`` replaced."""
    of = {"cells": CELLS, "counts": COUNTS, **PROMOTERS}
    return members() | {of[name]: content for name, content in changes.items()}


def refused() -> str:
    with pytest.raises(DataError) as caught:
        load()
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith("delete it and fetch it again.")
    assert BUNDLE.name in sentence
    return sentence


def expected(modality: str) -> np.ndarray:
    shift = MODALITIES.index(modality)
    pairs = [[sites(i, j, shift) for j in range(5)] for i in range(N)]
    return np.array([[high / covered for high, covered in row] for row in pairs])


def test_the_three_modalities_of_the_same_cells_in_the_order_of_the_cells_table() -> None:
    found = loaded()
    np.testing.assert_array_equal(found["rna"].X.toarray(), COUNTED.T)
    assert list(found["rna"].var_names) == [f"ENSMUSG{j}" for j in range(GENES)]
    for modality in MODALITIES:
        np.testing.assert_allclose(found[modality].X, expected(modality), atol=1e-6)
        assert list(found[modality].var_names) == [f"ENSMUSG{j}" for j in range(5)]
        assert list(found[modality].obs_names) == list(found["rna"].obs_names) == SAMPLES
    assert found["rna"].obs.loc["E7.5_Plate1_A04"].to_dict() == {
        "lineage": "Endoderm",
        "stage": "E6.5",
        "embryo": "embryo_0",
    }
    assert found["rna"].uns[NOTES] == [
        "0 of 30 cells left out: not measured in all modalities, not passed by the authors, or of "
        "no known embryo.",
        "0.0% of methylation filled in with the cell's own mean.",
        "0.0% of accessibility filled in with the cell's own mean.",
    ]


def test_it_keeps_the_contract_of_data_sets() -> None:
    found, again, info = loaded(), load(), load.info  # type: ignore[attr-defined]
    assert list(found) == [modality for modality, _ in info.modalities]
    paired = pair(found, info.label, info.unit)
    for modality, values in info.modalities:
        adata = found[modality]
        assert adata.X.dtype == np.float32
        assert abs(adata.X - again[modality].X).sum() == 0
        checked = check(paired[modality], info.label, values, info.unit)
        assert checked.label_names == ("Endoderm", "Epiblast", "Mesoderm")
        assert checked.units is not None
        assert len(checked.units) == N


def test_a_header_or_another_division_into_parts_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = loaded()
    monkeypatch.setattr(_paired, "ROWS", 7)
    header = "sample\tid\tanno\tNmet\tN\trate\n"
    again = loaded(methylation=long_table(rows("methylation"), header))
    for modality in MODALITIES:
        np.testing.assert_array_equal(whole[modality].X, again[modality].X)


def test_lines_of_the_same_promoter_and_cell_are_added_up() -> None:
    more = [*rows("methylation"), ("met_3", "ENSMUSG1", 2, 4)]
    high, covered = sites(3, 1, 0)
    found = loaded(methylation=long_table(more))["methylation"]
    assert found.X[3, 1] == pytest.approx((high + 2) / (covered + 4))


def test_a_missing_rate_is_the_cells_own_mean_and_touches_no_other_cell() -> None:
    found = [row for row in rows("methylation") if row[:2] != ("met_2", "ENSMUSG1")]
    found = [
        (c, p, 1, 2) if (c, p) == ("met_2", "ENSMUSG4") else (c, p, h, n) for c, p, h, n in found
    ]
    after = loaded(methylation=long_table(found))
    own = [(high, covered) for cell, _, high, covered in found if cell == "met_2"]
    rates = expected("methylation")
    rates[2, [1, 4]] = sum(high for high, _ in own) / sum(covered for _, covered in own)
    np.testing.assert_allclose(after["methylation"].X, rates, atol=1e-6)
    assert after["rna"].uns[NOTES][1].startswith("1.3% of methylation")


def test_a_promoter_that_half_of_the_cells_do_not_cover_is_left_out() -> None:
    found = rows("accessibility")
    few = [row for row in found if row[1] != "ENSMUSG3" or int(row[0][4:]) < N // 2 - 1]
    half = [row for row in found if row[1] != "ENSMUSG3" or int(row[0][4:]) < N // 2]
    assert loaded(accessibility=long_table(few))["accessibility"].n_vars == 4
    assert loaded(accessibility=long_table(half))["accessibility"].n_vars == 5


def test_cells_that_failed_or_were_not_measured_are_left_out() -> None:
    table = cells()
    table.loc[0, "pass_rnaQC"] = "FALSE"
    table.loc[1, ["id_acc", "pass_accQC"]] = np.nan  # not sequenced
    table.loc[2, "id_met"] = "met_of_no_table"
    table.loc[3, "embryo"] = np.nan
    table.loc[4, "lineage10x_2"] = np.nan  # without a label, but measured
    text = table.to_csv(sep="\t", index=False, na_rep="NA").encode()
    found = loaded(cells=text)
    for adata in found.values():
        assert list(adata.obs_names) == SAMPLES[4:]
    assert pd.isna(found["rna"].obs["lineage"].iloc[0])
    np.testing.assert_array_equal(found["rna"].X.toarray(), COUNTED.T[4:])
    np.testing.assert_allclose(found["methylation"].X, expected("methylation")[4:], atol=1e-6)
    assert found["rna"].uns[NOTES][0].startswith("4 of 30 cells left out")


def test_what_follows_the_last_of_the_four_is_not_read() -> None:
    whole = loaded()
    rest = {"rna/SingleCellExperiment.rds": np.random.default_rng(0).bytes(300_000)}
    place(members() | rest, lambda data: data[:-200_000])
    assert list(load()["rna"].obs_names) == list(whole["rna"].obs_names)


def test_the_four_alone_packed_from_within_their_folder() -> None:
    four = [CELLS, COUNTS, *PROMOTERS.values()]
    place({f"./{name}": content for name, content in members().items() if name in four})
    assert load()["rna"].n_obs == N


@pytest.mark.parametrize("left", [10, 0.3, 0.5, 0.9])
def test_a_truncated_archive_is_refused(left: float) -> None:
    place(members(), lambda data: data[: int(left if left > 1 else left * len(data))])
    assert "cannot be read" in refused()


def test_what_is_no_archive_is_refused() -> None:
    place(members(), lambda _: b"<html>not found</html>")
    assert "cannot be read" in refused()
    place(members(), gzip.decompress)  # unpacked
    assert "cannot be read" in refused()


@pytest.mark.parametrize("name", [CELLS, COUNTS, *PROMOTERS.values()])
def test_a_missing_or_broken_member_is_named(name: str) -> None:
    found = members()
    del found[name]
    place(found)
    assert f"it ends without {name}" in refused()
    place(found | {name: members()[name][:40]})
    assert name in refused()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("met_0\tENSMUSG0\t1\t2\t50\n", "6 columns"),
        ("", "6 columns"),
        ("met_0\tENSMUSG0\tprom\t1\t2\t50\nmet_1\tENSMUSG0\tprom\t1\n", "cannot be read"),
        ("met_0\tENSMUSG0\tprom\t5\t2\t50\n" * 2, "more sites than are covered"),
        ("met_0\tENSMUSG0\tprom\t0\t0\t0\n" * 2, "more sites than are covered"),
        ("met_0\tENSMUSG0\tprom\t1\t2\t500\n" * 2, "0 to 100"),
        ("met_0\tENSMUSG0\tprom\t1\tNA\t50\n" * 2, "cannot be read"),
        ("met_0\tENSMUSG0\tprom\t1\tmany\t50\n" * 2, "cannot be read"),
        ("met_0\tENSMUSG0\tprom\t1\t2\t50\n\tENSMUSG0\tprom\t1\t2\t50\n", "has no cell"),
        ("met_0\tENSMUSG0\tprom\t1\t2\t50\n" * 2, "no cell that passed"),
    ],
)
def test_a_table_of_promoters_of_another_layout_is_refused(text: str, says: str) -> None:
    table = cells().drop(index=0)  # met_0 is then no cell that passed
    place(
        changed(
            cells=table.to_csv(sep="\t", index=False).encode(),
            methylation=gzip.compress(text.encode()),
        )
    )
    sentence = refused()
    assert says in sentence
    assert "no cell" in says or PROMOTERS["methylation"] in sentence


def test_a_table_without_a_covered_promoter_is_refused() -> None:
    thin = [(cell, promoter, 1, 2) for cell, promoter, _, _ in rows("accessibility")]
    place(changed(accessibility=long_table(thin)))
    assert f"{PROMOTERS['accessibility']}: no promoter is covered" in refused()


def test_a_cells_table_of_another_layout_is_refused() -> None:
    table = cells()
    place(changed(cells=table.drop(columns=["id_met", "embryo"]).to_csv(sep="\t").encode()))
    assert f"{CELLS}: it has no column embryo, id_met" in refused()
    place(changed(cells=table.assign(pass_metQC="FALSE").to_csv(sep="\t").encode()))
    assert "no cell that passed" in refused()
    place(changed(cells=table.assign(id_rna="lane1_R1").to_csv(sep="\t").encode()))
    assert "more than once" in refused()


def test_counts_of_other_cells_are_refused() -> None:
    place(changed(counts=gzip.compress(b"ens_id\tx\ty\nENSMUSG0\t1\t2\n")))
    assert "no cell that passed" in refused()
    place(changed(counts=gzip.compress(b"ens_id\tx\ty\nENSMUSG0\t1\n")))
    assert f"{COUNTS}: line 2" in refused()
