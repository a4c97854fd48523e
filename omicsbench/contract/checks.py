"""Contract checks of a method, data set or metric: the ones the project's own must pass.

``omicsbench check FILE_OR_FOLDER`` runs them on anybody's plug-in.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.contract import task_rules as rules
from omicsbench.contract.metric_rules import METRIC, Scored
from omicsbench.contract.regress_rules import REGRESSOR, Regressor
from omicsbench.errors import DataError, OmicsbenchError, RegistryError
from omicsbench.inputs.fetch import local_path
from omicsbench.metrics import Metric
from omicsbench.plugin import DatasetInfo, MethodInfo
from omicsbench.reading.annotations import require_column
from omicsbench.reading.pairing import pair
from omicsbench.registry.calls import Call
from omicsbench.registry.discover import Entry, Registry, add_file, discover, unavailable
from omicsbench.registry.pipeline import Stage, resolve
from omicsbench.stream import CellStream
from omicsbench.validation.check import check as check_data

ROWS, FEATURES, DIMENSIONS, NEW_ROWS = 60, 30, 2, 11


@dataclass(frozen=True)
class Check:
    """One rule and how it went: ``problem`` is None if it holds, ``skipped`` says why not tried."""

    subject: str
    rule: str
    problem: str | None = None
    skipped: str | None = None


def check_path(path: Path) -> list[Check]:
    """Check every method, data set and metric that a file, or the files of a folder, declare.

    Raises RegistryError if there is nothing to check.
    """
    if not path.exists():
        raise RegistryError(f"There is no file or folder {path}.")
    files = sorted(path.glob("[!_]*.py")) if path.is_dir() else [path]
    registry = Registry()
    for file in files:
        add_file(registry, file)
    checks = [
        Check(file.name, "the file can be imported", problem)
        for file, problem in registry.broken.items()
    ]
    own = discover()
    declared: dict[str, Entry[Any]] = registry.methods | registry.datasets | registry.metrics
    for name, entry in declared.items():
        known: Entry[Any] | None = (
            own.methods.get(name) or own.datasets.get(name) or own.metrics.get(name)
        )
        if known is not None and known.path.resolve() != entry.path.resolve():
            problem = f"{known.path} declares {name!r} already; choose another name"
            checks.append(Check(name, "the name is free", problem))
    checks += check_registry(registry)
    if not checks:
        raise RegistryError(
            f"{path} declares no method, data set or metric; use @method, @dataset or @metric "
            "of omicsbench.plugin."
        )
    return checks


def check_registry(registry: Registry) -> list[Check]:
    """Check all methods, data sets and metrics of a registry."""
    checks: list[Check] = []
    for entry in registry.methods.values():
        checks += check_method(entry, registry)
    for data in registry.datasets.values():
        checks += check_dataset(data)
    for scored_by in registry.metrics.values():
        checks += check_metric(scored_by.info)
    return checks


def check_metric(metric: Metric) -> Iterator[Check]:
    """Check one metric on made-up output, random and perfect."""
    for rule, examine in METRIC.items():
        yield _examined(metric.name, rule, partial(_on_made_up, examine, metric))


def _on_made_up(examine: Callable[[Scored], str | None], metric: Metric) -> str | None:
    return examine(Scored(metric))


def check_method(entry: Entry[MethodInfo], registry: Registry) -> Iterator[Check]:
    """Check one method on small random data."""
    info = entry.info
    reason = unavailable(info, entry.make)
    if reason:
        yield Check(info.name, "the contract of a method", skipped=reason)
        return
    known = signature(entry.make).parameters
    stage = resolve(rules.named(info, known), registry, DIMENSIONS).stages[0]
    examined: dict[str, tuple[Any, rules.Rules]] = {
        "embed": (_Subject, _METHOD_RULES),
        "predict": (rules.Predictor, rules.PREDICTOR),
        "regress": (Regressor, REGRESSOR),
        "integrate": (rules.Integrator, rules.INTEGRATOR),
        "batch": (_Subject, _METHOD_RULES),
    }
    subject, own = examined[info.task]
    made = subject(stage)
    for rule, examine in own.items():
        yield _examined(info.name, rule, partial(examine, made))


def check_dataset(entry: Entry[DatasetInfo]) -> Iterator[Check]:
    """Load a data set twice and check it; of a stream of cells, the first block."""
    info = entry.info
    reason = unavailable(info) or _not_fetched(info)
    if reason:
        yield Check(info.name, "the contract of a data set", skipped=reason)
        return

    def loads() -> str | None:
        if info.modalities:
            found = pair(entry.make(), info.label, info.unit, batch=info.batch)
            if list(found) != list(dict(info.modalities)):
                return f"modalities are {', '.join(found)}, declared otherwise"
            for name, values in info.modalities:
                check_data(found[name], info.label, values, info.unit, batch=info.batch)
            return None
        cells = _sample(entry.make(), info)
        columns = info.label, info.values, info.unit, False, info.batch, info.target
        checked = check_data(cells, *columns)
        for group in info.groups:
            require_column(cells.obs, group, "group")
        if info.label and not checked.label_names:
            return f"obs has no labels in {info.label!r}"
        return None

    def repeats() -> str | None:
        if info.modalities:
            pairs = zip(entry.make().values(), entry.make().values(), strict=True)
            same = all(a.shape == b.shape and abs(a.X - b.X).sum() == 0 for a, b in pairs)
            return None if same else "two loads differ; draw random numbers from a seed"
        first, second = (_sample(entry.make(), info) for _ in range(2))
        if first.shape != second.shape or abs(first.X - second.X).sum() != 0:
            return "two loads differ; draw random numbers from a seed"
        return None

    def rejects() -> str | None:
        try:
            Call(info.name, kwargs=(("no_such_parameter", 1),)).bind(entry.make)
        except RegistryError:
            return None
        return "an unknown parameter is accepted; name the parameters"

    yield _examined(info.name, "loads cells that pass the data checks", loads)
    yield _examined(info.name, "loads the same values every time", repeats)
    yield _examined(info.name, "has named parameters", rejects)


def _not_fetched(info: DatasetInfo) -> str | None:
    missing = [remote.name for remote in info.remote if not local_path(remote).is_file()]
    if not missing:
        return None
    return f"needs {', '.join(missing)}: omicsbench fetch {info.name} downloads it"


def _sample(loaded: Any, info: DatasetInfo) -> Any:
    """What a loader gave; of a stream, as much as is looked at: its first block."""
    if not isinstance(loaded, CellStream):
        return loaded
    first = next(loaded.blocks())
    rows = first.shape[0]
    if loaded.labels is not None and len(loaded.labels()) != loaded.shape[0]:
        raise DataError(f"labels gives {len(loaded.labels())} codes for {loaded.shape[0]} cells.")
    labels = loaded.labels
    cut = replace(
        loaded,
        shape=(rows, loaded.shape[1]),
        blocks=lambda: iter([first]),
        labels=None if labels is None else lambda: labels()[:rows],
        obsm={},
    )
    return cut.to_adata(info.label or "label")


def _examined(subject: str, rule: str, examine: Callable[[], str | None]) -> Check:
    try:
        return Check(subject, rule, examine())
    except OmicsbenchError as error:
        return Check(subject, rule, str(error))
    except (Exception, SystemExit) as error:
        return Check(subject, rule, f"{type(error).__name__}: {error}")


class _Subject:
    """A method under examination, with data of the kind it declares to take."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        rng = np.random.default_rng(0)
        # An embedding has a dimension of its own, as many as others are asked for.
        width = DIMENSIONS if stage.info.reads == "embedding" else FEATURES
        dense = rng.poisson(1.0, (ROWS + NEW_ROWS, width)).astype(np.float32)
        self.arrays = dense[:ROWS], dense[ROWS:]
        self.given = tuple(array.copy() for array in self.arrays)
        self.y = rng.integers(0, 3, ROWS + NEW_ROWS).astype(np.int32)
        self.train, self.new = (self.taken(array) for array in self.arrays)

    def taken(self, counts: NDArray[np.float32]) -> Any:
        """Rows in the form in which the method takes them."""
        return rules.taken(counts, self.stage.info)

    @cached_property
    def model(self) -> Any:
        """One fitted method for all rules that change nothing: fits may take seconds."""
        return self.fitted()

    def labels(self, which: slice) -> tuple[Any, ...]:
        return (self.y[which],) if self.stage.info.sees_labels else ()

    def fitted(self, train: Any = None, seed: int = 0) -> Any:
        model = self.stage.build(seed, "cpu")
        given = self.train if train is None else train
        model.fit(given, *self.labels(slice(ROWS)), **rules.beside(self.stage.info, ROWS))
        return model

    def embed(self, model: Any, rows: Any = None) -> Any:
        given = self.new if rows is None else rows
        asked = rules.beside(self.stage.info, NEW_ROWS, new=True)
        return model.transform(given, *self.labels(slice(ROWS, None)), **asked)


