"""What is left of a small cohort for networks that stop early, by three ways of stopping.

    python tests/experiments/few_rows.py                    # minutes
    python tests/experiments/few_rows.py --method autoencoder --data scmark_immune --sizes 50 150

Each network is trained on the rows of suite runs (1,000 features), and scored on their test rows:

- ``held out``: without the rows that tell when to stop;
- ``one draw``: anew on all rows, for as many steps as did best on one draw of held-out rows;
- ``several draws``: the same, for the mean over several draws.

Told are the balanced accuracy and log loss of predictors (probabilities of at least 0.01), the R2
of embeddings, and the CPU time of a fit: means over repeats, and in brackets the difference to
``held out`` with its standard error.
"""

from __future__ import annotations

import argparse
import time
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from scipy.sparse import issparse

from omicsbench.inputs.source import registered
from omicsbench.methods import _training
from omicsbench.plugin import MethodInfo
from omicsbench.prepare.parts import PartName
from omicsbench.prepare.prepared import Prepared, prepare
from omicsbench.prepare.split import method_seed
from omicsbench.prepare.subsample import Rows
from omicsbench.records.spec import RunSpec
from omicsbench.registry.discover import discover

SCORED, DIMENSIONS = 400, 10
LEAST = 0.01  # probability, so that no single row decides
WAYS: dict[str, dict[str, int]] = {
    "held out": {"FEW": 0, "VERY_FEW": 0},
    "one draw": {"FEW": 10_000, "VERY_FEW": 0},
    "several draws": {"FEW": 10_000, "VERY_FEW": 10_000},
}
XY = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]
Scores = dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="nci60")
    parser.add_argument("--method", default="mlp")
    parser.add_argument("--sizes", type=int, nargs="+", default=[20, 43])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--features", type=int, default=1_000)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    registry = discover()
    made = prepare(
        registered(asked.data, registry),
        range(asked.repeats),
        seed=0,
        features=asked.features,
        per_size=False,
    )
    entry = registry.method(asked.method)
    for n in asked.sizes:
        found: dict[str, list[Scores]] = {way: [] for way in WAYS}
        for repeat in range(asked.repeats):
            train, test = rows(entry.info, made[repeat], n, repeat, asked.features)
            for way, constants in WAYS.items():
                with patch.multiple(_training, **constants):
                    found[way].append(scores(entry.make, method_seed(repeat, 0), train, test))
        for way, all_scores in found.items():
            show(f"{asked.data}, n = {n}, {way}", all_scores, found["held out"])


def rows(info: MethodInfo, prepared: Prepared, n: int, repeat: int, features: int) -> tuple[XY, XY]:
    """Training and test rows of a run with their classes; predictors are given those with one."""
    spec = RunSpec(
        task="predict" if info.task == "predict" else "embed",
        dataset="",
        dataset_id="",
        pipeline="",
        pipeline_id="",
        size=min(n, len(prepared.split.train)),
        repeat=repeat,
        device="cpu",
        threads=1,
        seed=0,
        split="holdout",
        features=features,
        scored=SCORED,
        background=SCORED,
        scored_in_sample=0,
        metrics=("none",),
    )
    parts: tuple[PartName, PartName] = ("train", "test")
    handed = prepared.hand(parts, parts)
    own = Rows.learnt(info, spec, handed)
    own.add("test", handed)
    found = []
    for part in parts:
        X = own.X[part][:]
        X = X.toarray() if issparse(X) else np.asarray(X)
        y = own.labels[part]
        known = y >= 0 if info.task == "predict" else np.ones(len(X), dtype=bool)
        found.append((X[known].astype(np.float32), y[known]))
    return found[0], found[1]


def scores(make: Any, seed: int, train: XY, test: XY) -> Scores:
    """Of unseen rows, and the CPU seconds of the fit."""
    model, (X, y), begun = make(), test, time.process_time()
    model.random_state = seed
    if hasattr(model, "predict_proba"):
        model.fit(*train)
        spent = time.process_time() - begun
        given = model.predict_proba(X)
        answers = model.classes_[given.argmax(axis=1)]
        hits = [np.mean(answers[y == c] == c) for c in np.unique(y)]
        of_class = {c: given[:, i] for i, c in enumerate(model.classes_)}
        chance = [of_class[c][i] if c in of_class else 0 for i, c in enumerate(y)]
        log_loss = -np.log(np.maximum(chance, LEAST)).mean()
        return {"balanced accuracy": np.mean(hits), "log loss": log_loss, "fit, CPU s": spent}
    model.n_components = DIMENSIONS
    model.fit(train[0])
    spent = time.process_time() - begun
    error = ((X - model.inverse_transform(model.transform(X))) ** 2).sum()
    r2 = 1 - error / ((X - train[0].mean(axis=0)) ** 2).sum()
    return {"R2": float(r2), "fit, CPU s": spent}


def show(head: str, found: list[Scores], before: list[Scores]) -> None:
    words = []
    for name in found[0]:
        values, base = (np.array([one[name] for one in all_of]) for all_of in (found, before))
        gain = values - base
        error = gain.std(ddof=1) / len(gain) ** 0.5 if len(gain) > 1 else np.nan
        words.append(f"{name} {values.mean():.3f} ({gain.mean():+.3f}, se {error:.3f})")
    print(f"{head:44} {'   '.join(words)}", flush=True)


if __name__ == "__main__":
    main()
