"""Probes: can the labels be read off the embedding?

Two questions, two families of metrics. ``*_probe_*`` is cross-validated inside the scored
test rows, which are the same at every n: it asks how good the embedding is. ``*_transfer_*``
learns from the n training rows and is scored on the test rows: it asks how good the whole
chain is, and improves with n for that reason too.

kNN: majority of the 15 nearest training rows (all of them where there are fewer); a tied
vote goes to the class with more training rows. Linear: logistic regression (scikit-learn's
defaults) on the standardised embedding, fitted on at most 10,000 rows, stratified.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np

from omicsbench.metrics.base import (
    OF_NOISE,
    Estimate,
    FloatArray,
    IntArray,
    MetricUndefined,
    metric,
)
from omicsbench.metrics.memo import remembered
from omicsbench.metrics.points import cleaned

BALANCED_ACCURACY = "10.1109/ICPR.2010.764"  # Brodersen et al. 2010
MACRO_F1 = "10.1016/j.ipm.2009.03.002"  # Sokolova & Lapalme 2009

K = 15
FOLDS, MIN_FOLDS = 5, 3
LINEAR_ROWS = 10_000
SEED = 0
# The primary one: its room is measured, and each class's recall kept; of all of them these would
# fill the records.
BY_CLASS = ("knn", "transfer", "balanced_accuracy")


# The four predictions that are scored: classifier and question, as in the metric's name.
_TITLES = {"knn": "kNN", "linear": "Linear"}
_SAID = {
    ("knn", "probe"): """\
Mean recall over classes of a 15-nearest-neighbour vote, cross-validated.

Stratified 5-fold, or as many folds as the smallest class has rows (at least 3;
smaller classes are left out), inside the scored rows.""",
    ("linear", "probe"): """\
Mean recall over classes of a logistic regression, cross-validated.

Folds as in ``knn_probe_balanced_accuracy``.""",
    ("knn", "transfer"): """\
Mean recall over the scored rows' classes of a vote of the 15 nearest training rows.

A class never seen in training counts as recall 0. Of the balanced accuracy the parts are the
recalls of the classes, by name.""",
    ("linear", "transfer"): """\
Mean recall over the scored rows' classes of a logistic regression of the training rows.

A class never seen in training counts as recall 0.""",
}
_INPUTS = {
    "probe": """\
embedding : (m, d) float32; probe_labels : (m,) int, -1 where missing. Range [0, 1],
""",
    "transfer": """\
