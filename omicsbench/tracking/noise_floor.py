"""The noise floor: what a comparison finds where nothing has changed.

The same revision runs a suite several times; every two of these sets of records are compared, by
the rules of any comparison. How many raise an alarm is the false-alarm rate; the largest effect of
each quantity of a pipeline is its floor, below which no change counts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel

from omicsbench.errors import OmicsbenchError, StoreError
from omicsbench.metrics import METRICS
from omicsbench.records import reading
from omicsbench.records.spec import RunRecord
from omicsbench.records.store import write_text
from omicsbench.tracking.compare import Alarm, Comparison, Noise, Strictness, compare_records

NOISE_FILE = "noise.json"
FEWEST = 4  # sets of runs
LARGEST_FLOOR = 1e12  # of a share of costs, or of a score without bounds


@dataclass(frozen=True)
class Calibration:
    """What A/A comparisons found. ``floors``: by pipeline and quantity, in the effect's unit.

    ``alarms`` of ``comparisons`` would have failed by the suite's tolerances alone, and
    ``alarms_held_out`` with floors from those sets that are on neither side. ``warnings`` are
    comparisons that warned (times on a like machine), by the tolerances alone. ``file`` is where
    the floors were written, if anywhere.
    """

    sets: int
    comparisons: int
    alarms: int
    alarms_held_out: int
    warnings: int
    causes: Mapping[str, int]
    floors: Noise
    file: Path | None = None

    @property
    def rate(self) -> float:
        """Share of comparisons with a false alarm, floors held out."""
        return self.alarms_held_out / self.comparisons


def enough(sets: int) -> None:
    """Raises OmicsbenchError below four: floors for a pair come from the others, at least two."""
    if sets < FEWEST:
        raise OmicsbenchError(f"{sets} sets of runs tell no noise floor; take {FEWEST} or more.")


def calibration(
    sets: Sequence[Sequence[RunRecord]], strictness: Strictness | None = None
) -> Calibration:
    """Compare every two of several sets of records of one revision. Raises as `enough`."""
    enough(len(sets))
    strictness = strictness or Strictness()
    bare = Strictness(strictness.tolerances, {}, strictness.interleaved)
    found = {
        (i, j): compare_records(sets[i], sets[j], strictness=bare)
        for i, j in combinations(range(len(sets)), 2)
    }
    alarms = held_out = warnings = 0
    causes: dict[str, int] = {}
    for (i, j), pair in found.items():
        alarms += pair.alarm is not Alarm.NONE
        warnings += bool(pair.warnings)
        others = [c for pair_of, c in found.items() if not {i, j} & set(pair_of)]
        floored = Strictness(strictness.tolerances, floors(others), strictness.interleaved)
        strict = compare_records(sets[i], sets[j], strictness=floored)
        held_out += strict.alarm is not Alarm.NONE
        for change in (*pair.regressions, *pair.warnings):
            cause = f"{change.pipeline}: {change.quantity}"
            causes[cause] = causes.get(cause, 0) + 1
    return Calibration(
        len(sets), len(found), alarms, held_out, warnings, causes, floors(list(found.values()))
    )


def floors(comparisons: Sequence[Comparison]) -> dict[str, dict[str, float]]:
    """Largest effect, either way, of each quantity of a pipeline: a difference, or a share."""
    largest: dict[str, dict[str, float]] = {}
    for comparison in comparisons:
        for change in comparison.changes:
            if change.state == "not comparable":
                continue
            effect = abs(change.effect)
            if change.relative:
                effect = max(effect, 1 / effect) - 1
            of = largest.setdefault(change.pipeline, {})
            of[change.quantity] = max(of.get(change.quantity, 0.0), effect)
    return largest


def write_noise(found: Calibration, path: Path) -> Calibration:
    """Write the file that a comparison reads; returns the calibration with its ``file``."""
    content = {
        "sets": found.sets,
        "comparisons": found.comparisons,
        "alarms": found.alarms,
        "alarms_held_out": found.alarms_held_out,
        "warnings": found.warnings,
        "floors": {
            pipeline: {name: float(f"{value:.4g}") for name, value in sorted(of.items()) if value}
            for pipeline, of in sorted(found.floors.items())
        },
    }
    write_text(path, json.dumps(content, indent=1) + "\n")
    return replace(found, file=path)


def read_noise(path: Path) -> Noise:
    """Floors by pipeline and quantity. Raises StoreError if it is no such file."""
    try:
        return reading.typed(_NoiseFile, path, _damaged).floors
    except FileNotFoundError as error:
        raise StoreError(f"There is no noise floor {path}; calibrate, or name another.") from error


def _damaged(path: Path, problem: str) -> StoreError:
    return StoreError(
        f"{path} is not what `omicsbench calibrate` writes ({problem}); calibrate again, or name "
        "another file with --noise."
    )


def _plausible(floors: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """Raises ValueError for a floor that no calibration finds: it would silence every alarm."""
    for pipeline, of in floors.items():
        for quantity, value in of.items():
            low, high = METRICS[quantity].range if quantity in METRICS else (None, None)
            bounded = low is not None and high is not None
            largest = high - low if bounded else LARGEST_FLOOR  # type: ignore[operator]
            if not 0 <= value <= largest:
                raise ValueError(
                    f"{quantity} of {pipeline} is {value:g}, not between 0 and {largest:g}"
                )
    return floors


class _NoiseFile(BaseModel):
    """As far as a comparison reads it."""

    floors: Annotated[dict[str, dict[str, float]], AfterValidator(_plausible)]
