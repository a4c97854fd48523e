"""What metrics are given of a run's output, in each task."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.metrics import Neighbors
from omicsbench.metrics.curves import prediction_curves
from omicsbench.metrics.evaluate import (
    Scores,
    evaluate,
    in_sample_metrics,
    n_neighbors,
    probe_labels,
)
from omicsbench.prepare.subsample import Float32Array, Rows
from omicsbench.records.ids import digest
from omicsbench.records.spec import RunSpec
from omicsbench.running.fitting import Fitted, InvalidOutput, Workplace, probabilities
from omicsbench.running.shared_stages import shared_neighbors

Curves = dict[str, dict[str, list[float]]]
Inputs = dict[str, Any]  # of metrics, by the name of the need


def assess(place: Workplace, spec: RunSpec, rows: Rows, fitted: Fitted) -> dict[str, Scores]:
    """Scores of the test, validation and, but for predictions, in-sample rows."""
    metrics = [place.metrics[name] for name in spec.metrics]
    results = {}
    for part in rows.scored:
        units = rows.units if part == "test" else None
        if spec.task == "predict":
            if part != "in_sample":
                results[part] = evaluate(metrics, _predicted(spec, rows, fitted, part), units)
            continue
        embedded = _Embedded.of(place, spec, rows, fitted, part)
        inputs = {need: value for give in GIVERS for need, value in give(embedded).items()}
        entered = metrics
        if part == "in_sample":
            entered = in_sample_metrics(metrics) if embedded.m else []
        results[part] = evaluate(entered, inputs, units)
    return results


def curves(place: Workplace, spec: RunSpec, rows: Rows, fitted: Fitted) -> Curves:
    """For pictures of predictions: reliability, coverage, accuracy of posterior samples."""
    labels = rows.codes["test"]
    if spec.task != "predict" or labels is None:
        return {}
    m, stage = min(spec.scored, len(labels)), place.pipeline.stages[-1]
    samples = None
    if stage.info.samples:
        model = fitted.models[-1]
        seen = np.asarray(model.classes_)
        drawn = model.sample_proba(fitted.last_input[:m])
        samples = np.stack([probabilities(P, m, seen, rows.classes, stage) for P in drawn])
    outliers = None if rows.outliers is None else rows.outliers[:m]
    return prediction_curves(fitted.Z["test"][:m], labels[:m], outliers, samples)


def _predicted(spec: RunSpec, rows: Rows, fitted: Fitted, part: str) -> Inputs:
    """What metrics of predictions need, of the m scored rows."""
    labels, m = rows.codes[part], min(spec.scored, len(fitted.Z[part]))
    inputs: Inputs = {
        "probabilities": fitted.Z[part][:m],
        "labels": None if labels is None else labels[:m],
    }
    if part == "test" and rows.outliers is not None:
        inputs["outliers"] = rows.outliers[:m]
    return inputs


@dataclass(frozen=True)
class _Embedded:
    """One part of a run's rows, embedded: Z (b, d), of which the first m are scored."""

    place: Workplace
    spec: RunSpec
    rows: Rows
    fitted: Fitted
    part: str
    Z: Float32Array
    m: int
    needs: frozenset[str]  # of all metrics of the run

    @classmethod
    def of(
        cls, place: Workplace, spec: RunSpec, rows: Rows, fitted: Fitted, part: str
    ) -> _Embedded:
        Z = fitted.Z["train"][rows.in_sample] if part == "in_sample" else fitted.Z[part]
        needs = frozenset(need for name in spec.metrics for need in place.metrics[name].needs)
        return cls(place, spec, rows, fitted, part, Z, min(spec.scored, len(Z)), needs)

    @property
    def in_sample(self) -> bool:
        return self.part == "in_sample"

    @property
    def k(self) -> int | None:
        """Neighbours of each scored row; None where there are too few rows to have them."""
        k = n_neighbors(len(self.Z))
        return k if len(self.Z) > k else None

    def neighbors(self, X: Any, identity: Any, k: int) -> Neighbors:
        """Those in X (b, p) of the scored rows, shared with the other pipelines."""
        path = self.place.scratch / f"neighbors-{digest(identity)}.npz"
        return shared_neighbors(path, partial(Neighbors.of, X, k, self.m))


