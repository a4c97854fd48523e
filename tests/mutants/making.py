"""The mutants of a source file: each is the file with one small fault put in.

The faults are those of mutmut (its operators), of which one a string is kept: the others differ in
case only. mutmut itself leaves out every decorated function, and half of what decides here are
properties; so it is asked for the faults alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import libcst as cst
from libcst.metadata import (
    ByteSpanPositionProvider,
    MetadataWrapper,
    ParentNodeProvider,
    PositionProvider,
)
from mutmut.mutation.mutators import mutation_operators

# Arguments that guard or say what holds anyway: without them the same is done.
SPARED_ARGUMENTS = {"strict", "encoding"}
SPARED_CALLS = {"TypeVar", "cast", "dataclass", "field"}


@dataclass(frozen=True)
class Mutant:
    """One fault: ``was`` and ``now`` are its first line, ``code`` is the whole file with it."""

    key: str  # of the statement of the module that holds it, with the fault and without
    file: str
    where: str
    line: int
    lines: frozenset[int]  # those that are run when it matters
    was: str
    now: str
    code: str


def mutants_of(root: Path, file: str) -> list[Mutant]:
    """All mutants of a file, named from the root of the project, in the order of its lines."""
    whole = (root / file).read_bytes()
    wrapper = MetadataWrapper(cst.parse_module(whole))
    module, found = wrapper.module, dict[str, Mutant]()
    before = sum(len(module.code_for_node(line).encode()) for line in module.header)
    for statement in module.body:
        place = slice(before, before + len(module.code_for_node(statement).encode()))
        before = place.stop
        for mutant in _of_statement(wrapper, whole, statement, place, file):
            found.setdefault(mutant.key, mutant)
    return sorted(found.values(), key=lambda mutant: (mutant.line, mutant.now, mutant.key))


def _of_statement(
    wrapper: MetadataWrapper, whole: bytes, statement: cst.CSTNode, place: slice, file: str
) -> Iterator[Mutant]:
    """Mutants of a statement of the module, that lies at a place of its bytes."""
    at = wrapper.resolve(PositionProvider)
    original = whole[place].decode()
    for node, names in _targets(statement, ()):
        for faulty in _faults(node):
            code = _with(wrapper, whole, node, faulty)
            mutated = code[place.start : place.stop + len(code) - len(whole)].decode()
            was, now = _first_difference(original, mutated)
            first, last = at[node].start.line, at[node].end.line
            if was:
                yield Mutant(
                    hashlib.sha256(f"{file}\n{original}\n{mutated}".encode()).hexdigest()[:16],
                    file,
                    ".".join(names),
                    first,
                    frozenset({_start(wrapper, node), *range(first, last + 1)}),
                    was,
                    now,
                    code.decode(),
                )


def _with(wrapper: MetadataWrapper, whole: bytes, node: cst.CSTNode, faulty: cst.CSTNode) -> bytes:
    """The module with a faulty node in the place of its own."""
    module, at = wrapper.module, wrapper.resolve(ByteSpanPositionProvider)[node]
    end = at.start + at.length
    if whole[at.start : end].decode() != module.code_for_node(node):  # brackets, indentation
        return module.with_changes(body=module.deep_replace(node, faulty).body).bytes
    return whole[: at.start] + module.code_for_node(faulty).encode() + whole[end:]


def _targets(
    node: cst.CSTNode, names: tuple[str, ...]
) -> Iterator[tuple[cst.CSTNode, tuple[str, ...]]]:
    """What may be changed below a node, with the names of what it is in."""
    if _spared(node, names):
        return
    if isinstance(node, cst.FunctionDef | cst.ClassDef):
        names = (*names, node.name.value)
    yield node, names
    for child in node.children:
        yield from _targets(child, names)


def _spared(node: cst.CSTNode, names: tuple[str, ...]) -> bool:
    """Types, imports, docstrings, decorators, and what guards only."""
    match node:
        case cst.Annotation() | cst.Decorator() | cst.Import() | cst.ImportFrom():
            return True
        case cst.Expr(value=cst.SimpleString() | cst.ConcatenatedString()):
            return True
        case cst.Arg(keyword=cst.Name(value=name)) if name in SPARED_ARGUMENTS:
            return True
        case cst.Call(func=cst.Name(value=name)) if name in SPARED_CALLS:
            return True
        case cst.Subscript(value=cst.Name(value="Literal")):
            return True
        case cst.Assign(value=cst.Subscript()) if not names:  # a name for a type
            return True
    return False


def _faults(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    for kind, operator in mutation_operators:
        if isinstance(node, kind):
            made = list(operator(node))
            if isinstance(node, cst.Call):
                made = [call for call in made if _spared_arguments(node) <= _spared_arguments(call)]
            yield from made[:1] if isinstance(node, cst.BaseString) else made


def _spared_arguments(call: cst.Call) -> set[int]:
    return {id(a) for a in call.args if a.keyword and a.keyword.value in SPARED_ARGUMENTS}


def _start(wrapper: MetadataWrapper, node: cst.CSTNode) -> int:
    """Line on which the statement begins that a node belongs to."""
    parents, at = wrapper.resolve(ParentNodeProvider), wrapper.resolve(PositionProvider)
    while not isinstance(node, cst.BaseStatement | cst.SimpleStatementLine | cst.Module):
        node = parents[node]
    return int(at[node].start.line)


def _first_difference(original: str, mutated: str) -> tuple[str, str]:
    """The first line that differs, as it was and as it is now; both empty where none does."""
    before, after = original.splitlines(), mutated.splitlines()
    for was, now in zip(before, after, strict=False):
        if was != now:
            return was.strip(), now.strip()
    return "", ""
