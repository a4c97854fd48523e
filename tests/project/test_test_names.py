"""Names of tests: processes that share tests out refuse to start where theirs differ."""

from __future__ import annotations

import gzip

import pytest


@pytest.mark.parametrize("content", [gzip.compress(b"<html>"), b"", bytes(2)])
def test_bytes_are_named_by_their_argument(content: bytes, request: pytest.FixtureRequest) -> None:
    """A packed file holds the second at which it was packed."""
    place = [gzip.compress(b"<html>")[:2], b"", bytes(2)].index(content[:2])
    assert request.node.name == f"test_bytes_are_named_by_their_argument[content{place}]"
