"""Do the intervals of "how many samples" hold what they should? Simulated curves, known answers.

    python tests/experiments/saturation_calibration.py            # prints the tables
    python tests/experiments/saturation_calibration.py --write    # into docs/verdict.md, too

Scores are in units of their standard deviation over repeats. Sizes of one repeat are correlated
(0.6 between neighbours), as nested subsamples are. "Collapses": one run in ten at the sizes up to
the one in question loses 8 standard deviations, which the true mean holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from into_docs import calibrate
from numpy.typing import NDArray

from omicsbench.stats.crossover import first_lasting
from omicsbench.stats.differences import Differences
from omicsbench.stats.efficiency import data_efficiency, log_ratios
from omicsbench.stats.improvement import improvement
from omicsbench.stats.saturation import saturation
from omicsbench.stats.shape import shape

Floats = NDArray[np.float64]
Law = Callable[[Floats], Floats]
DOCS = Path(__file__).parents[2] / "docs" / "verdict.md"
REPEATS = (5, 10, 20)
SIZES = (4, 9)  # numbers of sizes of a curve, the end left out
RHO, TIE = 0.6, 1e-9


def exponential(rng: np.random.Generator, largest: float) -> Law:
    height, pace = rng.uniform(2, 10), np.exp(rng.uniform(0, 0.7 * np.log(largest)))
    return lambda n: -height * np.exp(-n / pace)


def power_law(rng: np.random.Generator, largest: float) -> Law:
    height, rate = rng.uniform(2, 10), rng.uniform(0.3, 1.5)
    return lambda n: -height * n**-rate


LAWS = {"exponential": exponential, "power law": power_law}
COLLAPSED, LOSS = 0.1, 8.0  # share of the runs, and by how much they are worse
PLACES = ("anywhere", "a size that is just within", "a size that is just outside")


def noise(rng: np.random.Generator, repeats: int, sizes: int) -> Floats:
    apart = np.abs(np.subtract.outer(np.arange(sizes), np.arange(sizes)))
    return np.asarray(rng.normal(size=(repeats, sizes)) @ np.linalg.cholesky(RHO**apart).T)


def drawn_sizes(rng: np.random.Generator) -> Floats:
    """From 1 to 30, or up to 1,000 times as many."""
    return np.geomspace(1, 10 ** rng.uniform(1.5, 3), int(rng.integers(*SIZES)))


def curve(rng: np.random.Generator, law: str, place: str) -> tuple[Floats, float]:
    """True means (S,) and the margin, which is what some size lacks exactly where that is asked."""
    sizes = drawn_sizes(rng)
    mean = LAWS[law](rng, sizes[-1])(sizes)
    if place == PLACES[0]:
        return mean, rng.uniform(0.3, 2)
    lacks = mean.max() - mean[rng.integers(0, len(mean) - 1)]
    return mean, lacks + (TIE if "within" in place else -TIE)


def peaked(rng: np.random.Generator) -> tuple[Floats, float]:
    """Falls again after its best size."""
    sizes = int(rng.integers(*SIZES))
    best = rng.integers(1, sizes - 1)
    return -np.abs(np.arange(sizes) - best) * rng.uniform(0.3, 1.5), rng.uniform(0.3, 2)


def collapses(rng: np.random.Generator, repeats: int, mean: Floats, margin: float) -> Floats:
    """What collapsed runs lose (R, S), less its mean, at sizes that lack as much as the margin."""
    lost = (rng.random((repeats, len(mean))) < COLLAPSED) - COLLAPSED
    lost[:, mean.max() - mean < margin - 2 * TIE] = 0.0
    return -LOSS * lost


@dataclass(frozen=True)
class Row:
    """How often the saturation n lay in its interval, and on which side it did not."""

    repeats: int
    curves: str
    covered: float
    too_late: float
    too_early: float
    open_above: float
    width: float


def saturations(number: int, seed: int = 0) -> list[Row]:
    """Every kind of curve with 5, 10 and 20 repeats, ``number`` of each."""
    kinds: dict[str, Callable[[np.random.Generator], tuple[Floats, float]]] = {
        f"{law}, {place}": lambda rng, law=law, place=place: curve(rng, law, place)
        for law in LAWS
        for place in PLACES
    } | {"peaks and falls": peaked}
    for place in PLACES[1:]:
        kinds[f"power law, {place}, collapses"] = kinds[f"power law, {place}"]
    rows = []
    for repeats in REPEATS:
        for at, (name, make) in enumerate(kinds.items()):
            rng = np.random.default_rng([seed, repeats, at])
            found = []
            for _ in range(number):
                mean, margin = make(rng)
                truth = int(first_lasting(mean >= mean.max() - margin))
                seen = mean + noise(rng, repeats, len(mean))
                if "collapses" in name:
                    seen += collapses(rng, repeats, mean, margin)
                told = saturation(Differences(seen), margin)
                found.append(
                    (
                        told.low <= truth <= told.high,
                        told.low > truth,
                        told.high < truth,
                        told.open_above,
                        told.high - told.low + 1,
                    )
                )
            rows.append(Row(repeats, name, *map(float, np.mean(found, axis=0))))
    return rows


def efficiencies(number: int, seed: int = 1) -> dict[tuple[int, str, int], float]:
    """Coverage of the times as many samples, by repeats, law and number of rivals.

    Contestants share a law and learn as if from up to 4.5 times as many or as few samples.
    """
    covered = {}
    for repeats in REPEATS:
        for law in LAWS:
            for rivals in (1, 3):
                rng = np.random.default_rng([seed, repeats, rivals])
                held = []
                for _ in range(number):
                    sizes = drawn_sizes(rng)
                    of, times = (
                        LAWS[law](rng, sizes[-1]),
                        np.exp(rng.uniform(-1.5, 1.5, 1 + rivals)),
                    )
                    mean = np.stack([of(sizes * t) for t in times])
                    truth = float(np.exp(log_ratios(mean, np.log(sizes)).min()))
                    seen = np.stack([m + noise(rng, repeats, len(sizes)) for m in mean])
                    told = data_efficiency(seen[0], seen[1:], sizes)
                    held.append(told.low * (1 - TIE) <= truth <= told.high * (1 + TIE))
                covered[repeats, law, rivals] = float(np.mean(held))
    return covered


def improvements(number: int, seed: int = 2) -> dict[int, float]:
    """Least coverage of P(deep > simple) over its values from .05 to .95, by repeats."""
    rng, least = np.random.default_rng(seed), {}
    for repeats in REPEATS:
        shares = []
        for p in np.linspace(0.05, 0.95, 19):
            wins = np.where(rng.random((number, 1, repeats)) < p, 1.0, -1.0)
            told = [improvement(one) for one in wins]
            shares.append(np.mean([(i.low or 0) <= p <= (i.high or 0) for i in told]))
        least[repeats] = float(min(shares))
    return least


def false_falls(number: int, seed: int = 3) -> dict[int, float]:
    """Share of flat curves that are said to fall, with a margin of 0, by repeats."""
    rng = np.random.default_rng(seed)
    return {
        repeats: float(
            np.mean(
                [shape(Differences(noise(rng, repeats, 6)), 0.0).kind != "" for _ in range(number)]
            )
        )
        for repeats in REPEATS
    }


def pooled(rows: list[Row], hard: bool) -> float:
    """Of the rows in which some size is just within or just outside, or of all others."""
    return float(np.mean([row.covered for row in rows if ("just" in row.curves) == hard]))


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def tables(number: int) -> str:
    """Everything as Markdown."""
    rows = saturations(number)
    lines = [
        f"{number:,} curves in each row, of 4 to 8 sizes. *Too late*: the whole interval lies "
        "above the true saturation n; *too early*: below. *Open above*: no tested size is shown "
        "to be enough.",
        "",
        "| repeats | curve | covered | too late | too early | open above | sizes in the interval |",
        "|" + " --- |" * 7,
    ]
    lines += [
        f"| {r.repeats} | {r.curves} | {_percent(r.covered)} | {_percent(r.too_late)} "
        f"| {_percent(r.too_early)} | {_percent(r.open_above)} | {r.width:.1f} |"
        for r in rows
    ]
    lines += [
        "",
        "Curves of which a size is just within or just outside: "
        f"**{_percent(pooled(rows, True))}** covered; all others {_percent(pooled(rows, False))}; "
        f"least in a row {_percent(min(r.covered for r in rows))}.",
        "",
        "Coverage of the other intervals, and curves that do not fall but are flagged (6 sizes, a "
        "margin of 0):",
        "",
        "| | " + " | ".join(f"{n} repeats" for n in REPEATS) + " |",
        "|" + " --- |" * (1 + len(REPEATS)),
    ]
    found = efficiencies(number)
    for law in LAWS:
        for rivals in (1, 3):
            cells = [_percent(found[n, law, rivals]) for n in REPEATS]
            name = f"times as many samples, {law}, {rivals} rival{'s'[: rivals > 1]}"
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
    for name, of in (
        ("P(deep > simple), least over its values", improvements(number)),
        ("flat curves flagged", false_falls(number)),
    ):
        lines.append(f"| {name} | " + " | ".join(_percent(of[n]) for n in REPEATS) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    calibrate(__doc__, tables, DOCS, "saturation")
