"""What Python hands over is read as it is: never through a file, never changed, or one sentence."""

from __future__ import annotations

import copy
import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import anndata
import dask.array
import h5py
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from omicsbench.errors import OmicsbenchError
from omicsbench.inputs.cells import Cells
from omicsbench.inputs.content import cells_digest
from omicsbench.inputs.given import own_data, variable_of
from omicsbench.inputs.source import own
from omicsbench.reading.own import OwnData
from omicsbench.reading.readers import read

N, P = 40, 12
COUNTS = np.random.default_rng(0).poisson(3, (N, P)) + 1
CELLS, GENES = [f"c{i}" for i in range(N)], [f"g{j}" for j in range(P)]
KINDS = [f"k{i % 2}" for i in range(N)]


def cells(X: Any = None, **columns: Any) -> anndata.AnnData:
    made = anndata.AnnData(
        COUNTS.astype(np.float32) if X is None else X,
        obs=pd.DataFrame(index=CELLS),
        var=pd.DataFrame(index=GENES),
    )
    for name, values in columns.items():
        made.obs[name] = values
    return made


def taken(data: Any, label: str | None = None, **options: Any) -> Cells:
    """What a run would be made of."""
    (one,) = own_data(data, {"label": label, **options})
    source = own(one)
    assert source.identity == own(one).identity
    found = source.cells
    assert isinstance(found, Cells)
    return found


def numbers(found: Cells) -> Any:
    if found.matrix is not None:
        return found.matrix
    assert found.stream is not None
    return sparse.vstack(list(found.stream.blocks())).toarray()


def refused(data: Any, **options: Any) -> str:
    with pytest.raises(OmicsbenchError) as caught:
        taken(data, **options)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


MATRICES: dict[str, Any] = {
    "matrix": np.matrix,
    "Fortran": np.asfortranarray,
    "masked, none": lambda X: np.ma.masked_array(X, mask=np.zeros_like(X, dtype=bool)),
    "objects": lambda X: X.astype(object),
    "strided": lambda X: np.repeat(X, 2, axis=0)[::2],
    "read-only": lambda X: _read_only(X.copy()),
    "dask": lambda X: dask.array.from_array(X, chunks=(7, 5)),
    "dask of sparse": lambda X: dask.array.from_array(X, chunks=(7, P)).map_blocks(
        sparse.csr_matrix
    ),
    **{
        f"{form}_{kind}": getattr(sparse, f"{form}_{kind}")
        for form in ("csr", "csc", "coo", "lil", "dok", "bsr", "dia")
        for kind in ("matrix", "array")
    },
}
TYPES = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
TYPES += ["float16", "float32", "float64"]


def _read_only(X: Any) -> Any:
    X.flags.writeable = False
    return X


@given(form=st.sampled_from([*MATRICES]), dtype=st.sampled_from(TYPES), held=st.booleans())
@settings(max_examples=60, deadline=None)
@pytest.mark.filterwarnings("ignore")
def test_matrices_of_every_form_and_type(form: str, dtype: str, held: bool) -> None:
    if dtype == "float16" and form not in ("matrix", "Fortran", "strided", "read-only"):
        dtype = "float32"  # scipy has no other
    given = MATRICES[form](COUNTS.astype(dtype))
    kinds = (np.ndarray, sparse.csr_matrix, sparse.csc_matrix, sparse.csr_array, sparse.csc_array)
    data = cells(given) if held and type(given) in kinds else given
    found = taken(data)
    np.testing.assert_array_equal(numbers(found), COUNTS)
    assert found.values == "counts"


