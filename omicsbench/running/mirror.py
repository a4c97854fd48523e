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
from omicsbench.records import reading, remote, store
from omicsbench.records.address import Address, AddressError
from omicsbench.records.planned import PLAN_FILE
from omicsbench.records.spec import RunRecord, RunSpec
from omicsbench.running.runner import Interrupted, Observer, ToldOfBegins

AGAIN_S = 60.0  # after an address could not be reached, until it is tried again
HURRY_S = 5.0  # that what waits is still put after the user stopped the suite


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
        self._refused = self._behind = False
        self._silent_until = 0.0
        self._waiting: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._putting = threading.Thread(target=self._put_all, daemon=True)
        self._putting.start()

    def dataset(self, name: str, share: float) -> None:
        if self._inner:
            self._inner.dataset(name, share)

    def start(self, todo: Sequence[Planned], done: int) -> None:
        if self._inner:
            self._inner.start(todo, done)
        try:
            remote.put_plan(self._folder, self._address)
        except AddressError as error:
            self._wait_after(error)
        except StoreError:
            self._refused = True
            raise

    def begin(self, spec: RunSpec) -> None:
        if isinstance(self._inner, ToldOfBegins):
            self._inner.begin(spec)

    def record(self, record: RunRecord) -> None:
        if self._inner:
            self._inner.record(record)
        self._waiting.put(lambda: remote.put_run(self._address, record, self._folder))

    def close(self, hurried: bool = False) -> None:
        """Put what is not there yet, pictures too; ``hurried``, what waits, for some seconds."""
        self._waiting.put(None)
        self._putting.join(HURRY_S if hurried else None)
        if self._refused or not self._holds_any():
            return
        push = f"`omicsbench push {self._folder} {self._address}` puts it."
        kept = f"What is missing there is kept in {self._folder}: {push}"
        if hurried:
            if self._behind or self._putting.is_alive():
                self.problem = f"Not all is at {self._address}. {kept}"
            return
        try:
            damaged = remote.push(self._folder, str(self._address)).damaged
            self.problem = remote.unread(self._folder, damaged) if damaged else ""
        except AddressError as error:
            self.problem = f"{error} {kept}"
        except StoreError as error:  # which no other push mends
            self.problem = str(error)
        except Exception as error:
            self.problem = f"Not all is at {self._address} ({_named(error)}). {kept}"

    def _holds_any(self) -> bool:
        return store.holds_records(self._folder) or reading.is_file(self._folder / PLAN_FILE)

    def _wait_after(self, error: Exception) -> None:
        self._behind = True
        self._silent_until = time.monotonic() + AGAIN_S
        self._tell(f"{error} The run goes on; what is not put now is put at its end.")

    def _put_all(self) -> None:
        while put := self._waiting.get():
            if time.monotonic() < self._silent_until:
                continue  # it is put at the end
            try:
                put()
            except AddressError as error:
                self._wait_after(error)
            except StoreError as error:
                self._tell(str(error))
            except Exception as error:  # whatever it is, it stops neither the run nor this thread
                self._wait_after(StoreError(f"Cannot put to {self._address} ({_named(error)})."))


def _named(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


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
    came, contradictions = remote.fetch_records(place, folder)
    if came:
        tell(f"{came} records came from {place}.")
    for told in contradictions:
        tell(f"{told} Both stay where they are, and the run goes on.")
    mirror = Mirror(folder, place, inner, tell)
    hurried = False
    try:
        yield mirror
    except (Interrupted, KeyboardInterrupt):
        hurried = True
        raise
    finally:
        mirror.close(hurried)
        if mirror.problem:
            tell(mirror.problem)
