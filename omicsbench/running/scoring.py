"""Score what a run's method gave: collect what metrics ask for, in each task, and compute them.

Nothing of the method is here but its outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from omicsbench.metrics import METRICS, Metric, Neighbors
from omicsbench.metrics.curves import prediction_curves
from omicsbench.metrics.evaluate import (
    Scores,
    evaluate,
    in_sample_metrics,
    n_neighbors,
    probe_labels,
)
from omicsbench.metrics.known import facts
from omicsbench.plugin import SUPERVISED
from omicsbench.prepare.held_out_rows import HeldOutRows
from omicsbench.prepare.prepared import Prepared
from omicsbench.prepare.scored import GROUPS, ScoredRows, scored_rows
from omicsbench.prepare.subsample import Float32Array
from omicsbench.processes.storable import text
from omicsbench.records.embeddings import MANY_CELLS, write_embedding
from omicsbench.records.ids import digest
from omicsbench.records.spec import RunSpec
from omicsbench.running import measure, outputs
from omicsbench.running.handover import Outputs
from omicsbench.running.outputs import InvalidOutput
from omicsbench.running.shared_stages import shared_neighbors
from omicsbench.running.tuning import TrialFailed

Curves = dict[str, dict[str, list[float]]]
Inputs = dict[str, Any]  # of metrics, by the name of the need
FEW = 64  # rows, enough for every kind of metric


@dataclass(frozen=True)
class Bench:
    """What a scorer keeps between runs: where neighbours are shared and pictures go, metrics."""

    out: Path
    scratch: Path
    metrics: Mapping[str, Metric]


def judge(bench: Bench, spec: RunSpec, prepared: Prepared, given: Outputs) -> dict[str, Any]:
    """The fields of a record that are told by scoring, as plain values.

    Raises InvalidOutput for outputs that are not of the run's rows.
    """
    with measure.clock() as scoring:
        scored = scored_rows(spec, prepared)
        _check(spec, scored, given)
        scores = assess(bench, spec, scored, given)
        drawn = curves(spec, scored, given)
    embeds = spec.task not in SUPERVISED
    test = scores["test"]
    own = [name for name in spec.metrics if name not in METRICS]
    return {
        "scores": test.values,
        "scores_se": test.errors,
        "scores_by_unit": test.by_unit,
        "parts": {
            name: by_class(own, prepared.facts.label_names)
            if bench.metrics[name].uses_labels
            else own
            for name, own in test.parts.items()
        },
        "skipped_metrics": {name: text(why) for name, why in test.skipped.items()},
        "validation": scores["validation"].values,
        "in_sample": scores["in_sample"].values if embeds else {},
        "output_dim": int(given.Z["test"].shape[1]) if embeds else None,
        "n_neighbors": n_neighbors(spec.background) if embeds else None,
        "unit": prepared.facts.unit or f"{GROUPS} random groups of test cells",
        "curves": drawn,
        "own_metrics": {name: facts(bench.metrics[name]) for name in own},
        "notes": scored.notes,
        "embedding": _kept_embedding(bench, spec, scored, given),
        "score_s": scoring.wall_s,
    }


def few(spec: RunSpec, given: Outputs) -> tuple[RunSpec, Outputs]:
    """The same run and its outputs, as if it had few rows to score."""
    fewer = {
        name: min(getattr(spec, name), FEW) for name in ("scored", "background", "scored_in_sample")
    }
    Z = {part: values if part == "train" else values[:FEW] for part, values in given.Z.items()}
    tiny = spec.model_copy(update={**fewer, "keep_embedding": False})
    return tiny, Outputs(Z)


def judge_trial(bench: Bench, spec: RunSpec, prepared: Prepared, given: Outputs) -> float:
    """The score of a trial on validation rows. Raises TrialFailed if it has none."""
    assert spec.tuning is not None
    scored = scored_rows(spec, prepared)
    scores = assess(bench, spec, scored, given, ("validation",))["validation"]
    if spec.tuning.metric not in scores.values:
        raise TrialFailed(scores.skipped[spec.tuning.metric])
    return scores.values[spec.tuning.metric]


def assess(
    bench: Bench,
    spec: RunSpec,
    scored: ScoredRows,
    given: Outputs,
    parts: tuple[str, ...] = ("validation", "test", "in_sample"),
) -> dict[str, Scores]:
    """Scores of the test, validation and, but for predictions, in-sample rows."""
    metrics = [bench.metrics[name] for name in spec.metrics]
    results = {}
    for part in parts:
        entered = metrics
        if part == "in_sample":
            if spec.task in SUPERVISED:
                continue
            entered = in_sample_metrics(metrics) if scored.in_sample.size else []
        units = scored.units if part == "test" else None
        results[part] = evaluate(entered, inputs_of(bench, spec, scored, given, part), units)
    return results


def inputs_of(bench: Bench, spec: RunSpec, scored: ScoredRows, given: Outputs, part: str) -> Inputs:
    """What the metrics may ask for of a part's scored rows."""
    if spec.task in SUPERVISED:
        return PREDICTED[spec.task](spec, scored, given, part)
    embedded = _Embedded.of(bench, spec, scored, given, part)
    return {need: value for give in GIVERS for need, value in give(embedded).items()}


