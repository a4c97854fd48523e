"""What was decided while cells were read and checked, why, and which option changes it.

Decisions are kept with the cells until the data set is described: in one line before the first run,
and whole by ``omicsbench inspect``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anndata import AnnData

_DECISIONS = "omicsbench_decisions"  # key of uns
LEFT_OUT = "left out"  # what such a decision names is in the one line before the first run
_heard: ContextVar[list[Decision] | None] = ContextVar("heard", default=None)


@dataclass(frozen=True)
class Decision:
    """One thing that was decided. Whoever listens (``heard``) is told of it when it is made.

    Attributes
    ----------
    about : what it is about: format, orientation, features, values, label, units, cells;
        ``LEFT_OUT`` for columns, features or cells that are not used.
    decided : what was decided, such as "cells in rows"; of what is left out, its names.
    why : what was seen, such as "7 of 90 row names are barcodes"; empty where nothing was in doubt.
    option : how to have it otherwise, such as "--transpose"; empty where nothing changes it.
    """

    about: str
    decided: str
    why: str = ""
    option: str = ""

    def __post_init__(self) -> None:
        if (listener := _heard.get()) is not None:
            listener.append(self)


@contextmanager
def heard() -> Iterator[list[Decision]]:
    """All decisions that are made within: what had been decided when data are refused."""
    made: list[Decision] = []
    token = _heard.set(made)
    try:
        yield made
    finally:
        _heard.reset(token)


def decide(adata: AnnData, *decisions: Decision) -> None:
    """Keep what was decided with the cells."""
    if decisions:
        adata.uns[_DECISIONS] = [*decisions_of(adata), *decisions]


def forget(adata: AnnData) -> None:
    """Take what was decided away from cells that go to the user: no file could hold it."""
    adata.uns.pop(_DECISIONS, None)


def decisions_of(adata: AnnData) -> list[Decision]:
    """What was decided of ``adata``, in order."""
    return list(adata.uns.get(_DECISIONS, ()))
