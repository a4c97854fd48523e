"""One method that goes beyond what is its own, in another way at each number of rows."""

import gc
import os

import numpy as np

from omicsbench.errors import StoreError
from omicsbench.plugin import method
from omicsbench.processes.channel import Channel


def leaves():
    raise SystemExit(0)


def interrupts():
    raise KeyboardInterrupt


def says_the_disk_is_full():
    raise StoreError("Cannot write results: the disk is full.")


def names_an_undecodable_file():
    raise ValueError(f"no such file: {os.fsdecode(bytes([255]))}\0")


def falls_deep():
    falls_deep()


def comes_back_twice():
    os.fork()


def ends_as_if_it_could_not_store():
    os._exit(74)


def forges():
    """Sends a record of its own under a key that leads out of the folder."""
    (channel,) = [one for one in gc.get_objects() if type(one) is Channel]
    spec = {"pipeline": "forged"}
    channel.reply("record", record={"key": "../../forged", "spec": spec, "status": "ok"})


WAYS = (
    leaves,
    interrupts,
    says_the_disk_is_full,
    names_an_undecodable_file,
    falls_deep,
    comes_back_twice,
    ends_as_if_it_could_not_store,
    forges,
)


@method(name="intruder", family="simple", summary="Misbehaves.", source="tests")
class Intruder:
    """First columns of X."""

    def __init__(self, n_components: int | None = None) -> None:
        self.n_components = n_components

    def fit(self, X):
        self.fit_info_ = {"file": os.fsdecode(bytes([255])), "loss": np.inf}
        if 100 <= len(X) < 100 + len(WAYS):
            WAYS[len(X) - 100]()
        return self

    def transform(self, X):
        return np.asarray(X[:, : self.n_components], dtype=np.float32)
