"""Reading ahead gives what reading gives, makes one item too early at most, and stops when told."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omicsbench.prepare.ahead import ahead


@given(st.lists(st.one_of(st.none(), st.integers(), st.just(()))))
def test_the_items_are_the_same(items: list[object]) -> None:
    assert list(ahead(items)) == items


def noted(made: list[int]) -> Iterator[int]:
    """A hundred numbers, each noted when it is made."""
    for i in range(100):
        made.append(i)
        yield i


def test_one_item_at_most_is_made_too_early() -> None:
    made: list[int] = []
    for i in ahead(noted(made)):
        assert i in made
        assert len(made) <= i + 2


def test_an_item_is_made_while_the_last_is_used() -> None:
    second = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        second.set()
        yield 2

    for i in ahead(items()):
        assert i == 2 or second.wait(30)


def test_what_goes_wrong_is_raised_in_its_place() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("the second block is damaged")

    found = ahead(items())
    assert next(found) == 1
    with pytest.raises(ValueError, match="second block"):
        next(found)


def test_who_stops_early_leaves_no_thread_and_makes_no_more() -> None:
    made: list[int] = []
    before = threading.active_count()
    found = ahead(noted(made))
    next(found)
    found.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before
    assert len(made) <= 2
