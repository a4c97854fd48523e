"""One line says what was read: what it tells of any data, and that it stays one line."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cohorts import cohort
from omicsbench.reading.decisions import LEFT_OUT, Decision, decide
from omicsbench.stream import CellStream
from omicsbench.validation.account import LONGEST, DataAccount, line
from omicsbench.validation.check import check

LABEL = {"title": "x.csv", "label": "cell_type", "provenance": "author"}


def told(adata: Any, **more: Any) -> str:
    checked = check(adata, more.get("label"), "counts", more.get("unit"))
    return line({"title": "x.csv"} | more, {"": DataAccount.held(checked)})


def test_the_line_tells_of_cells_features_values_label_and_names() -> None:
    assert told(cohort(), **LABEL) == (
        "x.csv: 60 cells x 30 features (GENE0 ... GENE29), counts, dense; label cell_type: "
        "3 classes (author); cells named c0, c1, ..."
    )


def test_without_a_label_it_says_so_and_without_a_provenance_nothing_of_it() -> None:
    assert "; no label; " in told(cohort())
    assert "label cell_type: 3 classes; " in told(cohort(), label="cell_type")


def test_what_is_left_out_is_named_once_with_empty_cells_and_missing_labels() -> None:
    adata = cohort()
    adata.X = adata.X.toarray()
    adata.X[:2] = 0
    adata.obs.loc["c5", "cell_type"] = None
    adata.obs["donor"] = [f"d{i % 4}" for i in range(adata.n_obs)]
    decide(adata, Decision(LEFT_OUT, "sample_id, age"), Decision("format", "comma-separated"))
    decide(adata, Decision(LEFT_OUT, "sample_id, age"))
    said = told(adata, **LABEL, unit="donor")
    assert said.startswith("x.csv: 58 cells x 30 features")
    assert "3 classes (author), 1 cell without; unit donor: 4 values; cells named c2, c3" in said
    assert said.endswith("; left out: sample_id, age, 2 cells")


def test_modalities_are_told_one_by_one_with_what_they_share() -> None:
    one = DataAccount((50, 900), "counts", True, ("g0", "g899"), ("c0", "c1", "c2"), 2)
    other = DataAccount((50, 2), "proteins", False, ("CD3", "CD4"), ("c0", "c1", "c2"), 2)
    assert line(LABEL | {"held_out": "T"}, {"rna": one, "protein": other}) == (
        "x.csv: 50 cells; rna: 900 features (g0 ... g899), counts, sparse; protein: 2 features "
        "(CD3, CD4), proteins, dense; label cell_type: 2 classes (author); cells named c0, c1, "
        "...; never trained on: T"
    )


def test_a_stream_is_told_before_a_cell_is_read() -> None:
    def never() -> Any:
        raise AssertionError("a cell was read")

    stream = CellStream((1_300_000, 3), ("a", "b", "c"), never, never, ("x", "y"))
    assert line(LABEL, {"": DataAccount.streamed(stream, "counts")}) == (
        "x.csv: 1,300,000 cells x 3 features (a ... c), counts, sparse; label cell_type: "
        "2 classes (author)"
    )


@settings(max_examples=60)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=4, unique=True), st.text(max_size=60))
def test_any_name_leaves_one_line_that_a_terminal_shows(names: list[str], label: str) -> None:
    ends = tuple(names[place] for place in (0, -1)[: len(names)])
    own = DataAccount((30, len(names)), "counts", True, ends, tuple(names[:3]), 2)
    said = line({"title": label or "x", "label": label}, {"": own})
    assert said.isprintable()
    assert said.splitlines() == [said]
    assert len(said) < 300 + 10 * 6 * LONGEST


def test_a_long_name_is_cut() -> None:
    adata = cohort()
    adata.var_names = [f"{'A' * 200}{j}" for j in range(adata.n_vars)]
    assert len(told(adata)) < 250
    assert np.char.count(told(adata), "A") < 2 * LONGEST
