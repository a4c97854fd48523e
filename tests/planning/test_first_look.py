"""A first look takes few of a suite's runs, and none that the suite would not do."""

from __future__ import annotations

from pathlib import Path

import pytest

from command import inside
from omicsbench.planning.first_look import first_look
from omicsbench.planning.plan import make_plan
from omicsbench.planning.suite import load_suite, make_suite, suites
from omicsbench.records import store
from omicsbench.registry.discover import discover

SUITE = {
    "name": "s",
    "pipelines": ["pca(2)", "random_projection(2)"],
    "fewer_repeats": {"pca(2)": 3},
    "metrics": ["knn_recall"],
    "repeats": 7,
    "sizes": [30, 40, 50, "all"],
    "datasets": [
        {"name": "linear_control(n=120)"},
        {"name": "linear_control(n=1500)", "sizes": [20, 60, 200]},
    ],
}


def test_its_runs_are_some_of_the_suites() -> None:
    suite, registry = make_suite(SUITE), discover()
    every = {planned.key for planned in make_plan(suite, registry)}
    few = make_plan(first_look(suite), registry)
    assert {planned.key for planned in few} < every
    assert {p.spec.size for p in few} == {30}
    assert {p.spec.repeat for p in few} == {0, 1, 2, 3, 4}
    assert len(few) == 5 + 3


@pytest.mark.parametrize("name", sorted(suites()))
def test_every_suite_has_one(name: str) -> None:
    suite = load_suite(name)
    few = first_look(suite)
    assert few.repeats <= 5
    assert [d.name for d in few.datasets] == [d.name for d in suite.datasets[:1]]


def test_a_page_comes_first_and_the_suite_after_it(tmp_path: Path) -> None:
    words = ["run", "controls", "-d", "linear_control(n=200)", "--only", "-m", "pca(2)"]
    words += ["--metrics", "knn_recall", "--sizes", "30,40,50", "--repeats", "3"]
    done = inside(*words, "--first-look", "--out", tmp_path / "o")
    assert done.returncode == 0, done.stderr
    first, _, then = done.stderr.partition("A first look, at the smallest size of one data set: ")
    assert "3 runs to do" in first
    assert str(tmp_path / "o" / "report.html") in then
    assert "6 runs to do, 3 done" in then
    assert len(store.read_records(tmp_path / "o")) == 9
    again = inside(*words, "--first-look", "--out", tmp_path / "o")
    assert "A first look" not in again.stderr, "there is a page already"
