"""Gradient boosting of measured numbers: shallow trees, each correcting the ones before it."""

from __future__ import annotations

from typing import Any

import numpy as np

from omicsbench.methods._common import Array, threads
from omicsbench.methods._predictors import check_positive
from omicsbench.methods._regressors import Regressor, fit_quietly
from omicsbench.plugin import Real, Whole, method

LIBRARIES = ("sklearn", "lightgbm")
VALIDATION = 0.1  # share of the rows that decides when to stop
PATIENCE = 10  # rounds without progress, as in scikit-learn


@method(
    name="gradient_boosting_regressor",
    family="simple",
    task="regress",
    summary="Boosted trees on binned features, with early stopping (scikit-learn or LightGBM).",
    source="https://doi.org/10.1214/aos/1013203451",
    needs=("sklearn",),
    space={
        "learning_rate": Real(0.01, 0.3, log=True),
        "max_leaf_nodes": Whole(4, 63, log=True),
        "min_samples_leaf": Whole(2, 50, log=True),
        "l2_regularization": Real(0.0, 10.0),
    },
)
class GradientBoostingRegressor(Regressor):
    """Both libraries at their defaults, which agree, but for when to stop and for small n.

    A tenth of the rows decides when to stop. A leaf needs no more than a quarter of the rows: with
    20 rows in each, no tree could split fewer than 40.

    Parameters
    ----------
    library : ``"sklearn"`` or ``"lightgbm"`` (``pip install omicsbench[boost]``).
    max_iter : rounds at most, one tree in each.
    min_samples_leaf : rows in a leaf, at least; a quarter of the training rows if that is less.
    """

    def __init__(
        self,
        library: str = "sklearn",
        learning_rate: float = 0.1,
        max_iter: int = 500,
        max_leaf_nodes: int = 31,
        min_samples_leaf: int = 20,
        l2_regularization: float = 0.0,
        random_state: int = 0,
    ) -> None:
        self.library = library
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.max_leaf_nodes = max_leaf_nodes
        self.min_samples_leaf = min_samples_leaf
        self.l2_regularization = l2_regularization
        self.random_state = random_state

    def fit(self, X: Array, y: Array) -> GradientBoostingRegressor:
        if self.library not in LIBRARIES:
            raise ValueError(f"library={self.library!r}: use one of {', '.join(LIBRARIES)}")
        check_positive(
            learning_rate=self.learning_rate,
            max_iter=self.max_iter,
            min_samples_leaf=self.min_samples_leaf,
        )
        target = self._standardised(y)
        order = np.random.default_rng(self.random_state).permutation(len(target))
        count = int(np.ceil(VALIDATION * len(order)))
        held, rows = np.sort(order[:count]), np.sort(order[count:])
        leaf = min(self.min_samples_leaf, max(1, len(rows) // 4))
        make = self._lightgbm if self.library == "lightgbm" else self._sklearn
        self.model_, more = make(leaf, X[held], target[held])
        fit_quietly(self.model_, X[rows], target[rows], **more)
        taken = getattr(self.model_, "n_iter_", None) or getattr(self.model_, "n_estimators_", 0)
        self.fit_info_ = {
            "library": self.library,
            "iterations": int(taken),
            "validation_rows": len(held),
            "min_samples_leaf": leaf,
        }
        return self

    def _sklearn(self, leaf: int, X: Array, y: Array) -> tuple[Any, dict[str, Any]]:
        from sklearn.ensemble import HistGradientBoostingRegressor

        model = HistGradientBoostingRegressor(
            learning_rate=self.learning_rate,
            max_iter=self.max_iter,
            max_leaf_nodes=self.max_leaf_nodes,
            min_samples_leaf=leaf,
            l2_regularization=self.l2_regularization,
            early_stopping=True,
            n_iter_no_change=PATIENCE,
            random_state=self.random_state,
        )
        return model, {"X_val": X, "y_val": y}

    def _lightgbm(self, leaf: int, X: Array, y: Array) -> tuple[Any, dict[str, Any]]:
        try:
            import lightgbm
        except ImportError:
            raise ValueError(
                "library='lightgbm' is not installed: pip install omicsbench[boost]"
            ) from None
        model = lightgbm.LGBMRegressor(
            learning_rate=self.learning_rate,
            n_estimators=self.max_iter,
            num_leaves=self.max_leaf_nodes,
            min_child_samples=leaf,
            reg_lambda=self.l2_regularization,
            n_jobs=threads(),
            deterministic=True,
            force_col_wise=True,  # else it times both ways, and results hang on the clock
            random_state=self.random_state,
            verbosity=-1,
        )
        stop = lightgbm.early_stopping(PATIENCE, verbose=False)
        return model, {"eval_set": [(X, y)], "callbacks": [stop]}
