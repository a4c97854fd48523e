"""Principal components from the Gram matrix on a GPU, the rows streamed to it."""

from __future__ import annotations

from typing import Any

from omicsbench.methods._common import Array, column_means, dense_rows, latent, pad_columns
from omicsbench.plugin import method

BLOCK = 16_384  # rows on their way at once


@method(
    name="pca_cuda",
    family="simple",
    summary="Exact principal components from the Gram matrix, on a GPU (torch).",
    source="https://doi.org/10.1080/14786440109462720",
    accepts_sparse=True,
    streams=True,
    invertible=True,
    devices=("cuda",),
    needs=("torch",),
)
class PcaCuda:
    """What ``pca(solver="gram")`` does, with products and eigenvectors on the device.

    The device computes while the next block is read. Products are in single precision without TF32,
    which would lose the trailing components; their sum is in double precision.
    ``fit_info_["transfer_s"]`` is how long the copies to a card took.

    Parameters
    ----------
    device : ``"cpu"`` is for tests: ``pca`` is the faster one there.
    """

    def __init__(self, n_components: int | None = None, device: str = "cuda") -> None:
        self.n_components = n_components
        self.device = device

    def fit(self, X: Any) -> PcaCuda:
        import torch

        from omicsbench.methods._device import sender, transfer_clock

        n, p = X.shape
        rank = min(latent(self.n_components), n - 1, p)
        send, copies = sender(self.device).send, transfer_clock(self.device)
        self.mean_ = column_means(X)
        gram = torch.zeros((p, p), dtype=torch.float64, device=self.device)
        for start in range(0, n, BLOCK):
            block = send(dense_rows(X, slice(start, start + BLOCK)) - self.mean_)
            gram += (block.T @ block).double()
        variances, axes = torch.linalg.eigh(gram / (n - 1))
        total = float(variances.sum())
        axes = axes[:, -rank:].flip(1).T.float()
        # The sign of an axis is arbitrary: let its largest loading be positive.
        largest = axes.gather(1, axes.abs().argmax(dim=1, keepdim=True))
        self.components_ = (axes * torch.sign(largest)).cpu().numpy()
        self.explained_variance_ = variances[-rank:].flip(0).clamp(min=0).cpu().numpy()
        self.fit_info_ = {
            "components": rank,
            "explained_variance_ratio": float(self.explained_variance_.sum() / (total or 1.0)),
            **copies(),
        }
        return self

    def transform(self, X: Any) -> Array:
        from omicsbench.methods._device import sender
        from omicsbench.methods._torch import by_blocks

        mean, axes = (sender(self.device).send(part) for part in (self.mean_, self.components_))
        scores = by_blocks(lambda rows: (rows - mean) @ axes.T, X, self.device)
        return pad_columns(scores, latent(self.n_components))

    def inverse_transform(self, Z: Array) -> Array:
        restored: Array = Z[:, : len(self.components_)] @ self.components_ + self.mean_
        return restored.astype("float32", copy=False)
