"""Messages between the driver and a process that it started: framed, checked and bounded.

A method shares the descriptors of its process, and whatever it forks shares them too. So each
message says who sent it and which request it answers, and carries a hash of all that, keyed with a
token of this one process: what anything else writes into the pipe is noticed and never believed.
Content is JSON and small; arrays travel as files, of which a message names the path.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import struct
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic_core import from_json

MARK = b"omb1"
HEAD = struct.Struct("!4sIQI16s")  # mark, pid of the sender, request, bytes of content, hash
LARGEST = 64 << 20  # bytes of one message
TOKEN_BYTES = 16

Content = dict[str, Any]


class Garbled(Exception):
    """What came through the pipe is not a message of the process that was asked."""


def packed(token: bytes, pid: int, request: int, content: Mapping[str, Any]) -> bytes:
    """One message. Raises ValueError or TypeError for content that cannot be stored as JSON."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
    if len(text) > LARGEST:
        raise ValueError(f"a message of {len(text)} bytes is too large")
    return HEAD.pack(MARK, pid, request, len(text), _hash(token, pid, request, text)) + text


def _hash(token: bytes, pid: int, request: int, text: bytes) -> bytes:
    start = struct.pack("!IQI", pid, request, len(text))
    return hashlib.blake2b(start + text, key=token, digest_size=16).digest()


class Incoming:
    """The bytes that a process has sent, and the messages in them."""

    def __init__(self, token: bytes, pid: int) -> None:
        """Of the process ``pid``, which was given ``token``."""
        self._token = token
        self._pid = pid
        self._buffer = bytearray()

    def feed(self, chunk: bytes) -> None:
        self._buffer += chunk

    def message(self, request: int) -> Content | None:
        """The next message, which answers this request; None until it is whole.

        Raises Garbled for anything else.
        """
        if bytes(self._buffer[: len(MARK)]) != MARK[: len(self._buffer)]:
            raise Garbled
        if len(self._buffer) < HEAD.size:
            return None
        _, pid, of, length, stated = HEAD.unpack_from(self._buffer)
        if length > LARGEST or (pid, of) != (self._pid, request):
            raise Garbled
        end = HEAD.size + length
        if len(self._buffer) < end:
            return None
        text = bytes(self._buffer[HEAD.size : end])
        del self._buffer[:end]
        if not hmac.compare_digest(stated, _hash(self._token, pid, of, text)):
            raise Garbled
        return _content(text)


def _content(text: bytes) -> Content:
    try:
        content = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise Garbled from error
    if not isinstance(content, dict):
        raise Garbled
    return content


class Channel:
    """The child's end: requests come in one at a time, and each gets one or more replies."""

    def __init__(self, fd_in: int, fd_out: int, token: bytes, driver: int) -> None:
        """``driver`` is the pid of the process whose requests are heard."""
        self._in, self._out, self._token = fd_in, fd_out, token
        self._pid = os.getpid()
        self._driver = driver
        self.request = 0  # that is being answered; 0 before the first

    def requests(self) -> Iterator[Content]:
        """What is asked, until the pipe closes. Raises Garbled if a method wrote into it."""
        while head := self._exactly(HEAD.size):
            mark, pid, request, length, stated = HEAD.unpack(head)
            if mark != MARK or pid != self._driver or length > LARGEST:
                raise Garbled
            text = self._exactly(length)
            if not hmac.compare_digest(stated, _hash(self._token, pid, request, text)):
                raise Garbled
            self.request = request
            yield _content(text)

    def reply(self, event: str, **content: Any) -> None:
        """Send one message. Raises ValueError or TypeError if it cannot be stored as JSON.

        A process that a method forked and that came back from the method ends here.
        """
        self.end_if_forked()
        message = packed(self._token, self._pid, self.request, {"event": event, **content})
        while message:
            message = message[os.write(self._out, message) :]

    def end_if_forked(self) -> None:
        """End this process if it is not the one that was started."""
        if os.getpid() != self._pid:
            os._exit(0)

    def _exactly(self, size: int) -> bytes:
        """So many bytes; none if the pipe closed. Never more: they would be lost at an exec."""
        found = b""
        while len(found) < size:
            chunk = os.read(self._in, size - len(found))
            if not chunk:
                return b""
            found += chunk
        return found
