"""A stop may come at any moment of the wait for the runs: none of them hangs on it."""

from __future__ import annotations

import contextlib
import random
import signal
import threading
from concurrent.futures import Future
from pathlib import Path

import pytest

from omicsbench.records.claim import claimed
from omicsbench.running import runner


def test_a_stop_at_any_moment_of_the_wait_leaves_no_future_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "LOOK_S", 1e-4)
    moment, stops = random.Random(0), 0

    def arm() -> None:
        if signal.getitimer(signal.ITIMER_REAL)[0] == 0:
            signal.setitimer(signal.ITIMER_REAL, moment.uniform(1e-5, 2e-3))

    def heard(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    usual = signal.signal(signal.SIGALRM, heard)
    with contextlib.ExitStack() as stack:
        stack.callback(signal.signal, signal.SIGALRM, usual)
        claim = stack.enter_context(claimed(tmp_path, "wait"))
        for _ in range(400):
            future: Future[int] = Future()
            try:
                for _ in runner._as_they_end([future], claim, arm):
                    pytest.fail("it has not ended")
            except KeyboardInterrupt:
                stops += 1
            ending = threading.Thread(target=future.set_result, args=(1,), daemon=True)
            ending.start()
            ending.join(5)
            assert not ending.is_alive(), "the thread of a run waits for ever"
    assert stops == 400
