"""Secondary: at which size beyond those tested would the deep pipeline be ahead, if ever?

**What is fitted.** The mean paired difference (deep minus simple, positive where deep is better)
over training sizes n, by least squares, as one of three forms of learning curves (Viering & Loog,
arXiv:2103.10948):

- logarithm, a + b log n
- exponential, a - b exp(-c n / N), N the largest size
- power law, a - b n^-c

**Which form.** The largest size is held out: each form is fitted to the others and predicts it.
The form that errs least is kept and fitted to all sizes. With four sizes the two forms of three
parameters meet three points, so noise is followed exactly; the held-out size is the only check.

**When a root is shown.** The root is the first size beyond N at which the fitted curve exceeds
the margin; all forms are monotone, so that it stays above. It is shown only where the error of the
held-out prediction is smaller than the gap it claims to close, |margin - difference observed at N|,
and never beyond ``REACH`` x N. Otherwise the reason says what stood against it.

**Limits.** A difference of two learning curves need not follow the form of either. The root has
no interval. It is a hint where to measure next and never part of a verdict. Tried on differences
of two power laws (six sizes up to 5,000, margin 0.01): where the means were exact, 98 % of the
roots shown lay within a factor of 2 of the true crossing; with a standard error of a tenth of the
margin 96 %, of three tenths 81 %; with one as large as the margin 18 %, and six in ten had no true
crossing below 40 N. The held-out error does not see all of the noise, because the best of three is
taken. So where the means are noisy, ``supported`` asks how often resampled means have a root.

**How.** Given c, the curve is linear in a and b, which are then solved exactly (variable
projection, Golub & Pereyra 1973, doi:10.1137/0710036). c is found on a grid that is refined about
its best value, all values of a grid at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Form = Literal["logarithm", "exponential", "power law"]
FORMS: tuple[Form, ...] = get_args(Form)  # the simplest first: it wins a tie

FEWEST = 4  # sizes
REACH = 4  # how many times the largest size a root may be
SUPPORT = 0.9  # share of resampled means that must have a root, too
GRID = 40  # values of c at a time
REFINED = 3  # times that the grid is narrowed
POWERS = (0.02, 4.0)  # of n; below, a power law cannot be told from a logarithm
SLOWEST, FASTEST = 0.1, 4.0  # exponential: scale of 10 N, and of a quarter of the smallest size


@dataclass(frozen=True)
class Extrapolation:
    """The curve that was kept, how well each form predicted, and the root or why there is none.

    ``parameters`` are a, b and, but for the logarithm, c. ``holdout_errors`` are the absolute
    errors at ``largest``, by form, and ``gap`` is what a root has to close: both in the unit of
    the differences. ``root`` is a size, from ``largest`` + 1 to ``horizon``.
    """

    form: Form
    parameters: tuple[float, ...]
    holdout_errors: dict[Form, float]
    gap: float
    root: int | None
    reason: str
    margin: float
    largest: int
    horizon: int

    @property
    def holdout_error(self) -> float:
        """How far the form that was kept erred at the held-out largest size."""
        return self.holdout_errors[self.form]

    def at(self, sizes: ArrayLike) -> Floats:
        """The fitted difference at ``sizes``, of the same shape."""
        n = np.asarray(sizes, dtype=np.float64)
        return np.asarray(_curve(self.form, self.parameters, self.largest, n))

    @property
    def sentence(self) -> str:
        """The extrapolation in plain words."""
        how = f"{self.form}, error {self.holdout_error:.2g} at the held-out n = {self.largest:,}"
        if self.root is None:
            return f"Extrapolated (secondary; {how}): {self.reason}"
        return (
            f"Extrapolated (secondary; {how}): ahead by more than {self.margin:g} from about "
            f"n = {self.root:,}"
        )


def extrapolate(sizes: ArrayLike, means: ArrayLike, margin: float) -> Extrapolation | None:
    """Continue the mean differences beyond the largest size; None with fewer than four sizes.

    Parameters
    ----------
    sizes : (m,) training sizes, strictly ascending, at least 1.
    means : (m,) mean paired difference at each, positive where deep is better.
    margin : what must be exceeded, in the unit of the differences.

    Raises ValueError if the shapes differ, a number is not finite or the sizes do not ascend.
    """
    n, y = np.asarray(sizes, dtype=np.float64), np.asarray(means, dtype=np.float64)
    if n.ndim != 1 or n.shape != y.shape:
        raise ValueError(f"sizes {n.shape} and means {y.shape} must be one list each, as long")
    if not (np.isfinite(n).all() and np.isfinite(y).all() and math.isfinite(margin)):
        raise ValueError("sizes, means and margin must be finite")
    if len(n) < FEWEST:
        return None
    if n[0] < 1 or (np.diff(n) <= 0).any():
        raise ValueError("sizes must ascend strictly, from 1 or more")
    largest, last = float(n[-1]), float(y[-1])
    errors: dict[Form, float] = {}
    for form in FORMS:
        guess = _curve(form, _fit(form, n[:-1], y[:-1], largest), largest, n[-1])
        errors[form] = abs(float(guess) - last)
    form = min(FORMS, key=errors.__getitem__)
    parameters = _fit(form, n, y, largest)
    gap, horizon = abs(margin - last), REACH * int(largest)
    root, reason = None, ""
    if last > margin:
        reason = f"the mean exceeds the margin {margin:g} at n = {int(largest):,} already"
    elif errors[form] >= gap:
        reason = f"prediction error {errors[form]:.2g} is not below the gap {gap:.2g}"
    else:
        root, reason = _root(form, parameters, margin, int(largest), horizon)
    kept = (gap, root, reason, float(margin), int(largest), horizon)
    return Extrapolation(form, parameters, errors, *kept)


def supported(found: Extrapolation, sizes: ArrayLike, paths: ArrayLike) -> Extrapolation:
    """The same, with its root only if nine in ten of resampled means (B, m) cross as well.

    The form that was kept is fitted to each; it has to exceed the margin at the horizon.
    """
    if found.root is None:
        return found
    n, horizon = np.asarray(sizes, dtype=np.float64), np.float64(found.horizon)
    ends = [
        _curve(found.form, _fit(found.form, n, path, found.largest), found.largest, horizon)
        for path in np.asarray(paths, dtype=np.float64)
    ]
    share = float(np.mean(np.array(ends) > found.margin))
    if share >= SUPPORT:
        return found
    return replace(found, root=None, reason=f"only {share:.0%} of resampled repeats have a root")


def _root(
    form: Form, parameters: tuple[float, ...], margin: float, largest: int, horizon: int
) -> tuple[int | None, str]:
    """The first size beyond ``largest`` at which the curve exceeds the margin, or why none."""

    def above(n: int) -> bool:
        return float(_curve(form, parameters, largest, np.float64(n))) > margin

    # At the largest size the curve lies below: fitted to all, it errs there no more than held out,
    # and that error is smaller than the gap.
    if not above(horizon):
        return None, f"no crossing within {REACH} x n = {largest:,}"
    low, high = largest, horizon  # the curve rises between them: halve
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if above(middle) else (middle, high)
    return high, ""


def _curve(
    form: Form, parameters: tuple[float, ...], largest: float, n: Floats | np.float64
) -> Floats | np.float64:
    a, b = parameters[:2]
    if form == "logarithm":
        return a + b * np.log(n)
    c = parameters[2]
    return a - b * (n**-c if form == "power law" else np.exp(-c * n / largest))


def _fit(form: Form, n: Floats, y: Floats, largest: float) -> tuple[float, ...]:
    """Least squares; n (m,), y (m,). ``largest`` scales the exponential, held out or not."""
    if form == "logarithm":
        a, b, _ = _solve(np.log(n)[None], y)
        return float(a[0]), float(b[0])
    # Both are 1 at the smallest size, so that no value of c underflows at all sizes.
    rest = np.log(n / n[0]) if form == "power law" else (n - n[0]) / largest
    ends = POWERS if form == "power law" else (SLOWEST, max(FASTEST * largest / n[0], 1.0))
    c, a_, b_ = _search(lambda c: np.exp(-np.multiply.outer(c, rest)), y, ends)
    first = n[0] ** c if form == "power law" else math.exp(c * n[0] / largest)
    return a_, -b_ * float(first), c


def _search(
    basis: Callable[[Floats], Floats], y: Floats, ends: tuple[float, float]
) -> tuple[float, float, float]:
    """The c between ``ends`` with the least squares, and its a and b."""
    low, high = ends
    for _ in range(1 + REFINED):
        grid = np.exp(np.linspace(math.log(low), math.log(high), GRID))
        a, b, squares = _solve(basis(grid), y)
        best = int(squares.argmin())
        low, high = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, GRID - 1)])
    return float(grid[best]), float(a[best]), float(b[best])


def _solve(x: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
    """Least squares of y (m,) on a + b x for every row of x (k, m): a, b and squares, (k,) each."""
    centre, level = x.mean(axis=1), y.mean()
    away, up = x - centre[:, None], y - level
    b = (away @ up) / (away**2).sum(axis=1)
    squares = ((up - b[:, None] * away) ** 2).sum(axis=1)
    return level - b * centre, b, squares
