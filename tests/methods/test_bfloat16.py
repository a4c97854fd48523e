"""The autoencoder in mixed precision learns what the one in float32 learns, by other products."""

from __future__ import annotations

import numpy as np
import pytest

from omicsbench.methods.autoencoder import Autoencoder
from omicsbench.methods.bfloat16_autoencoder import Bfloat16Autoencoder
from omicsbench.methods.pca import Pca


def bent(n: int, p: int = 60, k: int = 3) -> np.ndarray:
    rng = np.random.default_rng(0)
    A, b = rng.standard_normal((k, p)), rng.uniform(0, 2 * np.pi, p)
    X = 1.4 * np.cos(1.5 * rng.uniform(-1.7, 1.7, (n, k)) @ A + b)
    return np.asarray(X + 0.3 * rng.standard_normal((n, p)), dtype=np.float32)


def r2(model: Pca | Autoencoder, T: np.ndarray) -> float:
    rebuilt = model.inverse_transform(model.transform(T))
    return float(1 - ((T - rebuilt) ** 2).sum() / ((T - T.mean(0)) ** 2).sum())


@pytest.fixture(scope="module")
def fitted() -> dict[str, Autoencoder]:
    X = bent(4_000)[:3_000]
    return {
        make.info.name: make(3, depth=2, width=64, max_steps=1_500, random_state=1).fit(X)
        for make in (Autoencoder, Bfloat16Autoencoder)
    }


def test_it_learns_as_much_as_in_float32(fitted: dict[str, Autoencoder]) -> None:
    X = bent(4_000)
    exact, mixed = (r2(model, X[3_000:]) for model in fitted.values())
    assert exact > r2(Pca(3).fit(X[:3_000]), X[3_000:]) + 0.05, "there is something to learn"
    assert mixed == pytest.approx(exact, abs=0.02)


def test_its_products_are_rounded_and_its_weights_are_not(fitted: dict[str, Autoencoder]) -> None:
    import torch

    exact, mixed = fitted.values()
    assert {w.dtype for w in mixed.net_.parameters()} == {torch.float32}
    first = [one.fit_info_["validation_curve"][0] for one in (exact, mixed)]
    assert first[0] != first[1], "from the same start, by the same batches"
    assert first[0] == pytest.approx(first[1], rel=0.02)
    assert not torch.is_autocast_enabled("cpu"), "the next one is trained in float32"


def test_a_record_tells_the_precision(fitted: dict[str, Autoencoder]) -> None:
    exact, mixed = fitted.values()
    assert mixed.fit_info_["precision"].startswith("bfloat16")
    assert "precision" not in exact.fit_info_
