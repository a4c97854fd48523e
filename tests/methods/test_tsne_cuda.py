"""t-SNE on a GPU without one: cuML's class is stood in for, as its documentation has it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from omicsbench.methods.tsne_cuda import TsneCuda
from omicsbench.registry.discover import device_present, unavailable
from tests.helpers.fake_cuml import cuml_has
from tests.helpers.kinds import kinds


class StandIn:
    """Takes what cuML 26.08 takes, and has openTSNE make the picture."""

    asked: dict[str, Any]

    def __init__(
        self,
        *,
        n_components: int = 2,
        perplexity: float = 30.0,
        learning_rate: float = 200.0,
        init: str = "random",
        random_state: int | None = None,
        n_neighbors: int = 90,
        learning_rate_method: str = "adaptive",
        output_type: str | None = None,
    ) -> None:
        type(self).asked = {"perplexity": perplexity, "n_neighbors": n_neighbors}
        assert (init, learning_rate_method, output_type) == ("pca", "none", "numpy")
        self.settings = {"perplexity": perplexity, "learning_rate": learning_rate}
        self.settings |= {"n_components": n_components, "random_state": random_state}

    def fit_transform(self, X: np.ndarray) -> np.ndarray:
        from openTSNE import TSNE

        return np.asarray(TSNE(initialization="pca", **self.settings).fit(X)) + 100  # anywhere


@pytest.fixture
def _cuml(monkeypatch: pytest.MonkeyPatch) -> None:
    cuml_has(monkeypatch, "TSNE", StandIn)


@pytest.mark.usefixtures("_cuml")
def test_unseen_rows_lie_among_their_kind() -> None:
    (X, y), (new, truth) = kinds(600), kinds(200, seed=1)
    model = TsneCuda().fit(X)
    assert StandIn.asked == {"perplexity": 30, "n_neighbors": 90}
    assert model.embedding_.max(axis=0) == pytest.approx(-model.embedding_.min(axis=0), rel=1e-4)
    kept = model.embedding_.copy()
    placed = model.transform(new)
    assert KNeighborsClassifier(5).fit(kept, y).score(placed, truth) > 0.95
    np.testing.assert_array_equal(model.embedding_, kept)


@pytest.mark.usefixtures("_cuml")
@pytest.mark.parametrize(
    ("n", "wanted", "used"), [(40, 30, 13), (2_000, 350, 341), (2_000, 300, 300)]
)
def test_perplexity_is_what_rows_and_cuml_can_bear(n: int, wanted: float, used: float) -> None:
    assert TsneCuda(perplexity=wanted).fit(kinds(n)[0]).fit_info_["perplexity"] == used
    assert StandIn.asked["n_neighbors"] == 3 * used


def test_it_makes_two_dimensions() -> None:
    with pytest.raises(ValueError, match="tsne_cuda makes 2 dimensions, not 3; use tsne"):
        TsneCuda(n_components=3).fit(kinds(20)[0])


@pytest.mark.skipif(device_present("cuda"), reason="there is a GPU")
def test_without_a_gpu_the_reason_is_said() -> None:
    assert "cuml" in (unavailable(TsneCuda.info) or "")


@pytest.mark.gpu
def test_it_is_as_good_as_opentsne_on_a_gpu() -> None:
    pytest.importorskip("cuml")
    from sklearn.manifold import trustworthiness

    from omicsbench.methods.tsne import Tsne

    X, _ = kinds(2_000)
    ours, theirs = (trustworthiness(X, make().fit(X).embedding_) for make in (TsneCuda, Tsne))
    assert ours > theirs - 0.01