def by_class(parts: Mapping[str, float], label_names: Sequence[str]) -> dict[str, float]:
    """Parts with the names of classes in place of their codes."""
    names = {str(code): name for code, name in enumerate(label_names)}
    return {names.get(part, part): value for part, value in parts.items()}


def curves(spec: RunSpec, scored: ScoredRows, given: Outputs) -> Curves:
    """For pictures of predictions: reliability, coverage, accuracy of posterior samples."""
    labels = scored.codes["test"]
    if spec.task != "predict" or labels is None:
        return {}
    m = min(spec.scored, len(labels))
    outliers = None if scored.outliers is None else scored.outliers[:m]
    samples = given.answers.get("test", {}).get("samples")
    return prediction_curves(given.Z["test"][:m], labels[:m], outliers, samples)


def _check(spec: RunSpec, scored: ScoredRows, given: Outputs) -> None:
    """Raise InvalidOutput for what no honest worker hands over."""
    supervised = spec.task in SUPERVISED
    parts = ("test", "validation") if supervised else ("test", "train", "validation")
    width = {"predict": scored.classes, "regress": 1}.get(spec.task)
    for part in parts:
        if part not in given.Z:
            raise InvalidOutput(f"nothing was handed over for {part} rows")
        n = scored.sizes[part]
        width = outputs.block(given.Z[part], (n, width), f"the output for {part} rows").shape[1]


def _kept_embedding(bench: Bench, spec: RunSpec, scored: ScoredRows, given: Outputs) -> str | None:
    """The file of the run's picture, where one is wanted: of test cells, or of very many."""
    if not spec.keep_embedding or given.Z["test"].shape[1] != 2:
        return None
    parts = ("test", "train") if spec.size > MANY_CELLS else ("test",)
    kept = {part: (given.Z[part], scored.codes[part]) for part in parts}
    return write_embedding(bench.out, spec.key, kept)


def _predicted(spec: RunSpec, scored: ScoredRows, given: Outputs, part: str) -> Inputs:
    """What metrics of predictions need, of the m scored rows."""
    labels, m = scored.codes[part], min(spec.scored, len(given.Z[part]))
    inputs: Inputs = {
        "probabilities": given.Z[part][:m],
        "labels": None if labels is None else labels[:m],
    }
    if part == "test" and scored.outliers is not None:
        inputs["outliers"] = scored.outliers[:m]
    return inputs


def _regressed(spec: RunSpec, scored: ScoredRows, given: Outputs, part: str) -> Inputs:
    """What metrics of predicted numbers need, of the m scored rows."""
    target, m = scored.targets[part], min(spec.scored, len(given.Z[part]))
    ends = given.answers.get(part, {}).get("interval")
    return {
        "prediction": np.asarray(given.Z[part][:m, 0], dtype=np.float64),
        "target": None if target is None else target[:m].astype(np.float64),
        "interval": None if ends is None else outputs.interval(ends, m, "the method"),
    }


PREDICTED: dict[str, Callable[[RunSpec, ScoredRows, Outputs, str], Inputs]] = {
    "predict": _predicted,
    "regress": _regressed,
}


@dataclass(frozen=True)
class _Embedded:
    """One part of a run's rows, embedded: Z (b, d), of which the first m are scored."""

    bench: Bench
    spec: RunSpec
    scored: ScoredRows
    given: Outputs
    part: str
    Z: Float32Array
    m: int
    needs: frozenset[str]  # of all metrics of the run

    @classmethod
    def of(
        cls, bench: Bench, spec: RunSpec, scored: ScoredRows, given: Outputs, part: str
    ) -> _Embedded:
        Z = given.Z["train"][scored.in_sample] if part == "in_sample" else given.Z[part]
        needs = frozenset(need for name in spec.metrics for need in bench.metrics[name].needs)
        return cls(bench, spec, scored, given, part, Z, min(spec.scored, len(Z)), needs)

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
        path = self.bench.scratch / f"neighbors-{digest(identity)}.npz"
        return shared_neighbors(path, partial(Neighbors.of, X, k, self.m))


def _embedding(of: _Embedded) -> Inputs:
    return {"embedding": of.Z[: of.m], "background": of.Z}


def _expression(of: _Embedded) -> Inputs:
    """The measured values, and neighbours in them: of one modality."""
    expression = of.scored.expression[of.part]
    if isinstance(expression, dict):
        return {}
    given: Inputs = {"expression": expression[: of.m]}
    if "gene_neighbors" in of.needs and of.k:
        identity = of.scored.identities[of.part]
        given["gene_neighbors"] = of.neighbors(expression, identity, of.k)
    return given


