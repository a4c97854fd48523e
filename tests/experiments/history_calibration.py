"""How often does the history cry wolf, and what does it miss? Simulated series, known changes.

    python tests/experiments/history_calibration.py            # prints the tables
    python tests/experiments/history_calibration.py --write    # and puts them into docs/history.md

A series holds logarithms of a time, as ``omicsbench.tracking.trends`` compares them. Noise is
relative;
"outliers" adds 65 to 350 % to one point in twenty, "correlated" has 0.3 between neighbours. Beside
what omicsbench does stand asv's detection (``asv.step_detect``) and ruptures with the usual penalty
(PELT, 2 sd^2 log n), both of which count a step where neighbouring levels differ by more than the
tolerance.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from itertools import pairwise
from math import log1p
from pathlib import Path

import numpy as np
from into_docs import put
from numpy.typing import NDArray

from omicsbench.stats.change_points import SPREAD, changes
from omicsbench.tracking.quantities import TOLERANCE
from omicsbench.tracking.trends import FALSE_DISCOVERIES, discoveries

Floats = NDArray[np.float64]
Finder = Callable[[Floats], list[tuple[str, int]]]  # kind and first point after it
DOCS = Path(__file__).parents[2] / "docs" / "history.md"
LENGTHS = (10, 20, 30, 50, 100)
NOISES = ("normal", "heavy tails", "skewed", "outliers", "correlated")
LIMIT = log1p(TOLERANCE["time"])


def noise(rng: np.random.Generator, kind: str, n: int, sd: float) -> Floats:
    """A series of standard deviation ``sd`` (outliers aside) and mean 0."""
    if kind == "heavy tails":
        return np.asarray(rng.standard_t(3, n) * sd / 3**0.5)
    if kind == "skewed":
        return rng.exponential(sd, n) - sd
    made = rng.normal(0, sd, n)
    if kind == "outliers":
        made += (rng.random(n) < 0.05) * rng.uniform(0.5, 1.5, n)
    if kind == "correlated":
        made[1:] *= (1 - 0.3**2) ** 0.5
        for i in range(1, n):
            made[i] += 0.3 * made[i - 1]
    return made


def omicsbench(y: Floats) -> list[tuple[str, int]]:
    """What the history does, for one series."""
    return [(c.kind, c.after) for c in changes(y, LIMIT)]


def asv(y: Floats) -> list[tuple[str, int]]:
    """asv's own detection of steps, with the tolerance."""
    from asv.step_detect import detect_steps

    steps = detect_steps(list(y))
    return [("step", b[0]) for a, b in pairwise(steps) if abs(b[2] - a[2]) > LIMIT]


def pelt(y: Floats) -> list[tuple[str, int]]:
    """ruptures alone, with the usual penalty and the tolerance."""
    import ruptures

    sd = 1e-9 + SPREAD * np.median(np.abs(np.diff(y))) / 2**0.5
    search = ruptures.KernelCPD(kernel="linear", min_size=3).fit(y[:, None])
    cuts = [0, *search.predict(pen=2 * sd**2 * np.log(y.size))]
    means = [y[a:b].mean() for a, b in pairwise(cuts)]
    return [
        ("step", cut)
        for cut, a, b in zip(cuts[1:], means, means[1:], strict=False)
        if abs(b - a) > LIMIT
    ]


FINDERS: dict[str, Finder] = {"omicsbench": omicsbench, "asv": asv, "ruptures": pelt}


def false_alarms(
    find: Finder, rng: np.random.Generator, kind: str, n: int, sd: float, series: int
) -> float:
    """Share of series without a change in which one is found."""
    return float(np.mean([bool(find(noise(rng, kind, n, sd))) for _ in range(series)]))


def false_histories(rng: np.random.Generator, kind: str, histories: int, many: int = 100) -> float:
    """Share of histories, of ``many`` series of 30 without a change, in which any is shown."""
    hits = 0
    for _ in range(histories):
        p = [c.p for _ in range(many) for c in changes(noise(rng, kind, 30, 0.1), LIMIT)]
        hits += any(q <= FALSE_DISCOVERIES for q in discoveries(p, 2 * many))
    return hits / histories


def found(
    find: Finder,
    rng: np.random.Generator,
    size: float,
    sd: float,
    before: int,
    after: int,
    series: int,
) -> float:
    """Share of series in which a step by ``size`` is found, to within two points of its place."""
    hits = 0
    for _ in range(series):
        y = noise(rng, "normal", before + after, sd)
        y[before:] += log1p(size)
        hits += any(kind == "step" and abs(at - before) <= 2 for kind, at in find(y))
    return hits / series


