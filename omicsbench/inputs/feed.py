"""The answer of a server as it arrives, which nobody waits for longer than is told."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

from omicsbench.inputs.answers import plain

TIMEOUT_S = (15.0, 60.0)  # to connect, and between two packets
SLOW_S = 60.0  # in which the answer must begin, redirects included, and then each piece arrive
THREAD = "omicsbench-download"
PIECE = 1 << 16  # bytes that are lost at most when a connection breaks


class Broken(Exception):
    """A try that failed in a way that the next may not."""


class Hopeless(Exception):
    """The address, or one that it redirects to, leads nowhere."""


class Feed:
    """One request, made in a thread of its own: a read may hang in a header or in a line of a body.

    A thread that is left has its connection shut down under it; one that has no answer yet waits
    for its server, at most until the program ends.
    """

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self._arrived: queue.Queue[Any] = queue.Queue(maxsize=8)
        self._left = threading.Event()
        self._answer: Any = None
        threading.Thread(target=self._read, args=(url, headers), name=THREAD, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._left.set()
        # AttributeError: no answer yet, or a urllib3 before 2.3; the others: it has ended.
        with contextlib.suppress(AttributeError, ValueError, RuntimeError, OSError):
            self._answer.raw.shutdown()

    def answer(self) -> Any:
        """Status and headers. Raises Broken or Hopeless."""
        self._answer = self._take("no answer")
        return self._answer

    def pieces(self) -> Iterator[bytes]:
        """The body, after the answer. Raises as that does."""
        while (piece := self._take(f"less than {PIECE // 1024} kB")) is not None:
            yield piece

    def _take(self, got: str) -> Any:
        try:
            item = self._arrived.get(timeout=SLOW_S)
        except queue.Empty:
            raise Broken(f"the server sent {got} in {SLOW_S:g} s") from None
        if isinstance(item, Exception):
            raise item
        return item

    def _read(self, url: str, headers: dict[str, str]) -> None:
        import requests

        with contextlib.suppress(_Left):
            try:
                with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as answer:
                    self._hand(answer)
                    for piece in answer.iter_content(PIECE):
                        self._hand(piece)
                self._hand(None)
            except (requests.TooManyRedirects, ValueError) as error:  # no address of a file
                self._hand(Hopeless(plain(error)))
            except Exception as error:
                self._hand(Broken(plain(error)))

    def _hand(self, item: Any) -> None:
        while not self._left.is_set():
            with contextlib.suppress(queue.Full):
                self._arrived.put(item, timeout=1.0)
                return
        raise _Left


class _Left(BaseException):
    """Nobody takes any more: the thread ends, and closes its connection."""
