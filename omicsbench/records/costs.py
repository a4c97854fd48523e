"""What a run will cost, from the runs that are stored: seconds, memory and disk at a size n.

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

**Why so.** Tried on synthetic curves (power laws, a constant plus a power law, linear plus
quadratic, n log n; exponents 0.8 to 1.8; 10 % noise), at 10 times the largest of 3 to 8 sizes: a
line through all sizes predicts a tenth of the cost where there is a constant, a line through the
last three between a quarter and a half; with the constant fitted it is 0.6 to 1.0, and from four
sizes on the interval holds the truth in 92 % of cases or more. With two or three sizes a hidden
constant makes the prediction too low (the interval then holds the truth in two thirds of cases),
which errs on the side of running. The low end lay above the truth in less than 1 % of cases.

**Censored.** A run that exceeded its limit tells that the cost there was at least the limit: a
fitted curve that lies below it is fitted again through it, and from that size on neither the
value nor the low end lies below it.

**Where from.** The same pipeline on the same data set; if there is none, the same pipeline on data
sets of as many features, each size's median over them; otherwise there is no forecast.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from omicsbench.records.spec import RunRecord, RunSpec, Status

Quantity = Literal["wall_s", "fit_s", "peak_rss_bytes", "disk_bytes"]
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


@dataclass(frozen=True)
class Observation:
    """What one run cost; plain values, so that it can travel to another machine.

    ``pipeline`` is the label of the run: a tuned pipeline is not the one as written.
    ``wall_s`` is from the start of its preparation to the end of its scoring; ``exceeded`` names
    the quantity that went beyond its limit, and its value is then the limit.
    """

    pipeline: str
    dataset: str
    features: int
    size: int
    wall_s: float | None = None
    peak_rss_bytes: float | None = None
    disk_bytes: float | None = None
    base_rss_bytes: float = 0.0
    exceeded: Quantity | None = None
    fit_s: float | None = None


@dataclass(frozen=True)
class Forecast:
    """A predicted cost with its 95 % interval, in the unit of the quantity, and what it rests on.

    ``largest`` is the largest size that was finished; ``own`` that the runs were on the same
    data set.
    """

    value: float
    low: float
    high: float
    basis: str
    largest: int
    own: bool = True


def observe(record: RunRecord, disk_bytes: float | None = None) -> Observation | None:
    """What a stored run tells of its cost; None where it tells nothing.

    Time that another pipeline spent on a shared stage is not counted: no limit meets it.
    """
    spec, phases = record.spec, record.phases
    limit = {
        Status.TIMEOUT: ("wall_s", "timeout_s"),
        Status.OUT_OF_MEMORY: ("peak_rss_bytes", "memory_bytes"),
    }.get(record.status)
    features = int(record.dataset_info.get("n_selected") or spec.features)
    head = (spec.label, spec.dataset, features, spec.size)
    if record.status is Status.OK:
        spent = phases.prepare_s + phases.tuning_s + phases.fit_s
        spent += phases.transform_s + phases.score_s
        return Observation(
            *head,
            wall_s=max(spent - record.reused_s, 0.0) or None,
            peak_rss_bytes=record.peak_rss_bytes or None,
            disk_bytes=disk_bytes,
            base_rss_bytes=float(record.base_rss_bytes or 0),
            fit_s=phases.fit_s or None,
        )
    # What failed while it started or warmed up tells nothing of its size.
    if limit and limit[1] in record.limits and not str(record.reason).endswith(" up"):
        quantity, name = limit
        least = record.limits[name]
        least = spec.time_limit_s(least) if quantity == "wall_s" else least
        return Observation(*head, **{quantity: least}, exceeded=quantity)  # type: ignore[arg-type]
    return None


def terms(spec: RunSpec) -> tuple[Any, ...]:
    """What two runs must share for the cost of one to tell that of the other."""
    return (spec.task, spec.label, spec.pipeline_id, spec.device, spec.threads, spec.features,
            spec.features_per_size)  # fmt: skip


def forecast(
    observations: Iterable[Observation],
    quantity: Quantity,
    *,
    pipeline: str,
    dataset: str,
    features: int,
    size: int,
) -> Forecast | None:
    """The cost of one run at a size; None where nothing is stored to predict it from.

    The observations share the terms of the run (``terms``); ``features`` are those it selects.
    """
    own = [o for o in observations if o.pipeline == pipeline and getattr(o, quantity)]
    near = [o for o in own if o.dataset == dataset]
    where, same = "on the same data set", True
    if not any(o.exceeded is None for o in near):
        near = [o for o in own if o.features == features]
        where, same = f"on other data sets of {features:,} features", False
    done = [o for o in near if o.exceeded is None]
    if not done:
        return None
    x, y = _medians(done, quantity)
    largest, last = int(x[-1]), float(y[-1])
    known = min(o.base_rss_bytes for o in done) if quantity == "peak_rss_bytes" else 0.0
    bounds = [
        (float(o.size), float(getattr(o, quantity)))
        for o in near
        if o.exceeded == quantity and o.size > x[-1]
    ]
    spread = PRIOR_SPREAD if quantity.endswith("_s") else PRIOR_SPREAD_BYTES
    curve = _predict(x, y, float(size), known, spread)
    for n, least in sorted(bounds):
        if _predict(x, y, n, known, spread)[0] < least:
            x, y = np.append(x[x < n], n), np.append(y[x < n], least)
            curve = _predict(x, y, float(size), known, spread)
    least = max((cost for n, cost in bounds if n <= size), default=0.0)
    value, low, high = curve
    low = min(low, last * max(size / largest, 1.0))
    value, low, high = (max(end, least) for end in (value, low, high))
    sizes = len({o.size for o in done})
    count = f"{min(sizes, LAST)} size{'s'[: sizes != 1]} up to {largest:,}"
    passed = f" and a limit exceeded at {int(max(bounds)[0]):,}" if bounds else ""
    return Forecast(value, low, high, f"from {count} {where}{passed}", largest, same)


def _medians(done: Sequence[Observation], quantity: Quantity) -> tuple[Floats, Floats]:
    """Sizes, ascending, and the median cost at each."""
    costs: dict[int, list[float]] = {}
    for o in done:
        costs.setdefault(o.size, []).append(float(getattr(o, quantity)))
    sizes = sorted(costs)
    return np.array(sizes, float), np.array([median(costs[size]) for size in sizes])


def _predict(
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
    floors = known + FLOORS * (float(y.min()) - known) if len(x) >= CURVED else [known]
    fits = [_line(x, y, float(floor)) for floor in floors]
    best = min(fits, key=lambda fit: fit.rss)
    prior = PRIOR_RUNS * noise**2
    if fits[0].rss - best.rss < WORTH * (prior + best.rss) / (PRIOR_RUNS + len(x)):
        best = fits[0]
    freedom = PRIOR_RUNS + max(len(x) - (2 if best is fits[0] else 3), 0)
    wide = float(stdtrit(freedom, TAIL) * np.sqrt((prior + best.rss) / freedom))  # of one size
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


def in_words(quantity: Quantity, value: float, low: float, high: float) -> str:
    """For instance ``900 s (600 to 1,400)`` or ``3.1 GiB (2.8 to 3.6)``."""
    unit, scale = ("s", 1.0) if quantity in ("wall_s", "fit_s") else ("GiB", 2.0**30)
    return f"{short(value / scale)} {unit} ({short(low / scale)} to {short(high / scale)})"


def short(value: float) -> str:
    """Two significant digits: ``0.012``, ``3.4``, ``1,200``."""
    rounded = float(f"{value:.2g}")
    return f"{rounded:,.0f}" if rounded >= 10 else f"{rounded:.2g}"
