"""UMAP on a GPU without one: cuML's class is stood in for by umap-learn's, which it mirrors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from omicsbench.methods.umap_cuda import UmapCuda
from omicsbench.registry.discover import device_present, unavailable
from tests.helpers.fake_cuml import cuml_has
from tests.helpers.kinds import kinds


class StandIn:
    """Takes what cuML 26.08 takes, and has umap-learn make the picture."""

    asked: dict[str, Any]

    def __init__(
        self,
        *,
        n_neighbors: float = 15,
        n_components: int = 2,
        min_dist: float = 0.1,
        random_state: int | None = None,
        output_type: str | None = None,
    ) -> None:
        from umap import UMAP

        assert output_type == "numpy"
        settings = {"n_neighbors": n_neighbors, "n_components": n_components}
        type(self).asked = settings | {"min_dist": min_dist, "random_state": random_state}
        self.umap = UMAP(**type(self).asked)

    def fit_transform(self, X: np.ndarray) -> np.ndarray:
        return np.asarray(self.umap.fit_transform(X), dtype=np.float64)

    def transform(self, X: np.ndarray) -> np.ndarray:
        return np.asarray(self.umap.transform(X), dtype=np.float64)


@pytest.fixture
def _cuml(monkeypatch: pytest.MonkeyPatch) -> None:
    cuml_has(monkeypatch, "UMAP", StandIn)


@pytest.mark.usefixtures("_cuml")
def test_unseen_rows_lie_among_their_kind() -> None:
    (X, y), (new, truth) = kinds(300), kinds(100, seed=1)
    model = UmapCuda(min_dist=0.3, random_state=5).fit(X)
    wanted = {"n_neighbors": 15, "n_components": 2, "min_dist": 0.3, "random_state": 5}
    assert StandIn.asked == wanted
    placed = model.transform(new)
    assert (model.embedding_.dtype, placed.dtype) == (np.float32, np.float32)
    assert KNeighborsClassifier(5).fit(model.embedding_, y).score(placed, truth) > 0.95


@pytest.mark.usefixtures("_cuml")
def test_neighbours_are_no_more_than_the_other_rows() -> None:
    assert UmapCuda(n_neighbors=50).fit(kinds(20)[0]).fit_info_ == {"n_neighbors": 19}


@pytest.mark.skipif(device_present("cuda"), reason="there is a GPU")
def test_without_a_gpu_the_reason_is_said() -> None:
    assert "cuml" in (unavailable(UmapCuda.info) or "")
