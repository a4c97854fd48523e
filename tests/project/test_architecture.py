"""Rooms import in one direction, files stay small, the harness names no method and no data set."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from omicsbench import plugin
from omicsbench.registry.discover import discover

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "omicsbench"
MODULES = sorted(PACKAGE.rglob("*.py"))
FOUND = sorted(path for name in ("methods", "datasets") for path in (ROOT / name).glob("*.py"))
# What each room may import, besides itself and `errors`; docs/architecture.md says why.
ROOMS: dict[str, str] = {
    "_version": "",
    "errors": "",
    "stream": "",
    "spaces": "",
    "owned": "",
    "plugin": "stream spaces",
    "stats": "",
    "metrics": "plugin",
    "records": "stats _version owned",
    "registry": "plugin records metrics",
    "reading": "plugin stream owned",
    "validation": "plugin stream reading",
    "inputs": "plugin stream owned records registry reading validation",
    "prepare": "plugin stream records validation inputs",
    "contract": "plugin stream metrics registry reading validation inputs",
    "planning": "plugin stats records metrics registry reading inputs prepare",
    "processes": "records",
    "running": "plugin stream owned _version records metrics registry reading validation inputs "
    "prepare planning processes",
    "clusters": "records planning prepare running",
    "verdict": "records metrics stats",
    "tracking": "owned records metrics stats",
    "reporting": "records metrics stats verdict tracking",
    "plot": "records reporting",
    "advice": "records metrics stats verdict reporting",
    "site": "plugin records metrics stats registry verdict reporting",
    "submissions": "records metrics registry contract",
    "revisions": "owned inputs records planning running tracking",
}
# The two wings, "make the runs" and "say what they mean": only BOTH reach the two.
MAKING = {"reading", "validation", "inputs", "prepare", "planning", "processes"}
MAKING |= {"running", "clusters"}
SAYING = {"verdict", "tracking", "reporting", "advice", "site"}
BOTH = {"cli", "api", "revisions"}
# plugin hands plug-ins what they need of rooms that import plugin: when a plug-in asks, not before
# (tests below). No room goes through these doors, so they lead from no room to another.
DOORS = {("plugin", "reading"), ("plugin", "inputs"), ("plugin", "metrics")}
# Files of methods/ and datasets/ that import more than plugin. Their ids are hashes of their bytes,
# and there are results under those ids.
KEPT = {"datasets/simulated_atlas.py": {"stream"}}
# What results stored before there was a table `analysis` rest on: read, never set anew.
FORMER = {("analysis.py", "pca")}
# Folders of tests/ that are no room: what the harness is used for, and what tests are made of.
BESIDE_ROOMS = {"methods", "datasets", "promises", "project", "faults", "helpers", "plugins"}
BESIDE_ROOMS |= {"benchmarks", "experiments", "asv", "mutants"}
EVERY_FILE = [
    path
    for folder in ("omicsbench", "methods", "datasets", "tests")
    for path in sorted((ROOT / folder).rglob("*.py"))
]
LOOSE = {"__init__", "__main__", "_version", "api", "errors", "plot", "plugin", "spaces", "stream"}


def _room(path: Path) -> str:
    home = PACKAGE if path.is_relative_to(PACKAGE) else ROOT
    return path.relative_to(home).parts[0].removesuffix(".py")


def _imports(path: Path) -> set[str]:
    """Rooms of omicsbench that a file imports, at its top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            parts = node.module.split(".")
            if parts[0] == "omicsbench":
                found |= {parts[1]} if len(parts) > 1 else {a.name for a in node.names}
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("omicsbench.")}
    rooms = {"_version" if name == "__version__" else name for name in found}
    return rooms & (ROOMS.keys() | {"api", "cli"}) - {_room(path)}


def _names_of_plugin(path: Path) -> set[str]:
    return {
        alias.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "omicsbench.plugin"
        for alias in node.names
    }


