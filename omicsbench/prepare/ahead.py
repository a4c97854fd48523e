"""Reading ahead: the next block is made while this one is worked on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from queue import SimpleQueue
from threading import Thread
from typing import TypeVar

Item = TypeVar("Item")


def ahead(items: Iterable[Item]) -> Iterator[Item]:
    """The same items in the same order, each made by a thread of its own while the last is used.

    One item at most is made too early. What making one raises is raised where it would have been
    had; who stops early waits for the item that is being made, and no more are. A stop may be
    raised at any moment: the queues hold no lock of Python's that it could leave closed.
    """
    asked: SimpleQueue[bool] = SimpleQueue()
    made: SimpleQueue[tuple[tuple[Item, ...], BaseException | None]] = SimpleQueue()

    def make() -> None:
        source: Iterator[Item] | None = None
        while asked.get():
            try:
                source = iter(items) if source is None else source
                made.put(((next(source),), None))
            except StopIteration:
                made.put(((), None))
            except BaseException as error:  # it belongs to whoever waits for the item
                made.put(((), error))

    thread = Thread(target=make, name="reading ahead", daemon=True)
    thread.start()
    try:
        asked.put(True)
        while True:
            found, error = made.get()
            if error is not None:
                raise error
            if not found:
                return
            asked.put(True)
            yield found[0]
    finally:
        asked.put(False)
        thread.join()
