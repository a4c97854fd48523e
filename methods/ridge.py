"""Ridge regression: the linear reference of every measured number."""

from __future__ import annotations

from omicsbench.methods._common import Array
from omicsbench.methods._regressors import OutOfSample
from omicsbench.methods._ridge import fit_ridge
from omicsbench.plugin import method


@method(
    name="ridge",
    family="simple",
    task="regress",
    summary="Linear regression; ridge penalty by leaving out each training row in turn.",
    source="https://doi.org/10.1080/00401706.1970.10488634",
    intervals=True,
    needs=("scipy",),
)
class Ridge(OutOfSample):
    """The best of 25 penalties, as scikit-learn's RidgeCV finds it; nothing is left to tune.

    On genotypes it predicts what GBLUP does, with the penalty in place of heritability. Intervals
    are as wide as the errors of the rows left out.
    """

    def fit(self, X: Array, y: Array) -> Ridge:
        self.model_, errors, self.fit_info_ = fit_ridge(X, self._standardised(y))
        self.errors_ = errors * self.spread_
        return self
