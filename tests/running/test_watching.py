"""The progress bar of Python sessions."""

from __future__ import annotations

import sys

import pytest

import builders
from omicsbench.records.spec import Status
from omicsbench.running.watching import ProgressBar, watched


def test_a_bar_says_how_far_it_is_what_ran_and_what_failed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    records = [
        builders.record(builders.spec(repeat=0)),
        builders.record(builders.spec(repeat=1), status=Status.TIMEOUT),
        builders.record(builders.spec(repeat=2), status=Status.SKIPPED),
    ]
    with watched(None, True) as bar:
        assert isinstance(bar, ProgressBar)
        bar.dataset("blood", 0.5)
        bar.start([None] * 3, 4)  # type: ignore[list-item]
        for record in records:
            bar.record(record)
    said = capsys.readouterr().err
    assert "preparing blood, 50%" in said
    last = said.split("\r")[-1]
    assert "p on d: 100%" in last
    assert "3/3 runs" in last
    assert "1 failed" in last


def test_nobody_who_watches_gets_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    with watched(None, None) as bar:
        assert bar is None, "errors of tests go to no terminal"
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    with watched(None, None) as bar:
        assert isinstance(bar, ProgressBar)
    with watched(None, False) as bar:
        assert bar is None


def test_an_observer_goes_before_the_bar() -> None:
    own = ProgressBar()
    with watched(own, True) as bar:
        assert bar is own
