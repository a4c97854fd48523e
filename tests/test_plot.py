"""Figures in Python: from the table that `run` and `load` give, or from a folder."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import omicsbench
from demo_tasks import embedded_in
from headlines import counted
from omicsbench.errors import OmicsbenchError
from omicsbench.reporting.figures import KINDS
from omicsbench.reporting.more_figures import OTHERS


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return embedded_in(tmp_path_factory.mktemp("results"))


def test_a_table_is_drawn_as_its_folder_is(folder: Path) -> None:
    table = omicsbench.load(folder)
    figure = omicsbench.plot.curve(table, metric="knn_recall")
    assert figure.name == "curve-blood_cells-10-D-knn_recall"
    assert figure.spec == omicsbench.plot.curve(folder, metric="knn_recall", output_dim=10).spec
    assert figure.spec == omicsbench.plot.figures(str(folder))[figure.name].spec
    assert omicsbench.plot.curve(table, metric="knn_recall", tuning="").name == figure.name


def test_of_a_part_of_the_table_that_part_is_drawn(folder: Path) -> None:
    table = omicsbench.load(folder)
    part = table[(table["metric"] == "knn_recall") & table["pipeline"].str.startswith("pca")]
    figure = omicsbench.plot.curve(part)
    assert set(figure.table["pipeline"]) == {"pca(n_components=10)"}
    assert set(figure.table["metric"]) == {"knn_recall"}


def test_several_figures_are_told_apart_by_what_to_state(folder: Path) -> None:
    with pytest.raises(OmicsbenchError, match=r"curve means 2 figures: state metric \("):
        omicsbench.plot.curve(folder)
    with pytest.raises(OmicsbenchError, match=r"no such curve; there is metric \(.*knn_recall"):
        omicsbench.plot.curve(folder, metric="ari")
    with pytest.raises(OmicsbenchError, match="Unknown term 'metrc'; did you mean metric"):
        omicsbench.plot.curve(folder, metrc="ari")
    with pytest.raises(OmicsbenchError, match=r"have no such coverage\."):
        omicsbench.plot.coverage(folder)


def test_what_does_not_know_its_runs_is_refused(folder: Path) -> None:
    table = omicsbench.load(folder)
    for given in (pd.DataFrame(table), table[["metric", "value"]], [1]):
        with pytest.raises(OmicsbenchError, match=r"give the table of omicsbench\.run"):
            omicsbench.plot.curve(given)
    with pytest.raises(OmicsbenchError, match="holds none of these runs"):
        omicsbench.plot.fit(table.head(0))


def test_there_is_a_function_for_every_kind() -> None:
    assert all(callable(getattr(omicsbench.plot, kind)) for kind in [*KINDS, *OTHERS])


def test_the_table_for_a_paper(folder: Path) -> None:
    with counted():
        found = omicsbench.plot.table(omicsbench.load(folder))
    assert r"\bottomrule" in found.latex()


def test_a_notebook_shows_what_the_runs_are(folder: Path) -> None:
    table = omicsbench.load(folder)
    shown = table._repr_html_()
    assert f"<p>30 runs, 2 pipelines, 1 data set in <code>{folder}</code></p><div>" in shown
    assert shown.count("<tr>") < 15
    counts = table.groupby("pipeline")[["value"]].mean()
    assert counts._repr_html_().startswith("<div>")
