"""Which small faults do the tests notice? ``make mutants WHAT=omicsbench/verdict``.

Puts one fault after another into a copy of the project and runs the tests that cover it. Finished
trials are kept in ``.mutants/``: a run that was stopped goes on, and after a new test only the
survivors are tried again. ``[tool.omicsbench.mutants]`` of pyproject.toml says what is tried.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from book import EQUIVALENT, Book, equivalents, outdated, report, without_equivalents
from covering import Covering, learn
from making import Mutant, mutants_of
from trial import SURVIVED, Broken, attempt, preload

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".mutants"
QUICKEST = 20  # tests that show whether trials can be believed


def groups_of(what: str) -> list[tuple[list[str], list[str]]]:
    """The files below ``what`` that are to be tried, and the tests of each group of them."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    groups = tomllib.loads(text)["tool"]["omicsbench"]["mutants"]
    found = []
    for group in groups.values():
        files = sorted(
            str(path.relative_to(ROOT))
            for pattern in group["files"]
            for path in ROOT.glob(pattern)
            if path.is_relative_to(ROOT / what) and path.name != "__init__.py"
        )
        if files:
            found.append((files, group["tests"]))
    return found


def copied(home: Path) -> Path:
    """The project as it lies in the folder, without what git ignores, in a folder of its own."""
    tree = home / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
    return tree


def hash_of_tests(tree: Path, tests: Sequence[str]) -> str:
    """Of the files that hold them and of what helps them."""
    places = [tree / "tests" / "helpers", *(tree / test for test in tests)]
    files = sorted(
        p for place in places for p in ([place] if place.is_file() else place.rglob("*.py"))
    )
    return hashlib.sha256(b"".join(p.read_bytes() for p in files)).hexdigest()[:16]


def drawn(made: list[Mutant], number: int, seed: int) -> list[Mutant]:
    """Some mutants by chance: a larger sample holds the smaller, and so does that of other code."""
    by_chance = sorted(made, key=lambda m: hashlib.sha256(f"{seed} {m.key}".encode()).hexdigest())
    keys = {mutant.key for mutant in by_chance[:number]}
    return [mutant for mutant in made if mutant.key in keys]


def try_group(
    files: list[str], tests: list[str], sample: int, seed: int, until: float
) -> list[tuple[Mutant, str]]:
    """Try mutants of some files, all or a sample; those whose outcome is known are not run anew."""
    same = equivalents()
    every = [mutant for file in files for mutant in mutants_of(ROOT, file)]
    for one in outdated(every, same):
        print(f"outdated in {EQUIVALENT.name}: {one.file}: {one.was} -> {one.now}")
    made = without_equivalents(every, same)
    total = Counter(mutant.file for mutant in made)
    chosen = drawn(made, sample, seed) if sample else made
    tree = copied(HOME)
    book = Book(HOME / "outcomes.jsonl", hash_of_tests(tree, tests))
    todo = [mutant for mutant in chosen if book.outcome(mutant) is None]
    print(f"{len(made)} mutants, {len(chosen)} chosen, {len(todo)} to try", flush=True)
    if todo:
        try_all(tree, todo, files, tests, book, until)
    tried = [(mutant, outcome) for mutant in chosen if (outcome := book.outcome(mutant))]
    print(report(tried, dict(total)), flush=True)
    return tried


def try_all(
    tree: Path, todo: list[Mutant], files: list[str], tests: list[str], book: Book, until: float
) -> None:
    covering = learn(tree, files, tests)
    preload(covering.modules)
    must_survive_unharmed(tree, todo, covering)
    for number, mutant in enumerate(todo, 1):
        if time.time() > until:
            print("stopped: the time is over; the same command goes on")
            return
        covered = covering.tests(mutant)
        outcome = SURVIVED
        if covered:
            usual_s = covering.seconds_of(covered)
            outcome = attempt(tree, mutant.file, mutant.code, covered, usual_s)
        book.write(mutant, outcome)
        if outcome == SURVIVED or number % 100 == 0:
            place = f"{mutant.file}:{mutant.line}: {mutant.was} -> {mutant.now}"
            print(f"{number}/{len(todo)} {outcome} {place}", flush=True)


def must_survive_unharmed(tree: Path, todo: list[Mutant], covering: Covering) -> None:
    """Raises Broken if a trial kills a file without a fault: it would kill whatever it is given.

    And if no test runs any of the lines: then nothing could be noticed.
    """
    if not any(map(covering.tests, todo)):
        raise Broken(f"no test runs any line of {', '.join(sorted({m.file for m in todo}))}")
    of_file = {mutant.file: mutant for mutant in todo}
    for file, mutant in of_file.items():
        tests = covering.tests(mutant)[:QUICKEST]
        code = (tree / file).read_text(encoding="utf-8")
        if tests and (outcome := attempt(tree, file, code, tests, usual_s=60)) != SURVIVED:
            raise Broken(f"{file} without a fault was {outcome}: see {tree.parent / 'trial.log'}")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", help="a file or folder, such as omicsbench/verdict")
    parser.add_argument("--sample", type=int, default=0, help="mutants to try of a group (all)")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--minutes", type=float, default=1e6, help="stop after so long")
    chosen = parser.parse_args(arguments)
    HOME.mkdir(exist_ok=True)
    until = time.time() + 60 * chosen.minutes
    try:
        groups = groups_of(chosen.what)
        if not groups:
            raise Broken(f"no file of {chosen.what} is listed in [tool.omicsbench.mutants]")
        for files, tests in groups:
            try_group(files, tests, chosen.sample, chosen.seed, until)
    except Broken as error:
        print(f"mutants: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
