"""What only the fitted models can tell of the scored rows, and metrics ask for.

Rows rebuilt from their embedding, embedded by one modality alone, predicted by samples of a
posterior, the interval in which a target is expected. It is computed where the models are; what is
scored is the answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np

from omicsbench.metrics.regression import LEVEL
from omicsbench.prepare.subsample import Float32Array, Rows, some
from omicsbench.registry.pipeline import Pipeline
from omicsbench.running import outputs
from omicsbench.running.apart import methods_code
from omicsbench.running.fitting import Fitted

Answers = dict[str, Any]  # by the need of metrics; an array, or one for each modality
SCORED = ("test", "validation", "in_sample")


def answers(
    pipeline: Pipeline, needs: frozenset[str], rows: Rows, fitted: Fitted
) -> dict[str, Answers]:
    """By part, what the scored rows of it are asked for."""
    if rows.spec.task == "predict":
        return {"test": _samples(rows, fitted)} if "test" in fitted.Z else {}
    if rows.spec.task == "regress":
        return {part: _intervals(rows, fitted, part) for part in fitted.Z}
    told: dict[str, Answers] = {}
    for part in SCORED:
        Z = fitted.Z["train"][rows.in_sample] if part == "in_sample" else fitted.Z.get(part)
        if Z is None or not len(Z):
            continue
        scored = Z[: rows.spec.scored]
        told[part] = dict(_rebuilt(pipeline, needs, rows, fitted, scored))
        if part in fitted.halves:
            told[part]["half_embedding"] = fitted.halves[part]
        if part != "in_sample":
            told[part] |= _one_from_another(pipeline, needs, rows, fitted, part)
    return told


def _samples(rows: Rows, fitted: Fitted) -> Answers:
    """Probabilities (s, m, c) by each of s samples, for predictors that have them."""
    last = fitted.steps[-1]
    stage, m = last.stage, min(rows.spec.scored, len(fitted.Z["test"]))
    if not stage.info.samples:
        return {}
    classes = len(rows.contents.facts.label_names)
    beside = rows.beside(stage.info, "test", m)
    with methods_code():
        asked = some(fitted.last_input["test"], slice(m))
        drawn = list(last.fitted.model.sample_proba(asked, **beside))
    return {
        "samples": np.stack(
            [outputs.probabilities(P, m, last.seen, classes, stage.text) for P in drawn]
        )
    }


def _intervals(rows: Rows, fitted: Fitted, part: str) -> Answers:
    """Where the target lies with a probability of ``LEVEL``, (m, 2), by regressors that say so."""
    last = fitted.steps[-1]
    stage, m = last.stage, min(rows.spec.scored, len(fitted.Z[part]))
    if not stage.info.intervals:
        return {}
    beside = rows.beside(stage.info, part, m)
    with methods_code():
        asked = some(fitted.last_input[part], slice(m))
        ends = last.fitted.model.predict_interval(asked, LEVEL, **beside)
    return {"interval": outputs.interval(ends, m, stage.text)}


def _rebuilt(
    pipeline: Pipeline, needs: frozenset[str], rows: Rows, fitted: Fitted, Z: Float32Array
) -> Iterator[tuple[str, Any]]:
    """Rows (m, p) rebuilt from their embedding, in the fixed space."""
    wanted = needs & {"reconstruction", "decoded", "validation_decoded"}
    if not wanted or rows.spec.task != "embed" or not pipeline.invertible:
        return
    X: Any = np.array(Z)  # the embedding is scored too, and an inverse may work in place
    with suppress(AttributeError, NotImplementedError):  # an inverse that is switched off
        for model in reversed(fitted.models):
            with methods_code():
                X = np.asarray(model.inverse_transform(X), dtype=np.float32)
        shape = (len(Z), rows.features)
        X = outputs.block(X, shape, "inverse_transform")
        yield "reconstruction", rows.to_scored(X)


def _one_from_another(
    pipeline: Pipeline, needs: frozenset[str], rows: Rows, fitted: Fitted, part: str
) -> Answers:
    """Cells embedded, and the others rebuilt, by one modality alone: for methods that can."""
    stages, model = pipeline.stages, fitted.models[0]
    info, who = stages[0].info, f"{stages[0].text}, of cells with one modality,"
    if not rows.contents.modalities or len(stages) > 1 or model is None or not info.partial:
        return {}
    m = min(rows.spec.scored, len(fitted.Z[part]))
    given = {name: modality[:m] for name, modality in rows.X[part].items()}
    beside = rows.beside(info, part, m)
    made: Answers = {}
    if "modality_embeddings" in needs:
        width = fitted.Z[part].shape[1]
        with methods_code():
            embedded = {name: model.transform({name: own}, **beside) for name, own in given.items()}
        made["modality_embeddings"] = {
            name: outputs.block(Z, (m, width), who) for name, Z in embedded.items()
        }
    if "cross_modal" in needs and info.invertible:
        first, *others = given
        with methods_code():
            rebuilt = model.inverse_transform(model.transform({first: given[first]}, **beside))
        made["cross_modal"] = {
            name: rows.to_scored(
                outputs.block(rebuilt[name], (m, given[name].values.shape[1]), who), name
            )
            for name in others
        }
    return made
