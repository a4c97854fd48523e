"""PCA of log counts as they are: features that vary more weigh more."""

from __future__ import annotations

from omicsbench.methods._common import Array
from omicsbench.methods._count_pca import DerivedPca, log_normalised
from omicsbench.plugin import method


@method(
    name="log_pca",
    family="simple",
    summary="Exact principal components of log(1 + counts per 10,000), not scaled.",
    source="https://doi.org/10.1038/s41592-023-01814-1",
    reads="counts",
    needs=("sklearn",),
)
class LogPca(DerivedPca):
    """``pca`` sees features of unit variance, as all that read values do; this does not.

    Cells are brought to 10,000 counts over all measured features, not over the selected ones.
    """

    def __init__(self, n_components: int | None = None) -> None:
        self.n_components = n_components

    def _values(self, counts: Array, totals: Array) -> Array:
        return log_normalised(counts, totals)
