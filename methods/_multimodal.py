"""Nets over several modalities of the same cells: their likelihoods, branches and fusion.

Imports torch, so methods import this module inside their functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from omicsbench.methods._common import Array, column_means
from omicsbench.methods._torch import BLOCK, Network, _tensor
from omicsbench.methods._training import train_by
from omicsbench.plugin import Likelihood, Modalities, Modality

ROWS = 1024  # rows whose loss is taken at once, however many are held out
MAX_LOG_THETA = 7.0  # beyond it a negative binomial is a Poisson, and float32 loses digits
ALL = slice(None)


def negative_binomial(
    y: torch.Tensor, log_mean: torch.Tensor, log_theta: torch.Tensor
) -> torch.Tensor:
    """-log P(y) in nats, elementwise; the variance is mean + mean^2 / theta."""
    theta = log_theta.exp()
    return (
        torch.lgamma(theta)
        + torch.lgamma(y + 1)
        - torch.lgamma(y + theta)
        + theta * functional.softplus(log_mean - log_theta)
        + y * functional.softplus(log_theta - log_mean)
    )


def bernoulli(y: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    """Cross-entropy in nats, elementwise; y is 0, 1 or a share between them."""
    return functional.binary_cross_entropy_with_logits(logits, y, reduction="none")


class Branch(nn.Module):
    """Encoder and decoder of one modality, with its loss.

    ``network`` goes from values to the latent space and back. Where the likelihood is not
    normal, ``output`` gives, from the decoder's last hidden layer, the parameters of the
    distribution of ``raw``. It starts at zero, which is the mean model: each feature's rate
    per count of depth, or its share of ones. The network's own output, of values, is then
    trained beside it on that same layer, but sends no gradient further: what the latent space
    holds is the likelihood's choice, and values are read off it.
    """

    base: torch.Tensor

    def __init__(
        self, part: Modality, likelihood: Likelihood, widths: Sequence[int], **settings: Any
    ) -> None:
        super().__init__()
        self.likelihood = likelihood
        counts = likelihood == "negative_binomial"
        if (likelihood != "normal" and part.raw is None) or (counts and part.depth is None):
            raise ValueError(
                f"a modality of likelihood {likelihood} lacks its raw values or its depth"
            )
        p = part.values.shape[1]
        layers = [p, *widths, *widths[-2::-1], p]
        self.network = Network(layers, len(widths), column_means(part.values), **settings)
        if likelihood != "normal":
            self.output = nn.Linear(layers[-2], p)
            nn.init.zeros_(self.output.weight)
            nn.init.zeros_(self.output.bias)
            base, log_theta = _mean_model(part)
            self.register_buffer("base", base)
            if counts:
                self.log_theta = nn.Parameter(log_theta)
        self.null, self.null_values = self._nulls(part)

    def losses(self, part: Modality, z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Means over rows and features: the deviance by the likelihood, the squared error.

        Both are shares of the mean model's: 1 is no better than it, 0 is perfect.
        """
        hidden = self.network.decoder[:-1](z)
        normal = self.likelihood == "normal"
        values = self.network.decoder[-1](hidden if normal else hidden.detach())
        x = _tensor(part.values, ALL, str(z.device)) - self.network.mean
        squared = functional.mse_loss(values, x) / self.null_values
        if normal:
            return squared, squared.detach()  # the same loss, not to be trained twice
        return self._deviance(part, self.output(hidden)).mean() / self.null, squared

    def _deviance(self, part: Modality, out: torch.Tensor) -> torch.Tensor:
        """-log P(raw) less what it would be with raw as its own mean: squared error's kin."""
        device = str(out.device)
        y = _tensor(part.raw, ALL, device)
        if self.likelihood == "bernoulli":
            return bernoulli(y, self.base + out) - bernoulli(y, torch.logit(y, eps=1e-6))
        log_depth = _tensor(part.depth, ALL, device).clamp(min=1).log()[:, None]
        log_theta = self.log_theta.clamp(max=MAX_LOG_THETA)
        best = negative_binomial(y, y.clamp(min=1e-6).log(), log_theta.detach())
        return negative_binomial(y, self.base + log_depth + out, log_theta) - best

    @torch.no_grad()
    def _nulls(self, part: Modality) -> tuple[float, float]:
        """Deviance and squared error of the mean model, by which the losses are divided.

        So no modality is drowned by one with more features, or with more to say per feature.
        """
        nats = squares = 0.0
        for rows in _blocks(len(part), ROWS):
            some = part[rows]
            x = _tensor(some.values, ALL, "cpu") - self.network.mean
            squares += float(x.square().mean()) * len(x) / len(part)
            if self.likelihood != "normal":
                nats += float(self._deviance(some, torch.zeros_like(x)).mean()) * len(x) / len(part)
        return max(nats, 1e-6), max(squares, 1e-6)


