"""TabICL: a network trained on made-up tables that is shown the training rows, and not trained."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from omicsbench.methods._common import Array, threads
from omicsbench.methods._predictors import Predictor, fit_quietly
from omicsbench.plugin import Choice, method

WEIGHTS = "tabicl-classifier-v2-20260212.ckpt"  # of the paper's second version
REPOSITORY = "jingang/TabICL"


@method(
    name="tabicl",
    task="predict",
    family="deep",
    summary="TabICL: a pretrained network that reads the training rows as context.",
    source="https://doi.org/10.48550/arXiv.2502.05564",
    devices=("cpu", "cuda", "mps"),
    needs=("torch", "tabicl"),
    space={"ensemble": Choice([4, 8, 16, 32])},
)
class TabIcl(Predictor):
    """The library's classifier at its defaults. Use it on few features: ``pca(50) > tabicl``.

    Its weights are never downloaded on the way: where they do not lie in the cache of the Hugging
    Face hub (``hf download jingang/TabICL``), runs are skipped, and say so. They were trained on
    made-up tables, so they have seen none of the data.

    Parameters
    ----------
    ensemble : shuffled views of the features and classes over which answers are averaged.
    """

    def __init__(
        self,
        ensemble: int = 8,
        random_state: int = 0,
        device: str = "cpu",
    ) -> None:
        self.ensemble = ensemble
        self.random_state = random_state
        self.device = device

    @staticmethod
    def missing() -> str | None:
        """Why it cannot run here although its library is installed."""
        if weights():
            return None
        return f"needs the weights {WEIGHTS}; to download them: hf download {REPOSITORY} {WEIGHTS}"

    def fit(self, X: Array, y: Array) -> TabIcl:
        from tabicl import TabICLClassifier

        if reason := self.missing():
            raise ValueError(reason)
        self.classes_, codes = np.unique(np.asarray(y), return_inverse=True)
        model = TabICLClassifier(
            n_estimators=self.ensemble,
            model_path=weights(),
            allow_auto_download=False,
            device=self.device,
            random_state=self.random_state,
            n_jobs=threads(),
        )
        self.model_, _ = fit_quietly(model, X, codes)
        self.fit_info_ = {"weights": WEIGHTS, "classes": len(self.classes_)}
        return self


def weights() -> Path | None:
    """The file of weights in the cache of the Hugging Face hub, wherever that was put."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "huggingface"
    home = Path(os.environ.get("HF_HOME") or home).expanduser()
    cache = Path(os.environ.get("HF_HUB_CACHE") or home / "hub").expanduser()
    folder = cache / f"models--{REPOSITORY.replace('/', '--')}" / "snapshots"
    return next(iter(sorted(folder.glob(f"*/{WEIGHTS}"))), None)
