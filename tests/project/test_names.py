"""One name means one thing: no two classes of the package share a name."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "omicsbench"


def _named(path: Path) -> list[tuple[str, str]]:
    """Public classes at module level, and names of types with what they stand for."""
    found = []
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            found.append((node.name, str(path.relative_to(PACKAGE))))
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name[0].isupper() and not name.isupper():
                found.append((name, ast.unparse(node.value)))
    return [(name, meaning) for name, meaning in found if not name.startswith("_")]


def test_no_two_classes_share_a_name() -> None:
    meanings: dict[str, set[str]] = defaultdict(set)
    for path in sorted(PACKAGE.rglob("*.py")):
        for name, meaning in _named(path):
            meanings[name].add(meaning)
    assert len(meanings) > 100, "nothing was read"
    assert {name: sorted(of) for name, of in meanings.items() if len(of) > 1} == {}