def noticed(find: Finder, rng: np.random.Generator, total: float, sd: float, series: int) -> float:
    """Share of series of 30 that rise slowly, by ``total`` in all, in which a change is told."""
    rise = np.linspace(0, log1p(total), 30)
    return float(np.mean([bool(find(rise + noise(rng, "normal", 30, sd))) for _ in range(series)]))


def tables(series: int) -> Iterable[str]:
    """Lines of Markdown."""
    yield f"False alarms, % of series without a change ({series} series each, noise 10 %):"
    yield ""
    yield (
        "| noise | " + " | ".join(f"{n} revisions" for n in LENGTHS) + " | asv, 30 | ruptures, 30 |"
    )
    yield "|" + " --- |" * (len(LENGTHS) + 3)
    for kind in NOISES:
        rng = np.random.default_rng(1)
        cells = [false_alarms(omicsbench, rng, kind, n, 0.1, series) for n in LENGTHS]
        cells += [
            false_alarms(find, rng, kind, 30, 0.1, max(series // 5, 20)) for find in (asv, pelt)
        ]
        yield f"| {kind} | " + " | ".join(f"{100 * c:.1f}" for c in cells) + " |"
    yield ""
    levels = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3)
    yield "The same by the size of normal noise, 30 revisions:"
    yield ""
    yield "| | " + " | ".join(f"{sd:.0%}" for sd in levels) + " |"
    yield "|" + " --- |" * (len(levels) + 1)
    for name, find in FINDERS.items():
        rng = np.random.default_rng(2)
        many = series if name == "omicsbench" else max(series // 5, 20)
        cells = [false_alarms(find, rng, "normal", 30, sd, many) for sd in levels]
        yield f"| {name} | " + " | ".join(f"{100 * c:.1f}" for c in cells) + " |"
    yield ""
    many = max(series // 3, 20)
    pages = max(series // 10, 5)
    yield f"Histories with any false alarm, % ({pages}, of 100 series, 30 revisions, noise 10 %):"
    yield ""
    yield "| " + " | ".join(NOISES) + " |"
    yield "|" + " --- |" * len(NOISES)
    rng = np.random.default_rng(5)
    cells = [false_histories(rng, kind, pages) for kind in NOISES]
    yield "| " + " | ".join(f"{100 * c:.0f}" for c in cells) + " |"
    yield ""
    yield f"Steps found, % ({many} series each; 30 revisions before, and as many as stated after):"
    yield ""
    yield "| step | noise | 1 after | 3 after | 5 after | 10 after | asv, 10 | ruptures, 10 |"
    yield "|" + " --- |" * 8
    for size, sd in (
        (0.2, 0.0),
        (0.2, 0.02),
        (0.2, 0.05),
        (0.2, 0.1),
        (0.2, 0.2),
        (0.5, 0.1),
        (0.5, 0.2),
        (0.5, 0.3),
        (1.0, 0.3),
    ):
        rng = np.random.default_rng(3)
        cells = [found(omicsbench, rng, size, sd, 30, k, many) for k in (1, 3, 5, 10)]
        cells += [found(find, rng, size, sd, 30, 10, max(many // 3, 20)) for find in (asv, pelt)]
        yield f"| +{size:.0%} | {sd:.0%} | " + " | ".join(f"{100 * c:.0f}" for c in cells) + " |"
    yield ""
    yield f"Slow rises told of, % ({many} series each; evenly over 30 revisions):"
    yield ""
    yield "| rise in all | noise | omicsbench | asv | ruptures |"
    yield "|" + " --- |" * 5
    for total, sd in ((0.2, 0.02), (0.3, 0.05), (0.3, 0.1), (0.5, 0.1), (0.5, 0.2), (1.0, 0.3)):
        rng = np.random.default_rng(4)
        cells = [noticed(omicsbench, rng, total, sd, many)]
        cells += [noticed(find, rng, total, sd, max(many // 3, 20)) for find in (asv, pelt)]
        yield f"| +{total:.0%} | {sd:.0%} | " + " | ".join(f"{100 * c:.0f}" for c in cells) + " |"


def main() -> None:
    """Print the tables, and put them into the documentation if told to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=int, default=1500)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    text = "\n".join(tables(options.series))
    print(text)
    if options.write:
        put(DOCS, "calibration", text)


if __name__ == "__main__":
    main()
