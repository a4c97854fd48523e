"""Multi-omics factor analysis: sparse factors, each free to ignore some of the modalities."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from omicsbench.methods._common import Array, latent, pad_columns
from omicsbench.methods._modalities import cells, centred, given, means
from omicsbench.plugin import Choice, Modalities, method


@method(
    name="mofa",
    family="simple",
    task="integrate",
    summary="MOFA+: Gaussian factors with sparse loadings for each modality, by mofapy2.",
    source="https://doi.org/10.1186/s13059-020-02015-1",
    invertible=True,
    partial=True,
    needs=("mofapy2",),
    space={
        "spikeslab_weights": Choice([True, False]),
        "weight_views": Choice([False, True]),
    },
)
class Mofa:
    """mofapy2 with its own defaults, on ``values`` with Gaussian noise.

    The authors advise to normalise counts and to model them as Gaussian where that can be done;
    ``values`` are so. Unseen cells get the posterior mean of the factors under the fitted
    loadings and noise, from the modalities they have. Factors for which the cells offer no
    evidence shrink to zero; beyond n - 1 of them the rest are zero.

    Parameters
    ----------
    spikeslab_weights : a spike at zero in the prior of each loading: sparse factors.
    weight_views : weigh modalities down by their number of features, so that 25 proteins are
        heard beside 2,000 genes.
    convergence : ``"fast"``, ``"medium"`` or ``"slow"``: stop when the lower bound changes by
        less than 5e-6, 5e-7 or 5e-8 of its first value.
    max_iterations : the training budget.
    """

    def __init__(
        self,
        n_components: int | None = None,
        spikeslab_weights: bool = True,
        weight_views: bool = False,
        convergence: str = "fast",
        max_iterations: int = 1_000,
        random_state: int = 0,
    ) -> None:
        self.n_components = n_components
        self.spikeslab_weights = spikeslab_weights
        self.weight_views = weight_views
        self.convergence = convergence
        self.max_iterations = max_iterations
        self.random_state = random_state

    def fit(self, X: Modalities) -> Mofa:
        if self.convergence not in ("fast", "medium", "slow"):
            raise ValueError(f"convergence={self.convergence!r}: use fast, medium or slow")
        self.means_ = means(X)
        features = sum(len(mean) for mean in self.means_.values())
        rank = min(latent(self.n_components), cells(X) - 1, features)
        with _quiet():
            model = self._trained(X, rank)
            found = model.getExpectations()
        shares = self._shares()
        self.loadings_ = {n: W["E"].astype(np.float64) for n, W in zip(X, found["W"], strict=True)}
        # What a modality adds to the precision of the factors, and how it weighs its features.
        self.precision_, self.readers_ = {}, {}
        for name, W, tau in zip(X, found["W"], found["Tau"], strict=True):
            noise = shares[name] * np.asarray(tau["E"][0], dtype=np.float64)
            self.readers_[name] = self.loadings_[name] * noise[:, None]
            inner = self.loadings_[name].T @ self.readers_[name]
            np.fill_diagonal(inner, noise @ W["E2"])
            self.precision_[name] = inner
        self.factors_ = np.asarray(found["Z"]["E"], dtype=np.float32)
        iterations = len(model.train_stats["elbo"])
        self.fit_info_ = {
            "components": rank,
            "iterations": iterations,
            "converged": iterations < self.max_iterations,
            "factor_sd": [round(float(sd), 4) for sd in self.factors_.std(axis=0)],
        }
        return self

    def _trained(self, X: Modalities, rank: int) -> Any:
        from mofapy2.run.entry_point import entry_point

        entry = entry_point()
        entry.set_data_options(use_float32=True)
        entry.set_data_matrix(
            [[modality.values] for modality in X.values()],
            likelihoods=["gaussian"] * len(X),
            views_names=list(X),
        )
        entry.set_model_options(factors=rank, spikeslab_weights=self.spikeslab_weights)
        entry.set_train_options(
            iter=self.max_iterations,
            convergence_mode=self.convergence,
            weight_views=self.weight_views,
            seed=self.random_state,
            quiet=True,
        )
        entry.build()
        try:
            entry.run()
        except SystemExit as error:  # mofapy2's way to report a TypeError
            raise RuntimeError("mofapy2 stopped training") from error
        return entry.model

    def _shares(self) -> dict[str, float]:
        """Weight of each modality in the factors' update, as mofapy2 sets it."""
        if not self.weight_views:
            return dict.fromkeys(self.means_, 1.0)
        inverse = {name: 1 / len(mean) for name, mean in self.means_.items()}
        total = sum(inverse.values())
        return {name: share * len(inverse) / total for name, share in inverse.items()}

    def transform(self, X: Modalities) -> Array:
        """Fixed point of mofapy2's own update: E[W'TW] + I over what is given, applied to W'Ty."""
        names = given(X, self.means_)
        precision = np.eye(len(self.precision_[names[0]]))
        evidence = np.zeros((cells(X), len(precision)))
        for name in names:
            precision += self.precision_[name]
            evidence += centred(X[name], self.means_[name]) @ self.readers_[name]
        return pad_columns(np.linalg.solve(precision, evidence.T).T, latent(self.n_components))

    def inverse_transform(self, Z: Array) -> dict[str, Array]:
        return {
            name: np.asarray(Z[:, : W.shape[1]] @ W.T + self.means_[name], dtype=np.float32)
            for name, W in self.loadings_.items()
        }


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """mofapy2 prints at length, silences every warning and seeds NumPy for the whole process."""
    state = np.random.get_state()  # noqa: NPY002
    try:
        with (
            Path(os.devnull).open("w") as nowhere,
            contextlib.redirect_stdout(nowhere),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        np.random.set_state(state)  # noqa: NPY002
