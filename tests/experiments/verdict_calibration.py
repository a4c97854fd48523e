"""Is the verdict right as often as it says? Thousands of made-up studies with a known answer.

python tests/experiments/verdict_calibration.py            # prints the tables
python tests/experiments/verdict_calibration.py --write    # and puts them into docs/verdict.md
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from into_docs import calibrate
from made_up_studies import CURVES, MARGIN, UNITS, Curve, Floats, Noise, saturated, study

from omicsbench.stats.contest import best_difference, claims
from omicsbench.stats.crossover import ALPHA, Crossover, crossover, first_lasting
from omicsbench.stats.differences import Differences, moments
from omicsbench.stats.discoveries import q_values

DOCS = Path(__file__).parents[2] / "docs" / "verdict.md"
SIZES = (4, 9)  # numbers of sizes of a curve, the end left out
SETTINGS = {
    "5 repeats": Noise(5),
    "10 repeats": Noise(10),
    "20 repeats": Noise(20),
    "5 repeats, test cells": Noise(5, units=UNITS),
    "10 repeats, test cells": Noise(10, units=UNITS),
    "5 repeats, skewness 1": Noise(5, skew=1.0),
    "10 repeats, skewness 1": Noise(10, skew=1.0),
}
HARD = {
    **{f"skewness {g:+d}": Noise(skew=g) for g in (-3, -2, -1, 1, 2, 3)},
    **{f"collapses by 5 sd in {100 * p:g} %": Noise(collapse=(p, 5.0)) for p in (0.05, 0.1, 0.2)},
    **{f"folds that correlate by {c}": Noise(folds=c) for c in (0.0, 0.2, 0.5)},
}
CROWDS = (3, 10, 30)


@dataclass(frozen=True)
class Said:
    """What is claimed at the largest size of one study, and where n* is said to be."""

    ahead: bool
    behind: bool
    equal: bool
    n_star: Crossover

    @classmethod
    def of(cls, found: Differences, margin: float = MARGIN) -> Said:
        at = moments(found)
        tests = claims(at, margin)
        star = crossover(best_difference(at) > margin, tests.ahead, tests.not_ahead)
        shown = [float(p[-1]) <= ALPHA / 2 for p in (tests.ahead, tests.behind, tests.equal)]
        return cls(star.ahead, *shown[1:], star)


@dataclass(frozen=True)
class Row:
    """How often the verdicts of one kind of curve were right."""

    curves: str
    setting: str
    covered: float
    ahead: float
    false_ahead: float
    false_behind: float
    false_equal: float
    width: float


def coverage(number: int, seed: int = 0) -> list[Row]:
    """Every kind of curve in every setting, ``number`` of each; and the same turned round."""
    rows = []
    for place, (setting, noise) in enumerate(SETTINGS.items()):
        for other, (name, curve) in enumerate(CURVES.items()):
            rng = np.random.default_rng([seed, place, other])
            rows.append(Row(name, setting, *_judged(rng, curve, noise, number)))
    return rows


def _judged(
    rng: np.random.Generator, curve: Curve, noise: Noise, number: int
) -> tuple[float, float, float, float, float, float]:
    hits = np.zeros(6)
    for _ in range(number):
        above = curve(rng, int(rng.integers(*SIZES)))
        truth = above + MARGIN
        said = Said.of(study(rng, noise, truth[None], np.zeros_like(truth)[None]))
        star, n = said.n_star, int(first_lasting(above > 1e-12))
        hits += (
            star.low <= n <= star.high,
            said.ahead,
            said.ahead and above[-1] <= 1e-12,
            said.behind and truth[-1] >= -MARGIN,
            said.equal and abs(truth[-1]) >= MARGIN,
            star.high - star.low + 1,
        )
    return tuple(hits / number)


def pooled(rows: Sequence[Row], skewed: bool) -> float:
    """Share of curves whose n* is covered."""
    return float(np.mean([r.covered for r in rows if ("skewness" in r.setting) == skewed]))


def false_claims(
    number: int, noise: Noise, first: Floats, second: Floats, seed: Sequence[int]
) -> tuple[float, float, float]:
    """Shares of false *ahead*, *behind* and *equal*, each where it is hardest.

    The second side is moved so that the best of both differ by the margin exactly, one way and
    the other: either claim of being ahead is false at both, and so is *equal*.
    """
    hits = np.zeros(3)
    for sign in (1, -1):
        rng = np.random.default_rng([*seed, sign + 1])
        gap = first.max(axis=0) - second.max(axis=0) - sign * MARGIN
        for _ in range(number):
            said = Said.of(study(rng, noise, first, second + gap))
            hits += (said.ahead and sign == 1, said.behind and sign == -1, said.equal / 2)
    return tuple(hits / number)


def hard(number: int, seed: int = 1) -> dict[tuple[str, int], tuple[float, float, float]]:
    """False claims of one pair, under noise that a t-test is not made for; 5, 10 repeats."""
    found = {}
    one = np.zeros((1, 5))
    for place, (name, noise) in enumerate(HARD.items()):
        for repeats in (5, 10):
            own = Noise(repeats, noise.skew, noise.collapse, folds=noise.folds)
            key = (seed, place, repeats)
            # The whole difference is skewed, so that its skewness is the one stated.
            found[name, repeats] = _one_sided(number, own, one, key)
    for repeats in (5, 10):
        found["saturated accuracy, 83 samples", repeats] = _saturated(number, repeats, seed)
    return found


def _one_sided(
    number: int, noise: Noise, one: Floats, seed: Sequence[int]
) -> tuple[float, float, float]:
    hits = np.zeros(3)
    for sign in (1, -1):
        rng = np.random.default_rng([*seed, sign + 1])
        for _ in range(number):
            said = Said.of(study(rng, noise, one + sign * MARGIN, one, shared=0.0))
            hits += (said.ahead and sign == 1, said.behind and sign == -1, said.equal / 2)
    return tuple(hits / number)


def _saturated(number: int, repeats: int, seed: int) -> tuple[float, float, float]:
    """A true gain of .01 is the margin: nothing may be claimed; nor *equal* at .02."""
    rng = np.random.default_rng([seed, repeats])
    at = [Said.of(saturated(rng, 0.01, repeats), 0.01) for _ in range(number)]
    more = [Said.of(saturated(rng, 0.02, repeats), 0.01) for _ in range(number)]
    ahead, behind = (float(np.mean([getattr(s, of) for s in at])) for of in ("ahead", "behind"))
    return ahead, behind, float(np.mean([s.equal for s in (*at, *more)]))


def crowds(number: int, seed: int = 2) -> dict[tuple[str, int], tuple[float, float, float]]:
    """False claims with several contestants, all as good as the best, or all but one far behind."""
    found = {}
    for m in CROWDS:
        level, far = np.zeros((m, 5)), np.zeros((m, 5))
        far[1:] = -8.0
        for place, (name, first, second) in enumerate(
            (
                ("several alike against one", level, level[:1]),
                ("several alike against several, one of them good", level, far),
                ("several alike against several alike", level, level),
                ("several, one of them good, against several, one of them good", far, far),
            )
        ):
            key = (seed, m, place)
            found[name, m] = false_claims(number, Noise(10), first, second, key)
        found["several alike that collapse by 5 sd in 10 %, against one", m] = false_claims(
            number, Noise(10, collapse=(0.1, 5.0)), level, level[:1], (seed, m, 9)
        )
    return found


def table_of_metrics(number: int, seed: int = 3) -> tuple[float, float, float]:
    """40 comparisons, 8 data sets by 5 correlated metrics, in 8 of which deep is ahead.

    Mean share of false claims among those with q <= 0.05, the mean number of true ones found, and
    the mean number of false ones without a look at q.
    """
    rng = np.random.default_rng(seed)
    shares, true, false = [], [], []
    for _ in range(number):
        p = []
        for dataset in range(8):
            common = rng.normal(size=(10, 5))
            for _metric in range(5):
                real = 2.0 if dataset < 2 and _metric < 4 else 0.0
                own = 0.7**0.5 * common + 0.3**0.5 * rng.normal(size=(10, 5))
                tests = claims(moments(Differences((own + MARGIN + real)[None, None])), MARGIN)
                p.append((tests.ahead[-1], tests.behind[-1], tests.equal[-1], real))
        values = np.array(p)
        q = q_values(values[:, :3].ravel()).reshape(-1, 3)
        wrong = np.column_stack([values[:, 3] == 0, np.ones(40, bool), np.ones(40, bool)])
        sure, claimed = q <= 0.05, values[:, :3] <= ALPHA / 2
        shares.append((sure & wrong).sum() / max(1, sure.sum()))
        true.append((sure & ~wrong).sum())
        false.append((claimed & wrong).sum())
    return float(np.mean(shares)), float(np.mean(true)), float(np.mean(false))


def power(number: int, seed: int = 4) -> list[tuple[float, int, float, float, float, float]]:
    """(gap, repeats, shares found ahead): one pair; three against one, all good, and one good,
    two hopeless; three against three, all good. The gap at the largest of five sizes is above the
    margin, the difference rises evenly to it."""
    rows = []
    for gap in (0.5, 1.0, 2.0):
        truth = np.linspace(-gap, gap, 5) + MARGIN
        good, flat = np.tile(truth, (3, 1)), np.zeros((3, 5))
        single = np.vstack([truth, truth - 4, truth - 4])
        fields = ((good[:1], flat[:1]), (good, flat[:1]), (single, flat[:1]), (good, flat))
        for repeats in (5, 10, 20):
            rng = np.random.default_rng([seed, repeats])
            shares = [
                np.mean([Said.of(study(rng, Noise(repeats), a, b)).ahead for _ in range(number)])
                for a, b in fields
            ]
            rows.append((gap, repeats, *map(float, shares)))
    return rows


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    return [
        "| " + " | ".join(heads) + " |",
        "|" + " --- |" * len(heads),
        *("| " + " | ".join(map(str, row)) + " |" for row in rows),
        "",
    ]


def tables(number: int) -> str:
    """Everything as Markdown."""
    rows = coverage(number)
    false = ["false *deep ahead*", "false *simple ahead*", "false *equal*"]
    lines = [
        f"{number:,} curves in each row, margin 1 sd. *Covered*: the interval holds the true n*.",
        "",
        *_table(
            ["setting", "curve", "covered", "called ahead", *false, "sizes in the interval"],
            [
                (
                    r.setting,
                    r.curves,
                    *map(_percent, (r.covered, r.ahead, r.false_ahead, r.false_behind)),
                    _percent(r.false_equal),
                    f"{r.width:.1f}",
                )
                for r in rows
            ],
        ),
        f"All curves with even noise together: **{_percent(pooled(rows, False))}** covered; with "
        f"skewed noise {_percent(pooled(rows, True))}.",
        "",
        f"False claims of one pair whose true difference is the margin, five sizes ({number:,} "
        "studies a side; skewness and collapses are those of the difference):",
        "",
        *_table(
            ["noise", "repeats", *false],
            [(n, r, *map(_percent, shares)) for (n, r), shares in hard(number).items()],
        ),
        f"False claims of several contestants, 10 repeats ({max(1, number // 4):,} studies each):",
        "",
        *_table(
            ["contestants", "of each kind", *false],
            [(n, m, *map(_percent, s)) for (n, m), s in crowds(max(1, number // 4)).items()],
        ),
    ]
    share, true, plain = table_of_metrics(max(1, number // 8))
    lines += [
        "A table of 40 comparisons by correlated metrics, in 8 of which deep is ahead by 2 sd "
        f"({max(1, number // 8):,} tables): among claims with q up to 5 %, {_percent(share)} are "
        f"false and {true:.1f} of the 8 are found; without a look at q, {plain:.1f} claims of a "
        "table are false.",
        "",
        "Power: share of studies in which deep is found ahead, by how many standard deviations "
        f"it is ahead of the margin at the largest of five sizes ({number // 2:,} studies):",
        "",
        *_table(
            ["gap", "repeats", "1 v 1", "3 good v 1", "1 good, 2 hopeless v 1", "3 good v 3"],
            [(f"{g:g}", r, *map(_percent, s)) for g, r, *s in power(max(1, number // 2))],
        ),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    calibrate(__doc__, tables, DOCS, "calibration")
