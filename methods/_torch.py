"""What the neural methods share: a network, a training loop, encoding by blocks.

Imports torch, so methods import this module inside their functions.
"""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

from omicsbench.methods._common import Array, dense_rows

BLOCK = 4096  # rows encoded at once
VALIDATION_CAP = 5_000  # rows enough to see that the loss has stopped falling
RUN, BUFFER = 32, 32_768  # rows read together, rows shuffled together
CHECK_STEPS = (10, 500)  # bounds of the steps between two looks at the validation loss
ACTIVATIONS = {"elu": nn.ELU, "relu": nn.ReLU, "silu": nn.SiLU, "tanh": nn.Tanh}


class Network(nn.Module):
    """Dense encoder and decoder around a linear bottleneck, on input centred by ``mean``.

    ``widths`` runs from input to output, ``bottleneck`` is the latent layer's place in it.
    Weights are orthogonal and the last layer is zero: at any depth, training starts from the
    mean, the best constant. (Random output layers, He or Glorot, first add noise that a
    few hundred rows cannot unlearn before they overfit.)
    """

    mean: torch.Tensor

    def __init__(
        self,
        widths: Sequence[int],
        bottleneck: int,
        mean: Array,
        activation: str = "elu",
        batch_norm: bool = True,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation {activation!r}: use one of {', '.join(ACTIVATIONS)}")
        self.register_buffer("mean", torch.from_numpy(mean))
        layers: list[list[nn.Module]] = []
        for i, (a, b) in enumerate(itertools.pairwise(widths), start=1):
            linear = nn.Linear(a, b)
            nn.init.zeros_(linear.bias)
            if i == len(widths) - 1:
                nn.init.zeros_(linear.weight)
            else:
                nn.init.orthogonal_(linear.weight)
            layers.append([linear])
            if i not in (bottleneck, len(widths) - 1):
                layers[-1] += [nn.BatchNorm1d(b)] if batch_norm else []
                layers[-1] += [ACTIVATIONS[activation]()]
                layers[-1] += [nn.Dropout(dropout)] if dropout else []
        self.encoder = nn.Sequential(*itertools.chain(*layers[:bottleneck]))
        self.decoder = nn.Sequential(*itertools.chain(*layers[bottleneck:]))

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        z: torch.Tensor = self.encoder(x - self.mean)
        return z

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        x: torch.Tensor = self.decoder(z) + self.mean
        return x

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.decode(self.encode(x))


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """torch's global generator at ``seed`` inside the block, as it was after it."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def train(
    net: Network,
    X: Any,
    *,
    batch_size: int,
    learning_rate: float,
    max_steps: int,
    patience: int = 10,
    validation_fraction: float = 0.0,
    weight_decay: float = 0.0,
    random_state: int = 0,
    device: str = "cpu",
) -> dict[str, Any]:
    """Minimise the squared error with Adam; returns the facts of the training.

    With a validation part, training stops after ``patience`` looks without progress and the
    best weights are restored. A look follows every epoch, but at least 10 and at most 500
    steps apart, so that patience and budget, counted in steps, mean the same at any n.
    """
    rng = np.random.default_rng(random_state)
    n = X.shape[0]
    held = min(math.ceil(n * validation_fraction), VALIDATION_CAP)
    rows = rng.permutation(n)
    if n - held < 2:
        raise ValueError(f"{n} rows leave {n - held} to train on; two are needed")
    net.to(device).train()
    unseen = _tensor(X, rows[:held], device)
    parameters = [p for p in net.parameters() if p.requires_grad]
    fused = device.partition(":")[0] in ("cpu", "cuda")
    optimiser = torch.optim.AdamW(
        parameters, lr=learning_rate, weight_decay=weight_decay, fused=fused
    )
    batches_per_epoch = math.ceil((n - held) / batch_size)
    training = np.sort(rows[held:])
    every = min(max(batches_per_epoch, CHECK_STEPS[0]), CHECK_STEPS[1])
    best, best_step, best_state, step = math.inf, 0, None, 0
    for batch in itertools.islice(_batches(training, batches_per_epoch, rng), max_steps):
        step += 1
        x = _tensor(X, batch, device)
        optimiser.zero_grad(set_to_none=True)
        nn.functional.mse_loss(net(x), x).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        if held and step % every == 0:
            loss = _loss(net, unseen)
            if loss < best * (1 - 1e-4):
                best, best_step, best_state = loss, step, copy.deepcopy(net.state_dict())
            elif step - best_step >= patience * every:
                break
    if best_state is not None:
        net.load_state_dict(best_state)
    net.eval()
    return {
        "training_rows": n - held,
        "validation_rows": held,
        "parameters": sum(p.numel() for p in parameters),
        "steps": step,
        "epochs": round(step / batches_per_epoch, 2),
        "best_step": best_step if best_state else step,
        "stopped_early": step < max_steps,
        "validation_loss": best if math.isfinite(best) else None,
    }


@torch.inference_mode()
def by_blocks(function: Callable[[torch.Tensor], torch.Tensor], X: Any, device: str) -> Array:
    """Apply a fitted network's ``encode`` or ``decode`` to all rows."""
    starts = range(0, X.shape[0], BLOCK)
    blocks = [function(_tensor(X, slice(i, i + BLOCK), device)).cpu().numpy() for i in starts]
    return np.concatenate(blocks)


def _batches(rows: Array, per_epoch: int, rng: np.random.Generator) -> Iterator[Array]:
    """Endless epochs of shuffled batches, nearly equal in size: none is left with one row."""
    while True:
        yield from np.array_split(_shuffled(rows, rng), per_epoch)


def _shuffled(rows: Array, rng: np.random.Generator) -> Array:
    """``rows`` (ascending) in random order, such that a disk is read in runs of ``RUN`` rows.

    The runs are shuffled, then the rows within each buffer of ``BUFFER``: up to that many rows
    it is a full shuffle, beyond it a batch holds rows of hundreds of distant runs.
    """
    if rows.size <= BUFFER:
        return rng.permutation(rows)
    runs = np.array_split(rows, math.ceil(rows.size / RUN))
    mixed = np.concatenate([runs[i] for i in rng.permutation(len(runs))])
    for start in range(0, mixed.size, BUFFER):
        rng.shuffle(mixed[start : start + BUFFER])
    return mixed


def _tensor(X: Any, rows: Array | slice, device: str) -> torch.Tensor:
    """Some rows of a dense or CSR matrix; only they are ever dense."""
    return torch.as_tensor(dense_rows(X, rows), dtype=torch.float32, device=device)


@torch.no_grad()
def _loss(net: Network, x: torch.Tensor) -> float:
    net.eval()
    loss = float(nn.functional.mse_loss(net(x), x))
    net.train()
    return loss