class Branches(nn.Module):
    """Branches with one latent space: a cell lies at the mean of what its modalities say.

    Each encoder ends in a linear layer, so the mean of all is one linear bottleneck over what
    they have found; the mean of those present is that of a cell whose others are missing.
    Training hides modalities at random, so that each learns to speak for all.
    """

    def __init__(self, branches: Mapping[str, Branch], hidden: float) -> None:
        super().__init__()
        self.names = list(branches)
        self.branches = nn.ModuleList(branches.values())
        self.hidden = hidden

    def encode(
        self, x: Mapping[str, torch.Tensor], kept: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Values of some modalities -> (m, k); ``kept`` (m, modalities of x) tells which count."""
        codes = torch.stack([self[name].network.encode(values) for name, values in x.items()], 1)
        if kept is None:
            return codes.mean(1)
        weights = kept / kept.sum(1, keepdim=True)
        return (weights[:, :, None] * codes).sum(1)

    def losses(self, X: Modalities, kept: torch.Tensor | None = None) -> torch.Tensor:
        """(modalities, 2): each branch's two losses of some cells."""
        device = str(self.branches[0].network.mean.device)
        x = {name: _tensor(X[name].values, ALL, device) for name in self.names}
        z = self.encode(x, None if kept is None else kept.to(device))
        return torch.stack([torch.stack(self[name].losses(X[name], z)) for name in self.names])

    def draw(self, m: int) -> torch.Tensor:
        """(m, modalities): what to keep of each cell; each is hidden by chance, never all."""
        chance = torch.rand(m, len(self.names))
        return chance >= chance.amax(1, keepdim=True).clamp(max=self.hidden)

    def __getitem__(self, name: str) -> Any:
        return self.branches[self.names.index(name)]


class Concatenated(nn.Module):
    """A lecture's design: a layer per modality, concatenated, a linear bottleneck, and back.

    The decoder is one hidden elu layer, as wide as what was concatenated, and a linear output
    per modality. Weights start as in Keras.
    """

    def __init__(
        self,
        features: Mapping[str, int],
        widths: Sequence[int],
        k: int,
        activation: Callable[[], nn.Module],
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.names = list(features)
        sizes = list(zip(features.values(), widths, strict=True))
        self.first = nn.ModuleList(
            nn.Sequential(nn.Dropout(dropout), nn.Linear(p, width), activation())
            for p, width in sizes
        )
        self.bottleneck = nn.Linear(sum(widths), k)
        self.back = nn.Sequential(nn.Linear(k, sum(widths)), nn.ELU())
        self.outputs = nn.ModuleList(nn.Linear(sum(widths), p) for p, _ in sizes)
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)

    def encode(self, x: Mapping[str, torch.Tensor]) -> torch.Tensor:
        found = [layer(x[name]) for name, layer in zip(self.names, self.first, strict=True)]
        z: torch.Tensor = self.bottleneck(torch.cat(found, 1))
        return z

    def forward(self, x: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        hidden = self.back(self.encode(x))
        return {name: out(hidden) for name, out in zip(self.names, self.outputs, strict=True)}


def mean_losses(
    net: Branches, X: Modalities, rows: Array, kept: torch.Tensor | None
) -> torch.Tensor:
    """``net.losses`` of some rows, (modalities, 2), taken ``ROWS`` at a time."""
    found = [
        net.losses(
            {name: part[rows[some]] for name, part in X.items()},
            None if kept is None else kept[some],
        )
        * (len(rows[some]) / len(rows))
        for some in _blocks(len(rows), ROWS)
    ]
    return torch.stack(found).sum(0)


def fit_lecture(
    net: Concatenated,
    X: Modalities,
    epochs: int,
    batch_size: int,
    random_state: int,
    device: str,
    shares: Sequence[str] = (),
) -> dict[str, Any]:
    """Train to give back what was measured; cross-entropy for ``shares``, squared error else."""
    n = len(next(iter(X.values())))

    def losses(rows: Array) -> dict[str, torch.Tensor]:
        x = {name: _tensor(measured(part[rows]), ALL, device) for name, part in X.items()}
        return {
            name: bernoulli(x[name], out).mean()
            if name in shares
            else functional.mse_loss(out, x[name])
            for name, out in net(x).items()
        }

    facts = train_by(
        net,
        lambda rows: torch.stack(list(losses(rows).values())).sum(),
        n,
        batch_size=batch_size,
        learning_rate=1e-3,
        max_steps=epochs * -(-n // batch_size),
        random_state=random_state,
        device=device,
    )
    found = dict.fromkeys(net.names, 0.0)
    with torch.no_grad():
        for some in _blocks(n, ROWS):
            for name, value in losses(np.arange(n)[some]).items():
                found[name] += float(value) * len(range(n)[some]) / n
    return {**facts, "losses": found}


def measured(part: Modality) -> Array:
    """What a lecture's net is fed with: log(x + 1) of counts, shares as they are, or values."""
    if part.raw is None:
        return part.values
    return np.log1p(part.raw) if part.likelihood == "negative_binomial" else part.raw


def by_rows(
    function: Callable[[dict[str, torch.Tensor]], torch.Tensor],
    X: Modalities,
    device: str,
    shown: Callable[[Modality], Array] = lambda part: part.values,
) -> Array:
    """A fitted net's ``encode`` of all cells, a block at a time."""
    with torch.inference_mode():
        return np.concatenate(
            [
                function({name: _tensor(shown(x[rows]), ALL, device) for name, x in X.items()})
                .cpu()
                .numpy()
                for rows in _blocks(len(next(iter(X.values()))), BLOCK)
            ]
        )


def check_names(X: Modalities, known: Sequence[str], partial: bool = False) -> None:
    """ValueError unless X holds the modalities of the fit: all of them, or if partial any."""
    if not X or set(X) - set(known) or (not partial and set(X) != set(known)):
        raise ValueError(
            f"modalities {_listed(X)}: the fit was of {_listed(known)}, give "
            f"{'one or more' if partial else 'all'} of these"
        )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "(none)"


def _blocks(n: int, size: int) -> list[slice]:
    return [slice(start, min(start + size, n)) for start in range(0, n, size)]


def _mean_model(part: Modality) -> tuple[torch.Tensor, torch.Tensor]:
    """(p,) log odds of ones, or log rate per count of depth; (p,) log theta by moments."""
    assert part.raw is not None
    n, total = len(part), part.raw.sum(axis=0, dtype=np.float64) + 0.5
    if part.likelihood == "bernoulli":
        return torch.from_numpy(np.log(total / (n + 1 - total))).float(), torch.empty(0)
    assert part.depth is not None
    rate = total / np.maximum(part.depth, 1).sum(dtype=np.float64)
    extra, squares = np.zeros_like(rate), np.zeros_like(rate)
    for rows in _blocks(n, ROWS):
        mean = np.maximum(part.depth[rows, None], 1) * rate
        extra += ((part.raw[rows] - mean) ** 2 - mean).sum(axis=0)
        squares += (mean**2).sum(axis=0)
    log_theta = np.log(squares) - np.log(np.maximum(extra, squares / 500))
    return torch.from_numpy(np.log(rate)).float(), torch.from_numpy(log_theta).clamp(min=-4).float()
