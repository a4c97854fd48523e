"""Which tests run which lines, and how long they take: learnt in one run of all, unharmed."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import coverage
import pytest
from making import Mutant
from trial import PASSED, Broken, forked, run_tests


class Watch:
    """A pytest plug-in that tells coverage which test runs."""

    def __init__(self, watched: coverage.Coverage) -> None:
        self.watched = watched
        self.seconds: dict[str, float] = defaultdict(float)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.watched.switch_context(item.nodeid)
        result = yield
        self.watched.switch_context("")
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest
    ) -> Iterator[None]:
        """What several tests share is run by all of their file."""
        shared = fixturedef.scope != "function"
        test = request.node.nodeid
        if shared:
            self.watched.switch_context(test.partition("::")[0])
        try:
            return (yield)
        finally:
            if shared:
                self.watched.switch_context(self.running)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.running = nodeid

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] += report.duration


class Covering:
    """Tests by line, and seconds by test; ``modules`` are the libraries that they import."""

    def __init__(self, told: Path) -> None:
        content = json.loads(told.read_text(encoding="utf-8"))
        self.seconds: dict[str, float] = content["seconds"]
        self.modules: list[str] = content["modules"]
        self._by_line: dict[str, dict[str, list[str]]] = content["by_line"]

    def tests(self, mutant: Mutant) -> list[str]:
        """The tests that run a mutant's lines, quickest first; all where it is run at import."""
        by_line = self._by_line.get(mutant.file, {})
        found = {test for line in mutant.lines for test in by_line.get(str(line), ())}
        if not found - {""}:
            found = set(self.seconds) if found else set()
        whole = {name for name in found if "::" not in name}
        named = {t for t in self.seconds if t in found or t.partition("::")[0] in whole}
        return sorted(named, key=self.seconds.__getitem__)

    def seconds_of(self, tests: Sequence[str]) -> float:
        return sum(self.seconds[test] for test in tests)


def learn(tree: Path, files: Sequence[str], tests: Sequence[str]) -> Covering:
    """Run the tests once on the unharmed tree. Raises Broken if they do not pass."""
    told, log = tree.parent / "covering.json", tree.parent / "covering.log"
    ended = forked(lambda: _watched(tree, files, tests, told), log)
    if ended != PASSED:
        raise Broken(f"the tests do not pass without a fault either (see {log})")
    return Covering(told)


def _watched(tree: Path, files: Sequence[str], tests: Sequence[str], told: Path) -> int:
    watched = coverage.Coverage(
        data_file=None, config_file=False, include=[str(tree / file) for file in files]
    )
    watch = Watch(watched)
    watched.start()
    ended = run_tests(tree, tests, [watch])
    watched.stop()
    data = watched.get_data()
    content = {
        "seconds": watch.seconds,
        "modules": sorted(_libraries(tree)),
        "by_line": {f: data.contexts_by_lineno(str(tree / f)) for f in files},
    }
    told.write_text(json.dumps(content), encoding="utf-8")
    return ended


def _libraries(tree: Path) -> Iterator[str]:
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None) or ""
        if file and not Path(file).is_relative_to(tree) and not name.startswith("omicsbench"):
            yield name
