"""RealMLP: a dense network with the defaults that did best on many tables."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator

import numpy as np

from omicsbench.methods._common import Array, threads
from omicsbench.methods._predictors import Predictor, check_positive, fit_quietly, held_out
from omicsbench.plugin import Choice, Real, method

FEW = 500  # rows up to which training anew on all of them costs little
VALIDATION = 0.2  # share of the rows that chooses the epoch, as in the library


@method(
    name="realmlp",
    task="predict",
    family="deep",
    summary="RealMLP-TD: a dense network whose defaults were tuned on many tables (pytabkit).",
    source="https://doi.org/10.48550/arXiv.2407.04491",
    devices=("cpu", "cuda", "mps"),
    needs=("torch", "pytabkit"),
    space={
        "width": Choice([64, 128, 256, 512]),
        "dropout": Real(0.0, 0.5),
        "learning_rate": Real(0.01, 0.2, log=True),
        "weight_decay": Choice([0.0, 0.02, 0.1]),
    },
)
class RealMlp(Predictor):
    """pytabkit's classifier at its defaults: three layers, embedded numbers, 256 epochs.

    A fifth of the rows, each class of which keeps one to learn from, chooses the epoch. Up to 500
    rows are then all trained on, up to that epoch.

    Parameters
    ----------
    width : units of each of the three hidden layers.
    epochs : passes through the training rows; the library's schedules hang on them.
    """

    def __init__(
        self,
        width: int = 256,
        dropout: float = 0.15,
        learning_rate: float = 0.04,
        weight_decay: float = 0.02,
        epochs: int = 256,
        batch_size: int = 256,
        random_state: int = 0,
        device: str = "cpu",
    ) -> None:
        self.width = width
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state
        self.device = device

    def fit(self, X: Array, y: Array) -> RealMlp:
        check_positive(width=self.width, epochs=self.epochs, batch_size=self.batch_size)
        self.classes_, codes = np.unique(np.asarray(y), return_inverse=True)
        held = held_out(codes, VALIDATION, self.random_state)
        again = len(held) > 0 and len(codes) <= FEW
        with _silent():
            self.model_, _ = fit_quietly(self._made(again), X, codes, val_idxs=held)
        self.fit_info_ = {
            "validation_rows": len(held),
            "refitted": again,
            "classes": len(self.classes_),
        }
        return self

    def predict_proba(self, X: Array) -> Array:
        """(m, c) float64, in the order of ``classes_``."""
        with _silent():
            return super().predict_proba(X)

    def _made(self, again: bool) -> object:
        with _silent():
            from pytabkit import RealMLP_TD_Classifier

        return RealMLP_TD_Classifier(
            device=self.device,
            random_state=self.random_state,
            n_refit=int(again),
            n_threads=threads(),
            n_epochs=self.epochs,
            batch_size=self.batch_size,
            hidden_sizes=[self.width] * 3,
            p_drop=self.dropout,
            lr=self.learning_rate,
            wd=self.weight_decay,
        )


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Lightning's notes about devices and epochs, and its warnings, kept off the terminal."""
    loggers = [logging.getLogger(name) for name in ("pytorch_lightning", "lightning.pytorch")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
