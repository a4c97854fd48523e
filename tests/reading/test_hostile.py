"""Odd but realistic data, found by looking for what is taken silently though it is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from omicsbench.errors import DataError
from omicsbench.reading.columns import choose_features
from omicsbench.reading.kinds import of_one_kind
from omicsbench.reading.own import OwnData
from omicsbench.reading.readers import read
from omicsbench.reading.tables import from_table

N, P = 40, 24
GENES = ["CD3D", "CD4", "MS4A1", "NKG7", "LYZ", "GNLY"] + [f"GENE{i}A" for i in range(P - 6)]


def counts(seed: int = 0) -> pd.DataFrame:
    values = np.random.default_rng(seed).poisson(3, (N, P))
    return pd.DataFrame(values, index=[f"c{i}" for i in range(N)], columns=GENES)


def taken(table: pd.DataFrame, tmp_path: Path) -> AnnData:
    table.to_csv(tmp_path / "a.csv")
    return read(OwnData(tmp_path / "a.csv"))


@pytest.mark.parametrize(
    ("human", "mouse"), [("hg19-", "mm10-"), ("GRCh38.", "GRCm39."), ("HUMAN:", "MOUSE:")]
)
def test_a_genome_before_names_is_seen_however_it_is_separated(human: str, mouse: str) -> None:
    names = [f"{human if i % 2 else mouse}{name}" for i, name in enumerate(GENES)]
    adata = AnnData(counts().to_numpy(np.float32), var=pd.DataFrame(index=names))
    with pytest.raises(DataError, match="several genomes"):
        of_one_kind(adata, OwnData(Path("a.h5ad")))
    found = of_one_kind(adata, OwnData(Path("a.h5ad"), genome=human[:-1]))
    assert list(found.var_names) == [name for name in names if name.startswith(human)]


@pytest.mark.parametrize("stated", [None, "GRCh38_and_GRCm39"])
@pytest.mark.parametrize("of_names", [True, False])
def test_identifiers_of_two_species_are_two_genomes(stated: str | None, of_names: bool) -> None:
    ids = [f"{'ENSG' if i < 10 else 'ENSMUSG'}{i:011d}" for i in range(P)]
    var = pd.DataFrame({"gene_ids": ids}, index=ids if of_names else GENES)
    if stated:
        var["genome"] = stated
    adata = AnnData(counts().to_numpy(np.float32), var=var)
    with pytest.raises(DataError, match=r"\(ENSG, ENSMUSG\)"):
        of_one_kind(adata, OwnData(Path("a.h5ad")))
    assert of_one_kind(adata, OwnData(Path("a.h5ad"), genome="ENSMUSG")).n_vars == P - 10


def test_a_transgene_of_another_species_is_no_genome() -> None:
    ids = [f"ENSG{i:011d}" for i in range(P - 1)] + ["ENSMUSG00000000001"]
    adata = AnnData(counts().to_numpy(np.float32), var=pd.DataFrame(index=ids))
    assert of_one_kind(adata, OwnData(Path("a.h5ad"))).n_vars == P


@pytest.mark.parametrize("name", ["Total", "mean", "Std. Dev.", "Column sums", "all of them"])
def test_a_row_that_sums_the_others_up_is_refused(name: str, tmp_path: Path) -> None:
    table = counts()
    table.loc[name] = table.sum() if name != "mean" else table.mean().round(2)
    with pytest.raises(DataError, match=rf"row '{name}' .* no cell: remove it"):
        taken(table, tmp_path)


def test_a_cell_that_is_large_is_no_sum(tmp_path: Path) -> None:
    table = counts()
    table.loc["big"] = np.random.default_rng(1).permutation(table.sum().to_numpy())
    table.iloc[:-1, 0] = 3
    assert taken(table, tmp_path).n_obs == N + 1


@pytest.mark.parametrize("texts", [["yes", "no"], ["T", "F"], ["5%", "6.1%"], ["<LOD"], ["7 UMI"]])
@pytest.mark.parametrize("name", ["CD3D", "GENE7A"])
def test_texts_in_a_column_called_like_a_gene_are_refused(
    texts: list[str], name: str, tmp_path: Path
) -> None:
    table = counts().astype({name: object})
    table[name] = [texts[i % len(texts)] for i in range(N)]
    with pytest.raises(DataError, match=f"first in column {name}, row c0"):
        taken(table, tmp_path)
    (tmp_path / "b").mkdir()
    table = table.rename(columns={name: "smoker"})
    assert "smoker" in taken(table, tmp_path / "b").obs


def test_a_minus_of_typesetters_is_a_minus() -> None:
    table = (counts() - 2.5).astype(str).map(lambda text: text.replace("-", "\N{MINUS SIGN}"))
    found = from_table(table, "a.csv", OwnData(Path("a.csv")))
    np.testing.assert_allclose(found.X, counts() - 2.5)


@pytest.mark.parametrize(
    "name",
    ["__no_feature", "__ambiguous", "__too_low_aQual", "N_noFeature", "N_multimapping", "unmapped"],
)
def test_what_counting_programs_add_is_no_gene(name: str) -> None:
    table = counts().assign(**{name: counts(1)["LYZ"]})
    adata = AnnData(table.astype(np.float32))
    assert name in choose_features(adata, OwnData(Path("a.csv"))).obs
