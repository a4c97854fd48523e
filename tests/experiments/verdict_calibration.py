"""Is the verdict right as often as it says? Thousands of simulated learning curves with known n*.

    python tests/experiments/verdict_calibration.py            # prints the tables
    python tests/experiments/verdict_calibration.py --write    # and puts them into docs/verdict.md

Differences are in units of their standard deviation over repeats, with the margin at 0. Sizes of
one repeat are correlated (0.6 between neighbours), as nested subsamples are. "Test cells" adds the
sampling error of 20 units of test cells, shared by all repeats, with a standard error of 0.3.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import gamma, norm

from omicsbench.stats.crossover import (
    Crossover,
    Differences,
    crossover,
    first_lasting,
    holm_levels,
    moments,
)
from omicsbench.verdict.choose import choices

Floats = NDArray[np.float64]
Curve = Callable[[np.random.Generator, int], Floats]
DOCS = Path(__file__).parents[2] / "docs" / "verdict.md"
BEGIN, END = "<!-- calibration -->", "<!-- end of calibration -->"
SIZES = (4, 9)  # numbers of sizes of a curve, the end left out
RHO, UNITS, CELL_ERROR = 0.6, 20, 0.3
BOOTSTRAP = 1_000


def once(rng: np.random.Generator, sizes: int) -> Floats:
    """Crosses once, anywhere between two sizes, at any pace."""
    return np.asarray(
        rng.uniform(0.1, 1.0) * (np.arange(sizes) - rng.uniform(0.1, sizes - 1.1)), dtype=float
    )


def once_at_a_size(rng: np.random.Generator, sizes: int) -> Floats:
    """Crosses once; at the last size before n* the difference equals the margin exactly."""
    k, made = int(rng.integers(1, sizes)), np.zeros(sizes)
    made[k:] = np.cumsum(rng.uniform(0.3, 1.2, sizes - k))
    made[: k - 1] = -np.cumsum(rng.uniform(0.1, 0.8, k - 1))[::-1]
    return made


def never(rng: np.random.Generator, sizes: int) -> Floats:
    """Rises, and reaches the margin exactly at the largest size without exceeding it."""
    return -np.append(np.cumsum(rng.uniform(0, 0.8, sizes - 1))[::-1], 0.0)


def always(rng: np.random.Generator, sizes: int) -> Floats:
    """A little above the margin at every size."""
    return np.full(sizes, rng.uniform(0.02, 0.3))


def twice(rng: np.random.Generator, sizes: int) -> Floats:
    """Above, down to the margin exactly at one size, above again."""
    made = rng.uniform(0.5, 1.5, sizes)
    made[rng.integers(1, sizes - 1)] = 0.0
    return made


def tie(rng: np.random.Generator, sizes: int) -> Floats:
    """Equal to the margin at every size: noise alone decides."""
    return np.zeros(sizes)


CURVES: dict[str, Curve] = {
    "crosses once, between sizes": once,
    "crosses once, from a tie": once_at_a_size,
    "never, a tie at the last size": never,
    "always, by little": always,
    "crosses twice": twice,
    "noisy tie": tie,
}
SETTINGS = {
    "5 repeats": (5, 0, 0.0),
    "10 repeats": (10, 0, 0.0),
    "20 repeats": (20, 0, 0.0),
    "5 repeats, test cells": (5, UNITS, 0.0),
    "10 repeats, test cells": (10, UNITS, 0.0),
    "5 repeats, skewed noise": (5, 0, 1.0),
    "10 repeats, skewed noise": (10, 0, 1.0),
}


def observed(
    rng: np.random.Generator, truth: Floats, repeats: int, units: int = 0, skew: float = 0.0
) -> Differences:
    """What a study of so many repeats sees of a curve (S,)."""
    sizes = len(truth)
    apart = np.abs(np.subtract.outer(np.arange(sizes), np.arange(sizes)))
    noise = rng.normal(size=(repeats, sizes)) @ np.linalg.cholesky(RHO**apart).T
    if skew:  # a gamma distribution of this skewness
        shape = 4 / skew**2
        noise = (gamma.ppf(norm.cdf(noise), shape) - shape) / shape**0.5
    table = truth + noise
    if not units:
        return Differences(table)
    alike = 0.8 * np.ones((sizes, sizes)) + 0.2 * np.eye(sizes)
    own = rng.normal(size=(units, sizes)) @ np.linalg.cholesky(alike).T
    own *= CELL_ERROR * units**0.5
    return Differences(table + own.mean(axis=0), table.mean(axis=0) + own)


def true_place(truth: Floats) -> int:
    return int(first_lasting(truth > 1e-12))


@dataclass(frozen=True)
class Row:
    """How often the verdicts of one kind of curve were right."""

    curves: str
    setting: str
    number: int
    covered: float
    ahead: float
    not_reached: float
    false_ahead: float
    false_not_reached: float
    width: float


def judged(
    rng: np.random.Generator, curve: Curve, setting: tuple[int, int, float], number: int
) -> Iterator[tuple[int, Crossover]]:
    for _ in range(number):
        truth = curve(rng, int(rng.integers(*SIZES)))
        yield true_place(truth), crossover(observed(rng, truth, *setting), 0.0, bootstrap=BOOTSTRAP)


def coverage(number: int, seed: int = 0) -> list[Row]:
    """Every kind of curve in every setting, ``number`` of each."""
    rows = []
    for place, (setting, numbers) in enumerate(SETTINGS.items()):
        for other, (name, curve) in enumerate(CURVES.items()):
            rng = np.random.default_rng([seed, place, other])
            found = list(judged(rng, curve, numbers, number))
            share = [
                np.mean([of(n, c) for n, c in found])
                for of in (
                    lambda n, c: c.low <= n <= c.high,
                    lambda n, c: c.ahead,
                    lambda n, c: c.not_reached,
                    lambda n, c: c.ahead and n == c.sizes,
                    lambda n, c: c.not_reached and n < c.sizes,
                    lambda n, c: c.high - c.low + 1,
                )
            ]
            rows.append(Row(name, setting, number, *map(float, share)))
    return rows


def pooled(rows: list[Row], skewed: bool) -> float:
    chosen = [row.covered for row in rows if ("skewed" in row.setting) == skewed]
    return float(np.mean(chosen))


def family_errors(number: int, repeats: int = 10, seed: int = 1) -> dict[str, float]:
    """Share of studies without any difference in which some deep contestant is called ahead.

    Three deep contestants against one simple pipeline; the last two rows choose the best deep one
    by validation scores whose noise is that of the test scores to 0.7.
    """
    rng = np.random.default_rng(seed)
    at_once = {"each at 5 %, uncorrected": 0, "each, Holm": 0}
    chosen = {"best by validation of all repeats": 0, "best by validation of other repeats": 0}
    for _ in range(number):
        truth = np.zeros(5)
        several = [observed(rng, truth, repeats) for _ in range(3)]
        tests = [float(moments(d).p_above(0.0)[-1]) for d in several]
        for name, levels in (
            ("each at 5 %, uncorrected", [0.05] * 3),
            ("each, Holm", holm_levels(tests)),
        ):
            found = zip(several, levels, strict=True)
            at_once[name] += any(
                crossover(d, 0.0, alpha=a, bootstrap=BOOTSTRAP).ahead for d, a in found
            )
        scores = np.stack([d.by_repeat for d in several])  # (P, R, S)
        validation = 0.7 * scores + (1 - 0.7**2) ** 0.5 * rng.normal(size=scores.shape)
        every = np.arange(repeats)
        for name in chosen:
            picked = np.empty((repeats, 5))
            for s in range(5):
                of = (
                    choices(validation[:, :, s])
                    if "other" in name
                    else np.full(repeats, validation[:, :, s].mean(axis=1).argmax())
                )
                picked[:, s] = scores[of, every, s]
            chosen[name] += crossover(Differences(picked), 0.0, bootstrap=BOOTSTRAP).ahead
    return {name: hits / number for name, hits in (at_once | chosen).items()}


def fold_errors(number: int, repeats: int = 10, seed: int = 2) -> dict[str, float]:
    """False "ahead" where repeats share a fifth of their variance, as folds of one cohort do."""
    rng = np.random.default_rng(seed)
    hits = {"folds taken as independent": 0, "folds corrected": 0}
    for _ in range(number):
        table = observed(rng, np.zeros(5), repeats).by_repeat * 0.8**0.5
        table = table + 0.2**0.5 * observed(rng, np.zeros(5), 1).by_repeat
        for name in hits:
            made = Differences(table, folds="corrected" in name)
            hits[name] += crossover(made, 0.0, bootstrap=BOOTSTRAP).ahead
    return {name: count / number for name, count in hits.items()}


def power(number: int, seed: int = 3) -> list[tuple[float, int, float, float]]:
    """(gap at the largest size, repeats, share found ahead, sizes in the interval).

    The difference crosses the margin half-way up five sizes and rises evenly to the gap.
    """
    rows = []
    for gap in (0.25, 0.5, 1.0, 2.0):
        for repeats in (3, 5, 10, 20, 40):
            rng = np.random.default_rng([seed, repeats])
            truth = np.linspace(-gap, gap, 5)
            found = [
                crossover(observed(rng, truth, repeats), 0.0, bootstrap=BOOTSTRAP)
                for _ in range(number)
            ]
            ahead = float(np.mean([c.ahead for c in found]))
            rows.append((gap, repeats, ahead, float(np.mean([c.high - c.low + 1 for c in found]))))
    return rows


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def tables(number: int) -> str:
    """Everything as Markdown."""
    rows = coverage(number)
    lines = [
        f"{number:,} curves in each row. *Covered*: the interval holds the true n*. *False "
        "ahead*: deep is called ahead at the largest size and is not.",
        "",
        "| setting | curve | covered | called ahead | false ahead | called not reached "
        "| false not reached | sizes in the interval |",
        "|" + " --- |" * 8,
    ]
    lines += [
        f"| {r.setting} | {r.curves} | {_percent(r.covered)} | {_percent(r.ahead)} "
        f"| {_percent(r.false_ahead)} | {_percent(r.not_reached)} "
        f"| {_percent(r.false_not_reached)} | {r.width:.1f} |"
        for r in rows
    ]
    lines += [
        "",
        f"All curves with even noise together: **{_percent(pooled(rows, False))}** covered; with "
        f"skewed noise {_percent(pooled(rows, True))}. Largest share of false *ahead* in a row: "
        f"{_percent(max(r.false_ahead for r in rows))}.",
        "",
        "False *ahead* of any of several contestants that all equal the margin, 10 repeats "
        f"({3 * number:,} studies; folds {number:,}):",
        "",
        "| | false ahead |",
        "| --- | --- |",
    ]
    errors = family_errors(3 * number) | fold_errors(number)
    lines += [f"| {name} | {_percent(share)} |" for name, share in errors.items()]
    found = power(number)
    steps = sorted({repeats for _, repeats, *_ in found})
    lines += [
        "",
        "Power: share of studies in which deep is found ahead, where at the largest of five "
        "sizes it is ahead of the margin by so many standard deviations over repeats (in "
        "brackets: sizes in the interval of n*; five is all of them, six with *not reached*).",
        "",
        "| gap | " + " | ".join(f"{n} repeats" for n in steps) + " |",
        "|" + " --- |" * (1 + len(steps)),
    ]
    for gap in sorted({gap for gap, *_ in found}):
        cells = [f"{_percent(a)} ({w:.1f})" for g, _, a, w in found if g == gap]
        lines.append(f"| {gap:g} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--curves", type=int, default=4_000, help="of each kind")
    parser.add_argument("--write", action="store_true", help="into docs/verdict.md")
    options = parser.parse_args()
    text = tables(options.curves)
    print(text)
    if options.write:
        page = DOCS.read_text(encoding="utf-8")
        head, _, rest = page.partition(BEGIN)
        _, found, tail = rest.partition(END)
        if not found:
            raise SystemExit(f"{DOCS} has no place for the tables: {BEGIN} ... {END}")
        DOCS.write_text(f"{head}{BEGIN}\n\n{text}\n{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
