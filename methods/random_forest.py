"""Random forest: many deep trees, each of a bootstrap sample and random features."""

from __future__ import annotations

from omicsbench.methods._common import Array, threads
from omicsbench.methods._predictors import Predictor, check_positive, fit_quietly
from omicsbench.plugin import Choice, Whole, method


@method(
    name="random_forest",
    family="simple",
    task="predict",
    summary="Random forest of 500 trees (scikit-learn).",
    source="https://doi.org/10.1023/A:1010933404324",
    needs=("sklearn",),
    space={
        "max_features": Choice(["sqrt", "log2", 0.1, 0.3]),
        "min_samples_leaf": Whole(1, 20, log=True),
    },
)
class RandomForest(Predictor):
    """scikit-learn at its defaults, but with 500 trees instead of 100.

    Probabilities are means over trees, and 100 leave many at 0: log loss was 1 to 4 % higher.

    Parameters
    ----------
    n_estimators : trees; more never hurt but cost time.
    max_features : features tried at each split: ``"sqrt"`` or ``"log2"`` of them, or a share.
    min_samples_leaf : rows in a leaf, at least.
    """

    def __init__(
        self,
        n_estimators: int = 500,
        max_features: str | float = "sqrt",
        min_samples_leaf: int = 1,
        random_state: int = 0,
    ) -> None:
        self.n_estimators = n_estimators
        self.max_features = max_features
        self.min_samples_leaf = min_samples_leaf
        self.random_state = random_state

    def fit(self, X: Array, y: Array) -> RandomForest:
        from sklearn.ensemble import RandomForestClassifier

        check_positive(n_estimators=self.n_estimators, min_samples_leaf=self.min_samples_leaf)
        forest = RandomForestClassifier(
            self.n_estimators,
            max_features=self.max_features,
            min_samples_leaf=self.min_samples_leaf,
            random_state=self.random_state,
            n_jobs=threads(),
        )
        self.model_, _ = fit_quietly(forest, X, y)
        self.classes_ = self.model_.classes_
        grown = getattr(self.model_, "estimators_", [])
        self.fit_info_ = {
            "trees": len(grown),
            "deepest": max((tree.get_depth() for tree in grown), default=0),
        }
        return self
