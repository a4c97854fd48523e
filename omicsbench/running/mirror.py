"""A suite whose records go to an address while it runs, from a thread beside it.

What cannot be put is told and put later, at the end at the latest: a network that is down
stops no run.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from omicsbench.errors import StoreError
from omicsbench.planning.plan import Planned
from omicsbench.records import remote
from omicsbench.records.address import Address, AddressError
from omicsbench.records.spec import RunRecord, RunSpec
from omicsbench.running.runner import Observer, ToldOfBegins

AGAIN_S = 60.0  # after an address could not be reached, until it is tried again


class Mirror:
    """Observer of a suite that tells another one, and puts each record to an address.

    ``problem`` is why not all is there at the end, in one sentence; empty if all is.
    """

    def __init__(
        self, folder: Path, address: Address, inner: Observer | None, tell: Callable[[str], None]
    ) -> None:
        self.problem = ""
        self._folder, self._address = folder, address
        self._inner, self._tell = inner, tell
        self._waiting: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._putting = threading.Thread(target=self._put_all, daemon=True)
        self._putting.start()

    def dataset(self, name: str, share: float) -> None:
        if self._inner:
            self._inner.dataset(name, share)

    def start(self, todo: Sequence[Planned], done: int) -> None:
        if self._inner:
            self._inner.start(todo, done)
        self._waiting.put(lambda: remote.put_plan(self._folder, self._address))

    def begin(self, spec: RunSpec) -> None:
        if isinstance(self._inner, ToldOfBegins):
            self._inner.begin(spec)

    def record(self, record: RunRecord) -> None:
        if self._inner:
            self._inner.record(record)
        self._waiting.put(lambda: remote.put_record(self._address, record, self._folder))

    def close(self) -> None:
        """Put what is not there yet, pictures too."""
        self._waiting.put(None)
        self._putting.join()
        try:
            remote.push(self._folder, str(self._address))
        except StoreError as error:
            self.problem = (
                f"{error} What is missing there is kept in {self._folder}: `omicsbench push "
                f"{self._folder} {self._address}` puts it."
            )

    def _put_all(self) -> None:
        silent_until = 0.0
        while put := self._waiting.get():
            if time.monotonic() < silent_until:
                continue  # it is put at the end
            try:
                put()
            except AddressError as error:
                silent_until = time.monotonic() + AGAIN_S
                self._tell(f"{error} The run goes on; what is not put now is put at its end.")
            except StoreError as error:
                self._tell(str(error))


@contextmanager
def mirrored(
    address: str | None, folder: Path, inner: Observer | None, tell: Callable[[str], None]
) -> Iterator[Mirror | None]:
    """What is at the address is fetched first; then each record is put there. None: no address.

    Raises StoreError, before anything is run, where the address cannot be used.
    """
    if address is None:
        yield None
        return
    place = Address(address)
    remote.label(place)
    if came := remote.fetch_records(place, folder):
        tell(f"{came} records came from {place}.")
    mirror = Mirror(folder, place, inner, tell)
    try:
        yield mirror
    finally:
        mirror.close()
        if mirror.problem:
            tell(mirror.problem)