def _labels(of: _Embedded) -> Inputs:
    """Labels of the scored rows, and the training rows that classifiers learn from."""
    if of.in_sample:
        return {}
    codes = of.scored.codes[of.part]
    labels = None if codes is None else codes[: of.m]
    return {
        "labels": labels,
        "probe_labels": probe_labels(labels),
        "train_embedding": of.given.Z["train"],
        "train_labels": of.scored.codes["train"],
    }


def _latent(of: _Embedded) -> Inputs:
    """The true coordinates of the scored rows and of the training rows, of simulated cells."""
    truth, learnt = of.scored.latent.get(of.part), of.scored.latent["train"]
    if of.in_sample or truth is None:
        return {}
    return {"latent": truth[: of.m], "train_latent": learnt}


def _batches(of: _Embedded) -> Inputs:
    """The scored rows with their batches. New batches are mixed with those of training, or not.

    So where batches are held out, training rows stand beside them, as many at every size.
    """
    train, m = of.scored.batches["train"], of.m
    if train is None:
        return {}
    if of.in_sample:
        return {"mixed_embedding": of.Z[:m], "mixed_batches": train[of.scored.in_sample][:m]}
    own, codes = of.scored.batches[of.part], of.scored.codes[of.part]
    learnt = of.scored.codes["train"]
    assert own is not None
    beside = of.scored.in_sample if of.spec.split == "group" else of.scored.in_sample[:0]
    made = {
        "mixed_embedding": np.concatenate([of.Z[:m], of.given.Z["train"][beside]]),
        "mixed_batches": np.concatenate([own[:m], train[beside]]),
    }
    if codes is not None and learnt is not None:
        made["mixed_labels"] = np.concatenate([codes[:m], learnt[beside]])
    return made


def _modalities(of: _Embedded) -> Inputs:
    """What metrics of several modalities need."""
    expression, m = of.scored.expression[of.part], of.m
    if not isinstance(expression, dict) or of.in_sample:
        return {}
    made: Inputs = {"modality_expression": {n: x[:m] for n, x in expression.items()}}
    if "modality_neighbors" in of.needs and of.k:
        identities = of.scored.identities[of.part]
        made["modality_neighbors"] = {
            name: of.neighbors(x, identities[name], of.k) for name, x in expression.items()
        }
    return made


def _answers(of: _Embedded) -> Inputs:
    """What the models told of the scored rows, as it was handed over."""
    told, expression = of.given.answers.get(of.part, {}), of.scored.expression[of.part]
    made: Inputs = {}
    if "reconstruction" in told:
        shape = (of.m, expression.shape[1])
        made["reconstruction"] = outputs.block(told["reconstruction"], shape, "inverse_transform")
    for need, widths in (("modality_embeddings", {}), ("cross_modal", expression)):
        if need in told:
            made[need] = {
                name: outputs.block(
                    values, (of.m, widths[name].shape[1] if widths else of.Z.shape[1]), need
                )
                for name, values in told[need].items()
            }
    return made


def _held_out(of: _Embedded) -> Inputs:
    """What was held out of all methods, and the training rows by which it is predicted."""
    known, needs, train = of.scored.hold_out, of.needs, of.given.Z["train"]
    if known is None or of.in_sample:
        return {}
    made: Inputs = {}
    if known.halved and {"molecules", "reference_embedding", "reference_counts"} & needs:
        made |= {
            "molecules": known.molecules(of.part),
            "reference_embedding": train[known.reference],
            "reference_counts": known.reference_counts,
        }
    if known.halved and {"decoded", "validation_decoded", "validation_molecules"} & needs:
        made |= _decoded(of, known)
    if {"held_out_values", "learning_embedding", "learning_values"} & needs:
        made |= {
            "held_out_values": known.values(of.part),
            "learning_embedding": train[known.learning],
            "learning_values": known.learning_values,
        }
    told = of.given.answers.get(of.part, {})
    if "half_embedding" in told:
        shape = of.Z.shape
        made["half_embedding"] = outputs.block(told["half_embedding"], shape, "transform")
    return made


def _decoded(of: _Embedded, known: HeldOutRows) -> Inputs:
    """What the decoder expects of the scored rows, and of validation rows, to weigh it by."""
    made: Inputs = {}
    for prefix, part in (("", of.part), ("validation_", "validation")):
        molecules = made[f"{prefix}molecules"] = known.molecules(part)
        told = of.given.answers.get(part, {}).get("reconstruction")
        if told is not None:
            rebuilt = outputs.block(told, molecules.shape, "inverse_transform")
            made[f"{prefix}decoded"] = known.rates(rebuilt)
    return made


# Each gives some of the inputs that metrics declare as their `needs`, or none.
GIVERS: tuple[Callable[[_Embedded], Inputs], ...] = (
    _embedding,
    _expression,
    _labels,
    _latent,
    _batches,
    _modalities,
    _answers,
    _held_out,
)
