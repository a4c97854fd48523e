"""One download of a file at a time: a killed one is taken over, a stopped one is not waited for."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from file_server import CONTENT, Server, files, refused, said
from omicsbench.inputs import turns
from omicsbench.inputs.fetch import downloads_folder, fetch
from omicsbench.plugin import Remote


@contextmanager
def held(server: Server) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that downloads the file, slowly, and has begun."""
    server.pause_s = 0.1
    code = (
        "from omicsbench.inputs import fetch\nfrom omicsbench.plugin import Remote\n"
        f"fetch.fetch(Remote({server.url!r}))\n"
    )
    part = downloads_folder() / "cells.h5.part"
    with subprocess.Popen([sys.executable, "-P", "-c", code]) as child:
        deadline = time.monotonic() + 60
        while not (part.is_file() and part.stat().st_size):
            assert time.monotonic() < deadline
            assert child.poll() is None
            time.sleep(0.01)
        yield child
        child.kill()


def test_the_lock_of_a_killed_download_is_taken_over(server: Server) -> None:
    with held(server) as child:
        waiting = threading.Thread(target=lambda: fetch(Remote(server.url), said.append))
        waiting.start()
        while not said:
            time.sleep(0.01)
        assert said == [
            f"Waiting for another download of {downloads_folder() / 'cells.h5'} to end."
        ]
        child.send_signal(signal.SIGKILL)
        server.pause_s = 0.0
        waiting.join(30)
    assert (downloads_folder() / "cells.h5").read_bytes() == CONTENT
    assert files() == ["cells.h5", "cells.h5.sha256"]


def test_nobody_waits_for_ever_for_a_stopped_download(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "HELD_S", 0.5)
    with held(server) as child:
        child.send_signal(signal.SIGSTOP)
        sentence = refused(Remote(server.url))
    assert "nothing of it has arrived" in sentence
    assert ".cells.h5.lock" in sentence


def test_another_file_is_not_waited_for(server: Server) -> None:
    with held(server):
        server.pause_s = 0.0
        other = fetch(Remote(server.url.replace("cells", "others")), said.append)
        assert other.read_bytes() == CONTENT
    assert not any(sentence.startswith("Waiting") for sentence in said)
