"""The training loop of all neural methods, for any loss of some rows.

The loss may be of labels, of several modalities, a variational bound; that of an autoencoder is
the squared error of its output.

Imports torch, so methods import this module inside their functions.
"""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numpy as np
import torch
from torch import nn

from omicsbench.methods._common import Array
from omicsbench.methods._device import transfer_clock
from omicsbench.methods._torch import Network, _tensor, seeded

LEAST = 1e-4  # progress, relative, or in units of the loss where it nears zero
VALIDATION_CAP = 5_000  # rows enough to see that the loss has stopped falling
RUN, BUFFER = 32, 32_768  # rows read together, rows shuffled together
CHECK_STEPS = (10, 500)  # bounds of the steps between two looks at the validation loss
FEW = 2_000  # rows up to which those held out are missed, and training anew costs little
VERY_FEW, DRAWS = 100, 3  # rows up to which one draw of held-out rows says little, and draws
OPTIONS = (
    "batch_size",
    "learning_rate",
    "weight_decay",
    "max_steps",
    "patience",
    "random_state",
    "device",
)  # of training, that methods take as parameters

Net = TypeVar("Net", bound=nn.Module)
Draw = Callable[[int], Array]  # row numbers to hold out, by a seed


def fallen(best: float, now: float) -> bool:
    """Whether a loss made progress: of any kind of loss, one below zero too."""
    return now < best - LEAST * max(abs(now), 1)


def fallen_in_share(best: float, now: float) -> bool:
    """Whether an error above zero made progress, however small its unit."""
    return now < best * (1 - LEAST)


def train_by(
    net: nn.Module,
    loss: Callable[[Array], torch.Tensor],
    n: int,
    *,
    batch_size: int,
    learning_rate: float,
    max_steps: int,
    patience: int = 10,
    held: Array | None = None,
    progress: Callable[[float, float], bool] = fallen,
    weight_decay: float = 0.0,
    random_state: int = 0,
    device: str = "cpu",
) -> dict[str, Any]:
    """Minimise ``loss`` of row numbers out of n, a mean over these rows, by Adam; returns facts.

    Training stops after ``patience`` looks at the loss of held-out rows without progress, and the
    best weights are restored; ``progress`` tells it from the best loss before and the loss now.
    A look follows every epoch, but at least 10 and at most 500 steps apart, so that patience and
    budget, counted in steps, mean the same at any n. ``held`` are the rows held out; with none,
    training takes ``max_steps``.

    ``validation_curve`` among the facts holds the best loss so far at steps that double: what a
    smaller budget would have reached, and whether the loss still fell at the end.
    ``transfer_s`` are the seconds of copies to the device, where it is a card.
    """
    rng = np.random.default_rng(random_state)
    held = np.empty(0, dtype=np.int32) if held is None else held
    own = np.ones(n, dtype=bool)
    own[held] = False
    training = np.flatnonzero(own).astype(np.int32)  # of millions, half of the memory
    if len(training) < 2:
        raise ValueError(f"{n} rows leave {len(training)} to train on; two are needed")
    net.to(device).train()
    copies = transfer_clock(device)
    parameters = [p for p in net.parameters() if p.requires_grad]
    fused = device.partition(":")[0] in ("cpu", "cuda")
    optimiser = torch.optim.AdamW(
        parameters, lr=learning_rate, weight_decay=weight_decay, fused=fused
    )
    per_epoch = math.ceil(len(training) / batch_size)
    every = min(max(per_epoch, CHECK_STEPS[0]), CHECK_STEPS[1])
    best, best_step, best_state, step = math.inf, 0, None, 0
    curve: list[list[float]] = []
    for batch in itertools.islice(_batches(training, per_epoch, rng), max_steps):
        step += 1
        optimiser.zero_grad(set_to_none=True)
        loss(batch).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        if len(held) and step % every == 0:
            now = _evaluated(net, loss, held)
            if progress(best, now):
                best, best_step, best_state = now, step, copy.deepcopy(net.state_dict())
            elif step - best_step >= patience * every:
                break
            if not curve or step >= 2 * curve[-1][0]:
                curve.append([step, best])
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
        "validation_curve": curve,
        **copies(),
    }


