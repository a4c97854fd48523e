"""What metrics are given of a run's output, in each task."""

from __future__ import annotations

from contextlib import suppress
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
from omicsbench.prepare.subsample import FloatArray, Rows
from omicsbench.records.ids import digest
from omicsbench.records.spec import RunSpec
from omicsbench.running.fitting import Fitted, InvalidOutput, Workplace, probabilities
from omicsbench.running.shared_stages import shared_neighbors

Curves = dict[str, dict[str, list[float]]]


def assess(place: Workplace, spec: RunSpec, rows: Rows, fitted: Fitted) -> dict[str, Scores]:
    """Scores of the test, validation and in-sample rows."""
    if spec.task == "predict":
        return {
            part: _predicted(place, spec, rows, fitted, part)
            for part in rows.scored
            if part != "in_sample"
        }
    return _embedded(place, spec, rows, fitted)


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


def _predicted(place: Workplace, spec: RunSpec, rows: Rows, fitted: Fitted, part: str) -> Scores:
    labels, m = rows.codes[part], min(spec.scored, len(fitted.Z[part]))
    inputs: dict[str, Any] = {
        "probabilities": fitted.Z[part][:m],
        "labels": None if labels is None else labels[:m],
    }
    if part == "test" and rows.outliers is not None:
        inputs["outliers"] = rows.outliers[:m]
    metrics = [place.metrics[name] for name in spec.metrics]
    return evaluate(metrics, inputs, rows.units if part == "test" else None)


def _embedded(place: Workplace, spec: RunSpec, rows: Rows, fitted: Fitted) -> dict[str, Scores]:
    metrics = [place.metrics[name] for name in spec.metrics]
    needs = {need for metric in metrics for need in metric.needs}
    results = {}
    for part, expression in rows.scored.items():
        own = part != "in_sample"
        Z = fitted.Z[part] if own else fitted.Z["train"][rows.in_sample]
        m = min(spec.scored, len(Z))
        inputs: dict[str, Any] = {"embedding": Z[:m], "background": Z}
        if isinstance(expression, dict):
            inputs |= _of_modalities(place, rows, fitted, needs, part, m, len(Z)) if own else {}
        else:
            inputs["expression"] = expression[:m]
        if "reconstruction" in needs and place.pipeline.invertible and spec.task == "embed":
            with suppress(AttributeError, NotImplementedError):  # an inverse that is switched off
                inputs["reconstruction"] = _reconstruct(fitted, Z[:m], rows, m)
        one = not isinstance(expression, dict)
        if "gene_neighbors" in needs and one and len(Z) > n_neighbors(len(Z)):
            inputs["gene_neighbors"] = shared_neighbors(
                place.scratch / f"neighbors-{digest(rows.identities[part])}.npz",
                partial(Neighbors.of, expression, n_neighbors(len(Z)), m),
            )
        entered = metrics
        if own:
            codes = rows.codes[part]
            inputs["labels"] = None if codes is None else codes[:m]
            inputs["probe_labels"] = probe_labels(inputs["labels"])
            inputs["train_embedding"] = fitted.Z["train"]
            inputs["train_labels"] = rows.codes["train"]
        else:
            entered = in_sample_metrics(metrics) if m else []
        results[part] = evaluate(entered, inputs, rows.units if part == "test" else None)
    return results


def _of_modalities(
    place: Workplace, rows: Rows, fitted: Fitted, needs: set[str], part: str, m: int, b: int
) -> dict[str, Any]:
    """What metrics of several modalities need, of the m scored among b rows."""
    expression, k = rows.scored[part], n_neighbors(b)
    made: dict[str, Any] = {"modality_expression": {n: x[:m] for n, x in expression.items()}}
    if "modality_neighbors" in needs and b > k:
        made["modality_neighbors"] = {
            name: shared_neighbors(
                place.scratch / f"neighbors-{digest(rows.identities[part][name])}.npz",
                partial(Neighbors.of, x, k, m),
            )
            for name, x in expression.items()
        }
    stages, model = place.pipeline.stages, fitted.models[0]
    info = stages[0].info
    if len(stages) > 1 or model is None or not info.partial:
        return made
    given = {name: modality[:m] for name, modality in rows.X[part].items()}
    if "modality_embeddings" in needs:
        made["modality_embeddings"] = {
            name: _finite(model.transform({name: own}), m, stages[0].text)
            for name, own in given.items()
        }
    if "cross_modal" in needs and info.invertible:
        first, *others = given
        rebuilt = model.inverse_transform(model.transform({first: given[first]}))
        made["cross_modal"] = {
            name: rows.to_scored[name](_finite(rebuilt[name], m, stages[0].text)) for name in others
        }
    return made


def _finite(output: Any, m: int, text: str) -> NDArray[np.float32]:
    values = np.asarray(output, dtype=np.float32)
    if values.ndim != 2 or len(values) != m or not np.isfinite(values).all():
        raise InvalidOutput(f"{text} gave no finite (m, p) array for cells with one modality")
    return values


def _reconstruct(fitted: Fitted, Z: FloatArray, rows: Rows, m: int) -> FloatArray:
    """Rows (m, p) rebuilt from their embedding, in the fixed space."""
    X = Z
    for model in reversed(fitted.models):
        X = np.asarray(model.inverse_transform(X), dtype=np.float32)
    expected = (m, rows.scored["validation"].shape[1])
    if X.shape != expected:
        raise InvalidOutput(f"inverse_transform returned shape {X.shape}, not {expected}")
    if not np.isfinite(X).all():
        raise InvalidOutput("inverse_transform returned non-finite values")
    scored: FloatArray = rows.to_scored(X)
    return scored
