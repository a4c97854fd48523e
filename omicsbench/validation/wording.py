"""Numbers of things in words."""

from __future__ import annotations


def many(count: int, one: str, more: str | None = None) -> str:
    """``1 cell``, ``1,200 cells``; ``more`` is the plural where it is no s."""
    return f"1 {one}" if count == 1 else f"{count:,} {more or one + 's'}"
