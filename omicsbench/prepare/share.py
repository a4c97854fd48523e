"""How much of some work is done, told by its steps as by the whole."""

from __future__ import annotations

from collections.abc import Callable

OnShare = Callable[[float], None]  # told the share done, from 0 to 1


def step(on_share: OnShare | None, number: int, of: int) -> OnShare | None:
    """What a step is to tell of itself, where the work has ``of`` steps of about equal length."""
    return None if on_share is None else (lambda share: on_share((number + share) / of))
