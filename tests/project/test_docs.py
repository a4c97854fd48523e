"""What the documents say is so: examples run, links lead somewhere, nothing is left out."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import typer

from omicsbench.cli.main import app
from omicsbench.contract.checks import check_path
from omicsbench.metrics import METRICS
from omicsbench.metrics.base import MISSING
from omicsbench.planning.suite import suites
from omicsbench.registry.discover import discover

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def test_the_readmes_method_passes_the_checks(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n# my_plugins/first_axes.py\n(.*?)```", README, re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) <= 15
    (tmp_path / "first_axes.py").write_text(code)
    checks = check_path(tmp_path)
    assert len(checks) > 5
    assert [c for c in checks if c.problem] == []


def test_the_metric_of_the_documents_passes_the_checks(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n# my_plugins/same_nearest.py\n(.*?)```", page, re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) <= 15
    (tmp_path / "same_nearest.py").write_text(code)
    checks = check_path(tmp_path)
    assert len(checks) > 5
    assert [c for c in checks if c.problem] == []
    told = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", page, re.MULTILINE))
    assert list(told) == list(MISSING), "all that a metric may ask for, in order"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_files_named_in_the_documents_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for name in re.findall(r"`((?:omicsbench|methods|datasets|tests|docs)/[\w/.-]*\.\w+)", text):
        if "NAME" not in name:
            assert (ROOT / name).exists(), name


def test_images_of_the_readme_are_shown_elsewhere_too() -> None:
    """On PyPI, where there is no repository around it."""
    images = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README)
    assert images
    for address in images:
        assert address.startswith("https://raw.githubusercontent.com/omicsbench/omicsbench/main/")
        assert (ROOT / address.partition("/main/")[2]).is_file()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), target


def test_the_page_on_architecture_has_the_table_of_imports() -> None:
    """As the test of imports has it, where the table is a dict."""
    source = (Path(__file__).parent / "test_architecture.py").read_text(encoding="utf-8")
    (rooms,) = re.findall(
        r"^ROOMS: dict\[str, str\] = (\{.*?^\})", source, re.DOTALL | re.MULTILINE
    )
    stated: dict[str, set[str]] = {}
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for names, may in re.findall(
        r"^\| (`[a-z_`/ ]+`) \| .* \| ([a-z_, ]+) \|$", text, re.MULTILINE
    ):
        allowed = set() if may == "nothing" else set(may.split(", "))
        stated |= {name.strip("`/"): allowed for name in names.split()}
    allowed_by_test = {name: set(may.split()) for name, may in ast.literal_eval(rooms).items()}
    assert allowed_by_test == {n: may for n, may in stated.items() if n not in ("api", "cli")}


def test_every_command_has_help_and_every_option_that_needs_it() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert set(commands) >= {"list", "show", "check", "new", "run", "plan", "report", "export"}
    for name, command in commands.items():
        assert command.help, name


def test_everything_in_the_registry_says_what_it_is() -> None:
    registry = discover()
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    for name, entry in (registry.methods | registry.datasets).items():
        assert len(entry.info.summary) > 20, name
        assert entry.info.source, name
        assert (entry.make.__doc__ or "").strip(), name
        assert f"`{name}`" in changelog, name
    for metric in METRICS.values():
        assert len(metric.title) > 2
        assert "10." in metric.source or metric.source.startswith("http"), metric.name
    for name in suites():
        assert f"`{name}`" in changelog, name


def test_shipped_data_is_described_with_its_hash() -> None:
    from omicsbench.reading.formats import file_digest

    folder = ROOT / "datasets" / "data"
    text = (folder / "README.md").read_text(encoding="utf-8")
    files = [p for p in folder.iterdir() if p.suffix != ".md"]
    assert len(files) >= 3
    for path in files:
        assert path.name in text
        assert file_digest(path) in text