def _documented(s: _Subject) -> str | None:
    info = s.stage.info
    if not (s.stage.make.__doc__ or "").strip():
        return "the class has no docstring"
    return None if info.summary and info.source else "summary and source must say what it is"


def _plain_constructor(s: _Subject) -> str | None:
    model = s.stage.build(0, "cpu")
    for name, value in s.stage.params.items():
        if getattr(model, name, None) != value:
            return f"__init__ must store {name} unchanged, as scikit-learn's classes do"
    return None


def _shape(s: _Subject) -> str | None:
    Z = s.embed(s.model)
    if not isinstance(Z, np.ndarray) or Z.shape != (NEW_ROWS, s.stage.n_components or DIMENSIONS):
        return f"transform must return ({NEW_ROWS}, {s.stage.n_components}), got {np.shape(Z)}"
    if Z.dtype != np.float32:
        return f"transform must return float32, got {Z.dtype}"
    return None if np.isfinite(Z).all() else "transform returned non-finite values"


def _keeps(s: _Subject) -> str | None:
    if not s.stage.info.keeps_embedding:
        return None
    shape = np.shape(s.model.embedding_)
    return None if shape[0] == ROWS else f"embedding_ must have {ROWS} rows, got {shape}"


def _inverts(s: _Subject) -> str | None:
    if not s.stage.info.invertible:
        return None
    X = s.model.inverse_transform(s.embed(s.model))
    if np.shape(X) != (NEW_ROWS, FEATURES):
        return f"inverse_transform must return ({NEW_ROWS}, {FEATURES}), got {np.shape(X)}"
    return None if np.isfinite(X).all() else "inverse_transform returned non-finite values"


