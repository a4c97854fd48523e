"""What became of each mutant tried so far, and which ones change nothing: so that a run resumes."""

from __future__ import annotations

import json
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from making import Mutant
from trial import KILLED, SURVIVED, TIMED_OUT

EQUIVALENT = Path(__file__).with_name("equivalent.toml")


@dataclass(frozen=True)
class Same:
    """A mutant that behaves as the original does, and why."""

    file: str
    was: str
    now: str
    why: str


def equivalents(path: Path = EQUIVALENT) -> list[Same]:
    return [Same(**entry) for entry in tomllib.loads(path.read_text(encoding="utf-8"))["same"]]


def without_equivalents(mutants: list[Mutant], same: list[Same]) -> list[Mutant]:
    """Those that are no known equivalents."""
    known = {(one.file, one.was, one.now) for one in same}
    return [m for m in mutants if (m.file, m.was, m.now) not in known]


def outdated(mutants: list[Mutant], same: list[Same]) -> list[Same]:
    """Entries of the files of these mutants that fit none of them: the code has changed."""
    files, found = {m.file for m in mutants}, {(m.file, m.was, m.now) for m in mutants}
    return [one for one in same if one.file in files and (one.file, one.was, one.now) not in found]


class Book:
    """Outcomes by mutant, appended to a file. A survivor is tried again once its tests change."""

    def __init__(self, path: Path, tests: str) -> None:
        self.path, self.tests = path, tests
        self._outcomes: dict[str, str] = {}
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        for entry in map(json.loads, lines):
            if entry["outcome"] != SURVIVED or entry["tests"] == tests:
                self._outcomes[entry["key"]] = entry["outcome"]

    def outcome(self, mutant: Mutant) -> str | None:
        return self._outcomes.get(mutant.key)

    def write(self, mutant: Mutant, outcome: str) -> None:
        self._outcomes[mutant.key] = outcome
        entry = {"key": mutant.key, "outcome": outcome, "tests": self.tests}
        with self.path.open("a", encoding="utf-8") as out:
            out.write(json.dumps(entry) + "\n")


def report(tried: Iterable[tuple[Mutant, str]], made: dict[str, int]) -> str:
    """Survivors, then a table with a row a file: mutants, tried, their outcomes, score."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    lines = []
    for mutant, outcome in tried:
        counts[mutant.file][outcome] += 1
        if outcome == SURVIVED:
            lines += [
                f"{mutant.file}:{mutant.line} in {mutant.where or 'the module'}",
                f"    - {mutant.was}",
                f"    + {mutant.now}",
            ]
    lines += ["", "| file | mutants | tried | killed | timed out | survived | score |"]
    lines += ["|---|--:|--:|--:|--:|--:|--:|"]
    lines += [_row(file, counts[file], made[file]) for file in sorted(made)]
    total: dict[str, int] = defaultdict(int)
    for of in counts.values():
        for outcome, count in of.items():
            total[outcome] += count
    return "\n".join([*lines, _row("all", total, sum(made.values()))])


def _row(name: str, of: dict[str, int], made: int) -> str:
    tried, found = sum(of.values()), of[KILLED] + of[TIMED_OUT]
    score = f"{100 * found / tried:.0f} %" if tried else "-"
    cells = (name, made, tried, of[KILLED], of[TIMED_OUT], of[SURVIVED], score)
    return f"| {' | '.join(map(str, cells))} |"