train_embedding : (n, d) float32; train_labels : (n,) int; embedding : (m, d) float32;
labels : (m,) int; -1 where missing. Range [0, 1], """,
}


def _metric(kind: str, question: str, of: str) -> Callable[..., float]:
    """One of the probe metrics: ``of`` is ``balanced_accuracy`` or ``macro_f1``."""
    score: Callable[[IntArray, IntArray], float] = (
        mean_recall if of == "balanced_accuracy" else _macro_f1
    )
    if (kind, question, of) == BY_CLASS:
        score = partial(mean_recall, by_class=True)

    def probe(embedding: FloatArray, probe_labels: IntArray) -> float:
        return score(probe_labels, _probe(kind, embedding, probe_labels))

    def transfer(
        train_embedding: FloatArray,
        train_labels: IntArray,
        embedding: FloatArray,
        labels: IntArray,
    ) -> float:
        predicted = transferred(kind, train_embedding, train_labels, embedding, labels)
        return score(labels, predicted)

    function: Callable[..., float] = probe if question == "probe" else transfer
    function.__name__ = function.__qualname__ = f"{kind}_{question}_{of}"
    function.__doc__ = _doc(kind, question, of)
    main = of == "balanced_accuracy"
    return metric(
        title=f"{_TITLES[kind]} {question}, {'balanced accuracy' if main else 'macro F1'}",
        range=(0, 1),
        direction="max",
        source=BALANCED_ACCURACY if main else MACRO_F1,
        group="labels",
        secondary=(kind, question, of) != BY_CLASS,
        tasks=("embed", "integrate", "batch"),
        room=(OF_NOISE, 1.0) if (kind, question, of) == BY_CLASS else None,
    )(function)


def _doc(kind: str, question: str, of: str) -> str:
    """What the metric says of itself."""
    if of == "balanced_accuracy":
        said, best = _SAID[kind, question], "larger is better; chance is 1 / classes."
    else:
        said = (
            f"Mean F1 over classes of the predictions of ``{kind}_{question}_balanced_accuracy``."
        )
        best = "larger is better."
    return f"{said}\n\n{_INPUTS[question]}{best}\n"


@remembered
def _probe(kind: str, embedding: FloatArray, labels: IntArray) -> IntArray:
    """Out-of-fold predictions, (m,); -1 for rows left out."""
    from sklearn.model_selection import StratifiedKFold

    points = cleaned(embedding)
    classes, counts = np.unique(labels[labels >= 0], return_counts=True)
    enough = counts >= MIN_FOLDS
    if enough.sum() < 2:
        raise MetricUndefined(f"fewer than 2 classes with {MIN_FOLDS} scored rows or more")
    rows = np.flatnonzero(np.isin(labels, classes[enough]))
    folds = StratifiedKFold(min(FOLDS, counts[enough].min()), shuffle=True, random_state=SEED)
    predicted = np.full(len(labels), -1, dtype=np.int64)
    for fit, score in folds.split(rows, labels[rows]):
        train, test = rows[fit], rows[score]
        predicted[test] = _classify(kind, points[train], labels[train], points[test])
    return predicted


@remembered
def transferred(
    kind: str,
    train_embedding: FloatArray,
    train_labels: IntArray,
    embedding: FloatArray,
    labels: IntArray,
) -> IntArray:
    """Predictions for the labelled scored rows, (m,); -1 for the others."""
    train, test = train_labels >= 0, labels >= 0
    if len(np.unique(train_labels[train])) < 2:
        raise MetricUndefined("fewer than 2 classes among the training rows")
    if not test.any():
        raise MetricUndefined("no scored row has a label")
    predicted = np.full(len(labels), -1, dtype=np.int64)
    predicted[test] = _classify(
        kind,
        cleaned(train_embedding)[train],
        train_labels[train],
        cleaned(embedding, train_embedding)[test],
    )
    return predicted


@cache
def _thread_pools() -> Any:
    """The thread pools of this process, looked up once: it takes as long as a small fit."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _classify(kind: str, train: FloatArray, labels: IntArray, scored: FloatArray) -> IntArray:
    """Labels of the scored rows, learnt from the training rows."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    # Number the classes by falling size: scikit-learn breaks a tied vote by class number,
    # and this way neither the labels' names nor their order decides it.
    classes, first, codes, counts = np.unique(
        labels, return_index=True, return_inverse=True, return_counts=True
    )
    by_size = np.lexsort((first, -counts))
    codes = np.argsort(by_size)[codes]
    # Equidistant rows are taken in the order given: shuffle, as that order may hold the labels.
    order: IntArray = np.random.default_rng(SEED).permutation(len(train))
    if kind == "knn":
        model = KNeighborsClassifier(min(K, len(train)), algorithm="brute")
    else:
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        order = _stratified(order, codes)
        scored = scored.astype(np.float64)
    train, codes = train[order].astype(scored.dtype, copy=False), codes[order]
    # Small fits are many tiny library calls: on a busy machine, one thread is up to 100 times
    # faster than two that wait for each other.
    threads = 1 if len(train) <= LINEAR_ROWS else None
    with warnings.catch_warnings(), _thread_pools().limit(limits=threads):
        warnings.simplefilter("ignore")  # separable classes stop at max_iter: no matter
        predicted = model.fit(train, codes).predict(scored)
    return np.asarray(classes[by_size][predicted])


def _stratified(order: IntArray, codes: IntArray) -> IntArray:
    """At most LINEAR_ROWS of the rows, each class in its proportion.

    A class with less than one row's share may drop out, the first and last never do.
    """
    if len(order) <= LINEAR_ROWS:
        return order
    grouped = order[np.argsort(codes[order], kind="stable")]
    return grouped[np.linspace(0, len(order) - 1, LINEAR_ROWS).astype(np.int64)]


def mean_recall(labels: IntArray, predicted: IntArray, by_class: bool = False) -> Estimate:
    """Mean recall over classes; a cell's influence is that on the recall of its class.

    With ``by_class`` the recalls are its parts, by the codes of the classes.
    """
    kept = predicted >= 0
    truth, hit = labels[kept], (labels == predicted)[kept].astype(np.float64)
    classes, codes, members = np.unique(truth, return_inverse=True, return_counts=True)
    recall = np.bincount(codes, weights=hit) / members
    value, per_cell = float(recall.mean()), np.full(len(labels), np.nan)
    weight = len(truth) / (len(classes) * members)
    per_cell[kept] = value + weight[codes] * (hit - recall[codes])
    parts = {str(c): float(r) for c, r in zip(classes, recall, strict=True)} if by_class else {}
    return Estimate(value, per_cell, parts)


def _macro_f1(labels: IntArray, predicted: IntArray) -> float:
    truth, guess = labels[predicted >= 0], predicted[predicted >= 0]
    pairs = ((truth == label, guess == label) for label in np.unique(truth))
    f1 = [2 * (true & said).sum() / (true.sum() + said.sum()) for true, said in pairs]
    return float(np.mean(f1))


# Each is a function of this module, as every metric is.
globals().update(
    (made.__name__, made)
    for made in (
        _metric(kind, question, of)
        for question in ("probe", "transfer")
        for kind in _TITLES
        for of in ("balanced_accuracy", "macro_f1")
    )
)
