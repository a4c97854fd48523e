"""The autoencoder in mixed precision: products of matrices in bfloat16, all else in float32."""

from __future__ import annotations

from typing import Any

from omicsbench.methods.autoencoder import Autoencoder
from omicsbench.plugin import method


@method(
    name="bfloat16_autoencoder",
    family="deep",
    summary="Dense autoencoder trained in mixed precision (bfloat16).",
    source="https://doi.org/10.48550/arXiv.1905.12322",
    accepts_sparse=True,
    streams=True,
    invertible=True,
    devices=("cpu", "cuda"),
    control_if=(("depth", 0),),
    needs=("torch",),
    space=Autoencoder.info.space,  # type: ignore[attr-defined]
)
class Bfloat16Autoencoder(Autoencoder):
    """``autoencoder``, trained by torch's autocast; the parameters are its own.

    Weights, their updates and the loss stay float32, and cells are embedded in float32.
    """

    def fit(self, X: Any) -> Bfloat16Autoencoder:
        import torch

        # Were rounded weights kept within one block, as torch does, they would never be learnt.
        with torch.autocast(torch.device(self.device).type, torch.bfloat16, cache_enabled=False):
            super().fit(X)
        self.fit_info_["precision"] = "bfloat16 products, float32 weights"
        return self
