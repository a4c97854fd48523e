"""What methods return, checked: real, finite, of the shape that was asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Float32Array = NDArray[np.float32]
REAL = "biuf"  # kinds of numpy's types that hold real numbers
ROUNDING = 1e-3  # by which probabilities may miss a sum of 1


class InvalidOutput(Exception):
    """A method returned something that is not an embedding of its input."""


def numbers(output: Any, who: str) -> NDArray[Any]:
    """What a method returned as an array of real numbers, all there. Raises InvalidOutput."""
    try:
        given = np.asarray(output)
    except (TypeError, ValueError) as error:
        raise InvalidOutput(f"{who} returned no numbers") from error
    if given.dtype.kind == "c":
        raise InvalidOutput(f"{who} returned complex numbers")
    if given.dtype.kind not in REAL:
        raise InvalidOutput(f"{who} returned no numbers, but {given.dtype}")
    if np.ma.isMaskedArray(output) and np.ma.getmaskarray(output).any():
        raise InvalidOutput(f"{who} returned an array in which values are masked")
    return given


def embedding(output: Any, n: int, width: int | None, who: str, part: str) -> Float32Array:
    """An (n, d) finite float32 array, or InvalidOutput saying what is wrong.

    ``width`` is the d that was asked for or has been returned before; None if it is not known.
    """
    Z = _float32(output, f"{who} for {part} rows")
    if Z.ndim != 2 or Z.shape[0] != n:
        raise InvalidOutput(f"{who} returned shape {Z.shape} for {n} {part} rows")
    if Z.shape[1] == 0:
        raise InvalidOutput(f"{who} returned no dimension for {part} rows")
    if width is not None and Z.shape[1] != width:
        raise InvalidOutput(f"{who} returned {Z.shape[1]} dimensions, not {width}, for {part} rows")
    return Z


def block(output: Any, shape: tuple[int, int | None], who: str) -> Float32Array:
    """A finite float32 array of this shape (None: any number of columns), or InvalidOutput."""
    values = _float32(output, who)
    m, p = shape
    if values.ndim != 2 or len(values) != m or p not in (None, values.shape[1]):
        wanted = f"({m}, {p or 'any number'})"
        raise InvalidOutput(f"{who} returned shape {values.shape}, not {wanted}")
    return values


def _float32(output: Any, who: str) -> Float32Array:
    given = numbers(output, who)
    with np.errstate(all="ignore"):  # too large for float32: infinite, which is said below
        # A copy: many a method writes its next output into the same array.
        values: Float32Array = np.array(given, dtype=np.float32)
    bad = int((~np.isfinite(values)).sum())
    if bad:
        raise InvalidOutput(f"{who} returned {bad} non-finite values")
    return values


def is_constant(Z: Float32Array) -> bool:
    """Whether all of several rows (n, d) are embedded at one point."""
    return len(Z) > 1 and bool((Z[:1] == Z).all())


def probabilities(
    output: Any, n: int, seen: NDArray[Any], classes: int, who: str
) -> NDArray[np.float64]:
    """What a predictor gave for n rows as (n, classes), 0 for classes not seen in training.

    Raises InvalidOutput unless its rows are probabilities of the classes ``seen``.
    """
    P = numbers(output, who).astype(np.float64)
    if P.shape != (n, len(seen)):
        raise InvalidOutput(
            f"{who} returned probabilities of shape {P.shape} for {n} rows and {len(seen)} classes"
        )
    if not np.isfinite(P).all():
        bad = int((~np.isfinite(P)).sum())
        raise InvalidOutput(f"{who} returned {bad} non-finite probabilities")
    if P.min(initial=0) < 0 or (np.abs(P.sum(axis=1) - 1) > ROUNDING).any():
        raise InvalidOutput(f"{who} returned rows that are negative or do not sum to 1")
    whole = np.zeros((n, classes))
    whole[:, seen] = P / P.sum(axis=1, keepdims=True)
    return whole


def predictions(output: Any, n: int, who: str) -> Float32Array:
    """What a regressor gave for n rows as (n, 1), finite, or InvalidOutput."""
    values = numbers(output, who)
    column = values[:, None] if values.ndim == 1 else values
    return block(column, (n, 1), who)


def interval(output: Any, n: int, who: str) -> Float32Array:
    """Lower and upper ends (n, 2), finite and in order, or InvalidOutput."""
    ends = block(output, (n, 2), f"predict_interval of {who}")
    if (ends[:, 0] > ends[:, 1]).any():
        raise InvalidOutput(f"predict_interval of {who} returned lower ends above upper ones")
    return ends


def classes_seen(model: Any, classes: int, who: str) -> NDArray[np.int64]:
    """The codes of the classes that a predictor has learnt. Raises InvalidOutput."""
    seen = numbers(getattr(model, "classes_", None), f"classes_ of {who}")
    whole = seen.ndim == 1 and (seen == seen.astype(np.int64)).all()
    if not whole or len(np.unique(seen)) < len(seen) or seen.min() < 0 or seen.max() >= classes:
        raise InvalidOutput(f"{who} tells of no codes of classes in classes_")
    return seen.astype(np.int64)
