"""Change points of a series of measurements: where it stepped, and whether it drifted.

Noisy series are cut by the exact optimal partition under a quadratic cost (PELT, Killick, Fearnhead
and Eckley 2012, doi:10.1080/01621459.2012.737745) as ruptures implements it; every cut must then
pass a t-test of its two sides. Series that repeat themselves to within a fraction of the tolerance,
as scores at fixed seeds do, have no noise to test against: there a cut is a move beyond it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from omicsbench.errors import OmicsbenchError

Floats = NDArray[np.float64]
LEVEL = 0.01  # of false alarms, of one series: each of its tests
SHORTEST = 3  # points of the last segment of a noisy series
LASTING = 5  # points of its other segments: a few bad hours that passed are no change
QUIET = 0.1  # noise below this part of the tolerance counts as none
CORRELATED = 0.3  # neighbours of a noisy series, at least
SPREAD = 1.4826  # median absolute deviation to standard deviation, of a normal distribution


@dataclass(frozen=True)
class Shift:
    """A change between two points of a series.

    A ``step`` lies between two neighbours. A ``drift`` is the difference of the last segment to the
    first, or to the best, which several steps or a slow move made up.
    """

    kind: Literal["step", "drift"]
    before: int  # last point that is surely before it
    after: int  # first point that is surely after it
    size: float  # after minus before, in the units of the series
    low: float  # 95 % interval of it
    high: float
    p: float  # of no change, corrected for the search in this series


def changes(values: Sequence[float], tolerance: float, *, best: int = -1) -> list[Shift]:
    """Changes of a series that are both significant and larger than ``tolerance``.

    Parameters
    ----------
    values : (n,), finite and in order; logarithms where noise is in proportion.
    tolerance : > 0, in the units of ``values``: smaller changes are of no interest.
    best : -1 if low values are good, 1 if high ones are: with which segment, beside the first,
        the last one is compared.

    Raises OmicsbenchError if ruptures is not installed.
    """
    y = np.asarray(values, dtype=float)
    if y.size < 2:
        return []
    noise = _noise(y)
    if noise <= QUIET * tolerance:
        cuts = _quiet_cuts(y, tolerance, noise)
        tests = _Tests(y, cuts, noise)
    elif y.size >= 2 * SHORTEST:
        y = _clipped(y, noise)
        cuts = _noisy_cuts(y, _noise(y))
        tests = _Tests(y, cuts, None)
    else:
        return []
    steps = [
        tests.change("step", i, i + 1)
        for i in range(len(cuts))
        if abs(tests.means[i + 1] - tests.means[i]) > tolerance
    ]
    drift = _drift(y, cuts, tests, tolerance, best)
    # One step that is as large as the drift tells of it already.
    told = len(steps) == 1 and drift and drift.size * steps[0].size > 0 and len(cuts) == 1
    return steps + ([drift] if drift and not told else [])


def _noise(y: Floats) -> float:
    """Standard deviation of a point, from first differences: steps and drift hardly enter."""
    moves = np.diff(y)
    return float(SPREAD * np.median(np.abs(moves)) / np.sqrt(2))


def _clipped(y: Floats, noise: float) -> Floats:
    """Outliers drawn in to three standard deviations of the median of five neighbours."""
    padded = np.pad(y, 2, constant_values=np.nan)
    around = np.nanmedian(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1)
    return np.clip(y, around - 3 * noise, around + 3 * noise)


def _quiet_cuts(y: Floats, tolerance: float, noise: float) -> list[int]:
    """First points of new segments: each move away from the segment's first values.

    A lone point that came back is no change; the last point may be the first of one.
    """
    least = max(5 * noise, QUIET * tolerance)
    cuts, start = [], 0
    for i in range(1, y.size):
        level = np.median(y[start:i])
        back = i + 1 < y.size and abs(y[i + 1] - level) <= least
        if abs(y[i] - level) > least and not back:
            cuts.append(i)
            start = i
    return cuts


def _noisy_cuts(y: Floats, noise: float) -> list[int]:
    """First points of new segments, each of which differs from the one before."""
    try:
        import ruptures
    except ImportError as error:
        raise OmicsbenchError(
            "Change points need ruptures: pip install 'omicsbench[track]'."
        ) from error
    # The linear kernel is the quadratic cost, in C: a hundred times as fast as Pelt(model="l2").
    search = ruptures.KernelCPD(kernel="linear", min_size=SHORTEST).fit(y[:, None])
    cuts = [int(cut) for cut in search.predict(pen=2 * noise**2 * np.log(y.size))[:-1]]
    while cuts:  # the least certain goes first; its neighbours are then tested anew
        p = _Tests(y, cuts, None).neighbours()
        lengths = np.diff([0, *cuts])
        shortest = int(np.argmin(lengths))
        worst = int(np.argmax(p))
        if lengths[shortest] < LASTING:
            both = [i for i in (shortest - 1, shortest) if i >= 0]
            worst = max(both, key=lambda i: p[i])
        elif p[worst] <= LEVEL:
            break
        del cuts[worst]
    return cuts


class _Tests:
    """Differences between the segments of a series, and their tests with a common variance."""

    def __init__(self, y: Floats, cuts: Sequence[int], noise: float | None) -> None:
        self.ends = list(pairwise([0, *cuts, y.size]))
        parts = [y[a:b] for a, b in self.ends]
        self.means = [float(part.mean()) for part in parts]
        self.places = y.size
        self.free = y.size - len(parts)
        squares = sum(float(((part - part.mean()) ** 2).sum()) for part in parts)
        # A median knows little of the noise of a short series: no less than what is seen.
        self.sd = noise if noise is not None else (squares / max(self.free, 1)) ** 0.5
        self.quiet = noise is not None
        if not self.quiet and self.free > 0:
            self.sd *= _inflation(parts)

    def change(
        self, kind: Literal["step", "drift"], i: int, j: int, searched: int | None = None
    ) -> Shift:
        """Of segment ``j`` against segment ``i``, found among ``searched`` places (all)."""
        size = self.means[j] - self.means[i]
        a, b = (self.ends[k][1] - self.ends[k][0] for k in (i, j))
        error = self.sd * (1 / a + 1 / b) ** 0.5
        half, p = 1.96 * error, 0.0
        if not self.quiet:
            half = float(stdtrit(self.free, 0.975)) * error
            places = self.places if searched is None else searched
            p = min(1.0, places * 2 * float(stdtr(self.free, -abs(size) / error)))
        return Shift(kind, self.ends[i][1] - 1, self.ends[j][0], size, size - half, size + half, p)

    def neighbours(self) -> list[float]:
        return [self.change("step", i, i + 1).p for i in range(len(self.ends) - 1)]


def _inflation(parts: Sequence[Floats]) -> float:
    """By how much more the mean of correlated neighbours varies: slow hours of a machine.

    From the autocorrelation at lag one of what the segments leave, plus its bias under a fitted
    mean, 1 / n; the noise of a first-order process. Short series know it badly, and of the many
    of a history the one that underestimates it most would stand out, so it is ``CORRELATED`` at
    least: without it half of simulated histories of correlated noise had a false alarm.
    """
    left = [part - part.mean() for part in parts]
    squares = sum(float((rest**2).sum()) for rest in left)
    if squares == 0:
        return 1.0
    n = sum(rest.size for rest in left)
    lagged = sum(float((rest[1:] * rest[:-1]).sum()) for rest in left) / squares
    rho = min(max(lagged + len(parts) / n, CORRELATED), 0.8)
    return float(((1 + rho) / (1 - rho)) ** 0.5)


def _drift(
    y: Floats, cuts: Sequence[int], tests: _Tests, tolerance: float, best: int
) -> Shift | None:
    """The last segment against the first and the best one: the larger loss, else the gain.

    A noisy series in which no step stands out is compared by its first and last third.
    """
    if not cuts:
        third = y.size // 3
        if tests.quiet or third < SHORTEST:
            return None
        ends = _Tests(y, [third, y.size - third], None)
        found = ends.change("drift", 0, 2, searched=1)
        return found if found.p <= LEVEL and abs(found.size) > tolerance else None
    last = len(cuts)
    goodness = [best * mean for mean in tests.means]
    peak = int(np.argmax(goodness[:last]))
    compared = [tests.change("drift", i, last) for i in dict.fromkeys((peak, 0))]
    for found in compared:
        if found.p <= LEVEL and abs(found.size) > tolerance:
            return found
    return None
