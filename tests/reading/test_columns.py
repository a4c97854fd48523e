"""Identifiers, annotations, QC and cluster numbers are told from measurements, and said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from omicsbench.errors import DataError
from omicsbench.reading.columns import choose_features
from omicsbench.reading.decisions import LEFT_OUT, decisions_of
from omicsbench.reading.notes import notes_of
from omicsbench.reading.own import OwnData
from omicsbench.reading.readers import read

CELLS, GENES = 60, 40
RNG = np.random.default_rng(2)
COUNTS = RNG.negative_binomial(2, 0.2, (CELLS, GENES)).astype(np.float32)
TYPES = np.array(["B", "T", "NK"] * (CELLS // 3))
NAMES = {
    "numbered": [f"GENE{j}" for j in range(GENES)],
    "ensembl": [f"ENSG{j:011d}" for j in range(GENES)],
    "human": [
        f"{a}{b}{j}" for j, (a, b) in enumerate(zip("ABCDEFGH" * 5, "KLMNO" * 8, strict=True))
    ],
    "mouse": [
        f"{a}{b}{j}" for j, (a, b) in enumerate(zip("ABCDEFGH" * 5, "klmno" * 8, strict=True))
    ],
    "probes": [f"{200000 + j}_at" for j in range(GENES)],
}
KNOWN = [
    *("leiden", "louvain", "seurat_clusters", "RNA_snn_res.0.8", "cluster", "percent_mito"),
    *("percent.mt", "pct_counts_mt", "n_counts", "nCount_RNA", "nFeature_RNA", "total_counts"),
    *("n_genes", "n_genes_by_counts", "doublet_score", "S.Score", "size_factor", "UMAP_1", "PC_1"),
    *(
        "sample_id",
        "Patient_ID",
        "age",
        "Age",
        "sex",
        "batch",
        "celltype_code",
        "log10_total_counts",
    ),
]
REAL = [
    *("AGER", "SEXO", "PCA3", "ICA1", "IDS", "NONO", "CAT", "SET", "MAX", "HAS2", "ID1", "CLU"),
    *("TOTALIN", "mt-Co1", "age-1", "hsa-mir-21", "C1orf112", "TIMELESS", "RUNX1", "PC", "T"),
]


def cells(
    extra: dict[str, Any] | None = None, names: str = "numbered", values: Any = COUNTS
) -> Any:
    """Cells with genes of such names, and further columns after the first gene."""
    made = pd.DataFrame(values, [f"c{i}" for i in range(len(values))], NAMES[names])
    for name, column in dict(extra or {}).items():
        made.insert(1, name, column)
    obs = pd.DataFrame({"kind": TYPES[: len(values)]}, index=made.index)
    var = pd.DataFrame(index=made.columns)
    return anndata.AnnData(made.to_numpy(dtype=np.float32).copy(), obs=obs, var=var)


def chosen(adata: Any, **options: Any) -> Any:
    return choose_features(adata, OwnData(Path("a.h5ad"), label="kind", **options))


def left_out(adata: Any) -> set[str]:
    texts = [d.decided for d in decisions_of(adata) if d.about == LEFT_OUT]
    return {name for text in texts for name in text.split(", ")}


def asked(adata: Any, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        chosen(adata, **options)
    sentence = str(caught.value)
    assert "--exclude" in sentence
    assert "--features-like" in sentence
    return sentence


# Names that are known


@settings(max_examples=60)
@given(
    name=st.sampled_from(KNOWN),
    names=st.sampled_from(sorted(NAMES)),
    case=st.sampled_from([str, str.upper, str.lower]),
    whole=st.booleans(),
    is_sparse=st.booleans(),
)
def test_known_names_are_left_out_and_said(
    name: str, names: str, case: Any, whole: bool, is_sparse: bool
) -> None:
    name = case(name)
    column = RNG.integers(0, 9, CELLS) if whole else RNG.random(CELLS)
    adata = cells({name: column}, names)
    if is_sparse:
        adata.X = sparse.csr_matrix(adata.X)
    kept = chosen(adata)
    assert list(kept.var_names) == NAMES[names]
    assert left_out(kept) == {name}
    assert f"Left out as no measurements: {name} (" in notes_of(kept)[0]
    np.testing.assert_allclose(kept.obs[name], column, rtol=1e-6)
    every = chosen(adata, features_like=("*",))
    assert every is adata, "what was left out can be kept"


@settings(max_examples=40)
@given(name=st.sampled_from(REAL), names=st.sampled_from(["human", "mouse"]))
def test_genes_of_such_names_stay(name: str, names: str) -> None:
    adata = cells({name: RNG.negative_binomial(2, 0.2, CELLS)}, names)
    assert chosen(adata) is adata


def test_a_gene_with_an_identifier_stays_whatever_its_name() -> None:
    adata = cells({"run": COUNTS[::-1, 3], "total": COUNTS[::-1, 4]})
    adata.var["gene_ids"] = [f"FBgn{j:07d}" for j in range(adata.n_vars)]
    assert chosen(adata) is adata


def test_genes_of_a_fly_stay_among_thousands_and_are_said() -> None:
    names = [f"fly{j}x" for j in range(1998)]
    values = sparse.random(CELLS, 2000, 0.05, format="csr", random_state=0, dtype=np.float32)
    adata = anndata.AnnData(values, var=pd.DataFrame(index=["run", *names, "key"]))
    adata.obs_names = [f"c{i}" for i in range(CELLS)]
    assert choose_features(adata, OwnData(Path("a"))).n_vars == 2000
    assert "annotations are called so: run, key" in notes_of(adata)[0] or "key, run" in str(
        notes_of(adata)
    )


def test_coordinates_alone_are_features() -> None:
    values = RNG.normal(size=(CELLS, 10)).astype(np.float32)
    adata = anndata.AnnData(values, var=pd.DataFrame(index=[f"PC{j + 1}" for j in range(10)]))
    assert choose_features(adata, OwnData(Path("a"))) is adata
    extra = cells({"PC1": values[:, 0], "PC2": values[:, 1], "x": values[:, 2], "y": values[:, 3]})
    assert left_out(chosen(extra)) == {"PC1", "PC2", "x", "y"}


def test_mostly_annotations_are_asked_about() -> None:
    adata = cells({name: RNG.random(CELLS) for name in ("age", "sex", "batch")})[:, :5]
    assert "3 of 5 columns have names of annotations" in asked(adata)


# What values tell


@settings(max_examples=30)
@given(
    start=st.integers(0, 5000),
    order=st.sampled_from(["up", "gaps", "shuffled"]),
    names=st.sampled_from(sorted(NAMES)),
    seed=st.integers(0, 99),
)
def test_numbers_that_count_are_no_measurement(
    start: int, order: str, names: str, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    column = start + np.arange(CELLS)
    if order == "gaps":
        column = start + np.cumsum(rng.integers(1, 9, CELLS))
    elif order == "shuffled":
        column = rng.permutation(column)
    kept = chosen(cells({"lims": column}, names))
    assert left_out(kept) == {"lims"}
    assert "count up" in notes_of(kept)[0]


def test_numbers_that_are_each_there_once_are_no_measurement() -> None:
    column = RNG.choice(np.arange(10_000, 99_999), CELLS, replace=False)
    assert left_out(chosen(cells({"lims": column}, "ensembl"))) == {"lims"}


def test_numbers_that_count_under_the_name_of_a_gene_are_asked_about() -> None:
    adata = cells()
    adata.X[:, 7] = np.arange(CELLS)
    assert "'GENE7' (its whole numbers count up)" in asked(adata)


@pytest.mark.parametrize("is_sparse", [True, False])
def test_the_sum_of_the_others_is_no_measurement(is_sparse: bool) -> None:
    adata = cells({"everything": COUNTS.sum(axis=1)}, "human")
    if is_sparse:
        adata.X = sparse.csc_matrix(adata.X)
    kept = chosen(adata)
    assert left_out(kept) == {"everything"}
    assert "sums of all others" in notes_of(kept)[0]


def test_fractions_among_counts_are_no_measurement() -> None:
    assert left_out(chosen(cells({"viability": RNG.random(CELLS)}))) == {"viability"}
    mixed = COUNTS.copy()
    mixed[:, ::3] += RNG.random((CELLS, len(range(0, GENES, 3))))  # as expected counts are
    adata = cells(values=mixed)
    assert chosen(adata) is adata


def test_dates_as_numbers_are_no_measurement() -> None:
    days = 20240000 + RNG.integers(1, 13, CELLS) * 100 + RNG.integers(1, 29, CELLS)
    assert left_out(chosen(cells({"drawn": days}, "human"))) == {"drawn"}
    years = RNG.integers(1950, 2000, CELLS)
    assert left_out(chosen(cells({"born": years}, "probes"))) == {"born"}


def test_codes_and_other_scales_are_asked_about() -> None:
    wide = COUNTS * 7 + RNG.integers(0, 5, COUNTS.shape)
    codes = RNG.permutation(np.arange(CELLS) % 6)
    assert "'unit' (it holds 6 different" in asked(cells({"unit": codes}, "ensembl", wide))
    adata = cells(
        {"amount": RNG.normal(9e4, 1e3, CELLS)}, "human", COUNTS + RNG.random(COUNTS.shape)
    )
    assert "'amount' (its highest value is over 100 times" in asked(adata)


def test_words_beside_names_of_another_kind_are_asked_about() -> None:
    for names in sorted(NAMES):
        adata = cells({"visits": RNG.integers(1, 9, CELLS)}, names)
        assert "'visits' (" in asked(adata)
    kept = chosen(cells({"tdTomato": COUNTS[::-1, 3]}, "ensembl"))
    assert "named unlike the others: tdTomato" in notes_of(kept)[0]


@pytest.mark.parametrize("is_sparse", [True, False])
def test_a_copy_of_the_label_is_no_measurement(is_sparse: bool) -> None:
    codes = np.select([TYPES == "B", TYPES == "T"], [3, 1], 7)
    odd, gene = cells({"k3": codes}, "ensembl"), cells()
    gene.X[:, 5] = codes
    for adata in (odd, gene):
        adata.obs.loc["c7", "kind"] = np.nan
        if is_sparse:
            adata.X = sparse.csr_matrix(adata.X)
    assert left_out(chosen(odd)) == {"k3"}
    assert "'GENE5' (it has one value for each class of 'kind')" in asked(gene)
    assert chosen(gene, exclude=("GENE5",)).n_vars == GENES - 1


def test_metabolites_pass_without_a_word() -> None:
    names = [
        *("Glucose", "Lactate", "L-Alanine", "Citrate", "myo-inositol", "Creatinine", "urea"),
        *("Hippurate", "3-Hydroxybutyrate", "Taurine", "trans-aconitate", "Valine"),
    ]
    values = RNG.lognormal(np.arange(12) - 3, 0.4, (CELLS, 12)).astype(np.float32)
    adata = anndata.AnnData(values, var=pd.DataFrame(index=names))
    assert choose_features(adata, OwnData(Path("a"))) is adata
    assert notes_of(adata) == []


@settings(max_examples=30)
@given(
    kind=st.sampled_from(["counts", "sparse", "log", "array", "genotypes", "scaled", "bulk"]),
    names=st.sampled_from(sorted(NAMES)),
    seed=st.integers(0, 999),
)
def test_good_data_pass_without_a_word(kind: str, names: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    means = rng.gamma(0.5, 4, GENES)
    counts = rng.poisson(means * rng.gamma(4, 0.25, (CELLS, 1)))
    values = {
        "counts": counts,
        "sparse": rng.poisson(0.1, (CELLS, GENES)),
        "log": np.log1p(1e4 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)),
        "array": rng.normal(8, 2, (CELLS, GENES)),
        "genotypes": rng.binomial(2, 0.3, (CELLS, GENES)),
        "scaled": rng.normal(0, 1, (CELLS, GENES)),
        "bulk": rng.negative_binomial(3, 0.0005, (CELLS, GENES)),
    }[kind]
    adata = cells(values=values, names=names)
    assert chosen(adata) is adata
    assert notes_of(adata) == []


# Options


def test_options_choose_by_name_and_by_pattern(tmp_path: Path) -> None:
    adata = cells({"foo": COUNTS[:, 0]})
    kept = chosen(adata, exclude=("GENE1*", "foo"))
    assert list(kept.var_names) == [n for n in NAMES["numbered"] if not n.startswith("GENE1")]
    kept = chosen(adata, features_like=("GENE?",))
    assert list(kept.var_names) == NAMES["numbered"][:10]
    with pytest.raises(DataError, match=r"--exclude 'GENES3' matches no column: there are .*GENE3"):
        chosen(adata, exclude=("GENES3",))
    with pytest.raises(DataError, match="--features-like 'x' matches no column"):
        chosen(adata, features_like=("x",))
    with pytest.raises(DataError, match="No feature is left"):
        chosen(adata, exclude=("*",))


def test_a_label_among_the_features_is_found(tmp_path: Path) -> None:
    adata = cells({"leiden": np.arange(CELLS) % 4})
    adata.write_h5ad(tmp_path / "a.h5ad")
    found = read(OwnData(tmp_path / "a.h5ad", label="leiden"))
    assert list(found.obs["leiden"][:4]) == [0, 1, 2, 3]
    assert found.n_vars == GENES


@pytest.mark.parametrize("name", ["sample_id", "Subject", "nr", "whatever"])
@pytest.mark.parametrize("shuffled", [True, False])
def test_numbers_in_the_first_column_name_the_cells(
    tmp_path: Path, name: str, shuffled: bool
) -> None:
    numbers = 1001 + np.arange(CELLS)
    numbers = RNG.permutation(numbers) if shuffled else numbers
    made = cells().to_df().astype(int).assign(kind=TYPES)
    made.insert(0, name, numbers)
    for suffix, write in (("csv", made.to_csv), ("parquet", made.to_parquet)):
        write(tmp_path / f"a.{suffix}", index=False)
        found = read(OwnData(tmp_path / f"a.{suffix}", label="kind"))
        assert list(found.obs_names) == [str(number) for number in numbers]
        assert list(found.var_names) == NAMES["numbered"]
        found = read(OwnData(tmp_path / f"a.{suffix}", label="kind", exclude=(name,)))
        assert found.obs_names[0] == "0"
        assert list(found.obs[name]) == list(numbers)


def test_names_that_look_like_powers_stay_as_they_are(tmp_path: Path) -> None:
    for index in ("", "well"):
        wells = [f"{i:02d}E5" for i in range(CELLS)]
        made = cells().to_df().set_axis(wells).assign(kind=TYPES)
        made.to_csv(tmp_path / "a.csv", index_label=index)
        assert list(read(OwnData(tmp_path / "a.csv", label="kind")).obs_names) == wells
