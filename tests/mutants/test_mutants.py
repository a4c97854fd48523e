"""The mutants are those that they should be, and what is said to be equivalent still exists."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from book import Book, equivalents, outdated, report, without_equivalents
from making import mutants_of
from run import ROOT, drawn, groups_of
from trial import KILLED, SURVIVED, TIMED_OUT

SOURCE = '''"""Text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Table = Mapping[str, int]
Kind = Literal["one", "two"]
LIMIT = 5


@dataclass(frozen=True)
class Of:
    """Docs."""

    limit: int = LIMIT

    @property
    def full(self) -> bool:
        return self.limit >= (
            len("some")
        )


def pairs(a: list[int], b: list[int], text: str = "words") -> list[tuple[int, int]]:
    open(text, encoding="utf-8")
    return list(zip(a, b, strict=True))
'''


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "of.py").write_text(SOURCE)
    return tmp_path


def test_every_mutant_is_a_file_with_one_fault(project: Path) -> None:
    made = mutants_of(project, "of.py")
    assert len({m.code for m in made}) == len(made) == len({m.key for m in made})
    for mutant in made:
        ast.parse(mutant.code)
        changed = [
            (was, now)
            for was, now in zip(SOURCE.splitlines(), mutant.code.splitlines(), strict=False)
            if was != now
        ]
        assert changed[0] == (SOURCE.splitlines()[mutant.line - 1], changed[0][1]), mutant
        assert (changed[0][0].strip(), changed[0][1].strip()) == (mutant.was, mutant.now)
        assert mutant.line in mutant.lines


def test_properties_constants_and_defaults_are_mutated_and_types_are_not(project: Path) -> None:
    found = {(m.where, m.now) for m in mutants_of(project, "of.py")}
    assert ("", "LIMIT = 6") in found
    assert ("Of", "limit: int = None") in found
    assert ("Of.full", "return self.limit > (") in found
    places = {m.was for m in mutants_of(project, "of.py")}
    assert not any("Literal" in was or "Mapping" in was or "dataclass" in was for was in places)
    assert not any("strict=False" in now or 'encoding="XX' in now for _, now in found)
    assert ("pairs", "return list(zip(None, b, strict=True))") in found


def test_a_fault_keeps_its_key_while_its_statement_stays(project: Path) -> None:
    before = {m.key for m in mutants_of(project, "of.py") if m.where == "pairs"}
    (project / "of.py").write_text(SOURCE.replace("LIMIT = 5", "LIMIT = 7\n\n"))
    assert {m.key for m in mutants_of(project, "of.py") if m.where == "pairs"} == before
    (project / "of.py").write_text(SOURCE.replace("zip(a, b", "zip(b, a"))
    assert not {m.key for m in mutants_of(project, "of.py") if m.where == "pairs"} & before


def test_a_sample_grows_by_what_is_added(project: Path) -> None:
    made = mutants_of(project, "of.py")
    few, more = ({m.key for m in drawn(made, n, seed=0)} for n in (3, 6))
    assert few < more
    assert few != {m.key for m in drawn(made, 3, seed=1)}


def test_survivors_are_tried_again_once_the_tests_change(project: Path) -> None:
    first, second, third = mutants_of(project, "of.py")[:3]
    book = Book(project / "outcomes", tests="old")
    for mutant, outcome in ((first, KILLED), (second, SURVIVED), (third, TIMED_OUT)):
        book.write(mutant, outcome)
    same = Book(project / "outcomes", tests="old")
    assert [same.outcome(m) for m in (first, second, third)] == [KILLED, SURVIVED, TIMED_OUT]
    other = Book(project / "outcomes", tests="new")
    assert [other.outcome(m) for m in (first, second, third)] == [KILLED, None, TIMED_OUT]
    said = report([(first, KILLED), (second, SURVIVED), (third, TIMED_OUT)], {"of.py": 9})
    assert "| of.py | 9 | 3 | 1 | 1 | 1 | 67 % |" in said
    assert f"    + {second.now}" in said


def test_what_is_said_to_be_equivalent_is_of_a_file_that_is_tried_and_has_a_reason() -> None:
    listed = {file for files, _ in groups_of(".") for file in files}
    assert {one.file for one in equivalents()} <= listed
    assert all(one.why and one.was != one.now for one in equivalents())


def test_equivalents_are_left_out_and_those_that_fit_nothing_are_named(project: Path) -> None:
    text = (
        '[[same]]\nfile = "of.py"\nwas = "LIMIT = 5"\nnow = "LIMIT = 6"\nwhy = "c"\n'
        '[[same]]\nfile = "of.py"\nwas = "a"\nnow = "b"\nwhy = "c"\n'
        '[[same]]\nfile = "other.py"\nwas = "a"\nnow = "b"\nwhy = "c"\n'
    )
    (project / "same.toml").write_text(text)
    same, made = equivalents(project / "same.toml"), mutants_of(project, "of.py")
    assert {m.now for m in made} - {m.now for m in without_equivalents(made, same)} == {"LIMIT = 6"}
    assert outdated(made, same) == [same[1]]


def test_all_that_is_listed_exists() -> None:
    for files, tests in groups_of("."):
        assert all((ROOT / place).exists() for place in [*files, *tests])
