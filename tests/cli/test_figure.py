"""The command `figure`: lists, writes, and refuses what it does not know."""

from __future__ import annotations

from pathlib import Path

import pytest

from command import inside
from demo_tasks import embedded_in
from headlines import counted

NAME = "curve-blood_cells-10-D-knn_recall"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return embedded_in(tmp_path_factory.mktemp("results"))


def test_a_folder_alone_lists_its_figures(folder: Path) -> None:
    done = inside("figure", folder)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0].startswith("table  (")
    assert f"{NAME}  (kNN recall against n (higher is better); blood_cells · 10-D)" in lines


def test_a_figure_is_written_where_it_is_asked_for(folder: Path, tmp_path: Path) -> None:
    done = inside("figure", NAME, folder, "-o", tmp_path / "new" / "curve.csv")
    assert (done.returncode, done.stdout) == (0, f"Wrote {tmp_path}/new/curve.csv\n")
    head = (tmp_path / "new" / "curve.csv").read_text().splitlines()[0]
    assert head.startswith("dataset,task,device,tuning,output_dim,pipeline,size,metric,mean,low,")


def test_by_default_it_is_an_svg_of_its_name_here(folder: Path, tmp_path: Path) -> None:
    done = inside("figure", NAME, folder, cwd=tmp_path)
    assert done.stdout == f"Wrote {NAME}.svg\n"
    assert (tmp_path / f"{NAME}.svg").read_text().startswith("<svg")


def test_the_table_for_a_paper(folder: Path, tmp_path: Path) -> None:
    with counted():
        assert inside("figure", "table", folder, cwd=tmp_path).stdout == "Wrote table.tex\n"
        inside("figure", "table", folder, "-o", tmp_path / "table.md")
    assert r"\toprule" in (tmp_path / "table.tex").read_text(encoding="utf-8")
    assert "| pca" in (tmp_path / "table.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["curve-blood_cells-10-D-knn_recal", "."], f"did you mean {NAME}?"),
        (["zzz", "."], "known: table, "),
        ([NAME, ".", "-o", "a.gif"], "its name must end in .svg"),
        (["table", ".", "-o", "a.svg"], "its name must end in .tex"),
        ([".", "-o", "a.svg"], "name a figure before the folder"),
        (["nowhere"], "nowhere"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(folder: Path, words: list[str], said: str) -> None:
    with counted():
        done = inside("figure", *words, cwd=folder)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not list(folder.glob("*.gif"))
