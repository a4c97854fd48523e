"""Downloads, against a real server on this machine that can misbehave in known ways."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import os
import pty
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pooch
import pytest

from omicsbench.errors import DataError
from omicsbench.inputs import download
from omicsbench.inputs.download import gigabytes
from omicsbench.inputs.fetch import downloads_folder, fetch, known_sha256, local_path
from omicsbench.plugin import Remote

CONTENT = bytes(range(256)) * 12_000  # 3 MB
SHA256 = hashlib.sha256(CONTENT).hexdigest()
MD5 = hashlib.md5(CONTENT).hexdigest()


@dataclass
class Server:
    """What it serves, how it misbehaves, and the ``Range`` of every request it got."""

    url: str = ""
    content: bytes = CONTENT
    etag: str = '"one"'
    ranges: bool = True
    break_after: int | None = None  # bytes of the answer after which the connection is cut
    breaks: int = 1  # answers that are cut
    status: int | None = None
    pause_s: float = 0.0
    asked: list[str | None] = field(default_factory=list)

    def answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        wanted = handler.headers["Range"]
        self.asked.append(wanted)
        if self.status:
            handler.send_error(self.status)
            return
        start = 0
        if wanted and self.ranges and handler.headers["If-Range"] in (None, self.etag):
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        whole = len(self.content)
        if start >= whole:
            handler.send_response(416)
            handler.send_header("Content-Range", f"bytes */{whole}")
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        handler.send_response(206 if start else 200)
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
        if self.etag:
            handler.send_header("ETag", self.etag)
        handler.send_header("Content-Length", str(whole - start))
        handler.end_headers()
        sent = self.content[start:]
        if self.break_after is not None and self.breaks > 0:
            self.breaks -= 1
            sent = sent[: self.break_after]
        for place in range(0, len(sent), 1 << 16):
            handler.wfile.write(sent[place : place + (1 << 16)])
            time.sleep(self.pause_s)
        if len(sent) < whole - start:
            handler.close_connection = True


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    state = Server()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                state.answer(self)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # the client was stopped, as some tests do

        def log_message(self, *args: Any) -> None:
            pass

    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "PAUSE_S", 0.01)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http_server:
        state.url = f"http://127.0.0.1:{http_server.server_port}/cells.h5"
        thread = threading.Thread(target=http_server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield state
        http_server.shutdown()
        thread.join()


def refused(remote: Remote) -> str:
    with pytest.raises(DataError) as caught:
        fetch(remote, said.append)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


said: list[str] = []


@pytest.fixture(autouse=True)
def _silence() -> None:
    said.clear()


def files() -> list[str]:
    return sorted(path.name for path in downloads_folder().iterdir())


@pytest.mark.parametrize("digest", [f"sha256:{SHA256}", f"md5:{MD5}", f"SHA256:{SHA256.upper()}"])
def test_a_file_is_downloaded_once_and_checked(server: Server, digest: str) -> None:
    remote = Remote(server.url, digest)
    path = fetch(remote, said.append)
    assert path == local_path(remote) == downloads_folder() / "cells.h5"
    assert path.read_bytes() == CONTENT
    assert known_sha256(remote) == SHA256
    assert fetch(remote, said.append) == path
    assert server.asked == [None], "one request for all"
    assert len(said) == 1
    assert server.url in said[0]
    assert files() == ["cells.h5", "cells.h5.sha256"], "nothing else is left"


def test_without_a_known_checksum_the_first_is_recorded_and_told(server: Server) -> None:
    remote = Remote(server.url)
    path = fetch(remote, said.append)
    assert "No checksum of cells.h5 is known" in said[-1]
    assert SHA256 in said[-1]
    record = path.with_name("cells.h5.sha256")
    assert record.read_text().splitlines()[-1] == f"{SHA256}  cells.h5"
    fetch(remote, said.append)
    assert len(said) == 2, "told once"
    path.write_bytes(CONTENT[:-1] + b"x")
    sentence = refused(remote)
    assert SHA256 in sentence
    assert "delete it" in sentence


def test_a_recorded_checksum_holds_for_a_second_download(server: Server) -> None:
    remote = Remote(server.url)
    fetch(remote, said.append).unlink()
    server.content = CONTENT[::-1]
    sentence = refused(remote)
    assert "changed since the first download" in sentence
    assert "cells.h5.sha256" in sentence
    assert files() == ["cells.h5.sha256"]
    (downloads_folder() / "cells.h5.sha256").unlink()
    assert fetch(remote, said.append).read_bytes() == CONTENT[::-1]


def test_the_hash_is_not_computed_again_unless_the_file_changed(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = fetch(Remote(server.url, f"sha256:{SHA256}"), said.append)
    hashed: list[str] = []
    real = pooch.file_hash

    def counting(name: str, alg: str = "sha256") -> Any:
        hashed.append(name)
        return real(name, alg=alg)

    monkeypatch.setattr(pooch, "file_hash", counting)
    fetch(Remote(server.url, f"sha256:{SHA256}"), said.append)
    assert hashed == []
    os.utime(path, (1, 1))
    fetch(Remote(server.url, f"sha256:{SHA256}"), said.append)
    assert hashed == [str(path)]
    sentence = refused(Remote(server.url, "sha256:" + "0" * 64))
    assert "0" * 64 in sentence, "a data set that states another checksum is not believed"


def test_a_broken_connection_is_resumed_at_once(server: Server) -> None:
    server.break_after = 1_000_000
    path = fetch(Remote(server.url, f"sha256:{SHA256}"), said.append)
    assert path.read_bytes() == CONTENT
    kept = 1_000_000 // download.PIECE * download.PIECE
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


def test_a_wrong_sha256_leaves_nothing(server: Server) -> None:
    server.content = CONTENT[:-1] + b"x"
    sentence = refused(Remote(server.url, f"sha256:{SHA256}"))
    assert SHA256 in sentence
    assert hashlib.sha256(server.content).hexdigest() in sentence
    assert "fetch again" in sentence
    assert files() == []
    server.content = CONTENT
    assert fetch(Remote(server.url, f"sha256:{SHA256}"), said.append).read_bytes() == CONTENT


def test_a_truncated_file_does_not_pass(server: Server) -> None:
    server.content = CONTENT[:1000]  # the server itself has no more
    assert "where" in refused(Remote(server.url, f"sha256:{SHA256}"))
    assert files() == []


def test_a_checksum_in_doubt_says_so_and_the_way_it_names_is_open(server: Server) -> None:
    remote = Remote(server.url, "md5:" + "0" * 32, note="nobody confirms that it is an md5.")
    sentence = refused(remote)
    assert f"has md5 {MD5} where {'0' * 32} is expected" in sentence
    assert "(nobody confirms that it is an md5)" in sentence
    assert SHA256 in sentence
    assert files() == ["cells.h5.rejected"], "4 GB are not thrown away for a checksum in doubt"
    kept, path = re.findall(r"move (\S+) to (\S+) and", sentence)[0]
    record = re.findall(r"into (\S+), which", sentence)[0]
    Path(kept).rename(path)
    assert "in doubt" not in refused(remote), "moving alone does not accept it"
    Path(record).write_text(SHA256 + "\n")
    assert fetch(remote, said.append).read_bytes() == CONTENT
    assert len(server.asked) == 1


def test_a_recorded_sha256_does_not_stand_in_for_a_stated_one(server: Server) -> None:
    server.content = b"not what was stated" * 9
    found = hashlib.sha256(server.content).hexdigest()
    downloads_folder().mkdir(parents=True)
    (downloads_folder() / "cells.h5").write_bytes(server.content)
    (downloads_folder() / "cells.h5.sha256").write_text(f"{found}  cells.h5\n")
    sentence = refused(Remote(server.url, f"sha256:{SHA256}"))
    assert SHA256 in sentence
    assert (downloads_folder() / "cells.h5").is_file(), "what the user brought is left alone"


def test_a_file_brought_by_other_means_is_checked_and_used(server: Server) -> None:
    downloads_folder().mkdir(parents=True)
    (downloads_folder() / "cells.h5").write_bytes(CONTENT)
    fetch(Remote(server.url, f"md5:{MD5}"), said.append)
    assert server.asked == []
    other = Remote("http://127.0.0.1:9/elsewhere/cells.h5")
    assert "has the same name" in refused(other)


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
        "import pooch, requests, rich.progress\n"
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


def test_fetches_at_the_same_time_share_one_download(server: Server) -> None:
    server.pause_s = 0.01
    remote = Remote(server.url, f"sha256:{SHA256}")
    found: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: found.append(fetch(remote, said.append).read_bytes()))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [CONTENT] * 3
    assert server.asked == [None]
    assert any(sentence.startswith("Waiting for another download") for sentence in said)


def test_nonsense_is_refused(server: Server) -> None:
    assert "neither sha256" in refused(Remote(server.url, "crc:12"))
    fetch(Remote(server.url), said.append)
    (downloads_folder() / "cells.h5.sha256").write_text("<html>\n")
    assert "holds no sha256" in refused(Remote(server.url))


def test_a_cache_that_cannot_be_made_is_one_sentence(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path / "file" / "cache"))
    assert "OMICSBENCH_CACHE" in refused(Remote(server.url))


def test_a_terminal_shows_a_bar_and_a_file_shows_one_line(server: Server) -> None:
    server.pause_s = 0.02
    code = (
        "from omicsbench.inputs import fetch\nfrom omicsbench.plugin import Remote\n"
        f"fetch.fetch(Remote({server.url!r}, 'sha256:{SHA256}'))\n"
    )
    command = [sys.executable, "-P", "-c", code]
    terminal, end = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(command, stderr=end, env=environment) as child:
        os.close(end)
        shown = b""
        with contextlib.suppress(OSError):  # the end of a terminal is an error on Linux
            while piece := os.read(terminal, 1 << 16):
                shown += piece
    os.close(terminal)
    assert child.returncode == 0
    assert re.search(rb"[12]\.\d/3\.1 MB", shown), "how much has arrived"
    assert b"MB/s" in shown
    local_path(Remote(server.url)).unlink()
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr.splitlines() == [
        f"Downloading {server.url} to {local_path(Remote(server.url))}."
    ]


def test_sizes_are_printed_as_people_read_them() -> None:
    shown = [gigabytes(size) for size in (512, 4_200, 17_129_253, 3_900_000_000)]
    assert shown == ["512 bytes", "4.2 kB", "17.1 MB", "3.9 GB"]
