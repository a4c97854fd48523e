"""Blocks of numbers on their way to a device, and how long the copies took.

Imports torch, so methods import this module inside their functions.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch

from omicsbench.methods._common import Array


class Card:
    """A CUDA device: memory that it reads by itself, and copies beside what it computes."""

    def __init__(self, device: str) -> None:
        self.device = torch.device(device)
        self.copies = torch.cuda.Stream(self.device)

    def pinned(self, size: int) -> torch.Tensor:
        """So many float32 numbers, pinned."""
        return torch.empty(size, dtype=torch.float32, pin_memory=True)

    def event(self) -> Any:
        return torch.cuda.Event(enable_timing=True)

    def copy(self, pinned: torch.Tensor, begin: Any, end: Any) -> torch.Tensor:
        """A copy on the device, between two events; what is computed from now on waits for it."""
        computing = torch.cuda.current_stream(self.device)
        with torch.cuda.stream(self.copies):
            sent = torch.empty(pinned.shape, device=self.device)
            begin.record()
            sent.copy_(pinned, non_blocking=True)
            end.record()
        computing.wait_event(end)
        sent.record_stream(computing)  # its memory is not given away before
        return sent

    def mark(self, event: Any) -> None:
        """The event comes when all is done that was asked of the device so far."""
        event.record(torch.cuda.current_stream(self.device))


class _Buffer:
    """Pinned memory of one block, the events around its last copy, and that of its last use."""

    def __init__(self, card: Any) -> None:
        self.card = card
        self.memory = torch.empty(0)
        self.begin, self.end, self.used = (card.event() for _ in range(3))
        self.waiting = False

    def send(self, block: torch.Tensor) -> torch.Tensor:
        if self.memory.numel() < block.numel():
            with torch.inference_mode(False):  # it outlives what is encoded now
                self.memory = self.card.pinned(block.numel())
        pinned = self.memory[: block.numel()].view(block.shape)
        pinned.copy_(block)
        sent: torch.Tensor = self.card.copy(pinned, self.begin, self.end)
        self.waiting = True
        return sent

    def settle(self) -> float:
        """Wait until its last copy is done; the seconds of it, once."""
        if not self.waiting:
            return 0.0
        self.waiting = False
        self.end.synchronize()
        return float(self.begin.elapsed_time(self.end)) / 1e3


class Sender:
    """Sends float32 blocks to one device.

    To a card through two pinned buffers in turn: one block is read while the last one is copied and
    the one before is computed with. No more are under way, so the card holds three at most.
    """

    def __init__(self, device: str, card: Any = None) -> None:
        self.device = device
        self.card = card or (Card(device) if torch.device(device).type == "cuda" else None)
        self._buffers = [_Buffer(self.card) for _ in range(2)] if self.card else []
        self._seconds = 0.0

    def send(self, block: Array) -> torch.Tensor:
        """The block on the device, float32."""
        held = torch.as_tensor(block, dtype=torch.float32)
        if not self._buffers:
            return held.to(self.device)
        last, this = self._buffers
        self.card.mark(last.used)
        this.used.synchronize()
        self._seconds += this.settle()
        self._buffers.reverse()
        return this.send(held)

    def seconds(self) -> float:
        """What all copies so far took, on a card; they are waited for."""
        self._seconds += sum(buffer.settle() for buffer in self._buffers)
        return self._seconds


def sender(device: str) -> Sender:
    """The one of a device, in this process."""
    known = torch.device(device)
    if known.type == "cuda" and known.index is None:
        device = f"cuda:{torch.cuda.current_device()}"
    return _sender(device)


@cache
def _sender(device: str) -> Sender:
    return Sender(device)


def transfer_clock(device: str) -> Callable[[], dict[str, float]]:
    """Begin to count; what is called then gives ``transfer_s``, on a card, as a fit tells of it."""
    own = sender(device)
    start = own.seconds()
    return lambda: {"transfer_s": own.seconds() - start} if own.card else {}
