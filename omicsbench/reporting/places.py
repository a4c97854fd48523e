"""Where runs stand: the place of a run, its name on the page, and the columns that tell both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

from omicsbench.records.spec import RunRecord
from omicsbench.reporting.matrix import KINDS, data_kinds


class Place(NamedTuple):
    """What runs drawn in one chart share."""

    dataset: str
    task: str
    device: str
    tuning: str

    @classmethod
    def of(cls, record: RunRecord) -> Place:
        s = record.spec
        return cls(s.dataset, s.task, s.device, s.tuned_as)


PLACE = list(Place._fields)
OF_RUN = [*PLACE, "pipeline", "family", "output_dim", "size"]


@dataclass(frozen=True)
class NamedPlace:
    """A place as the page shows it. Places of equal ``ground`` differ in tuning alone."""

    number: int
    place: Place
    name: str  # tells it from the others
    ground: int


def named_places(records: Sequence[RunRecord]) -> list[NamedPlace]:
    """Every place of the runs, those of real omics data first."""
    every = sorted({Place.of(r) for r in records})
    kind_of = data_kinds(records)
    several = [len({getattr(place, name) for place in every}) > 1 for name in ("task", "device")]
    made: list[NamedPlace] = []
    grounds: dict[tuple[str, str, str], int] = {}
    for place in sorted(every, key=lambda p: (KINDS.index(kind_of[p.dataset]), p)):
        told = zip((place.task, place.device), several, strict=True)
        extra = [text for text, differs in told if differs]
        name = " · ".join(filter(None, [place.dataset, *extra, place.tuning]))
        ground = grounds.setdefault(place[:3], len(grounds))
        made.append(NamedPlace(len(made), place, name, ground))
    return made


def of_place(table: pd.DataFrame, place: Place) -> pd.DataFrame:
    """The rows of a table that belong to a place."""
    return table[(table[PLACE] == pd.Series(place._asdict())).all(axis=1)]


def of_run(record: RunRecord) -> dict[str, Any]:
    """The columns that every table of single runs begins with."""
    values = (*Place.of(record), record.spec.pipeline, record.family, record.output_dim)
    return dict(zip(OF_RUN, (*values, record.spec.size), strict=True))