def train_on_all(
    build: Callable[[], Net],
    loss: Callable[[Net, Array], torch.Tensor],
    n: int,
    draw: Draw | None = None,
    *,
    max_steps: int,
    random_state: int = 0,
    **training: Any,
) -> tuple[Net, dict[str, Any]]:
    """A network from ``build`` that minimises ``loss`` of row numbers out of n, and facts.

    The rows that ``draw`` holds out tell when to stop. Up to ``FEW`` rows, a second network from
    the same seed is then trained on all of them, for as many steps as did best: what is held out
    is a fifth of a cohort. Up to ``VERY_FEW``, that number is the mean over ``DRAWS`` draws.
    ``train_by`` takes the others.
    """

    def trained(held: Array | None, steps: int) -> tuple[Net, dict[str, Any]]:
        with seeded(random_state):
            net = build()
            facts = train_by(
                net,
                lambda rows: loss(net, rows),
                n,
                held=held,
                max_steps=steps,
                random_state=random_state,
                **training,
            )
        return net, facts

    copies = transfer_clock(training.get("device", "cpu"))
    held = draw(random_state) if draw else None
    net, facts = trained(held, max_steps)
    if draw is None or not facts["validation_rows"] or n > FEW:
        return net, {**facts, "refitted": False}
    best = [facts["best_step"]]
    if n <= VERY_FEW:
        seeds = np.random.SeedSequence(random_state).generate_state(DRAWS - 1)
        best += [trained(draw(int(seed)), max_steps)[1]["best_step"] for seed in seeds]
    steps = round(np.mean(best))
    net, _ = trained(None, steps)
    return net, {**facts, "refitted": True, "refit_steps": steps, **copies()}


def train_labelled(
    build: Callable[[], Net],
    loss: Callable[[Net, torch.Tensor, torch.Tensor], torch.Tensor],
    X: Any,
    target: Array,
    draw: Draw | None = None,
    *,
    device: str = "cpu",
    **training: Any,
) -> tuple[Net, dict[str, Any]]:
    """``train_on_all`` by a loss of rows and of what is known of them: codes, or numbers (n,)."""
    known = torch.as_tensor(target, device=device)

    def of_rows(net: Net, rows: Array) -> torch.Tensor:
        return loss(net, _tensor(X, rows, device), known[torch.from_numpy(rows).to(device)])

    return train_on_all(build, of_rows, len(target), draw, device=device, **training)


def options_of(model: object) -> dict[str, Any]:
    """What a method's parameters say of training, as ``train_by`` takes it."""
    return {name: value for name, value in vars(model).items() if name in OPTIONS}


def of_blocks(
    X: Any, device: str, loss: Callable[[Net, torch.Tensor], torch.Tensor]
) -> Callable[[Net, Array], torch.Tensor]:
    """``loss`` of a dense block, as one of row numbers of X; rows held out are read only once."""
    held: list[Any] = [None, None]

    def of_rows(net: Net, rows: Array) -> torch.Tensor:
        if net.training:
            return loss(net, _tensor(X, rows, device))
        if held[0] is not rows:
            held[:] = rows, _tensor(X, rows, device)
        return loss(net, held[1])

    return of_rows


def train_to_rebuild(
    net: Network, X: Any, *, device: str = "cpu", **training: Any
) -> dict[str, Any]:
    """Minimise the squared error of an autoencoder by ``train_by``, which takes the others."""

    def loss(rows: Array) -> torch.Tensor:
        x = _tensor(X, rows, device)
        return nn.functional.mse_loss(net(x), x)

    return train_by(net, loss, X.shape[0], device=device, **training)


def drawn(n: int, fraction: float, random_state: int) -> Array:
    """Row numbers out of n to hold out: a share, at most 5,000, drawn at random."""
    rows = np.random.default_rng(random_state).permutation(n)
    return rows[: min(math.ceil(n * fraction), VALIDATION_CAP)].copy()  # not a view of n numbers


@torch.no_grad()
def _evaluated(net: nn.Module, loss: Callable[[Array], torch.Tensor], rows: Array) -> float:
    net.eval()
    value = float(loss(rows))
    net.train()
    return value


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
