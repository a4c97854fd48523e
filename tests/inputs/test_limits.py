"""Downloads that would never end, from a real server: each ends, in one sentence."""

from __future__ import annotations

import gzip
import http.server
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from file_server import CONTENT, SHA256, Server, files, refused, said
from omicsbench.inputs import download, feed
from omicsbench.inputs.answers import total
from omicsbench.inputs.fetch import downloads_folder, fetch
from omicsbench.plugin import Remote

Handler = http.server.BaseHTTPRequestHandler
WHOLE = len(CONTENT)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What takes minutes takes a second; no thread is left of those that waited."""
    monkeypatch.setattr(feed, "SLOW_S", 0.3)
    yield
    end = time.monotonic() + 20
    while any(thread.name == feed.THREAD for thread in threading.enumerate()):
        assert time.monotonic() < end
        time.sleep(0.05)


@dataclass(frozen=True)
class Endless:
    """A body of one piece, again and again: for as long as a test may take, and no longer."""

    piece: bytes
    pause_s: float = 0.0

    def __iter__(self) -> Iterator[bytes]:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            yield self.piece
            time.sleep(self.pause_s)


def answering(code: int, body: bytes | Endless, **headers: str) -> Callable[[Handler], None]:
    """An answer of these headers and this body, until the client has gone."""

    def answer(handler: Handler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        for piece in [body] if isinstance(body, bytes) else body:
            handler.wfile.write(piece)

    return answer


@pytest.mark.parametrize("checked", [True, False])
def test_another_range_than_asked_again_and_again(server: Server, checked: bool) -> None:
    """Between them the server sends the beginning, so that something arrives each time."""

    def answer(handler: Handler) -> None:
        asked = handler.headers["Range"]
        place = {"Content_Range": f"bytes 5-{WHOLE - 1}/{WHOLE}"} if asked else {}
        headers = {"ETag": '"one"', "Content_Length": str(WHOLE), **place}
        answering(206 if asked else 200, CONTENT[: WHOLE // 2], **headers)(handler)

    server.otherwise = answer
    sentence = refused(Remote(server.url, f"sha256:{SHA256}" if checked else None))
    assert len(server.asked) <= 2 * download.TRIES
    assert server.url in sentence


def test_a_part_where_the_whole_was_asked_for(server: Server) -> None:
    server.otherwise = answering(206, b"x" * 9, Content_Range="bytes 0-8/9")
    assert "another part" in refused(Remote(server.url))
    assert len(server.asked) == download.TRIES
    assert files() == []


@pytest.mark.usefixtures("impatient")
def test_a_byte_now_and_then(server: Server) -> None:
    """It comes often enough for a limit between two packets, and brings next to nothing."""
    server.otherwise = answering(200, Endless(b"x", 0.05), Content_Length="1000000")
    assert "less than 64 kB" in refused(Remote(server.url))
    assert len(server.asked) == download.TRIES
    server.otherwise = None
    assert fetch(Remote(server.url), said.append).read_bytes() == CONTENT


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("start", [b"HTTP/1.1 200 OK\r\nX-A: ", b"HTTP/1.1 200 OK\r\n\r\n", b""])
def test_headers_without_end_and_bodies_that_never_begin(server: Server, start: bytes) -> None:
    def answer(handler: Handler) -> None:
        handler.wfile.write(start)
        for _ in range(40):
            time.sleep(0.05)
            handler.wfile.write(b"" if start.endswith(b"\r\n\r\n") or not start else b"a")

    server.otherwise = answer
    sentence = refused(Remote(server.url))
    assert "in 0.3 s" in sentence


@pytest.mark.usefixtures("impatient")
def test_a_line_of_a_chunk_without_end(server: Server) -> None:
    def answer(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;")
        for piece in Endless(b"a", 0.02):
            handler.wfile.write(piece)

    server.otherwise = answer
    assert "less than 64 kB" in refused(Remote(server.url))


def test_a_body_without_length_ends_at_the_ceiling(server: Server) -> None:
    server.otherwise = answering(200, Endless(b"x" * 65_536))
    sentence = refused(Remote(server.url, max_bytes=5_000_000))
    assert "does not say how large it is" in sentence
    assert "5.0 MB" in sentence
    assert files() == [], "what cannot be a file is not kept"
    assert len(server.asked) == 1


def test_a_body_without_length_takes_half_of_the_free_disk(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = download.shutil.disk_usage(downloads_folder().parent.parent)
    monkeypatch.setattr(download.shutil, "disk_usage", lambda path: usage._replace(free=4_000_000))
    server.otherwise = answering(200, Endless(b"x" * 65_536))
    assert "did not end after 2.0 MB" in refused(Remote(server.url))
    server.otherwise = answering(200, CONTENT[:1_900_000])
    assert fetch(Remote(server.url), said.append).stat().st_size == 1_900_000


def test_more_than_is_expected_is_not_begun(server: Server) -> None:
    sentence = refused(Remote(server.url, max_bytes=3_000_000))
    assert "is said to have 3.1 MB, more than the 3.0 MB" in sentence
    server.otherwise = answering(200, b"", Content_Length="1" * 17)
    assert "is said to have 11111111.1 GB" in refused(Remote(server.url))
    assert files() == []


def test_a_gzip_bomb_ends_at_the_ceiling(server: Server) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    server.otherwise = answering(200, bomb, Content_Encoding="gzip", Content_Length=str(len(bomb)))
    assert "did not end after 9.0 MB" in refused(Remote(server.url, max_bytes=9_000_000))
    server.otherwise = answering(200, gzip.compress(CONTENT), Content_Encoding="gzip")
    assert fetch(Remote(server.url), said.append).read_bytes() == CONTENT


def test_a_packing_whose_memory_has_no_bound_is_refused(server: Server) -> None:
    server.otherwise = answering(200, b"", Content_Encoding="gzip, br")
    assert "packs it in a way that was not asked for (gzip, br)" in refused(Remote(server.url))


def test_more_than_a_part_was_announced_to_have(server: Server) -> None:
    downloads_folder().mkdir(parents=True)
    (downloads_folder() / "cells.h5.part").write_bytes(CONTENT[:1000])
    (downloads_folder() / "cells.h5.part.etag").write_text('"one"')

    def answer(handler: Handler) -> None:
        made = answering(206, Endless(b"x" * 65_536), Content_Range=f"bytes 1000-{WHOLE}/{WHOLE}")
        made(handler)

    server.otherwise = answer
    refused(Remote(server.url))
    assert "cells.h5" not in files()


@pytest.mark.parametrize("length", ["-5", "abc", "\xb2", "9" * 5000])
def test_absurd_lengths_are_none(server: Server, length: str) -> None:
    server.otherwise = answering(200, b"hello", Content_Length=length)
    assert fetch(Remote(server.url), said.append).read_bytes() == b"hello"


def test_two_lengths_are_one_sentence(server: Server) -> None:
    server.otherwise = answering(200, b"hello", Content_Length="5, 6")
    assert server.url in refused(Remote(server.url))


def test_a_length_is_digits() -> None:
    assert total(200, {"Content-Length": "12"}) == 12
    assert total(206, {"Content-Range": "bytes 3-11/12"}) == 12
    for text in ("²", "-1", "1e9", "9" * 400, " 7 8"):
        assert total(200, {"Content-Length": text}) is None


@pytest.mark.parametrize("place", ["/cells.h5", "http://[::1", "file:///etc/passwd", "http://.x/"])
def test_redirects_that_lead_nowhere(server: Server, place: str) -> None:
    server.otherwise = answering(302, b"", Location=place, Content_Length="0")
    sentence = refused(Remote(server.url))
    assert server.url in sentence
    assert files() == []
    assert len(server.asked) <= 31, "a circle is not walked again"


def test_a_server_that_closes_at_once(server: Server) -> None:
    server.otherwise = lambda handler: None
    assert "cannot be downloaded" in refused(Remote(server.url))
    assert len(server.asked) == download.TRIES


@pytest.mark.parametrize("headers", [{}, {"Content_Length": "0"}])
def test_nothing_is_no_file(server: Server, headers: dict[str, str]) -> None:
    """A server that closes after its headers says of no length that it is wrong."""
    server.otherwise = answering(200, b"", **headers)
    assert "the server sent an empty file" in refused(Remote(server.url))
    assert files() == []


def test_a_download_that_takes_too_long_is_kept_and_gone_on_with(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "LONGEST_S", 0.4)
    server.pause_s = 0.05
    sentence = refused(Remote(server.url))
    assert "fetch again to go on" in sentence
    assert 0 < (downloads_folder() / "cells.h5.part").stat().st_size < WHOLE
    server.pause_s = 0.0
    assert fetch(Remote(server.url), said.append).read_bytes() == CONTENT
    assert server.asked[1] is not None


def test_pieces_that_come_again_and_again_are_no_progress(server: Server) -> None:
    """Without ranges each try begins anew; it ends though each brings something."""
    lengths = iter([700_000, 200_000, 600_000, 300_000, 650_000, 100_000, 690_000, 50_000])

    def answer(handler: Handler) -> None:
        sent = CONTENT[: next(lengths)]
        answering(200, sent, Content_Length=str(WHOLE))(handler)

    server.otherwise = answer
    assert "IncompleteRead" in refused(Remote(server.url))
    assert len(server.asked) == download.TRIES


def test_words_of_a_server_are_cut_and_shown_as_signs(server: Server) -> None:
    def answer(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 404 \x1b[31mred" + b"x" * 9000 + b"\r\n\r\n")

    server.otherwise = answer
    sentence = refused(Remote(server.url))
    assert "\x1b" not in sentence
    assert len(sentence) < 500
