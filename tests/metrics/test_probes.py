"""Probes and transfer, against scikit-learn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    balanced_accuracy_score,
    f1_score,
    recall_score,
)
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from blobs import blobs
from omicsbench.metrics import METRICS, MetricUndefined, probes

MODELS = {
    "knn": KNeighborsClassifier(15),
    "linear": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
}


KINDS = pytest.mark.parametrize("kind", ["knn", "linear"])


def probe(kind: str, score: str) -> Callable[..., float]:
    return METRICS[f"{kind}_probe_{score}"].function


def transfer(kind: str, score: str) -> Callable[..., float]:
    return METRICS[f"{kind}_transfer_{score}"].function


@KINDS
@pytest.mark.parametrize(("rare", "folds"), [(60, 5), (4, 4), (3, 3)])
def test_probe_against_scikit_learn(kind: str, rare: int, folds: int) -> None:
    embedding, labels = blobs()  # two classes and an odd k: no tied votes
    kept = np.sort(np.concatenate([np.flatnonzero(labels == 0), np.flatnonzero(labels)[:rare]]))
    embedding, labels = embedding[kept], labels[kept]
    splits = StratifiedKFold(folds, shuffle=True, random_state=0)
    predicted = cross_val_predict(MODELS[kind], embedding, labels, cv=splits)
    expected = balanced_accuracy_score(labels, predicted)
    assert probe(kind, "balanced_accuracy")(embedding, labels) == pytest.approx(expected)
    expected = f1_score(labels, predicted, average="macro")
    assert probe(kind, "macro_f1")(embedding, labels) == pytest.approx(expected)


@KINDS
def test_transfer_against_scikit_learn(kind: str) -> None:
    train, train_labels = blobs(1, rows=301)
    embedding, labels = blobs(2)
    predicted = MODELS[kind].fit(train, train_labels).predict(embedding)
    given_ = (train, train_labels, embedding, labels)
    expected = balanced_accuracy_score(labels, predicted)
    assert transfer(kind, "balanced_accuracy")(*given_) == pytest.approx(expected)
    expected = f1_score(labels, predicted, average="macro")
    assert transfer(kind, "macro_f1")(*given_) == pytest.approx(expected)


def test_recalls_of_the_classes_are_the_parts_of_the_transfer_by_neighbours() -> None:
    train, train_labels = blobs(1, rows=301)
    embedding, labels = blobs(2)
    labels[:3] = -1
    predicted = MODELS["knn"].fit(train, train_labels).predict(embedding)
    recalls = recall_score(labels[3:], predicted[3:], average=None)
    for name in (
        f"{kind}_transfer_{of}" for kind in MODELS for of in ("balanced_accuracy", "macro_f1")
    ):
        found = METRICS[name](
            train_embedding=train, train_labels=train_labels, embedding=embedding, labels=labels
        )
        if name == "knn_transfer_balanced_accuracy":
            assert found.parts == pytest.approx({"0": recalls[0], "1": recalls[1]})
            assert np.mean(list(found.parts.values())) == pytest.approx(float(found))
        else:
            assert found.parts == {}


@KINDS
def test_many_classes_agree_with_scikit_learn_up_to_tied_votes(kind: str) -> None:
    train, train_labels = blobs(1, rows=900, classes=6)
    embedding, labels = blobs(2, rows=600, classes=6)
    predicted = MODELS[kind].fit(train, train_labels).predict(embedding)
    value = transfer(kind, "balanced_accuracy")(train, train_labels, embedding, labels)
    assert value == pytest.approx(balanced_accuracy_score(labels, predicted), abs=0.02)


@KINDS
def test_unseen_class_has_recall_zero_and_absent_class_does_not_count(kind: str) -> None:
    train, train_labels = blobs(1, rows=300, classes=4, apart=30)
    embedding, labels = blobs(2, classes=4, apart=30)
    seen = train_labels != 3
    scored = labels != 0
    given_ = (train[seen], train_labels[seen], embedding[scored], labels[scored])
    assert transfer(kind, "balanced_accuracy")(*given_) == pytest.approx(2 / 3)
    assert transfer(kind, "macro_f1")(*given_) < 0.7


@KINDS
def test_unlabelled_rows_and_tiny_classes_are_left_out(kind: str) -> None:
    train, train_labels = blobs(1, rows=300)
    embedding, labels = blobs(2)
    for score in ("balanced_accuracy", "macro_f1"):
        missing = np.where(np.arange(120) < 30, -1, labels)
        tiny = missing.copy()
        tiny[:2] = 7
        value = probe(kind, score)(embedding[30:], labels[30:])
        assert probe(kind, score)(embedding, tiny) == pytest.approx(value, abs=0.02)
        value = transfer(kind, score)(train, train_labels, embedding[30:], labels[30:])
        assert transfer(kind, score)(train, train_labels, embedding, missing) == value


@KINDS
def test_two_classes_are_needed(kind: str) -> None:
    embedding, labels = blobs()
    with pytest.raises(MetricUndefined, match="training"):
        transfer(kind, "macro_f1")(embedding, labels * 0, embedding, labels)
    with pytest.raises(MetricUndefined, match="3 scored rows"):
        probe(kind, "macro_f1")(embedding, np.arange(120) // 2)


@KINDS
def test_fewer_training_rows_than_k(kind: str) -> None:
    embedding, labels = blobs(apart=30)
    value = transfer(kind, "balanced_accuracy")(embedding[:7], labels[:7], embedding, labels)
    assert 0.5 <= value <= 1


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_names_of_labels_do_not_matter(seed: int) -> None:
    embedding, labels = blobs(seed, rows=75, classes=3, apart=0.7)
    train, train_labels = blobs(seed + 1, rows=80, classes=3, apart=0.7)
    kept = (labels < 2) | (np.cumsum(labels == 2) <= 7)  # the last class is rare
    embedding, labels = embedding[kept], labels[kept]
    names = np.random.default_rng(seed).permutation(9)[:3]
    for scored_by in METRICS.values():
        if scored_by.group in {"labels", "clusters"}:
            values = [
                scored_by(
                    embedding=embedding,
                    labels=rename[labels],
                    probe_labels=rename[labels],
                    train_embedding=train,
                    train_labels=rename[train_labels],
                )
                for rename in (np.arange(3), names)
            ]
            assert values[0] == pytest.approx(values[1], abs=1e-3 if scored_by.uses_labels else 0)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.sampled_from([1e-3, 0.5, 64.0]))
def test_order_and_scale_hardly_matter(seed: int, scale: float) -> None:
    embedding, labels = blobs(seed, rows=300, classes=3, apart=1.5)
    shuffle = np.random.default_rng(seed).permutation(300)
    rotation, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(4, 4)))
    moved = scale * embedding.astype(np.float64) @ rotation + 5 * scale
    for kind in MODELS:
        score = probe(kind, "balanced_accuracy")
        value = score(embedding, labels)
        # other rows share a fold then, which alone moves the score (at most 0.053 in 150 draws)
        assert score(embedding[shuffle], labels[shuffle]) == pytest.approx(value, abs=0.1)
        # standardising is by column, so only the kNN probe is blind to rotation
        within = 1e-9 if kind == "knn" else 0.05
        assert score(moved, labels) == pytest.approx(value, abs=within)


def test_the_two_scores_of_a_probe_share_one_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    fits: list[str] = []
    classify = probes._classify
    monkeypatch.setattr(probes, "_classify", lambda *a: (fits.append(a[0]), classify(*a))[1])
    embedding, labels = blobs(77)
    value = probe("knn", "balanced_accuracy")(embedding, labels)
    probe("knn", "macro_f1")(embedding.copy(), labels.copy())
    assert len(fits) == 5
    embedding[60:] = 0  # same array, other content
    assert probe("knn", "balanced_accuracy")(embedding, labels) != value
    assert len(fits) == 10


def test_linear_transfer_learns_from_a_stratified_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "LINEAR_ROWS", 100)
    codes = np.repeat([0, 1, 2], [700, 200, 100])
    rows = probes._stratified(np.random.default_rng(0).permutation(1000), codes)
    assert len(set(rows.tolist())) == 100
    assert np.abs(np.bincount(codes[rows]) - [70, 20, 10]).max() <= 1
