"""An integrator that takes RNA and proteins, and nothing else."""

from __future__ import annotations

from typing import Any

from omicsbench.plugin import Modalities, method


@method(
    name="taking",
    family="simple",
    task="integrate",
    summary="Counts of the first proteins, for each count of RNA.",
    source="https://example.org",
    takes=("counts", "proteins"),
)
class Taking:
    """It finds them by what they hold, not by their names."""

    def __init__(self, n_components: int | None = None) -> None:
        self.n_components = n_components

    def fit(self, X: Modalities) -> Taking:
        return self

    def transform(self, X: Modalities) -> Any:
        own = {part.holds: part for part in X.values()}
        return own["proteins"].raw[:, : self.n_components] / own["counts"].depth[:, None]
