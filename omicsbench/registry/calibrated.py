"""A classifier that only scores, made to give probabilities: ``calibrated:module:Class``."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

FOLDS = 5


class Calibrated:
    """Trained on all rows, with sigmoids fitted to its scores out of fold.

    A class with one member cannot be held out: it gets its share of the training rows, 1 / n, for
    every cell, and the others share the rest. ``of`` is the classifier's own class.
    """

    of: Any

    def __init__(self, **params: Any) -> None:
        self.model = self.of(**params)
        self.seed = params.get("random_state", 0)

    def fit(self, X: Any, y: NDArray[np.int64]) -> Calibrated:
        """Raises ValueError unless two classes have two members or more."""
        from sklearn.calibration import CalibratedClassifierCV
        from sklearn.model_selection import StratifiedKFold

        y = np.asarray(y)
        self.classes_, members = np.unique(y, return_counts=True)
        self.known = members > 1
        if self.known.sum() < 2:
            raise ValueError("calibration needs two classes with two members or more")
        self.rest = 1 / len(y)
        rows = np.flatnonzero(np.isin(y, self.classes_[self.known]))
        folds = StratifiedKFold(
            min(FOLDS, int(members.max())), shuffle=True, random_state=self.seed
        )
        with warnings.catch_warnings():  # that a class has fewer members than there are folds
            warnings.simplefilter("ignore")
            splits = list(folds.split(np.empty(len(rows)), y[rows]))
        self.calibrator = CalibratedClassifierCV(self.model, cv=splits, ensemble=False)
        self.calibrator.fit(X[rows], y[rows])
        self.fit_info_ = {"folds": len(splits), "uncalibrated_classes": int((members == 1).sum())}
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """(m, c), rows that sum to 1."""
        known = self.calibrator.predict_proba(X)
        p = np.full((len(known), len(self.classes_)), self.rest)
        p[:, self.known] = known * (1 - self.rest * (~self.known).sum())
        return p


def calibrated(of: Any) -> Any:
    """A class as ``of``, with the same parameters, that gives probabilities."""
    known = {"of": of, "__module__": of.__module__, "__doc__": Calibrated.__doc__}
    known["__signature__"] = inspect.signature(of)
    return type(of.__name__, (Calibrated,), known)
