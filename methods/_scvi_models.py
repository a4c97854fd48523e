"""What the wrappers of scvi-tools' larger models share: quiet, seeded, stopped early, pickled."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from omicsbench.methods._common import Array, latent
from omicsbench.plugin import Modalities, Modality


@contextmanager
def library(seed: int = 0) -> Iterator[Any]:
    """scvi-tools, at this seed, which says nothing but errors."""
    from omicsbench.methods._torch import seeded

    with (
        seeded(seed),
        warnings.catch_warnings(),
        Path(os.devnull).open("w") as nowhere,
        contextlib.redirect_stdout(nowhere),  # why training stopped
    ):
        warnings.simplefilter("ignore")
        import scvi

        for name in ("scvi", "lightning", "lightning.fabric", "lightning.pytorch"):
            logging.getLogger(name).setLevel(logging.ERROR)
        scvi.settings.seed = seed
        yield scvi


def train(
    model: Any,
    n: int,
    *,
    validation_fraction: float,
    batch_size: int,
    max_steps: int,
    device: str,
    **own: Any,
) -> dict[str, Any]:
    """Train on a share of the model's n rows, stop early by the rest; what is to be recorded."""
    held = int(n * validation_fraction)
    training = n - held
    settings = {
        "early_stopping": looks(n, validation_fraction, batch_size, max_steps),
        # Batch norm cannot train on a batch of one row.
        "datasplitter_kwargs": {"drop_last": training % batch_size == 1},
        "logger": False,
    }
    model.train(
        max_steps=max_steps,
        train_size=training / n,
        validation_size=held / n,
        batch_size=batch_size,
        accelerator={"cuda": "gpu"}.get(device, device),
        devices=1,
        enable_progress_bar=False,
        **(settings | own),
    )
    steps, epochs = model.trainer.global_step, model.trainer.current_epoch
    model.trainer = None  # which cannot be pickled
    return {
        "training_rows": training,
        "validation_rows": held,
        "steps": steps,
        "epochs": epochs,
        "parameters": sum(p.numel() for p in model.module.parameters()),
    }


def looks(n: int, validation_fraction: float, batch_size: int, max_steps: int) -> bool:
    """Whether held-out rows are ever looked at: at the end of an epoch, if the budget has one."""
    held = int(n * validation_fraction)
    return held > 0 and max_steps >= math.ceil((n - held) / batch_size)


class PairedModel:
    """An integrator of RNA and one other modality. Modalities of other kinds are not used.

    A class of it says which one (``second``: its name in the library's sense and its values),
    makes the library's model of a MuData (``_make``) and trains it (``_train``).
    """

    n_components: int | None
    random_state: int
    second: tuple[str, str]

    def fit(self, X: Modalities) -> Any:
        k = latent(self.n_components)
        with library(self.random_state) as scvi:
            known = self._cells(X)
            self.model_ = self._make(scvi, known, k)
            self.fit_info_ = self._train(known.n_obs)
        self.few_ = {name: part[:2] for name, part in X.items()}
        return self

    def transform(self, X: Modalities) -> Array:
        with library(self.random_state):
            Z = self.model_.get_latent_representation(self._cells(X))
        return np.asarray(Z, dtype=np.float32)

    def _make(self, scvi: Any, known: Any, k: int) -> Any:
        raise NotImplementedError

    def _train(self, n: int) -> dict[str, Any]:
        raise NotImplementedError

    def _cells(self, X: Modalities) -> Any:
        """A MuData of what is used: RNA sparse; a panel of proteins is small, and dense."""
        from anndata import AnnData
        from mudata import MuData
        from scipy.sparse import csr_matrix

        name, values = self.second
        other = _holding(X, values).raw
        second = other if values == "proteins" else csr_matrix(other)
        rna = csr_matrix(_holding(X, "counts").raw)
        cells = MuData({"rna": AnnData(rna), name: AnnData(second)})
        cells.obs["_indices"] = np.arange(cells.n_obs)  # MultiVI looks for it in unseen cells too
        return cells

    def __getstate__(self) -> dict[str, Any]:
        """The library's model of a MuData cannot be pickled; its weights can."""
        state = dict(vars(self))
        if "model_" in state:
            state["model_"] = state["model_"].module.state_dict()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        if "model_" in state:
            with library(self.random_state) as scvi:
                self.model_ = self._make(scvi, self._cells(self.few_), latent(self.n_components))
            self.model_.module.load_state_dict(state["model_"])
            self.model_.module.eval()
            self.model_.is_trained_ = True


def _holding(X: Modalities, values: str) -> Modality:
    """The first modality of these values. ValueError where there is none."""
    found = next((own for own in X.values() if own.holds == values), None)
    if found is None:
        raise ValueError(f"no modality of {values} is given")
    return found