LABELS: dict[str, Any] = {
    "mixed": [1 if i % 2 else "two" for i in range(N)],
    "mixed categories": pd.Categorical([1 if i % 2 else "two" for i in range(N)]),
    "intervals": pd.cut(np.arange(N), 3),
    "dates": pd.to_datetime(["2021-01-02", "2022-03-04"] * (N // 2)),
    "categories of dates": pd.Categorical(pd.to_datetime(["2021-01-02", "2022-03-04"] * (N // 2))),
    "periods": pd.PeriodIndex(["2021-01", "2022-03"] * (N // 2), freq="M"),
    "nullable integers": pd.array([1, 2] * (N // 2), dtype="Int64"),
    "nullable truth": pd.array([True, False] * (N // 2), dtype="boolean"),
    "string dtype": pd.array(KINDS, dtype="string"),
    "arrow strings": pd.array(KINDS, dtype="string[pyarrow]"),
    "arrow dictionary": pd.Series(KINDS, index=CELLS).astype("category").astype("string[pyarrow]"),
    "bytes": [b"a", b"b"] * (N // 2),
    "bytes of no text": [b"a", b"\xff"] * (N // 2),
    "lists": pd.Series([[1], [2]] * (N // 2), index=CELLS),
    "dicts": pd.Series([{1: 2}, {}] * (N // 2), index=CELLS),
    "sets": pd.Series([{1}, {2}] * (N // 2), index=CELLS),
    "decimals": [Decimal("1.5"), Decimal(2)] * (N // 2),
    "days": [datetime.date(2020, 1, 1), datetime.date(2021, 1, 1)] * (N // 2),
    "truth": [True, False] * (N // 2),
    "integers": np.array([3, 4] * (N // 2), dtype=np.int8),
    "unused levels": pd.Categorical(KINDS, categories=["k0", "k1", "k9"]),
    "tuples": [("a", 1), ("b", 2)] * (N // 2),
    "ordered": pd.Categorical(KINDS, ordered=True),
}


@pytest.mark.parametrize("kind", LABELS)
def test_labels_of_every_type_give_classes_or_one_sentence(kind: str) -> None:
    data = cells(kind=LABELS[kind], other=LABELS["mixed"])
    if kind in ("lists", "dicts", "sets"):
        assert "give each cell one value" in refused(data, label="kind")
        assert "give each cell one value" in refused(data, unit="kind")
        return
    found = taken(data, label="kind")
    assert found.codes is not None
    assert len(found.label_names) == (3 if kind == "intervals" else 2)
    assert (found.codes >= 0).all()


@pytest.mark.parametrize("kind", LABELS)
def test_other_columns_are_in_nobodys_way(kind: str) -> None:
    data = cells(other=LABELS[kind], kind=KINDS)
    data.var["odd"] = LABELS[kind][:P] if not isinstance(LABELS[kind], pd.Series) else "x"
    data.uns["anything"] = {"a": object(), 3: [None]}
    data.obsm["X_frame"] = pd.DataFrame({"a": LABELS["mixed"]}, index=CELLS)
    assert taken(data, label="kind").label_names == ("k0", "k1")


NAMES: dict[str, Any] = {
    "string dtype": pd.Index(pd.array(CELLS, dtype="string")),
    "arrow strings": pd.Index(pd.array(CELLS, dtype="string[pyarrow]")),
    "categories": pd.CategoricalIndex(CELLS),
    "objects": pd.Index(CELLS, dtype=object),
    "numpy strings": np.array(CELLS),
}


@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.filterwarnings("ignore")
def test_names_of_every_type(kind: str) -> None:
    data = cells(kind=KINDS)
    data.obs_names = NAMES[kind]
    found = read(own_data(data, {"label": "kind"})[0])
    assert list(found.obs_names) == CELLS
    assert taken(data, label="kind").shape == (N, P)


@pytest.mark.filterwarnings("ignore")
def test_what_lies_on_disk_is_read(tmp_path: Path) -> None:
    for form in (np.asarray, sparse.csr_matrix, sparse.csc_matrix):
        path = tmp_path / "a.h5ad"
        cells(form(COUNTS.astype(np.float32)), kind=KINDS).write_h5ad(path)
        backed = anndata.read_h5ad(path, backed="r")
        np.testing.assert_array_equal(numbers(taken(backed, "kind")), COUNTS)
        np.testing.assert_array_equal(numbers(taken(backed[5:35, 2:], "kind")), COUNTS[5:35, 2:])
        assert backed.isbacked
        backed.file.close()
        with h5py.File(path) as file:
            stored = file["X"]
            X = stored if form is np.asarray else anndata.io.sparse_dataset(stored)
            np.testing.assert_array_equal(numbers(taken(anndata.AnnData(X))), COUNTS)
            if form is np.asarray:
                np.testing.assert_array_equal(numbers(taken(stored)), COUNTS)


def test_annotations_may_be_of_any_kind() -> None:
    twice = cells(kind=KINDS)
    twice.obs = pd.concat([twice.obs, twice.obs.assign(other=1)], axis=1)
    assert "two columns 'kind'" in refused(twice, label="kind")
    assert taken(twice).shape == (N, P)
    for value in (True, None, "yes"):
        data = cells()
        data.uns["log1p"] = value
        assert read(own_data(data)[0]).uns["log1p"] == {}


@pytest.mark.filterwarnings("ignore")
def test_a_file_that_is_gone_is_one_sentence(tmp_path: Path) -> None:
    cells().write_h5ad(tmp_path / "a.h5ad")
    backed = anndata.read_h5ad(tmp_path / "a.h5ad", backed="r")
    backed.file.close()
    (tmp_path / "a.h5ad").unlink()
    assert "give an AnnData in memory" in refused(backed)


def test_views_and_dask_are_read() -> None:
    whole = cells(kind=KINDS)
    view = whole[::2, 3:]
    np.testing.assert_array_equal(numbers(taken(view, "kind")), COUNTS[::2, 3:])
    assert view.is_view
    lazy = cells(dask.array.from_array(COUNTS.astype(np.float32), chunks=(9, P)))
    np.testing.assert_array_equal(numbers(taken(lazy)), COUNTS)
    assert type(lazy.X).__module__.startswith("dask")


def test_frames_are_tables() -> None:
    frame = pd.DataFrame(COUNTS, index=CELLS, columns=GENES).assign(kind=KINDS)
    before = frame.copy(deep=True)
    found = taken(frame, "kind")
    np.testing.assert_array_equal(numbers(found), COUNTS)
    assert found.label_names == ("k0", "k1")
    turned = frame.drop(columns="kind").T
    assert taken(turned, transpose=True).shape == (N, P)
    pd.testing.assert_frame_equal(frame, before)
    odd = frame.astype({"g0": "Int64", "g1": "Float32", "g2": "int8[pyarrow]"})
    np.testing.assert_array_equal(numbers(taken(odd, "kind")), COUNTS)


@pytest.mark.filterwarnings("ignore")
def test_nothing_that_was_given_is_changed() -> None:
    given = cells(sparse.csc_matrix(COUNTS.astype(np.float64)), kind=KINDS, age=np.arange(N))
    given.layers["counts"] = given.X.copy()
    given.raw = given
    given.uns["log1p"] = {"base": None}
    before = copy.deepcopy(given)
    X, obs = given.X, given.obs
    for options in ({}, {"layer": "counts"}, {"layer": "raw"}, {"exclude": ["g3"]}):
        taken(given, "kind", **options)
    assert given.X is X
    assert given.obs is obs
    assert [*given.uns] == [*before.uns]
    assert (given.X != before.X).nnz == 0
    pd.testing.assert_frame_equal(given.obs, before.obs)
    pd.testing.assert_frame_equal(given.var, before.var)


def test_the_options_of_a_file_hold_for_what_is_handed_over() -> None:
    data = cells(kind=KINDS)
    data.layers["twice"] = 2 * data.X
    np.testing.assert_array_equal(numbers(taken(data, layer="twice")), 2 * COUNTS)
    assert taken(data, exclude=["g1", "g2"]).shape == (N, P - 2)
    assert taken(data, features_like=["g1*"]).shape == (N, 3)
    right = cells(kind=KINDS)
    np.testing.assert_array_equal(numbers(taken(right.T, "kind", transpose=True)), COUNTS)
    assert "exclude takes a list: exclude=['age']" in refused(data, exclude="age")
    assert "transpose is True or False" in refused(data, transpose="yes")
    assert "label takes text, not 3" in refused(data, label=3)
    assert "values takes one of counts" in refused(data, values="count")
    for option in ("label", "values", "exclude", "transpose"):
        assert "not a ndarray" in refused(data, **{option: np.arange(9)})
    assert "leave --genome out" in refused(data, genome="mm10")
    assert "--modality is for .h5mu" in refused(data, modality="rna")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({}, "data is a dict"),
        (3, "data is a int"),
        ([], "data is a list"),
        ([[1, 2], [3, 4]], "data is a list"),
        (np.ones(5), r"an array of shape \(5,\)"),
        (np.ones((5, 5, 5)), r"an array of shape \(5, 5, 5\)"),
        (np.ones((5, 5), dtype=complex), "complex128"),
        (np.full((5, 5), "a"), "give numbers"),
        (np.full((5, 5), "a", dtype=object), "something else than numbers"),
        (np.zeros((30, 2), dtype="M8[s]"), "datetime64"),
        (np.ma.masked_less(COUNTS, 2), "masked values: fill them"),
        (pd.Series([1, 2]), r"give data.to_frame\(\)"),
        (pd.DataFrame(), "no cells"),
        (pd.DataFrame(COUNTS).set_index([0, 1]), "several levels"),
        (anndata.AnnData(obs=pd.DataFrame(index=CELLS)), "has no"),
    ],
)
def test_a_wrong_argument_is_one_sentence(data: Any, sentence: str) -> None:
    with pytest.raises(OmicsbenchError, match=sentence):
        taken(data)


@pytest.mark.filterwarnings("ignore")
def test_what_others_hold_is_refused_with_what_to_give() -> None:
    class Polars:
        def to_pandas(self) -> None: ...

    Polars.__module__ = "polars.dataframe"
    assert "data is a Polars of polars; give data.to_pandas()" in refused(Polars())
    mudata = pytest.importorskip("mudata")
    assert "give one of them" in refused(mudata.MuData({"rna": cells()}))
    raw = cells()
    raw.raw = raw
    assert "give data.to_adata()" in refused(raw.raw)


def test_options_without_data_or_beside_own_data_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OmicsbenchError, match="A feature type belongs to your own data"):
        own_data(None, {"feature_type": "Peaks"})
    assert own_data(None, {"label": None}) == []
    one = OwnData(tmp_path / "a.csv", label="kind")
    assert own_data([one, one], {}) == [one, one]
    with pytest.raises(OmicsbenchError, match="State label in OwnData"):
        own_data(one, {"label": "type"})
    a, b = own_data([tmp_path / "a.csv", str(tmp_path / "b.csv")], {"label": "kind"})
    assert (a.path.name, b.path.name, b.label) == ("a.csv", "b.csv", "kind")


def test_the_identity_is_what_the_cells_hold() -> None:
    def identity(data: Any, **options: Any) -> str:
        one = own_data(data, {"label": "kind", **options})[0]
        return cells_digest(read(one), one)

    data = cells(kind=KINDS)
    known = identity(data)
    assert identity(data.copy()) == known
    csr = cells(sparse.csr_matrix(COUNTS), kind=KINDS)
    assert identity(csr) == identity(cells(sparse.csc_matrix(COUNTS), kind=KINDS))
    others = [cells(kind=KINDS[::-1]), cells(COUNTS + np.eye(N, P), kind=KINDS)]
    others += [cells(kind=KINDS), cells(kind=KINDS), cells(kind=KINDS)]
    others[2].var_names = [*GENES[:-1], f"g{P}"]
    others[3].layers["counts"] = COUNTS
    others[4].uns["log1p"] = {"base": 2}
    assert len({known, *map(identity, others)}) == 6
    data.obs["not of the run"] = 1
    data.obsm["X_pca"] = np.ones((N, 2))
    assert identity(data) == known


def test_the_variable_gives_the_name() -> None:
    pbmc = cells()
    assert variable_of(pbmc, {"pbmc": pbmc, "_": pbmc, "_7": pbmc, "other": cells()}) == "pbmc"
    assert variable_of(pbmc, {"a": pbmc, "b": pbmc}) is None
    assert variable_of(pbmc, {}) is None
    assert own_data(pbmc, {}, "pbmc")[0].called == "pbmc"
    assert own_data(pbmc, {})[0].called == "adata"
    pbmc.uns["name"] = "of mine"
    assert own_data(pbmc, {}, "pbmc")[0].called == "of_mine"
    assert own_data(pbmc, {"name": "stated"}, "pbmc")[0].called == "stated"


def test_an_option_that_there_is_not_is_one_sentence() -> None:
    with pytest.raises(OmicsbenchError, match="Unknown option 'labels'; did you mean label"):
        own_data(cells(), {"labels": "kind"})
