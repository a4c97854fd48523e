"""What a parameter may be tuned over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Choice:
    """Values of a parameter among which to search, such as can be written in a pipeline."""

    values: Sequence[bool | int | float | str | None]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", tuple(self.values))
        if len({repr(value) for value in self.values}) < max(len(self.values), 2):
            raise ValueError(f"{self}: give two values or more, each once")

    def __contains__(self, value: object) -> bool:
        # True == 1 in Python, but they are not the same value of a parameter.
        return any(type(value) is type(known) and value == known for known in self.values)

    def __str__(self) -> str:
        return f"one of {', '.join(map(repr, self.values))}"


@dataclass(frozen=True)
class Whole:
    """Whole numbers from ``low`` to ``high``, both included; ``log`` searches on a log scale."""

    low: int
    high: int
    log: bool = False

    def __post_init__(self) -> None:
        _interval(self)

    def __contains__(self, value: object) -> bool:
        whole = isinstance(value, int) and not isinstance(value, bool)
        return whole and self.low <= value <= self.high  # type: ignore[operator]

    def __str__(self) -> str:
        return f"whole numbers {self.low} to {self.high}{' on a log scale' * self.log}"


@dataclass(frozen=True)
class Real:
    """Numbers from ``low`` to ``high``, both included; ``log`` searches on a log scale."""

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        _interval(self)

    def __contains__(self, value: object) -> bool:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and self.low <= value <= self.high  # type: ignore[operator]

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}{' on a log scale' * self.log}"


Dimension = Choice | Whole | Real
# Never searched: an equal output dimension is equal terms; the harness gives the other two.
FIXED = ("n_components", "random_state", "device")


def _interval(dimension: Whole | Real) -> None:
    if not (dimension.low < dimension.high and (dimension.low > 0 or not dimension.log)):
        raise ValueError(f"{dimension}: low lies below high, and above 0 on a log scale")
