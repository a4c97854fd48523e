"""A method of task batch that is given labels, and writes down what it was handed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from omicsbench.plugin import method


@method(
    name="unbatching",
    family="simple",
    task="batch",
    summary="The first features, less their mean in the batch.",
    source="https://example.org",
    uses=("batch", "labels"),
)
class Unbatching:
    """What it was handed lies in ``folder``, if it is told one."""

    def __init__(self, n_components: int | None = None, folder: str = "") -> None:
        self.n_components = n_components
        self.folder = folder

    def fit(self, X: Any, batch: Any, labels: Any) -> Unbatching:
        if self.folder:
            np.savez(Path(self.folder) / f"fit-{len(X)}.npz", X=X, batch=batch, labels=labels)
        self.means_ = {code: X[batch == code].mean(axis=0) for code in np.unique(batch)}
        return self

    def transform(self, X: Any, batch: Any) -> Any:
        means = [self.means_.get(code, X.mean(axis=0)) for code in batch]
        return (X - np.array(means))[:, : self.n_components].astype(np.float32)
