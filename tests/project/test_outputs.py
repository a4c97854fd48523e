"""Whatever a module of omicsbench leaves for others to read is written by records/disk.py."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "omicsbench"
# Files that are written by another way, and why that is no half-written output.
OTHERWISE = {
    "cli/figure.py": "figures and tables write themselves, whole",
    "cli/log.py": "a log that grows",
    "inputs/download.py": "what has arrived of a download, which the next call goes on with",
    "metrics/neighbors.py": "beside and renamed; in the scratch folder of one command",
    "prepare/checksums.py": "in a folder that is made whole (inputs/cache.py)",
    "prepare/contents.py": "in a folder that is made whole",
    "prepare/hold_out.py": "in a folder that is made whole",
    "prepare/mapped_rows.py": "in a folder that is made whole",
    "prepare/writing.py": "in a folder that is made whole",
    "records/disk.py": "this is the way",
    "records/embeddings.py": "to memory",
    "records/results.py": "to memory",
    "reporting/figure_files.py": "to memory, and then whole",
    "reporting/figure_spec.py": "to memory",
    "reporting/paper_table.py": "to memory, and then whole",
    "reporting/raster.py": "to memory",
    "revisions/build.py": "a lock",
    "revisions/checkout.py": "a copy of the code, in a folder that is made whole",
    "revisions/trial.py": "a log that grows",
    "processes": "the scratch folder of one command, and pipes",
    "running": "the scratch folder of one command; what is kept goes to records/",
}
WRITERS = {"write_text", "write_bytes", "touch", "savefig", "save", "savez", "savez_compressed"}
WRITERS |= {"savetxt", "tofile", "to_csv", "to_parquet", "to_json", "to_html", "to_feather"}
WRITERS |= {"write_h5ad", "write_table", "dump", "copy2", "copyfile", "copy_to"}
GIVEN = {"disk", "store"}  # modules whose functions are the way


def wholly(node: ast.AST) -> bool:
    """Whether it is a ``with whole(...)``, inside which anything may write."""
    calls = [i.context_expr for i in node.items] if isinstance(node, ast.With) else []
    return any(isinstance(c, ast.Call) and "whole" in ast.unparse(c.func) for c in calls)


def writes(node: ast.AST) -> Iterator[ast.Call]:
    """Calls that write a file, outside of any ``with whole(...)``."""
    if wholly(node):
        return
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func)
        owner, _, last = name.rpartition(".")
        if (last in WRITERS and owner and owner not in GIVEN) or opens_to_write(node, name):
            yield node
    for child in ast.iter_child_nodes(node):
        yield from writes(child)


def opens_to_write(call: ast.Call, name: str) -> bool:
    if name.rpartition(".")[2] not in ("open", "fdopen"):
        return False
    before = 1 if name in ("open", "os.fdopen") else 0  # the path, where it is no method of one
    modes = [*call.args[before : before + 1], *(k.value for k in call.keywords if k.arg == "mode")]
    return any(isinstance(mode, ast.Constant) and set(mode.value) & set("wax+") for mode in modes)


def found(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [f"{path.name}:{call.lineno} {ast.unparse(call)[:60]}" for call in writes(tree)]


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_outputs_are_written_by_the_one_way(path: Path) -> None:
    name = path.relative_to(PACKAGE).as_posix()
    if path.parent.name in OTHERWISE:
        return
    if name in OTHERWISE:
        assert found(path), f"{name} writes no file any more: take it off the list"
    else:
        assert not found(path), "write it by records/disk.py, whole or not at all"


@pytest.mark.parametrize(
    "text",
    [
        "Path('a').write_text('x')",
        "open('a', 'w')",
        "Path('a').open(mode='ab+')",
        "table.to_csv(path)",
        "with other(path) as file:\n    table.to_parquet(file)",
    ],
)
def test_the_rule_sees_what_it_forbids(tmp_path: Path, text: str) -> None:
    (tmp_path / "module.py").write_text(text)
    assert len(found(tmp_path / "module.py")) == 1


@pytest.mark.parametrize(
    "text", ["store.write_text(a, b)", "with whole(a) as file:\n    t.to_csv(file)", "open('a')"]
)
def test_the_rule_lets_pass_what_it_asks_for(tmp_path: Path, text: str) -> None:
    (tmp_path / "module.py").write_text(text)
    assert found(tmp_path / "module.py") == []
