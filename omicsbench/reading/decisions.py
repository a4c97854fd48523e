"""What was decided while cells were read and checked, why, and which option changes it.

Decisions are kept with the cells until the data set is described: in one line before the first run,
and whole by ``omicsbench inspect``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anndata import AnnData

_DECISIONS = "omicsbench_decisions"  # key of uns
LEFT_OUT = "left out"  # what such a decision names is in the one line before the first run


@dataclass(frozen=True)
class Decision:
    """One thing that was decided.

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
