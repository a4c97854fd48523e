"""What the buttons beside a chart save: as `omicsbench figure` writes it, without a request."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from browser import Visit
from demo import JUDGED, Made
from omicsbench.reporting.figures import Figures
from omicsbench.reporting.material import gather


@pytest.fixture(scope="module")
def figures(made: Made) -> Figures:
    return Figures(gather(made[0], JUDGED), made[1].parent)


def saved(page: Any, chart: str, form: str, folder: Path, which: int = 0) -> Path:
    """Press a button of a chart, of its figure ``which``; the file, under its own name."""
    box = page.locator(chart).first
    box.scroll_into_view_if_needed()
    with page.expect_download() as waiting:
        box.locator(".take").nth(which).locator("button", has_text=form.upper()).click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def _words(svg: str) -> set[str]:
    return {text for text in ElementTree.fromstring(svg).itertext() if text.strip()}


def _marks(svg: str) -> int:
    symbols = re.findall(r'class="mark-symbol role-mark [^"]*"(.*?)</g>', svg, re.DOTALL)
    return sum(marks.count("<path") for marks in symbols)


@pytest.mark.parametrize("kind", ["curve", "pareto", "budget", "gain", "fit"])
def test_browser_saves_what_the_command_writes(
    open_report: Visit, made: Made, figures: Figures, tmp_path: Path, kind: str
) -> None:
    page, wrong = open_report(made[1], 1280)
    svg = saved(page, f".chart[data-kind={kind}]", "svg", tmp_path)
    figure = figures[svg.stem]
    text, own = svg.read_text(encoding="utf-8"), figure._repr_svg_()
    assert _marks(text) == _marks(own) >= len(figure.table)
    titles = {figure.title, *_words(text)} - _words(own)
    assert not {word for word in _words(own) - _words(text) if word != figure.title}
    assert len(titles) <= 1, "but for the title, which the page has in its own words"
    table = pd.read_csv(
        saved(page, f".chart[data-kind={kind}]", "csv", tmp_path), keep_default_na=False
    )
    assert list(table) == list(figure.table)
    for name in figure.table.select_dtypes("number"):
        mine = pd.to_numeric(table[name], errors="coerce").to_numpy(float)
        assert np.allclose(mine, figure.table[name].astype(float), rtol=1e-4, equal_nan=True)
    assert not wrong


def test_browser_saves_a_png(open_report: Visit, made: Made, tmp_path: Path) -> None:
    page, wrong = open_report(made[1], 390)
    picture = Image.open(saved(page, ".chart[data-kind=memory]", "png", tmp_path))
    assert picture.width > 800
    assert picture.convert("RGB").getpixel((1, 1)) == (255, 255, 255)
    assert np.asarray(picture.convert("L")).std() > 10
    assert not wrong


def test_browser_saves_the_forest_plot_of_the_first_screen(
    visit: Visit, made: Made, figures: Figures, tmp_path: Path
) -> None:
    page, wrong = visit(made[1], 1280)
    svg = saved(page, "#each .figure", "svg", tmp_path)
    figure = figures[svg.stem]
    assert figure.kind == "forest"
    text = svg.read_text(encoding="utf-8")
    assert _words(text) == _words(figure._repr_svg_())
    assert _marks(text) == len(figure.table) > 3
    table = pd.read_csv(saved(page, "#each .figure", "csv", tmp_path))
    pd.testing.assert_series_equal(
        table["difference"], figure.table["difference"], check_index=False
    )
    assert Image.open(saved(page, "#each .figure", "png", tmp_path)).width > 600
    assert not wrong


def test_browser_saves_the_curves_against_n_beside_it(
    visit: Visit, made: Made, figures: Figures, tmp_path: Path
) -> None:
    page, wrong = visit(made[1], 1280)
    svg = saved(page, "#each .figure", "svg", tmp_path, 1)
    figure = figures[svg.stem]
    assert figure.kind == "difference"
    text = svg.read_text(encoding="utf-8")
    assert _words(text) == _words(figure._repr_svg_())
    assert _marks(text) == len(figure.table) > 10
    table = pd.read_csv(saved(page, "#each .figure", "csv", tmp_path, 1))
    assert np.allclose(table["difference"], figure.table["difference"])
    assert not wrong


def test_browser_saves_the_ranked_table(
    visit: Visit, made: Made, figures: Figures, tmp_path: Path
) -> None:
    page, wrong = visit(made[1], 1280)
    page.select_option("[name=size]", "300")
    svg = saved(page, "#ranks", "svg", tmp_path)
    figure = figures[svg.stem]
    assert (figure.kind, figure.terms["size"]) == ("ranks", 300)
    text, own = svg.read_text(encoding="utf-8"), figure._repr_svg_()
    assert _words(text) == _words(own)
    table = pd.read_csv(saved(page, "#ranks", "csv", tmp_path), keep_default_na=False)
    assert list(table) == list(figure.table)
    assert table["pipeline"].tolist() == figure.table["pipeline"].tolist()
    ranks = pd.to_numeric(table["rank"], errors="coerce").to_numpy(float)
    assert np.allclose(ranks, figure.table["rank"].astype(float), equal_nan=True)
    assert "1 crashed" in "".join(figure.table["said"])
    assert Image.open(saved(page, "#ranks", "png", tmp_path)).width > 600
    assert not wrong


@pytest.mark.parametrize(("kind", "which"), [("samples", 0), ("variance", 1)])
def test_browser_saves_what_tables_draw(
    visit: Visit, made: Made, figures: Figures, tmp_path: Path, kind: str, which: int
) -> None:
    page, wrong = visit(made[1], 1280)
    page.locator("#how-many details summary").first.click()
    table = "#how-many details[open]"
    svg = saved(page, table, "svg", tmp_path, which)
    figure = figures[svg.stem]
    assert figure.kind == kind
    assert _words(svg.read_text(encoding="utf-8")) == _words(figure._repr_svg_())
    rows = pd.read_csv(saved(page, table, "csv", tmp_path, which), keep_default_na=False)
    assert list(rows) == list(figure.table)
    assert rows["metric"].tolist() == figure.table["metric"].tolist()
    assert Image.open(saved(page, table, "png", tmp_path, which)).width > 600
    assert not wrong


def test_browser_saves_the_metric_that_is_chosen_of_what_tables_draw(
    visit: Visit, made: Made, figures: Figures, tmp_path: Path
) -> None:
    page, wrong = visit(made[1], 1280)
    page.locator("#how-many details summary").first.click()
    table = "#how-many details[open]"
    every = pd.read_csv(saved(page, table, "csv", tmp_path), dtype=str)
    chosen = every["metric"].iloc[-1]
    assert every["metric"].nunique() > 1
    page.select_option("#bar [name=metric]", chosen)
    rows = pd.read_csv(saved(page, table, "csv", tmp_path), dtype=str)
    pd.testing.assert_frame_equal(rows, every[every["metric"] == chosen].reset_index(drop=True))
    assert not wrong


def test_browser_saves_pictures_of_cells_with_their_classes(
    visit: Visit, made: Made, figures: Figures, tmp_path: Path
) -> None:
    page, wrong = visit(made[1], 1280)
    svg = saved(page, ".gallery tbody td", "svg", tmp_path)
    assert figures[svg.stem].kind == "picture"
    text = svg.read_text(encoding="utf-8")
    assert "data:image/png;base64," in text
    assert "type 0" in _words(text)
    picture = Image.open(saved(page, ".gallery tbody td", "png", tmp_path)).convert("RGB")
    assert picture.width > 600
    assert len(picture.getcolors(2**24) or ()) > 15, "the cells are in it, in their colours"
    cells = pd.read_csv(saved(page, ".gallery tbody td", "csv", tmp_path))
    known = figures[svg.stem].table
    assert cells[["x", "y"]].to_numpy() == pytest.approx(known[["x", "y"]].to_numpy(), rel=1e-3)
    assert cells["class"].tolist() == known["class"].tolist()
    assert not wrong