def _seeded(s: _Subject) -> str | None:
    first, second = s.embed(s.model), s.embed(s.fitted())
    return None if np.allclose(first, second, atol=1e-4) else "equal seeds give unequal results"


def _untouched(s: _Subject) -> str | None:
    s.embed(s.model)
    return None if rules.unchanged(s) else "fit or transform changed its input"


def _no_leak(s: _Subject) -> str | None:
    """Transforming other cells first must not change what is learnt."""
    model = s.fitted()
    before = s.embed(model)
    s.embed(model, s.taken(s.arrays[1] * 100))
    same = np.allclose(before, s.embed(model), atol=1e-4)
    return None if same else "transform changes the fitted model"


def _picklable(s: _Subject) -> str | None:
    copy = pickle.loads(pickle.dumps(s.model))  # noqa: S301 - its own
    same = np.allclose(s.embed(s.model), s.embed(copy), atol=1e-4)
    return None if same else "a pickled copy gives other results"


_METHOD_RULES: dict[str, Callable[[_Subject], str | None]] = {
    "says what it is": _documented,
    "the constructor only stores its parameters": _plain_constructor,
    "transform gives a finite (n, d) float32 embedding of unseen rows": _shape,
    "embedding_, where declared, holds the training rows": _keeps,
    "inverse_transform, where declared, gives (n, p) back": _inverts,
    "equal seeds give equal results": _seeded,
    "the input is left unchanged": _untouched,
    "transform does not learn": _no_leak,
    "a fitted method survives pickling": _picklable,
}
