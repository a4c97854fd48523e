"""A real server on this machine that can misbehave in known ways."""

from __future__ import annotations

import hashlib
import http.server
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from omicsbench.errors import DataError
from omicsbench.inputs.fetch import downloads_folder, fetch
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
    otherwise: Callable[[http.server.BaseHTTPRequestHandler], None] | None = None  # the answer
    asked: list[str | None] = field(default_factory=list)

    def answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        wanted = handler.headers["Range"]
        self.asked.append(wanted)
        if self.otherwise:
            self.otherwise(handler)
            return
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


def refused(remote: Remote) -> str:
    with pytest.raises(DataError) as caught:
        fetch(remote, said.append)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


said: list[str] = []


def files() -> list[str]:
    return sorted(path.name for path in downloads_folder().iterdir())
