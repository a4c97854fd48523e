"""What an answer over HTTP says of itself, and what an error of the network comes down to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_SIZE = re.compile(r"[0-9]{1,18}")
_RANGE = re.compile(r"bytes ([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18})")
# Decoders of others hand out more memory at a time than they are asked for.
ENCODINGS = ("", "identity", "gzip", "x-gzip", "deflate")


def gigabytes(size: int) -> str:
    """``3.9 GB``, ``17.1 MB``, ``512 bytes``: decimal units, as download pages state them."""
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size} bytes"


def status(answer: Any) -> str:
    """``404 Not Found``; the words are the server's, who may send any."""
    return f"{answer.status_code} {_shown(str(answer.reason))}"


def _shown(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text[:120]).strip()


def encoding(headers: Mapping[str, str]) -> str:
    """How the body is packed for the journey; we ask for no packing, and servers do it anyway."""
    return headers.get("Content-Encoding", "").strip().lower()


def validator(headers: Mapping[str, str]) -> str:
    """What ``If-Range`` may ask for: a strong ETag, or the date of the last change."""
    etag = headers.get("ETag", "")
    return str(etag if etag.startswith('"') else headers.get("Last-Modified", ""))


def total(status: int, headers: Mapping[str, str]) -> int | None:
    """Bytes of the whole file, None where the server does not say."""
    whole = headers.get("Content-Range", "").rpartition("/")[2]
    if status == 200:
        whole = "" if encoding(headers) else headers.get("Content-Length", "")
    return int(whole) if _SIZE.fullmatch(whole) else None


def first(headers: Mapping[str, str]) -> int | None:
    """Place of the first byte of a part of a file; None unless the range is stated in full."""
    found = _RANGE.fullmatch(headers.get("Content-Range", "").strip())
    return int(found[1]) if found else None


def plain(error: Exception) -> str:
    """The innermost cause of a network error, without the objects around it."""
    inner: Any = error
    while True:
        cause = getattr(inner, "reason", None)
        cause = (
            cause
            if isinstance(cause, Exception)
            else next((part for part in inner.args if isinstance(part, Exception)), None)
        )
        if cause is None:
            break
        inner = cause
    text = str(getattr(inner, "strerror", None) or inner)
    last = text.rpartition(": ")[2].strip(" '\"")
    while last.count(")") > last.count("("):  # closed what was cut off
        last = last[: last.rindex(")")] + last[last.rindex(")") + 1 :]
    return _shown(last.strip(" '\"")) or type(inner).__name__
