"""Tables with features in rows are turned as a whole, before columns are judged; GCT always."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omicsbench.errors import DataError
from omicsbench.reading.notes import notes_of
from omicsbench.reading.own import OwnData
from omicsbench.reading.readers import read

CELLS, GENES = 30, 12
COUNTS = np.random.default_rng(3).poisson(5, (GENES, CELLS))
SYMBOLS = [
    "ACTB",
    "GAPDH",
    "CD3D",
    "CD4",
    "CD8A",
    "MS4A1",
    "LYZ",
    "NKG7",
    "PPBP",
    "FTL",
    "B2M",
    "ACTB",
]
BESIDE = ["gene_name", "description", "chr", "start", "length", "Strand"]
TYPES = ["B", "T", "NK"] * (CELLS // 3)


def table() -> pd.DataFrame:
    """Genes in rows."""
    genes = pd.Index([f"ENSG{j:011d}" for j in range(GENES)], name="gene_id")
    return pd.DataFrame(COUNTS, genes, [f"c{i}" for i in range(CELLS)])


def turned(path: Path, **options: Any) -> Any:
    return read(OwnData(path, transpose=True, **options))


@settings(max_examples=25)
@given(
    suffix=st.sampled_from(["csv", "tsv", "parquet"]),
    beside=st.sets(st.sampled_from(BESIDE)),
    label=st.booleans(),
    first=st.booleans(),
)
def test_what_describes_the_genes_is_left_out(
    tmp_path_factory: pytest.TempPathFactory,
    suffix: str,
    beside: set[str],
    label: bool,
    first: bool,
) -> None:
    given = table()
    if label and suffix != "parquet":  # of one type a column
        given = pd.concat([pd.DataFrame([TYPES], ["kind"], given.columns), given])
        given.index.name = "gene_id"
    for name in sorted(beside):
        column: list[Any] = SYMBOLS if name == "gene_name" else [name] * GENES
        if name in ("start", "length"):
            column = list(range(1000, 1000 + GENES))
        more = [""] * (len(given) - GENES)
        given.insert(0 if first else len(given.columns), name, [*more, *column])
    path = tmp_path_factory.mktemp("turned") / f"a.{suffix}"
    match suffix:
        case "parquet":
            given.to_parquet(path)
        case _:
            given.to_csv(path, sep="," if suffix == "csv" else "\t")
    has_label = label and suffix != "parquet"
    adata = turned(path, label="kind" if has_label else None)
    np.testing.assert_array_equal(adata.X, COUNTS.T)
    assert list(adata.obs_names) == list(table().columns)
    assert list(adata.var_names) == list(table().index)
    assert ("Columns that describe the features" in " ".join(notes_of(adata))) == bool(beside)
    if has_label:
        assert list(adata.obs["kind"]) == TYPES


def test_symbols_that_occur_again_are_told_apart(tmp_path: Path) -> None:
    table().set_axis(pd.Index(SYMBOLS, name="symbol")).to_csv(tmp_path / "a.csv")
    adata = turned(tmp_path / "a.csv")
    assert list(adata.var_names) == [*SYMBOLS[:-1], "ACTB-1"]
    np.testing.assert_array_equal(adata.X, COUNTS.T)


def test_texts_among_measurements_are_named_after_turning(tmp_path: Path) -> None:
    given = table().astype(object)
    given.iloc[4, 7] = "<LOD"
    given.to_csv(tmp_path / "a.csv")
    with pytest.raises(DataError, match="'<LOD' once, the first in column ENSG00000000004, row c7"):
        turned(tmp_path / "a.csv")


def test_annotations_in_rows_are_no_features(tmp_path: Path) -> None:
    more = pd.DataFrame([range(CELLS), [3, 1, 2] * (CELLS // 3)], ["n_counts", "leiden"],
                        table().columns)  # fmt: skip
    pd.concat([table(), more]).to_csv(tmp_path / "a.csv")
    adata = turned(tmp_path / "a.csv", label="leiden")
    assert list(adata.var_names) == list(table().index)
    assert list(adata.obs["leiden"][:3]) == [3, 1, 2]


@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("asked", [True, False])
def test_gct_says_itself_what_is_what(tmp_path: Path, version: str, asked: bool) -> None:
    lines = ["\t".join(["NAME", "Description", *table().columns])]
    if version == "1.3":
        lines[0] = lines[0].replace("NAME\tDescription", "id\tpr_symbol\tpr_length")
        lines += ["\t".join(["kind", "na", "na", *TYPES])]
        lines += ["\t".join(["age", "na", "na", *map(str, range(20, 20 + CELLS))])]
    for j, (gene, row) in enumerate(table().iterrows()):
        more = [SYMBOLS[j]] if version == "1.2" else [SYMBOLS[j], "900"]
        lines.append("\t".join([str(gene), *more, *map(str, row)]))
    size = f"{GENES}\t{CELLS}" + ("\t2\t2" if version == "1.3" else "")
    (tmp_path / "a.gct").write_text("\n".join([f"#{version}", size, *lines]) + "\n")
    own = OwnData(tmp_path / "a.gct", label="kind" if version == "1.3" else None, transpose=asked)
    adata = read(own)
    np.testing.assert_array_equal(adata.X, COUNTS.T)
    assert list(adata.var_names) == list(table().index)
    if version == "1.3":
        assert list(adata.obs["kind"]) == TYPES
        assert list(adata.obs["age"][:2]) == ["20", "21"]


def test_a_gct_that_contradicts_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.gct").write_text("#1.2\n2\t3\nNAME\tDescription\ts1\ts2\ng\td\t1\t2\n")
    with pytest.raises(DataError, match=r"GCT with 3 samples, .* 5 columns .* header has 4"):
        read(OwnData(tmp_path / "a.gct"))
