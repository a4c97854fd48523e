"""What is sent to a device arrives, however late its copies are done, and their time is told once.

No card is needed: a made-up one does each copy at the last moment at which a real one may.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch")
import torch

from omicsbench.methods import _device, _torch
from omicsbench.methods._device import Sender
from omicsbench.methods.autoencoder import Autoencoder

SECONDS = 0.25  # of each copy


class LateEvent:
    """A copy is done when its end is waited for, no sooner."""

    def __init__(self, card: LateCard) -> None:
        self.card = card
        self.copy: tuple[torch.Tensor, torch.Tensor] | None = None
        self.marked = 0

    def synchronize(self) -> None:
        self.card.done = max(self.card.done, self.marked)
        if self.copy is not None:
            target, pinned = self.copy
            with torch.inference_mode():  # the target may be of one that encodes
                target.copy_(pinned)
            self.copy = None

    def elapsed_time(self, end: LateEvent) -> float:
        return SECONDS * 1e3


class LateCard:
    """A card that copies as late as it may."""

    def __init__(self) -> None:
        self.under_way: set[LateEvent] = set()
        self.asked = self.done = 0  # of the blocks, those whose work was asked for, or waited for

    def pinned(self, size: int) -> torch.Tensor:
        return torch.full((size,), torch.nan)

    def event(self) -> LateEvent:
        return LateEvent(self)

    def mark(self, event: LateEvent) -> None:
        event.marked = self.asked

    def copy(self, pinned: torch.Tensor, begin: LateEvent, end: LateEvent) -> torch.Tensor:
        assert end.copy is None, "the last copy from this memory may still be under way"
        target = torch.full_like(pinned, torch.nan)
        end.copy = target, pinned
        self.asked += 1
        self.under_way = {event for event in self.under_way if event.copy} | {end}
        return target


SHAPES = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 4)), max_size=12)


@given(SHAPES)
def test_blocks_arrive_whole_though_their_copies_are_late(shapes: list[tuple[int, int]]) -> None:
    rng = np.random.default_rng(0)
    blocks = [rng.normal(size=shape) for shape in shapes]
    card = LateCard()
    sender = Sender("cuda", card)
    sent = []
    for block in blocks:
        sent.append(sender.send(block))
        assert len(card.under_way) <= 2
        assert card.asked - card.done <= 2, "blocks would pile up on a card slower than the disk"
    assert sender.seconds() == pytest.approx(SECONDS * len(blocks))
    assert sender.seconds() == pytest.approx(SECONDS * len(blocks)), "each copy counts once"
    for block, arrived in zip(blocks, sent, strict=True):
        assert arrived.dtype == torch.float32
        np.testing.assert_array_equal(arrived.numpy(), block.astype(np.float32))


def test_a_block_is_read_while_the_last_is_under_way() -> None:
    card = LateCard()
    sender = Sender("cuda", card)
    sender.send(np.ones((2, 2)))
    sender.send(np.ones((2, 2)))
    assert len(card.under_way) == 2


def test_what_encoding_sent_does_not_hinder_the_next_fit() -> None:
    sender = Sender("cuda", LateCard())
    small, large = np.ones((2, 2)), np.ones((5, 5))
    sender.send(small)
    with torch.inference_mode():
        sender.send(large)
        sender.send(large)
    last = [sender.send(2 * small) for _ in range(2)]
    sender.seconds()
    assert all((tensor == 2).all() for tensor in last)


def test_encoding_by_blocks_is_encoding_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.random.default_rng(0).normal(size=(25, 3)).astype(np.float32)
    monkeypatch.setattr(_torch, "BLOCK", 10)
    np.testing.assert_array_equal(_torch.by_blocks(torch.square, X, "cpu"), np.square(X))
    assert _torch.by_blocks(torch.square, X[:10], "cpu").shape == (10, 3)


def test_without_a_card_nothing_is_copied_and_no_time_is_told() -> None:
    sender = Sender("cpu")
    block = np.ones((3, 2), dtype=np.float32)
    assert np.shares_memory(sender.send(block).numpy(), block)
    assert sender.seconds() == 0
    assert _device.transfer_clock("cpu")() == {}


def test_a_network_tells_what_the_copies_of_its_whole_fit_took(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of all its trainings: that on rows that are held out, and that on all of them."""

    class Card(LateCard):
        def copy(self, pinned: torch.Tensor, begin: LateEvent, end: LateEvent) -> torch.Tensor:
            counted.append(pinned.shape)
            return pinned.clone()

    counted: list[Any] = []
    sender = Sender("cpu", Card())
    monkeypatch.setattr("omicsbench.methods._torch.sender", lambda device: sender)
    monkeypatch.setattr(_device, "sender", lambda device: sender)
    X = np.random.default_rng(0).normal(size=(150, 6)).astype(np.float32)
    facts = Autoencoder(2, depth=2, max_steps=40).fit(X).fit_info_
    assert facts["refitted"]
    assert facts["transfer_s"] == pytest.approx(SECONDS * len(counted))
    assert len(counted) > facts["steps"]


@pytest.mark.gpu
def test_a_card_gets_what_is_sent() -> None:
    sender = Sender("cuda")
    rng = np.random.default_rng(0)
    blocks = [rng.normal(size=(n, 50)).astype(np.float32) for n in (4_000, 1, 9_000, 7, 4_000)]
    sent = [sender.send(block).square() for block in blocks]
    for block, squares in zip(blocks, sent, strict=True):
        np.testing.assert_allclose(squares.cpu().numpy(), np.square(block), rtol=1e-5)
    assert sender.seconds() > 0
