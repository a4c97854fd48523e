"""What a plug-in's file imports: decorators, the metadata they attach, what a loader needs.

This module imports nothing heavy, so that listing the registry stays instant; what brings numpy
is loaded when it is first asked for (``_ELSEWHERE``).
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

from omicsbench.errors import DataError as DataError
from omicsbench.errors import OmicsbenchError as OmicsbenchError
from omicsbench.spaces import FIXED
from omicsbench.spaces import Choice as Choice
from omicsbench.spaces import Dimension as Dimension
from omicsbench.spaces import Real as Real
from omicsbench.spaces import Whole as Whole

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from omicsbench.inputs.fetch import fetch as fetch
    from omicsbench.metrics.base import Estimate as Estimate
    from omicsbench.metrics.base import MetricUndefined as MetricUndefined
    from omicsbench.metrics.base import metric as metric
    from omicsbench.metrics.neighbors import Neighbors as Neighbors
    from omicsbench.reading.notes import note as note
    from omicsbench.reading.tenx import inspect_10x as inspect_10x
    from omicsbench.reading.tenx import open_10x as open_10x
    from omicsbench.stream import BLOCK_ROWS as BLOCK_ROWS
    from omicsbench.stream import NO_LABEL as NO_LABEL
    from omicsbench.stream import CellStream as CellStream
    from omicsbench.stream import Counts as Counts

# What else a plug-in needs, from modules that are loaded when it is asked for. It is for plug-ins:
# the rooms import these from where they are.
_ELSEWHERE = {
    "metric": "metrics.base",
    "Estimate": "metrics.base",
    "MetricUndefined": "metrics.base",
    "Neighbors": "metrics.neighbors",
    "fetch": "inputs.fetch",
    "note": "reading.notes",
    "inspect_10x": "reading.tenx",
    "open_10x": "reading.tenx",
    "BLOCK_ROWS": "stream",
    "NO_LABEL": "stream",
    "CellStream": "stream",
    "Counts": "stream",
}

Family = Literal["simple", "deep", "control"]
Task = Literal["embed", "predict", "regress", "integrate", "batch"]
SUPERVISED: tuple[Task, ...] = ("predict", "regress")  # what learns from answers, and gives some
Values = Literal[
    "counts",
    "fractional",
    "normalized",
    "log",
    "log2",
    "log10",
    "continuous",
    "proteins",
    "binary",
    "rates",
    "composition",
    "genotypes",
    "cytometry",
    "mutations",
]
Reads = Literal["values", "counts", "embedding"]
Uses = Literal["batch", "labels"]
Likelihood = Literal["normal", "negative_binomial", "bernoulli"]
Provenance = Literal["author", "sorted", "gated", "computed", "simulated"]
Kind = Literal["real", "simulated"]

NAME = re.compile(r"[a-z][a-z0-9_]*")
_T = TypeVar("_T", bound=type)
_F = TypeVar("_F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Modality:
    """One modality of some cells, as a method of task ``integrate`` is given it.

    Attributes
    ----------
    values : (n, p) float32, dense: normalised, scaled, not centred, as in every other task.
    likelihood : what the measured values are best described by: ``negative_binomial`` for
        counts, ``bernoulli`` for what is 0 or 1 or a share, ``normal`` for the rest.
    raw : (n, p) float32, the measured values that the likelihood speaks of: counts, or numbers
        from 0 to 1; None where it is ``normal``, which is of ``values``.
    depth : (n,) float32, counts of each cell over all measured features; None without counts.
    holds : what was measured, one of ``Values``: tells RNA counts from proteins; None if unknown.
    """

    values: NDArray[np.float32]
    likelihood: Likelihood = "normal"
    raw: NDArray[np.float32] | None = None
    depth: NDArray[np.float32] | None = None
    holds: Values | None = None

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: Any) -> Modality:
        """Some of the cells: a slice, row numbers or a mask."""
        raw = None if self.raw is None else self.raw[rows]
        depth = None if self.depth is None else self.depth[rows]
        return Modality(self.values[rows], self.likelihood, raw, depth, self.holds)


Modalities = Mapping[str, Modality]  # by name, the same cells in the same order in each


@dataclass(frozen=True)
class MethodInfo:
    """Metadata of a method, declared once, beside the method.

    Attributes
    ----------
    name : lower-case identifier used in pipelines.
    family : ``simple``, ``deep``, or ``control`` (bounds a metric, never a contestant).
    summary : one line.
    source : DOI or URL of the paper or library the method comes from.
    task : ``embed`` (X -> Z), ``predict`` (X -> class probabilities), ``regress`` (X -> a number),
        ``integrate`` (Xs -> Z), ``batch`` (X of several batches -> Z without them).
    version : raise it when results change for a reason outside the file itself.
    accepts_sparse : takes CSR as it is; otherwise it is handed a dense array.
    reads : ``values``, normalised and scaled (default), or ``counts``: X is then a ``Counts``, of
        the selected features and with each cell's total; the method stands first in a
        pipeline, and where data hold no counts it is skipped. ``embedding``: X (n, d) float32 is
        what was computed of the cells elsewhere. The method's parameter ``key`` names it in
        ``.obsm``, or ``path`` a parquet file; ``family`` and ``contamination``, where it has them,
        state what computed it, and whether that has seen the data.
    uses : what else of the cells is handed to the method, by keyword. ``batch``: the code of
        each cell's batch, (n,) int32, in ``fit(X, batch=...)`` and ``transform(X, batch=...)``,
        where one that ``fit`` has not seen is new. ``labels``, of a predictor: it is given the
        training rows without a label too, whose code is -1; of a method of task ``batch``:
        ``fit(X, batch=..., labels=...)`` is given such codes of the training rows.
    streams : reads its input a block at a time, by ``X[rows]`` (slice or row numbers, giving
        a dense (m, p) array), ``X.mean(axis=0)`` and ``X.shape`` alone, so that it can be handed
        what does not fit in memory. It takes CSR and dense arrays too.
    nonnegative : cannot take negative input.
    invertible : has ``inverse_transform(Z) -> X``; in task ``integrate``, of every modality.
    samples : a predictor with ``sample_proba(X) -> (s, m, c)``: probabilities by each of s
        samples of a posterior, or members of an ensemble, whose mean is ``predict_proba``.
    takes : of an integrator, the values of the modalities that it needs, one of each; where
        a data set lacks one it is skipped, and other modalities are left unused. Empty: any.
    intervals : a regressor with ``predict_interval(X, level) -> (m, 2)``: the ends between which
        the target lies with a probability of ``level``.
    partial : an integrator whose ``transform`` takes cells of which some modalities are missing.
    keeps_embedding : after ``fit``, ``embedding_`` holds the (n, d) training embedding.
    sees_labels : ``fit(X, y)`` and ``transform(X, y)``; allowed to controls only.
    devices : device classes the method can use, of ``cpu``, ``cuda``, ``mps``.
    needs : modules it imports; what else it lacks, a static ``missing() -> str | None`` says.
    control_if : parameter values with which the method is a control of its own family, such
        as an autoencoder without non-linearity: judged, but kept out of the headline.
    switches : training sizes at which the implementation takes another code path.
    space : parameters worth tuning, each with the values to search; written as a dict, such as
        ``{"width": Whole(64, 1024, log=True)}``. Defaults lie inside. Empty: nothing to tune.
    """

    name: str
    family: Family
    summary: str
    source: str
    task: Task = "embed"
    version: str = "1"
    reads: Reads = "values"
    uses: tuple[Uses, ...] = ()
    accepts_sparse: bool = False
    streams: bool = False
    nonnegative: bool = False
    invertible: bool = False
    samples: bool = False
    takes: tuple[Values, ...] = ()
    intervals: bool = False
    partial: bool = False
    keeps_embedding: bool = False
    sees_labels: bool = False
    devices: tuple[str, ...] = ("cpu",)
    needs: tuple[str, ...] = ()
    control_if: tuple[tuple[str, Any], ...] = ()
    switches: tuple[int, ...] = ()
    space: tuple[tuple[str, Dimension], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "space", tuple(dict(self.space).items()))
        for parameter, dimension in self.space:
            if parameter in FIXED or parameter in dict(self.control_if):
                raise ValueError(f"method {self.name}: {parameter} cannot be tuned")
            if not isinstance(dimension, Dimension):
                raise ValueError(
                    f"method {self.name}: {parameter} is tuned over a Choice, Whole or Real"
                )
        _check(self.name, "method")
        _one_of(self.family, Family, f"family of method {self.name}")
        _one_of(self.task, Task, f"task of method {self.name}")
        _one_of(self.reads, Reads, f"reads of method {self.name}")
        for used in self.uses:
            _one_of(used, Uses, f"uses of method {self.name}")
        for values in self.takes:
            _one_of(values, Values, f"takes of method {self.name}")
        if self.takes and self.task != "integrate":
            raise ValueError(f"method {self.name}: only an integrator takes modalities")
        if self.task == "batch" and "batch" not in self.uses:
            raise ValueError(f"method {self.name}: one of task batch uses the batch")
        if "labels" in self.uses and self.task == "embed":
            raise ValueError(f"method {self.name}: labels never reach an unsupervised method")
        of_values = self.accepts_sparse or self.streams or self.nonnegative or self.invertible
        if self.reads != "values" and (of_values or self.task == "integrate"):
            raise ValueError(
                f"method {self.name}: what reads {self.reads} takes and gives no values"
            )
        if self.streams and not self.accepts_sparse:
            raise ValueError(f"method {self.name}: what streams takes sparse input too")
        if self.sees_labels and self.family != "control" and self.task == "embed":
            raise ValueError(f"method {self.name}: labels never reach an unsupervised method")


@dataclass(frozen=True)
class Remote:
    """A file to download.

    Attributes
    ----------
    url : where it lies.
    digest : ``sha256:...`` or ``md5:...`` as the source states it; None where no checksum is
        known: then that of the first download is recorded and checked from then on.
    note : what the user should know, such as a checksum whose type nobody confirms.
    max_bytes : a larger file is not downloaded.
    """

    url: str
    digest: str | None = None
    note: str = ""
    max_bytes: int = 100_000_000_000

    @property
    def name(self) -> str:
        """Name of the file in the cache."""
        return self.url.rpartition("/")[2]

    def __str__(self) -> str:
        return f"{self.url} ({self.digest or 'no checksum known'})"


@dataclass(frozen=True)
class DatasetInfo:
    """Metadata of a data set, declared once, beside its loader.

    Attributes
    ----------
    name : lower-case identifier used in suites.
    summary : one line: what was measured, on what.
    source : DOI or URL of the data; ``licence`` as the carrier states it.
    values : what the loader returns in X: ``counts``, or ``fractional`` ones, as RSEM and SoupX
        give them; ``normalized`` for depth but not logged; ``log``, ``log2`` or ``log10`` of
        1 + normalised values; ``continuous`` measurements that need no normalisation; counts of
        ``proteins``, few of them, by antibodies; ``binary`` presence; ``rates`` from 0 to 1;
        ``composition``, counts or shares of taxa; ``genotypes``, 0, 1 or 2 of the counted allele;
        intensities of ``cytometry``; ``mutations``, 0 or 1, which are never scaled.
    modalities : values of each modality by its name, in place of ``values``, where the same cells
        were measured in several ways; written as a dict, the one to predict from first.
    kind : ``real`` or ``simulated``.
    label : the obs column that holds the label, None without one.
    provenance : where the labels come from: ``author``, ``sorted``, ``gated`` (drawn by hand in the
        very features, from which they follow), ``computed`` (a clustering), ``simulated``.
    unit : the obs column of what was sampled before the cells were, such as donor or batch:
        sampling error over test cells is then taken over its values. None: over cells. A suite
        may split by it, so that no unit is on both sides.
    groups : other obs columns by which a suite may split, such as study.
    batch : the obs column of technical batches, for methods that use it.
    target : the obs column of a measured number to be predicted, for task ``regress``.
    version : raise it when the loaded values change.
    scale : features are brought to unit variance; False where they share one unit.
    omics : False for a control from outside omics.
    needs : modules that must be importable.
    files : data files shipped beside the loader, part of the data set's identity.
    remote : files the loader needs that ``omicsbench fetch`` downloads.
    """

    name: str
    summary: str
    source: str
    licence: str
    values: Values | None = None
    modalities: tuple[tuple[str, Values], ...] = ()
    kind: Kind = "real"
    label: str | None = None
    provenance: Provenance | None = None
    unit: str | None = None
    groups: tuple[str, ...] = ()
    batch: str | None = None
    target: str | None = None
    version: str = "1"
    scale: bool = True
    omics: bool = True
    needs: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    remote: tuple[Remote, ...] = ()

    def __post_init__(self) -> None:
        _check(self.name, "data set")
        object.__setattr__(self, "modalities", tuple(dict(self.modalities).items()))
        if (self.values is None) == (not self.modalities) or len(self.modalities) == 1:
            raise ValueError(f"data set {self.name}: state values, or two modalities or more")
        for values in (self.values, *dict(self.modalities).values()):
            if values is not None:
                _one_of(values, Values, f"values of data set {self.name}")
        _one_of(self.kind, Kind, f"kind of data set {self.name}")
        if (self.label is None) != (self.provenance is None):
            raise ValueError(f"data set {self.name}: a label and its provenance go together")


def method(**info: Any) -> Callable[[_T], _T]:
    """Class decorator: attach :class:`MethodInfo` as ``info``.

    The class is scikit-learn-style: keyword parameters in ``__init__``; ``random_state`` and
    ``device`` are passed if they are parameters.

    - ``embed``: the first parameter is the output dimension ``n_components``; ``fit(X)``,
      ``transform(X) -> (n, d) float32`` and, where declared, ``inverse_transform(Z) -> (n, p)``.
    - ``predict``: ``fit(X, y)`` with y (n,) int codes, any of them, some with one row only;
      ``classes_`` (c,) the codes seen, ascending; ``predict_proba(X) -> (m, c)``, rows that sum
      to 1; and, where declared, ``sample_proba(X) -> (s, m, c)``. A parameter ``places`` is
      given the place of each feature among those measured, as features without variance are
      left out; one named ``image`` is the shape that the measured features have together.
    - ``regress``: ``fit(X, y)`` with y (n,) float32, in the units of the data;
      ``predict(X) -> (m,) float32``; and, where declared, ``predict_interval(X, level)``.
    - ``batch``: as ``embed``, with the batches in ``fit`` and ``transform`` (see ``uses``).
    - ``integrate``: as ``embed``, but X is a dict of :class:`Modality` by name and
      ``inverse_transform(Z)`` gives a dict of (n, p), in the units of ``values``. Where
      ``partial`` is declared, X of ``transform`` may lack some of the modalities.
    """
    made = MethodInfo(**info)

    def attach(cls: _T) -> _T:
        parameters = inspect.signature(cls).parameters if made.space else {}
        for name, dimension in made.space:
            if name not in parameters:
                raise ValueError(f"method {made.name}: tunes {name}, which is no parameter of it")
            if parameters[name].default not in dimension:
                raise ValueError(f"method {made.name}: default of {name} is not in: {dimension}")
        cls.info = made  # type: ignore[attr-defined]
        return cls

    return attach


def dataset(**info: Any) -> Callable[[_F], _F]:
    """Function decorator: attach :class:`DatasetInfo` as ``info``.

    The function takes keyword parameters with defaults and returns an ``AnnData`` (cells x
    features in X, CSR or dense, unique obs and var names, labels in obs) or, where that would
    not fit in memory, an ``CellStream``.
    """
    made = DatasetInfo(**info)

    def attach(load: _F) -> _F:
        load.info = made  # type: ignore[attr-defined]
        return load

    return attach


def __getattr__(name: str) -> Any:
    if name in _ELSEWHERE:
        return getattr(importlib.import_module(f"omicsbench.{_ELSEWHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _check(name: str, what: str) -> None:
    if not NAME.fullmatch(name):
        raise ValueError(f"{what} name {name!r}: use lower-case letters, digits and _")


def _one_of(value: str, literal: Any, what: str) -> None:
    if value not in get_args(literal):
        raise ValueError(f"{what} is {value!r}, expected one of {', '.join(get_args(literal))}")
