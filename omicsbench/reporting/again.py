"""The command of a report without what it chose to run, so that single runs can be asked of it."""

from __future__ import annotations

import shlex

CHOSEN = ("--method", "--dataset", "--sizes", "--repeats", "--shard", "--out")  # with a value
SHORT = ("-m", "-d", "-o")  # of some of them
FLAGS = ("--only", "--first-look")


def base_of(command: str) -> str:
    """A call of ``omicsbench run`` without its methods, data sets, sizes, repeats, part and folder.

    Anything else (a call in Python, several commands of a merged set) is returned as it is.
    """
    try:
        words = shlex.split(command)
    except ValueError:  # no command line
        return command
    if words[:2] != ["omicsbench", "run"] or "&&" in words:
        return command
    kept: list[str] = []
    left = iter(words)
    for word in left:
        if word in CHOSEN or word in SHORT:
            next(left, None)
        elif not (word in FLAGS or _joined(word)):
            kept.append(word)
    return shlex.join(kept)


def _joined(word: str) -> bool:
    """Whether it is such an option together with its value: ``--sizes=50``, ``-mpca``."""
    return word.startswith(tuple(f"{name}=" for name in CHOSEN)) or word.startswith(SHORT)
