"""Control: the class frequencies of the training rows, the floor of every prediction."""

from __future__ import annotations

from typing import Any

from omicsbench.methods._common import Array
from omicsbench.methods._predictors import Predictor, class_frequencies
from omicsbench.plugin import method


@method(
    name="class_prior",
    family="control",
    task="predict",
    summary="Class frequencies of the training rows, for every cell: what looking at X must beat.",
    source="https://scikit-learn.org/stable/modules/generated/sklearn.dummy.DummyClassifier.html",
    accepts_sparse=True,
    needs=("sklearn",),
)
class ClassPrior(Predictor):
    """scikit-learn's DummyClassifier: calibrated, and knows nothing of the cell."""

    def fit(self, X: Any, y: Array) -> ClassPrior:
        self.model_ = class_frequencies(X, y)
        self.classes_ = self.model_.classes_
        self.fit_info_ = {"classes": len(self.classes_)}
        return self
