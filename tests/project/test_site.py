"""The site of docs/ builds without a warning, and what its tutorials say to type works."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import anndata
import numpy as np
import pytest

from command import inside
from command_lines import SHELLS, blocks, commands, problem
from notebooks import code_cells, run_notebook
from omicsbench.contract.checks import check_path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]
PLUGINS = [DOCS / name for name in ("add-method.md", "add-dataset.md", "metrics.md")]
OWN = DOCS / "own-data.md"
TYPED = [*PLUGINS, DOCS / "start.md", OWN]
NOTEBOOKS = DOCS / "notebooks"
LEFT_OUT = (["run", "quick"], ["run", "answer"])  # which take minutes
FEW = ("--only", "-m", "pca", "-m", "random_projection")  # of the contestants of a user's own data


def _files(page: Path) -> dict[str, str]:
    """Python files that a tutorial shows, by the name in their first line."""
    text = page.read_text(encoding="utf-8")
    return dict(re.findall(r"```python\n# (\S+\.py)\n(.*?)```", text, re.DOTALL))


def test_the_site_builds_and_a_warning_is_an_error(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs_autorefs", reason="mkdocs is not installed")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", tmp_path],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    pages = {page.relative_to(tmp_path).as_posix() for page in tmp_path.rglob("*.html")}
    assert {"index.html", "questions/index.html", "glossary/index.html"} <= pages
    notebooks = (tmp_path / "notebooks" / "index.html").read_text(encoding="utf-8")
    assert "your own cells" in notebooks.lower()
    assert "verdicts" in notebooks, "the code of every notebook"
    help_page = (tmp_path / "command-line" / "index.html").read_text(encoding="utf-8")
    assert "omicsbench doctor --json" in help_page, "the help of every command"
    named = (tmp_path / "api" / "index.html").read_text(encoding="utf-8")
    assert 'id="omicsbench.api.run"' in named


def test_every_document_has_its_place_in_the_site() -> None:
    """What mkdocs would warn of; told here without it as well."""
    named = set(re.findall(r"[\w/.-]+\.md$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE))
    assert named == {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_every_command_of_a_document_can_be_typed(path: Path) -> None:
    for block in blocks(path, *SHELLS):
        for command in commands(block.replace("$ ", "")):
            assert not problem(command), " ".join(command)


@pytest.mark.parametrize("page", PLUGINS, ids=lambda p: p.name)
def test_what_a_tutorial_adds_passes_the_checks(page: Path, tmp_path: Path) -> None:
    files = _files(page)
    assert files
    for name, code in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(code)
        checks = check_path(path)
        assert len(checks) >= 3
        assert [c for c in checks if c.problem] == []


def _typed(words: list[str]) -> bool:
    """Whether the test types it: not what takes minutes, nor `new`, whose file it has written."""
    return words[0] != "new" and words != ["run", "cohort"] and words[:2] not in LEFT_OUT


def _own_files(folder: Path) -> None:
    """The files of the reader's own of which a document speaks."""
    rng = np.random.default_rng(0)
    kind = rng.integers(3, size=90)
    cells = anndata.AnnData(rng.poisson(rng.gamma(2.0, size=(3, 40))[kind]).astype(np.float32))
    cells.obs["cell_type"] = np.array(["B", "T", "NK"])[kind]
    cells.obs["donor"] = [f"donor {i % 6}" for i in range(len(kind))]
    cells.write_h5ad(folder / "my.h5ad")
    cells.to_df().T.to_csv(folder / "my.csv")


@pytest.mark.slow
@pytest.mark.promise
@pytest.mark.parametrize("page", TYPED, ids=lambda p: p.name)
def test_what_a_tutorial_says_to_type_works(page: Path, tmp_path: Path) -> None:
    (tmp_path / "my_plugins").mkdir()
    for name, code in _files(page).items():
        (tmp_path / name).write_text(code)
    if page == OWN:
        _own_files(tmp_path)
    done = 0
    for block in blocks(page, *SHELLS):
        for name, *words in commands(block.replace("$ ", "")):
            if name != "omicsbench" or not _typed(words):
                continue
            fewer = FEW if words[:2] == ["run", "--data"] else ()
            ended = inside(*words, *fewer, cwd=tmp_path)
            assert ended.returncode == 0, ended.stderr
            done += 1
    assert done >= 2


@pytest.mark.slow
@pytest.mark.promise
def test_own_data_in_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (code,) = _files(DOCS / "own-data.md").values()
    exec(compile(code, "own_data.py", "exec"), {})
    assert (tmp_path / "results" / "mine" / "report.html").is_file()


@pytest.mark.slow
@pytest.mark.promise
@pytest.mark.parametrize(
    ("path", "kinds"),
    [
        ("first_steps", {"DataFrame": "_repr_html_", "list": "__repr__"}),
        (
            "own_data",
            {
                "Results": "_repr_html_",
                "Verdicts": "_repr_html_",
                "Figure": "_repr_svg_",
                "PaperTables": "_repr_markdown_",
            },
        ),
    ],
)
def test_notebooks_run_from_top_to_bottom_and_show_what_they_find(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, kinds: dict[str, str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = run_notebook(NOTEBOOKS / f"{path}.ipynb")
    assert all(one.text.strip() for one in shown)
    assert kinds.items() <= {one.of: one.by for one in shown}.items()
    assert list(tmp_path.glob("results/*/report.html"))


def test_every_notebook_is_a_page_of_the_site() -> None:
    page = (DOCS / "notebooks.md").read_text(encoding="utf-8")
    paths = sorted(NOTEBOOKS.glob("*.ipynb"))
    assert len(paths) >= 2
    for path in paths:
        cells = code_cells(path)
        assert len(cells) >= 5
        assert all(c["outputs"] == [] for c in cells), (
            "outputs are not kept: they would be outdated"
        )
        assert f"<!-- notebook: notebooks/{path.name} -->" in page
        assert f"](notebooks/{path.name})" in page, "to take it home"
