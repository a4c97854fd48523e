"""The command of a report without what it chose to run, so that single runs can be asked of it."""

from __future__ import annotations

import shlex

from omicsbench.records.command import without

CHOSEN = ("--method", "--dataset", "--sizes", "--repeats", "--shard", "--out")  # with a value
SHORT = ("-m", "-d", "-o")  # of some of them
FLAGS = ("--only", "--first-look")  # with none


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
    return shlex.join(without(words, *CHOSEN, *SHORT, flags=FLAGS))
