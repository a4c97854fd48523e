"""A request to stop is heard once, whatever a batch system sends, and never lost."""

from __future__ import annotations

import os
import signal
import sys
import time
import weakref
from collections.abc import Callable

import pytest

from omicsbench.cli.progress import ENDING, observing_signals


def _twice(number: signal.Signals) -> None:
    try:
        os.kill(os.getpid(), number)
    finally:
        os.kill(os.getpid(), number)  # while the first is being heeded
        time.sleep(0.01)


@pytest.mark.parametrize("number", ENDING)
def test_whatever_ends_a_job_is_heard_once(number: signal.Signals) -> None:
    before = {n: signal.getsignal(n) for n in ENDING}
    try:
        with pytest.raises(KeyboardInterrupt, match=number.name), observing_signals():
            _twice(number)
        os.kill(os.getpid(), number)  # and while the process takes its leave
        time.sleep(0.01)
    finally:
        for n, handler in before.items():
            signal.signal(n, handler)


def test_afterwards_signals_do_what_they_did_before() -> None:
    before = [signal.getsignal(n) for n in ENDING]
    with observing_signals():
        assert signal.getsignal(signal.SIGTERM) not in before
    assert [signal.getsignal(n) for n in ENDING] == before


def test_what_is_ignored_stays_ignored() -> None:
    """Under `nohup` a suite goes on after its terminal is gone."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with observing_signals():
            os.kill(os.getpid(), signal.SIGHUP)
            time.sleep(0.01)
    finally:
        signal.signal(signal.SIGHUP, before)


class _Parting:
    """Its end takes a while, within which a request to stop may come."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)


def _forking() -> None:
    asked: list[None] = []

    def once() -> None:
        if not asked:
            asked.append(None)
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.01)

    os.register_at_fork(after_in_parent=once)  # as `logging` does
    if (child := os.fork()) == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _losing_what_is_watched() -> None:
    watched = _Plain()
    weakref.finalize(watched, lambda: None)
    kept = weakref.ref(watched, lambda _: os.kill(os.getpid(), signal.SIGINT) or time.sleep(0.01))
    del watched
    assert kept() is None


class _Plain:
    pass


def _then_waiting(within: Callable[[], None]) -> None:
    within()
    for _ in range(200):
        time.sleep(0.01)


@pytest.mark.parametrize("within", [lambda: _Parting() and None, _forking, _losing_what_is_watched])
def test_what_python_swallows_is_asked_once_more(within: Callable[[], None]) -> None:
    before = {n: signal.getsignal(n) for n in ENDING}
    hook = sys.unraisablehook
    try:
        with pytest.raises(KeyboardInterrupt, match=r"SIG(INT|TERM)"), observing_signals():
            _then_waiting(within)
    finally:
        for n, handler in before.items():
            signal.signal(n, handler)
    assert sys.unraisablehook == hook


def test_what_else_goes_wrong_out_of_sight_is_told_as_ever(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "unraisablehook", sys.__unraisablehook__)

    class Failing:
        def __del__(self) -> None:
            raise ValueError("while parting")

    with observing_signals():
        Failing()
    assert "while parting" in capsys.readouterr().err
