"""Few rows are trained on anew, all of them, for as many steps as rows held out allowed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
import torch
from torch import nn

from omicsbench.methods import _training
from omicsbench.methods._training import drawn, train_on_all
from omicsbench.methods.autoencoder import Autoencoder
from omicsbench.methods.deep_ensemble import DeepEnsemble
from omicsbench.methods.deep_ensemble_regressor import DeepEnsembleRegressor
from omicsbench.methods.denoising_autoencoder import DenoisingAutoencoder
from omicsbench.methods.mlp import Mlp
from omicsbench.methods.mlp_regressor import MlpRegressor

OPTIONS = {"batch_size": 16, "learning_rate": 0.1, "max_steps": 200, "patience": 2}


class Watched:
    """A least-squares problem that notes which rows each network has learnt from."""

    def __init__(self, n: int) -> None:
        rng = np.random.default_rng(0)
        self.X = torch.from_numpy(rng.normal(size=(n, 3))).float()
        self.y = self.X.sum(dim=1, keepdim=True) + torch.from_numpy(rng.normal(size=(n, 1))).float()
        self.seen: list[set[int]] = []
        self.steps: list[int] = []

    def build(self) -> nn.Module:
        self.seen.append(set())
        self.steps.append(0)
        return nn.Linear(3, 1)

    def loss(self, net: nn.Module, rows: np.ndarray[Any, Any]) -> torch.Tensor:
        if net.training:
            self.seen[-1] |= set(rows.tolist())
            self.steps[-1] += 1
        return nn.functional.mse_loss(net(self.X[rows]), self.y[rows])

    def train(self, fraction: float = 0.2, **changes: Any) -> tuple[nn.Module, dict[str, Any]]:
        n = len(self.X)
        options = OPTIONS | changes
        return train_on_all(
            self.build, self.loss, n, lambda seed: drawn(n, fraction, seed), **options
        )


def test_few_rows_are_all_learnt_from_in_the_end() -> None:
    problem = Watched(_training.VERY_FEW + 20)
    _, facts = problem.train()
    first, last = problem.seen
    assert len(first) == facts["training_rows"] == 96
    assert len(last) == 120, "none is left out of the network that is kept"
    assert problem.steps[1] == facts["refit_steps"] == facts["best_step"] < problem.steps[0]
    assert facts["refitted"]


def test_of_very_few_rows_several_draws_say_for_how_long() -> None:
    problem = Watched(40)
    _, facts = problem.train()
    *draws, last = problem.seen
    assert [len(seen) for seen in draws] == [32] * _training.DRAWS
    assert len(set(map(frozenset, draws))) == _training.DRAWS, "other rows are held out each time"
    assert len(last) == 40
    assert facts["refit_steps"] == problem.steps[-1]
    again, facts_again = Watched(40).train()
    once, _ = Watched(40).train()
    assert facts_again == facts
    assert torch.equal(again.weight, once.weight)  # type: ignore[arg-type]
    other, _ = Watched(40).train(random_state=1)
    assert not torch.equal(again.weight, other.weight)  # type: ignore[arg-type]


def test_of_many_rows_those_held_out_are_not_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_training, "FEW", 150)
    problem = Watched(160)
    _, facts = problem.train()
    assert (len(problem.seen), facts["refitted"]) == (1, False)
    nothing_held_out = Watched(40)
    _, facts = nothing_held_out.train(fraction=0.0, max_steps=5)
    assert (len(nothing_held_out.seen), facts["refitted"]) == (1, False)


@pytest.mark.parametrize("make", [Mlp, DeepEnsemble, MlpRegressor, DeepEnsembleRegressor])
def test_networks_tell_whether_they_were_trained_anew(
    make: type[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 5)).astype(np.float32)
    y = (X[:, 0] > 0).astype(int)
    model = make(width=8, max_steps=20)
    assert model.fit(X, y).fit_info_["refitted"]
    monkeypatch.setattr(_training, "FEW", 50)
    assert not model.fit(X, y).fit_info_["refitted"]


def test_autoencoder_searches_the_share_of_its_input_that_is_masked() -> None:
    X = np.random.default_rng(0).normal(size=(60, 20)).astype(np.float32)
    plain, masked, named = (
        model.fit(X).transform(X)
        for model in (
            Autoencoder(2, width=16, max_steps=30),
            Autoencoder(2, width=16, max_steps=30, masked=0.3),
            DenoisingAutoencoder(2, width=16, max_steps=30),
        )
    )
    np.testing.assert_array_equal(masked, named)
    assert not np.allclose(masked, plain)
    with pytest.raises(ValueError, match="masked=1: give a share"):
        Autoencoder(2, masked=1).fit(X)
