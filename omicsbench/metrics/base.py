"""What a metric is: a pure function with its metadata beside it, declared once."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from omicsbench.plugin import NAME, Task

Direction = Literal["max", "min"]
ROUNDING = 1e-6  # by which sums of float32 may miss a bound
FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.integer[Any]]

# An end of a metric's room on a data set: known, told by inputs of the metric (a function whose
# parameters are named as they are), or the metric's own value of the data's noise or themselves.
OF_NOISE: Final = "of noise"
OF_DATA: Final = "of data"
End = float | Callable[..., float] | Literal["of noise", "of data"]


class Estimate(float):
    """A number that may know what each scored cell gave to it.

    ``per_cell`` (m,) has the number as its mean over the cells that entered (NaN: did not), and
    as its spread that of the number: what the cell says itself where the metric is a mean over
    cells, else its influence added to the value. None where no formula is known. ``parts`` are
    the numbers of which it is made, such as one for each modality, by name.
    """

    per_cell: FloatArray | None
    parts: dict[str, float]

    def __new__(
        cls,
        value: float,
        per_cell: FloatArray | None = None,
        parts: Mapping[str, float] | None = None,
    ) -> Estimate:
        made = super().__new__(cls, value)
        made.per_cell = per_cell
        made.parts = dict(parts or {})
        return made

    @classmethod
    def mean(cls, per_cell: FloatArray) -> Estimate:
        """The mean of one number per scored cell, (m,)."""
        return cls(float(per_cell.mean()), per_cell)

    @property
    def se(self) -> float | None:
        """How far the value would move with other cells of the same population scored.

        It makes no allowance for the test set being finite, so that a test set scored whole
        has one too.
        """
        if self.per_cell is None:
            return None
        known = self.per_cell[np.isfinite(self.per_cell)]
        return float(known.std(ddof=1) / known.size**0.5) if known.size > 1 else None

    def by_unit(self, units: IntArray) -> FloatArray | None:
        """The value as the mean of one number per unit, (g,), where ``units`` (m,) are 0 to g - 1.

        Their spread over the units gives the standard error of a value whose cells are alike
        within a unit. Units may differ in size: of unit u with m_u of the m cells the number is
        value + (g / m) * (sum of its cells - m_u * value).
        """
        if self.per_cell is None:
            return None
        known = np.isfinite(self.per_cell)
        groups = int(units.max()) + 1
        off = np.where(known, self.per_cell, self) - float(self)
        shift = np.bincount(units, weights=off, minlength=groups)
        return float(self) + shift * (groups / max(1, int(known.sum())))


class MetricUndefined(ValueError):
    """The metric has no value on this input; the text is the reason, shown to the user."""


@dataclass(frozen=True)
class Metric:
    """A metric: its function and metadata. ``needs`` are the function's parameter names.

    Attributes
    ----------
    name : identifier; also the key in records.
    title : what a reader sees.
    range : lowest and highest possible value (None: unbounded).
    direction : ``max`` if larger is better, ``min`` if smaller is.
    source : DOI or URL of the definition.
    group : ``reconstruction``, ``neighbours``, ``distances``, ``labels``, ``clusters``; for
        predictions ``classes``, ``numbers``, ``calibration`` or ``uncertainty``; ``modalities``;
        ``molecules``, and what else was held out; ``batch removal`` and, beside it, ``biology``;
        ``truth``, of simulated cells.
    tasks : of which outputs it is a metric.
    version : raise it when scores change for a reason outside the file that declares it.
    margin : difference below which two scores count as equal in a verdict.
    room : on the data at hand its floor, what knowing nothing scores, and its ceiling, what knowing
        the answer does. ``OF_NOISE`` is the value of an embedding drawn at random, ``OF_DATA``
        that of the measured values as their own embedding. None where no ceiling is known.
    secondary : shown, but not counted in the headline: flawed, or saying again what another
        metric of the same predictions says.
    """

    name: str
    title: str
    range: tuple[float | None, float | None]
    direction: Direction
    source: str
    group: str
    function: Callable[..., float]
    needs: tuple[str, ...]
    margin: float
    secondary: bool = False
    tasks: tuple[Task, ...] = ("embed",)
    version: str = "1"
    room: tuple[End, End] | None = None

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ValueError(f"metric name {self.name!r}: use lower-case letters, digits and _")
        if self.direction not in get_args(Direction):
            raise ValueError(f"metric {self.name}: direction is {self.direction!r}, not max or min")
        low, high = self.range
        if low is not None and high is not None and not low < high:
            raise ValueError(f"metric {self.name}: the range goes from {low} to {high}")
        if not self.tasks or set(self.tasks) - set(get_args(Task)):
            raise ValueError(f"metric {self.name}: tasks are of {', '.join(get_args(Task))}")

    @property
    def uses_labels(self) -> bool:
        return any(need.endswith("labels") for need in self.needs)

    @property
    def of_held_out(self) -> bool:
        """Whether it is defined only where something was held out of all methods."""
        return not HELD_OUT.isdisjoint(self.needs)

    def __call__(self, **inputs: Any) -> Estimate:
        """Value of the metric; ``inputs`` may hold more than it needs.

        Raises MetricUndefined if an input it needs is missing (None) or unfit; the value
        is never NaN. It lies within the range: what is beyond by rounding is the bound itself,
        and ValueError is raised for what is beyond by more.
        """
        for need in self.needs:
            if inputs.get(need) is None:
                raise MetricUndefined(MISSING[need])
        value = self.function(**{need: inputs[need] for need in self.needs})
        if not math.isfinite(value):
            raise MetricUndefined(f"the metric came out as {value}")
        found = value if isinstance(value, Estimate) else Estimate(value)
        low = -math.inf if self.range[0] is None else self.range[0]
        high = math.inf if self.range[1] is None else self.range[1]
        within = min(max(float(found), low), high)
        if abs(within - found) > ROUNDING * max(1.0, abs(within)):
            raise ValueError(f"scored {value:g}, outside of the declared range {low:g} to {high:g}")
        return found if within == found else Estimate(within, found.per_cell, found.parts)


NO_MOLECULES = "no molecules were held out"
NO_FEATURES = "no features were held out"

# What a metric may ask for by parameter name, and the reason given where it is missing.
# m scored rows, the first of b background rows; n training rows, p features, d dimensions.
MISSING: dict[str, str] = {
    "expression": "no scored rows",  # (m, p) dense float32, in the fixed space of the data set
    "reconstruction": "the pipeline has no inverse_transform",  # (m, p), same space
    # Neighbors of m among b rows, in gene space
    "gene_neighbors": "too few scored rows, or several modalities",
    "embedding": "the pipeline has no embedding",  # (m, d)
    "background": "the pipeline has no embedding",  # (b, d), its first m rows are the scored
    "train_embedding": "not defined in sample",  # (n, d)
    "labels": "the data set has no labels",  # (m,) int codes, -1 where missing
    "train_labels": "the data set has no labels",  # (n,) int codes, -1 where missing
    "probe_labels": "no labels, or the test fold is too small for a probe",  # (m,) codes
    # Of simulated cells, q numbers each: the coordinates from which they were made.
    "latent": "the true coordinates of the cells are not known",  # (m, q) float32
    "train_latent": "the true coordinates of the cells are not known",  # (n, q) float32
    # Task batch: q rows, the m scored ones, and where these are of new batches, training rows.
    "mixed_embedding": "the data set names no batches",  # (q, d)
    "mixed_batches": "the data set names no batches",  # (q,) int codes
    "mixed_labels": "the data set has no labels, or names no batches",  # (q,) int codes, -1
    # Where molecules or features were held out of all methods (``hold_out = true``).
    "molecules": NO_MOLECULES,  # (m, p) counts of the half held out, of the selected features
    "reference_embedding": NO_MOLECULES,  # (r, d) of training rows
    "reference_counts": NO_MOLECULES,  # (r, p) CSR, their counts of the half seen
    "half_embedding": NO_MOLECULES,  # (b, d), the background rows by the half held out, evened
    # (m, p) rates up to a factor of each row; validation rows have both too
    "decoded": f"{NO_MOLECULES}, or the pipeline has no inverse_transform",
    "validation_molecules": NO_MOLECULES,
    "validation_decoded": f"{NO_MOLECULES}, or the pipeline has no inverse_transform",
    "held_out_values": NO_FEATURES,  # (m, q) in the fixed space
    "learning_embedding": NO_FEATURES,  # (t, d) of training rows
    "learning_values": NO_FEATURES,  # (t, q)
    # Task predict: c classes, in the order of their codes 0 to c - 1.
    "probabilities": "the pipeline predicts no classes",  # (m, c) float64, rows sum to 1
    "outliers": "no class was held out of training",  # (m,) bool, whether of the class held out
    # Task regress, of the m scored rows.
    "prediction": "the pipeline predicts no numbers",  # (m,) float64
    "target": "the data set has no target",  # (m,) float64, NaN where missing
    "interval": "the method gives no intervals",  # (m, 2) float64, of a probability of 0.9
    # Task integrate: dicts by name of modality, in the data set's order.
    "modality_expression": "the data set has one modality",  # (m, p) each, in the fixed space
    "modality_neighbors": "too few scored rows",  # Neighbors of m among b rows, each
    # (m, d) each: the embedding of the scored rows by that modality alone.
    "modality_embeddings": "the pipeline embeds no modality alone",
    # (m, p) each but the first modality: what the first alone predicts, in the fixed space.
    "cross_modal": "the pipeline predicts no modality from another",
}

HELD_OUT = frozenset(  # needs that are met only where something was held out of all methods
    need for need, why in MISSING.items() if why.startswith((NO_MOLECULES, NO_FEATURES))
)
METRICS: dict[str, Metric] = {}  # of the package, filled in the order that its __init__ declares


def metric(
    *,
    title: str,
    range: tuple[float | None, float | None],
    direction: Direction,
    source: str,
    group: str,
    margin: float = 0.01,
    secondary: bool = False,
    tasks: tuple[Task, ...] = ("embed",),
    version: str = "1",
    room: tuple[End, End] | None = None,
) -> Callable[[Callable[..., float]], Callable[..., float]]:
    """Function decorator: attach :class:`Metric` as ``info``.

    The function's name is the metric's, its parameters without a default are its needs.
    """

    def attach(function: Callable[..., float]) -> Callable[..., float]:
        name = function.__name__
        needs = needs_of(function)
        ends = [end for end in room or () if callable(end)]
        unknown = {*needs, *(need for end in ends for need in needs_of(end))} - set(MISSING)
        if unknown:
            raise TypeError(f"metric {name} needs {sorted(unknown)}, known: {sorted(MISSING)}")
        function.info = Metric(  # type: ignore[attr-defined]
            name,
            title,
            range,
            direction,
            source,
            group,
            function,
            needs,
            margin,
            secondary,
            tasks,
            version,
            room,
        )
        return function

    return attach


def needs_of(function: Callable[..., float]) -> tuple[str, ...]:
    """Its parameters without a default: what it asks for."""
    return tuple(
        p.name
        for p in inspect.signature(function).parameters.values()
        if p.default is inspect.Parameter.empty
    )


def declared(module: ModuleType) -> list[Metric]:
    """The metrics that a module itself declares, in the order in which it does."""
    return [
        value.info
        for value in vars(module).values()
        if isinstance(getattr(value, "info", None), Metric)
        and getattr(value, "__module__", None) == module.__name__
    ]
