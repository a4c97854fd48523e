"""A training loop for any loss of some rows: labels, several modalities, a variational bound.

Imports torch, so methods import this module inside their functions.
"""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from omicsbench.methods._common import Array
from omicsbench.methods._torch import CHECK_STEPS, VALIDATION_CAP, _batches

LEAST = 1e-4  # progress, relative, or in units of the loss where it nears zero


def train_by(
    net: nn.Module,
    loss: Callable[[Array], torch.Tensor],
    n: int,
    *,
    batch_size: int,
    learning_rate: float,
    max_steps: int,
    patience: int = 10,
    validation_fraction: float = 0.0,
    held: Array | None = None,
    weight_decay: float = 0.0,
    random_state: int = 0,
    device: str = "cpu",
) -> dict[str, Any]:
    """Minimise ``loss`` of row numbers out of n, a mean over these rows, by Adam; returns facts.

    Training stops after ``patience`` looks at the loss of held-out rows without progress, and the
    best weights are restored. A look follows every epoch, but at least 10 and at most 500 steps
    apart, so that patience and budget, counted in steps, mean the same at any n. ``held`` are
    the rows held out; without it they are a share ``validation_fraction``, drawn at random;
    with none, training takes ``max_steps``.
    """
    rng = np.random.default_rng(random_state)
    rows = rng.permutation(n)
    if held is None:
        held = rows[: min(math.ceil(n * validation_fraction), VALIDATION_CAP)]
    training = np.sort(np.setdiff1d(rows, held))
    if len(training) < 2:
        raise ValueError(f"{n} rows leave {len(training)} to train on; two are needed")
    net.to(device).train()
    parameters = [p for p in net.parameters() if p.requires_grad]
    fused = device.partition(":")[0] in ("cpu", "cuda")
    optimiser = torch.optim.AdamW(
        parameters, lr=learning_rate, weight_decay=weight_decay, fused=fused
    )
    per_epoch = math.ceil(len(training) / batch_size)
    every = min(max(per_epoch, CHECK_STEPS[0]), CHECK_STEPS[1])
    best, best_step, best_state, step = math.inf, 0, None, 0
    for batch in itertools.islice(_batches(training, per_epoch, rng), max_steps):
        step += 1
        optimiser.zero_grad(set_to_none=True)
        loss(batch).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        if len(held) and step % every == 0:
            now = _evaluated(net, loss, held)
            if now < best - LEAST * max(abs(now), 1):
                best, best_step, best_state = now, step, copy.deepcopy(net.state_dict())
            elif step - best_step >= patience * every:
                break
    if best_state is not None:
        net.load_state_dict(best_state)
    net.eval()
    return {
        "training_rows": len(training),
        "validation_rows": len(held),
        "parameters": sum(p.numel() for p in parameters),
        "steps": step,
        "epochs": round(step / per_epoch, 2),
        "best_step": best_step if best_state else step,
        "stopped_early": step < max_steps,
        "validation_loss": best if math.isfinite(best) else None,
    }


@torch.no_grad()
def _evaluated(net: nn.Module, loss: Callable[[Array], torch.Tensor], rows: Array) -> float:
    net.eval()
    value = float(loss(rows))
    net.train()
    return value
