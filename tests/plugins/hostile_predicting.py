"""Hostile to omicsbench: predictors that answer wrongly."""

from __future__ import annotations

import os

import numpy as np

from hostility import ROWS, Kind
from omicsbench.plugin import method

INVALID = "invalid_output"


class HonestPredictor:
    """The share of each class in training."""

    def fit(self, X, y):
        self.rows_ = len(X)
        self.classes_, counts = np.unique(y, return_counts=True)
        self.shares_ = counts / counts.sum()
        if self.rows_ == ROWS:
            self.misbehave(X, y)
        return self

    def misbehave(self, X, y):
        pass

    def predict_proba(self, X):
        P = np.tile(self.shares_, (len(X), 1))
        return self.twist(P) if self.rows_ == ROWS else P

    def twist(self, P):
        return P


def declared(name, deed, kind, parts, **more):
    """A predictor that does it; ``parts`` say where."""
    names = {"__module__": __name__, "__doc__": deed, "kind": kind}
    made = type(name, (HonestPredictor,), names | parts)
    return method(name=name, family="simple", task="predict", summary=deed, source="tests", **more)(
        made
    )


def on_probabilities(status, says="", **more):
    """Decorator: what a function of the probabilities returns is returned in their place."""

    def make(deed):
        parts = {"twist": lambda self, P: deed(P)}
        return declared(deed.__name__, deed.__doc__, Kind(status, says, **more), parts)

    return make


def on_fit(status, says="", **more):
    """Decorator: a function of predictor, rows and labels is called when it is fitted."""

    def make(deed):
        parts = {"misbehave": lambda self, X, y: deed(self, X, y)}
        return declared(deed.__name__, deed.__doc__, Kind(status, says, **more), parts)

    return make


honest_predictor = declared("honest_predictor", "Honest.", Kind("ok"), {})


@on_probabilities(INVALID, "negative")
def predicts_below_zero(P):
    """Shares below 0 and above 1 that sum to 1."""
    P[:, 0] -= 2
    P[:, 1] += 2
    return P


@on_probabilities(INVALID, "sum to 1")
def predicts_twice(P):
    """Shares that sum to 2."""
    return P * 2


@on_probabilities(INVALID, "non-finite")
def predicts_nan(P):
    """Not a number."""
    return P * np.nan


@on_probabilities(INVALID, "shape")
def predicts_labels(P):
    """Labels, no probabilities."""
    return P.argmax(axis=1)


@on_probabilities(INVALID, "shape")
def predicts_another_class(P):
    """A class more than it has seen."""
    return np.hstack([P / 2, P[:, :1] / 2 + 0.5 - P[:, :1]])


@on_probabilities(INVALID)
def predicts_words(P):
    """Words."""
    return P.astype(str).astype(object) + "x"


@on_probabilities(INVALID, "complex")
def predicts_complex_numbers(P):
    """Complex numbers."""
    return P + 0j * 1j + 1e-9j


@on_probabilities("crashed", "exit code 31")
def predicts_and_exits(P):
    """Exits."""
    os._exit(31)


@on_fit(f"{INVALID}|error")
def knows_no_class(self, X, y):
    """Says that it has seen nothing."""
    self.classes_ = np.array([], dtype=int)


@on_fit(f"{INVALID}|error")
def knows_classes_that_are_not(self, X, y):
    """Says that it has seen classes of other numbers."""
    self.classes_ = self.classes_ + 1000


@on_fit(f"{INVALID}|error")
def knows_classes_below_zero(self, X, y):
    """Says that it has seen what has no label."""
    self.classes_ = -1 - self.classes_


@on_fit(f"{INVALID}|error")
def knows_a_class_twice(self, X, y):
    """Says that all it has seen is one class."""
    self.classes_ = self.classes_ * 0


@on_fit(f"{INVALID}|error")
def knows_classes_by_name(self, X, y):
    """Says the names of what it has seen."""
    self.classes_ = np.array([f"class {c}" for c in self.classes_])


@on_fit("error|invalid_output")
def forgets_its_classes(self, X, y):
    """Does not say what it has seen."""
    del self.classes_


@on_fit("ok|error")
def changes_its_labels(self, X, y):
    """Overwrites the labels that it was given."""
    y[:] = 0


@on_fit("ok|error")
def changes_its_rows(self, X, y):
    """Overwrites the rows that it was given."""
    X[:] = 0


class Sampling(HonestPredictor):
    """Has samples."""

    def sample_proba(self, X):
        P = self.predict_proba(X)
        return self.twist_samples(np.stack([P, P])) if self.rows_ == ROWS else np.stack([P, P])


def on_samples(status, says="", **more):
    """Decorator: what a function of the samples returns is returned in their place."""

    def make(deed):
        parts = {
            "sample_proba": Sampling.sample_proba,
            "twist_samples": lambda self, S: deed(S),
        }
        kind = Kind(status, says, same=False, **more)
        return declared(deed.__name__, deed.__doc__, kind, parts, samples=True)

    return make


@on_samples("invalid_output|ok")
def samples_another_shape(S):
    """Samples without classes."""
    return S[:, :, 0]


@on_samples("invalid_output|error")
def samples_nothing(S):
    """No sample."""
    return S[:0]


@on_samples("invalid_output|ok")
def samples_nan(S):
    """Samples that are not a number."""
    return S * np.nan


@on_samples("error|ok", "KeyboardInterrupt")
def samples_raise(S):
    """Raises when it is asked for samples."""
    raise KeyboardInterrupt
