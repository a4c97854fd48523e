"""Transfers: broken and resumed, refused, with no room; against a real server."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from file_server import CONTENT, MD5, SHA256, Server, files, refused, said
from omicsbench.inputs import download
from omicsbench.inputs.answers import gigabytes
from omicsbench.inputs.feed import PIECE
from omicsbench.inputs.fetch import downloads_folder, fetch, local_path
from omicsbench.plugin import Remote


def test_a_broken_connection_is_resumed_at_once(server: Server) -> None:
    server.break_after = 1_000_000
    path = fetch(Remote(server.url, f"sha256:{SHA256}"), said.append)
    assert path.read_bytes() == CONTENT
    kept = 1_000_000 // PIECE * PIECE
    assert server.asked == [None, f"bytes={kept}-"], "only the rest was asked for"


def test_a_connection_that_keeps_breaking_ends_and_a_later_fetch_goes_on(server: Server) -> None:
    remote = Remote(server.url, f"sha256:{SHA256}")
    server.break_after, server.breaks = 0, 99
    sentence = refused(remote)
    assert server.url in sentence
    assert str(local_path(remote)) in sentence
    assert len(server.asked) == download.TRIES
    server.breaks = 0
    assert fetch(remote, said.append).read_bytes() == CONTENT


def interrupted(server: Server, remote: Remote) -> int:
    """Stops a download as Ctrl-C does, once some of it has arrived; bytes that stay."""
    server.pause_s = 0.01
    code = (
        "from omicsbench.inputs import fetch\nfrom omicsbench.plugin import Remote\n"
        f"fetch.fetch(Remote({remote.url!r}, {remote.digest!r}))\n"
    )
    part = local_path(remote).with_name("cells.h5.part")
    child = subprocess.Popen([sys.executable, "-P", "-c", code], stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not (part.is_file() and part.stat().st_size > 300_000):
        assert time.monotonic() < deadline
        assert child.poll() is None, child.stderr.read() if child.stderr else ""
        time.sleep(0.005)
    child.send_signal(2)
    _, errors = child.communicate(timeout=60)
    assert b"KeyboardInterrupt" in errors
    server.pause_s = 0.0
    assert files() == ["cells.h5.part", "cells.h5.part.etag"], "nothing under the final name"
    return part.stat().st_size


def test_ctrl_c_keeps_what_has_arrived(server: Server) -> None:
    remote = Remote(server.url)
    kept = interrupted(server, remote)
    assert 300_000 < kept < len(CONTENT)
    assert fetch(remote, said.append).read_bytes() == CONTENT
    assert server.asked == [None, f"bytes={kept}-"]
    assert files() == ["cells.h5", "cells.h5.sha256"]


def leave_part(data: bytes, etag: str = "") -> None:
    downloads_folder().mkdir(parents=True)
    (downloads_folder() / "cells.h5.part").write_bytes(data)
    if etag:
        (downloads_folder() / "cells.h5.part.etag").write_text(etag)


def test_a_file_that_changed_meanwhile_is_downloaded_from_the_start(server: Server) -> None:
    leave_part(b"old" * 1000, '"zero"')
    assert fetch(Remote(server.url), said.append).read_bytes() == CONTENT
    assert server.asked == ["bytes=3000-"], "the server itself answers with the whole file"


def test_a_part_that_cannot_be_told_to_be_the_same_file_is_not_used(server: Server) -> None:
    leave_part(CONTENT[:3000])
    assert fetch(Remote(server.url), said.append).read_bytes() == CONTENT
    assert server.asked == [None]


def test_a_server_without_ranges_sends_all_again(server: Server) -> None:
    server.ranges = False
    leave_part(CONTENT[:3000], server.etag)
    assert fetch(Remote(server.url, f"md5:{MD5}"), said.append).read_bytes() == CONTENT
    assert server.asked == ["bytes=3000-"]


def test_a_part_that_is_whole_or_too_long(server: Server) -> None:
    leave_part(CONTENT, server.etag)
    assert fetch(Remote(server.url), said.append).read_bytes() == CONTENT
    local_path(Remote(server.url)).unlink()
    (downloads_folder() / "cells.h5.part").write_bytes(CONTENT + b"more")
    assert fetch(Remote(server.url), said.append).read_bytes() == CONTENT
    whole = len(CONTENT)
    assert server.asked == [f"bytes={whole}-", f"bytes={whole + 4}-", None]


@pytest.mark.parametrize(("status", "tries"), [(404, 1), (403, 1), (503, download.TRIES)])
def test_a_server_that_refuses_is_quoted(server: Server, status: int, tries: int) -> None:
    server.status = status
    sentence = refused(Remote(server.url))
    assert str(status) in sentence
    assert str(downloads_folder() / "cells.h5") in sentence
    assert len(server.asked) == tries


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/a.h5", "http://no-such-host.invalid/a.h5"])
@pytest.mark.usefixtures("server")
def test_no_network_is_one_sentence(url: str) -> None:
    sentence = refused(Remote(url))
    assert url in sentence
    assert str(downloads_folder() / "a.h5") in sentence
    assert "<" not in sentence, "no object of a library is printed"
    assert len(sentence) < 400


def test_a_full_disk_is_one_sentence_and_keeps_the_part(server: Server) -> None:
    """The system's own limit on file sizes stops the write, as a full disk does."""
    code = (
        "import resource, signal\nfrom omicsbench.inputs import fetch\n"
        "from omicsbench.errors import DataError\nfrom omicsbench.plugin import Remote\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "import requests, rich.progress\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2_500_000, 2_500_000))\n"
        f"try: fetch.fetch(Remote({server.url!r}))\nexcept DataError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.startswith("Cannot write ")
    assert "OMICSBENCH_CACHE" in done.stdout
    assert 2_000_000 < (downloads_folder() / "cells.h5.part").stat().st_size <= 2_500_000
    assert fetch(Remote(server.url), said.append).read_bytes() == CONTENT


def test_too_little_room_is_told_before_anything_is_written(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = download.shutil.disk_usage(downloads_folder().parent.parent)
    monkeypatch.setattr(download.shutil, "disk_usage", lambda path: usage._replace(free=1_000_000))
    sentence = refused(Remote(server.url))
    assert "needs 3.1 MB more" in sentence
    assert "1.0 MB free" in sentence


def test_sizes_are_printed_as_people_read_them() -> None:
    shown = [gigabytes(size) for size in (512, 4_200, 17_129_253, 3_900_000_000)]
    assert shown == ["512 bytes", "4.2 kB", "17.1 MB", "3.9 GB"]
