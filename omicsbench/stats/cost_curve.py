"""What something costs at a size n, from what it cost at other sizes, with an interval.

**Model.** The cost of one pipeline on one data set grows as ``a + b n^c``, in multiplicative
noise. Medians over repeats are fitted by least squares on log-log axes:

- Only the largest ``LAST`` sizes are used: what happens at 20 cells tells little of 100,000.
- From ``CURVED`` sizes on, the constant ``a`` (start-up, scoring of a fixed number of rows) is
  chosen too, by least squares, where it fits clearly better than none. With fewer sizes it is the
  constant that is known: none for time, what the worker held before its first run for memory.
- ``c`` is kept within 0 and 3.

**Interval.** Student-t prediction interval (95 %) of one run. Few sizes say little of the noise,
so its variance is moderated: the residuals are joined with a prior worth ``PRIOR_RUNS`` sizes that
scatter by ``PRIOR_SPREAD`` (bytes by ``PRIOR_SPREAD_BYTES``). Curves bend beyond what was measured,
so the slope there is uncertain by ``BEND`` (one standard deviation) besides its error in the fit.
Where the constant hides the rest, so that its growth cannot be seen, the high end takes it to be
at most quadratic. With two sizes all of this is the prior. With one size no slope is known: the
value stands for c = 1, and the interval for everything from c = 0 (all of it overhead) to c = 2,
so that one size never rules a larger one out.

Nor does the low end lie above what growth in proportion to n from the largest finished size would
give: a cost that has grown faster so far may have reached a bound, as training does that stops
early on few cells and after a set number of steps on many. So a run is never ruled out unless
even proportional growth rules it out; a method that grows faster is tried, once, up to its limit.

**Censored.** A run that exceeded its limit tells that the cost there was at least the limit: a
fitted curve that lies below it is fitted again through it, and from that size on neither the
value nor the low end lies below it.

**Why so.** Tried on synthetic curves (power laws, a constant plus a power law, linear plus
quadratic, n log n; exponents 0.8 to 1.8; 10 % noise), at 10 times the largest of 3 to 8 sizes: a
line through all sizes predicts a tenth of the cost where there is a constant, a line through the
last three between a quarter and a half; with the constant fitted it is 0.6 to 1.0, and from four
sizes on the interval holds the truth in 92 % of cases or more. With two or three sizes a hidden
constant makes the prediction too low (the interval then holds the truth in two thirds of cases),
which errs on the side of running. The low end lay above the truth in less than 1 % of cases.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

Floats = NDArray[np.float64]
LAST = 5  # sizes, the largest
CURVED = 4  # sizes from which on the constant is fitted
STEEPEST = 3.0
PRIOR_SPREAD = 0.15  # standard deviation of log seconds between sizes
PRIOR_SPREAD_BYTES = 0.03  # of log bytes: memory and files hardly vary
UNMEASURED = 2.0  # slope at the high end, where none can be seen
PRIOR_RUNS = 3
BEND = 0.15
TAIL = 0.975
FLOORS = np.linspace(0.0, 0.98, 50)  # constants tried, as shares of the lowest cost
WORTH = 4.0  # how many times the noise a constant must explain


def predict_cost(
    x: Floats, y: Floats, n: float, known: float, noise: float
) -> tuple[float, float, float]:
    """Value, low and high at ``n``, from costs ``y`` (m,) at sizes ``x`` (m,), ascending.

    ``known`` is the part of the cost that is known to be constant, ``noise`` the standard deviation
    of log cost that is assumed beforehand.
    """
    x, y = x[-LAST:], y[-LAST:]
    known = min(known, FLOORS[-1] * float(y.min()))
    step = np.log(n / x[-1])
    if len(x) == 1:
        rest = float(y[0]) - known
        ends = [known + rest * float(np.exp(c * step)) for c in (1.0, 0.0, 2.0)]
        factor = float(np.exp(stdtrit(PRIOR_RUNS, TAIL) * noise))
        return ends[0], min(ends) / factor, max(ends) * factor
    best, freedom, wide = _fitted(tuple(x.tolist()), tuple(y.tolist()), known, noise)
    away, bend = np.log(n) - best.centre, float(stdtrit(freedom, TAIL)) * BEND * step
    rest = float(np.exp(best.level + best.slope * away))
    slope = wide / np.sqrt(best.sxx)
    # The error of a rest that drowns in the constant is additive, its growth not seen at all.
    level_up = np.log1p(wide / np.sqrt(best.weight))
    bound = max(UNMEASURED - best.slope, wide / float(np.std(np.log(x)) * np.sqrt(len(x))))
    up = np.sqrt(level_up**2 + (min(slope, bound) * away) ** 2 + bend**2)
    down = np.sqrt(wide**2 / best.weight + (slope * away) ** 2 + bend**2)
    value, low, high = (best.floor + rest * float(np.exp(d)) for d in (0.0, -down, up))
    low = value / float(np.exp(np.hypot(np.log(value / low), wide)))  # and one run's own noise
    high = value * float(np.exp(np.hypot(np.log(high / value), wide)))
    return value, low, high


@lru_cache(maxsize=1_024)
def _fitted(
    sizes: tuple[float, ...], costs: tuple[float, ...], known: float, noise: float
) -> tuple[_Line, int, float]:
    """The curve, its degrees of freedom, and half the interval of log cost at one size.

    It is the same whatever size is asked for, and many are.
    """
    x, y = np.array(sizes), np.array(costs)
    floors = known + FLOORS * (float(y.min()) - known) if len(x) >= CURVED else [known]
    fits = [_line(x, y, float(floor)) for floor in floors]
    best = min(fits, key=lambda fit: fit.rss)
    prior = PRIOR_RUNS * noise**2
    if fits[0].rss - best.rss < WORTH * (prior + best.rss) / (PRIOR_RUNS + len(x)):
        best = fits[0]
    freedom = PRIOR_RUNS + max(len(x) - (2 if best is fits[0] else 3), 0)
    return best, freedom, float(stdtrit(freedom, TAIL) * np.sqrt((prior + best.rss) / freedom))


def predict_beyond_limits(
    x: Floats, y: Floats, n: float, *, known: float, noise: float, limits: Floats
) -> tuple[float, float, float]:
    """Value, low and high at ``n``, where larger sizes than those of ``x`` exceeded a limit.

    ``limits`` (k, 2) are these sizes, ascending, and what the cost there was at least; the other
    parameters are those of ``predict_cost``.
    """
    largest, last = x[-1], float(y[-1])
    for size, least in limits:
        if predict_cost(x, y, float(size), known, noise)[0] < least:
            x, y = np.append(x[x < size], size), np.append(y[x < size], least)
    value, low, high = predict_cost(x, y, n, known, noise)
    low = min(low, last * max(n / float(largest), 1.0))
    least = float(limits[limits[:, 0] <= n, 1].max(initial=0.0))
    return max(value, least), max(low, least), max(high, least)


@dataclass(frozen=True)
class _Line:
    """Weighted least squares of log(y - floor) on log(x); the weights keep errors relative to y."""

    floor: float
    slope: float
    level: float
    centre: float
    sxx: float
    weight: float
    rss: float


def _line(x: Floats, y: Floats, floor: float) -> _Line:
    lx, ly, w = np.log(x), np.log(y - floor), ((y - floor) / y) ** 2
    total = w.sum()
    centre, level = (w * lx).sum() / total, (w * ly).sum() / total
    sxx = (w * (lx - centre) ** 2).sum()
    slope = float(np.clip((w * (lx - centre) * (ly - level)).sum() / sxx, 0.0, STEEPEST))
    rss = (w * (ly - level - slope * (lx - centre)) ** 2).sum()
    return _Line(floor, slope, float(level), float(centre), float(sxx), float(total), float(rss))