def _embedding(of: _Embedded) -> Inputs:
    return {"embedding": of.Z[: of.m], "background": of.Z}


def _expression(of: _Embedded) -> Inputs:
    """The measured values, and neighbours in them: of one modality."""
    expression = of.rows.scored[of.part]
    if isinstance(expression, dict):
        return {}
    given: Inputs = {"expression": expression[: of.m]}
    if "gene_neighbors" in of.needs and of.k:
        identity = of.rows.identities[of.part]
        given["gene_neighbors"] = of.neighbors(expression, identity, of.k)
    return given


def _reconstruction(of: _Embedded) -> Inputs:
    wanted = "reconstruction" in of.needs and of.spec.task == "embed"
    if wanted and of.place.pipeline.invertible:
        with suppress(AttributeError, NotImplementedError):  # an inverse that is switched off
            return {"reconstruction": _rebuilt(of.fitted, of.Z[: of.m], of.rows, of.m)}
    return {}


def _labels(of: _Embedded) -> Inputs:
    """Labels of the scored rows, and the training rows that classifiers learn from."""
    if of.in_sample:
        return {}
    codes = of.rows.codes[of.part]
    labels = None if codes is None else codes[: of.m]
    return {
        "labels": labels,
        "probe_labels": probe_labels(labels),
        "train_embedding": of.fitted.Z["train"],
        "train_labels": of.rows.codes["train"],
    }


def _modalities(of: _Embedded) -> Inputs:
    """What metrics of several modalities need."""
    expression, m = of.rows.scored[of.part], of.m
    if not isinstance(expression, dict) or of.in_sample:
        return {}
    made: Inputs = {"modality_expression": {n: x[:m] for n, x in expression.items()}}
    if "modality_neighbors" in of.needs and of.k:
        identities = of.rows.identities[of.part]
        made["modality_neighbors"] = {
            name: of.neighbors(x, identities[name], of.k) for name, x in expression.items()
        }
    return made


def _one_from_another(of: _Embedded) -> Inputs:
    """Cells embedded, and the others rebuilt, by one modality alone: for methods that can."""
    stages, model = of.place.pipeline.stages, of.fitted.models[0]
    info, m = stages[0].info, of.m
    several = isinstance(of.rows.scored[of.part], dict) and not of.in_sample
    if not several or len(stages) > 1 or model is None or not info.partial:
        return {}
    made: Inputs = {}
    given = {name: modality[:m] for name, modality in of.rows.X[of.part].items()}
    if "modality_embeddings" in of.needs:
        made["modality_embeddings"] = {
            name: _finite(model.transform({name: own}), m, stages[0].text)
            for name, own in given.items()
        }
    if "cross_modal" in of.needs and info.invertible:
        first, *others = given
        rebuilt = model.inverse_transform(model.transform({first: given[first]}))
        made["cross_modal"] = {
            name: of.rows.to_scored[name](_finite(rebuilt[name], m, stages[0].text))
            for name in others
        }
    return made


# Each gives some of the inputs that metrics declare as their `needs`, or none.
GIVERS: tuple[Callable[[_Embedded], Inputs], ...] = (
    _embedding,
    _expression,
    _reconstruction,
    _labels,
    _modalities,
    _one_from_another,
)


def _finite(output: Any, m: int, text: str) -> NDArray[np.float32]:
    values = np.asarray(output, dtype=np.float32)
    if values.ndim != 2 or len(values) != m or not np.isfinite(values).all():
        raise InvalidOutput(f"{text} gave no finite (m, p) array for cells with one modality")
    return values


def _rebuilt(fitted: Fitted, Z: Float32Array, rows: Rows, m: int) -> Float32Array:
    """Rows (m, p) rebuilt from their embedding, in the fixed space."""
    X = Z
    for model in reversed(fitted.models):
        X = np.asarray(model.inverse_transform(X), dtype=np.float32)
    expected = (m, rows.scored["validation"].shape[1])
    if X.shape != expected:
        raise InvalidOutput(f"inverse_transform returned shape {X.shape}, not {expected}")
    if not np.isfinite(X).all():
        raise InvalidOutput("inverse_transform returned non-finite values")
    scored: Float32Array = rows.to_scored(X)
    return scored
