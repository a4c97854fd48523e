"""The wrappers of scvi-tools learn, stop early, keep to their budget, and say and leave nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from omicsbench.methods.scvi_tools import Ldvae, Scvi
from omicsbench.registry.discover import unavailable
from omicsbench.stream import Counts

if reason := unavailable(Scvi.info):
    pytest.skip(reason, allow_module_level=True)

both = pytest.mark.parametrize("make", [Scvi, Ldvae])


def counts(n: int, seed: int = 0) -> tuple[Counts, np.ndarray]:
    """Two kinds of cells that differ by their shares, not by their depth."""
    shares = np.random.default_rng(9).dirichlet(np.ones(40), 2)
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, 2, n)
    return Counts.held(rng.poisson(200 * shares[kind])), kind


@both
def test_tells_kinds_of_unseen_cells_apart(make, tmp_path: Path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    (X, _), (T, kind) = counts(300), counts(80, seed=1)
    model = make(2, max_steps=300, learning_rate=5e-3).fit(X)
    Z = model.transform(T)
    centres = [Z[kind == k].mean(axis=0) for k in (0, 1)]
    nearer = np.linalg.norm(Z[:, None] - np.stack(centres), axis=2).argmin(axis=1)
    assert (nearer == kind).mean() > 0.95
    assert not list(tmp_path.iterdir()), "files are left"
    said = capfd.readouterr()
    assert said.out + said.err == ""


@both
def test_keeps_to_its_budget_and_stops_early(make):
    X, _ = counts(300)
    short = make(2, max_steps=7).fit(X).fit_info_
    assert short["steps"] == 7
    assert (short["training_rows"], short["validation_rows"]) == (270, 30)
    long = make(2, patience=2, learning_rate=3e-2).fit(X).fit_info_
    assert long["epochs"] < 400


def test_keeps_the_best_weights(monkeypatch):
    """With a learning rate that overshoots, the last ones are worse."""
    from omicsbench.methods._best_weights import BestWeights

    X, _ = counts(300)

    def trained() -> tuple[float, float]:
        model = Scvi(2, patience=10, learning_rate=5e-2).fit(X)
        rows = model.model_.validation_indices
        return -float(model.model_.get_elbo(indices=rows)), model.fit_info_["validation_loss"]

    kept, best = trained()
    monkeypatch.setattr(BestWeights, "on_train_end", lambda *_: None)
    last, same = trained()
    assert same == best
    assert abs(kept - best) < 0.3 * (last - best)


@both
@pytest.mark.parametrize("n", [5, 129])
def test_any_number_of_rows(make, n):
    """129: a batch of 128 would leave one row, with which batch norm cannot be trained."""
    X, _ = counts(n)
    fraction = 0.1 if n == 5 else 0
    model = make(2, max_steps=4, validation_fraction=fraction).fit(X)
    assert np.isfinite(model.transform(X)).all()
