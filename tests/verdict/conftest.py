"""What all tests of verdicts share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from headlines import counted


@pytest.fixture(scope="session", autouse=True)
def _headline() -> Iterator[None]:
    """A headline of many metrics."""
    with counted():
        yield