DIRECT = {
    room: {
        other
        for path in MODULES
        if _room(path) == room
        for other in _imports(path)
        if (room, other) not in DOORS
    }
    for room in [*ROOMS, "api", "cli"]
}


def reached(room: str) -> set[str]:
    """Rooms that a room imports, directly or through others, as the files stand."""
    seen: set[str] = set()
    todo = [room]
    while todo:
        found = DIRECT[todo.pop()] - seen
        seen |= found
        todo += found
    return seen


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_room_imports_what_the_table_allows(path: Path) -> None:
    room = _room(path)
    if room in ("__init__", "__main__", "cli", "suites"):
        return
    allowed = ROOMS.keys() - {"contract"} if room == "api" else set(ROOMS[room].split())
    wrong = _imports(path) - allowed - {"errors"}
    wrong = {other for other in wrong if (room, other) not in DOORS}
    # What runs in the child is named by the command line of the supervisor, not imported.
    assert not wrong, f"{path.name} imports {wrong}, which {room} may not"


@pytest.mark.parametrize("room", sorted(SAYING))
def test_what_says_never_reaches_what_makes(room: str) -> None:
    assert not reached(room) & MAKING


def test_stats_know_nothing_of_omicsbench() -> None:
    assert reached("stats") <= {"errors"}


def test_only_few_reach_both_wings() -> None:
    assert {r for r in DIRECT if reached(r) & MAKING and reached(r) & SAYING} == BOTH


def test_rooms_form_no_circle() -> None:
    for room in DIRECT:
        assert room not in reached(room)


def test_the_doors_open_on_demand_only() -> None:
    code = (
        "import sys, omicsbench.plugin as plugin\n"
        "heavy = ('numpy', 'omicsbench.inputs', 'omicsbench.metrics', 'omicsbench.stream')\n"
        "assert not [name for name in heavy if name in sys.modules]\n"
        "for name in plugin._ELSEWHERE: getattr(plugin, name)\n"
        "assert all(name in sys.modules for name in heavy)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_no_room_goes_through_a_door() -> None:
    for path in MODULES:
        assert not _names_of_plugin(path) & plugin._ELSEWHERE.keys(), path


@pytest.mark.parametrize("path", FOUND, ids=lambda p: p.stem)
def test_methods_and_data_sets_import_plugin_alone(path: Path) -> None:
    wanted = _imports(path) - {"plugin"}
    assert wanted == KEPT.get(str(path.relative_to(ROOT)), set())


def test_the_docs_name_all_that_a_loader_is_handed() -> None:
    text = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    handed = {name for name, where in plugin._ELSEWHERE.items() if "metrics" not in where}
    assert {name for name in handed if f"`{name}" not in text} == set()


def test_every_room_says_in_one_sentence_what_it_is_for() -> None:
    for path in PACKAGE.glob("*/__init__.py"):
        said = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n\n")
        assert said[0].endswith("."), path
        assert len(said[0]) > 30, path


def test_nothing_lies_loose() -> None:
    assert {path.stem for path in PACKAGE.glob("*.py")} == LOOSE


@pytest.mark.parametrize("path", EVERY_FILE, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_have_one_purpose_and_stay_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_tests_mirror_the_rooms() -> None:
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    folders = {path.parent.name for path in (ROOT / "tests").glob("*/*.py")}
    assert folders <= rooms | BESIDE_ROOMS
    assert rooms - folders == {"suites"}, "rooms without tests of their own"


def test_the_harness_names_no_method_and_no_data_set() -> None:
    registry = discover()
    names = registry.methods.keys() | registry.datasets.keys()
    assert len(names) > 10
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                named = node.value in names and (path.name, node.value) not in FORMER
                assert not named, f"{path.name}:{node.lineno} names {node.value!r}"


def test_nothing_refers_to_a_developers_machine() -> None:
    for path in [*MODULES, *ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "Makefile"]:
        text = path.read_text(encoding="utf-8")
        for word in ("../shared", "/work/", "/root/"):
            assert word not in text, f"{path} mentions {word}"
