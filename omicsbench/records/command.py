"""The words of a command, without some of its options."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def without(words: Sequence[str], *options: str, flags: Collection[str] = ()) -> list[str]:
    """The words but for ``options``, each with its value, and for ``flags``, which have none.

    A value may be joined to its option: ``--sizes=50``, ``-mpca``.
    """
    joined = tuple(name if len(name) == len("-m") else f"{name}=" for name in options)
    kept: list[str] = []
    left = iter(words)
    for word in left:
        if word in options:
            next(left, None)
        elif not (word in flags or word.startswith(joined)):
            kept.append(word)
    return kept
