"""Messages between driver and worker: what is not one, whole and asked for, is never believed."""

from __future__ import annotations

import contextlib
import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omicsbench.processes import channel
from omicsbench.processes.channel import HEAD, MARK, Channel, Garbled, Incoming, packed

TOKEN = b"0123456789abcdef"
PID = 4711
SENT = packed(TOKEN, PID, 3, {"event": "record", "text": "ä" * 20})


def _heard(*chunks: bytes, request: int = 3) -> Any:
    incoming = Incoming(TOKEN, PID)
    for chunk in chunks:
        incoming.feed(chunk)
    return incoming.message(request)


def test_a_message_is_heard_once_it_is_whole_however_it_is_cut() -> None:
    incoming = Incoming(TOKEN, PID)
    for byte in SENT[:-1]:
        incoming.feed(bytes([byte]))
        assert incoming.message(3) is None
    incoming.feed(SENT[-1:] + packed(TOKEN, PID, 3, {"event": "next"})[:5])
    assert incoming.message(3) == {"event": "record", "text": "ä" * 20}
    assert incoming.message(3) is None


@given(st.integers(0, len(SENT) - 1), st.integers(1, 255))
def test_a_changed_byte_is_noticed(place: int, change: int) -> None:
    damaged = SENT[:place] + bytes([SENT[place] ^ change]) + SENT[place + 1 :]
    with contextlib.suppress(Garbled):
        assert _heard(damaged, SENT) is None, "a length may have grown: more is waited for"


@given(st.binary(min_size=1, max_size=60))
def test_stray_bytes_are_noticed(stray: bytes) -> None:
    with pytest.raises(Garbled):
        _heard(stray, SENT, SENT)


@pytest.mark.parametrize(
    "sent",
    [
        packed(b"another token...", PID, 3, {}),
        packed(TOKEN, PID + 1, 3, {}),  # a process that the method forked
        packed(TOKEN, PID, 2, {}),  # the answer to an earlier request, again
        HEAD.pack(b"omb1", PID, 3, 2**31, b"0" * 16),
    ],
)
def test_a_message_of_another_or_to_another_question_is_not_believed(sent: bytes) -> None:
    with pytest.raises(Garbled):
        _heard(sent)


@pytest.mark.parametrize("content", [{"x": "\ud800"}, {"x": float("nan")}, {"x": object()}])
def test_what_cannot_be_stored_is_not_sent(content: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        packed(TOKEN, PID, 3, content)


def test_requests_are_heard_one_by_one_and_answered_by_their_number() -> None:
    request_read, request_write = os.pipe()
    reply_read, reply_write = os.pipe()
    channel = Channel(request_read, reply_write, TOKEN, PID)
    os.write(request_write, SENT + packed(TOKEN, PID, 4, {"n": 4}))
    os.close(request_write)
    incoming = Incoming(TOKEN, os.getpid())
    for number, content in zip((3, 4), channel.requests(), strict=True):
        channel.reply("done", seen=len(content))
        incoming.feed(os.read(reply_read, 1000))
        assert incoming.message(number) == {"event": "done", "seen": len(content)}
    for fd in (request_read, reply_read, reply_write):
        os.close(fd)


def _sent(text: bytes, pid: int = PID, request: int = 3, mark: bytes = MARK) -> bytes:
    """A message of any text, rightly signed."""
    signed = channel._hash(TOKEN, pid, request, text)
    return HEAD.pack(mark, pid, request, len(text), signed) + text


def _asked(*sent: bytes) -> list[Any]:
    """What the child's end hears of bytes, until the pipe closes."""
    read, write = os.pipe()
    os.write(write, b"".join(sent))
    os.close(write)
    try:
        return list(Channel(read, -1, TOKEN, PID).requests())
    finally:
        os.close(read)


@pytest.mark.parametrize("text", [b'{"x": NaN}', b"[]", b"3", b"{"])
def test_signed_content_that_is_no_message_is_not_believed_either(text: bytes) -> None:
    with pytest.raises(Garbled):
        _heard(_sent(text))
    with pytest.raises(Garbled):
        _asked(_sent(text))


def test_the_child_hears_its_driver_alone() -> None:
    good = _sent(b"{}")
    assert _asked(good, good) == [{}, {}]
    assert _asked(good, good[:10]) == [{}], "a request that was cut off is none"
    with pytest.raises(Garbled):
        _asked(good, good[:-1])
    damaged = good[:-1] + b"]"
    for other in (
        _sent(b"{}", pid=PID + 1),
        _sent(b"{}", mark=b"omb0"),
        damaged,
        HEAD.pack(MARK, PID, 3, 2**31, b"0" * 16),
    ):
        with pytest.raises(Garbled):
            _asked(good, other)


def test_messages_may_be_as_large_as_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    text = b'{"x": "' + b"y" * 100 + b'"}'
    monkeypatch.setattr(channel, "LARGEST", len(text))
    assert _heard(_sent(text)) == {"x": "y" * 100}
    assert _asked(_sent(text)) == [{"x": "y" * 100}]
    assert packed(TOKEN, PID, 3, {"x": "y" * 100}).endswith(text)
    monkeypatch.setattr(channel, "LARGEST", len(text) - 1)
    for hear in (_heard, _asked):
        with pytest.raises(Garbled):
            hear(_sent(text))
    with pytest.raises(ValueError, match=f"^a message of {len(text)} bytes is too large$"):
        packed(TOKEN, PID, 3, {"x": "y" * 100})


def test_before_the_first_request_replies_answer_none() -> None:
    read, write = os.pipe()
    Channel(-1, write, TOKEN, PID).reply("ready", n=1)
    incoming = Incoming(TOKEN, os.getpid())
    incoming.feed(os.read(read, 1_000))
    assert incoming.message(0) == {"event": "ready", "n": 1}
    for fd in (read, write):
        os.close(fd)
