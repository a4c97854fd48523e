"""omicsbench: on omics data of a given size, does deep learning beat simpler models?

>>> import omicsbench
>>> table = omicsbench.run("quick", out="results/quick")        # doctest: +SKIP
>>> omicsbench.report("results/quick")                          # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from omicsbench._version import __version__

__all__ = [
    "__version__",
    "ab",
    "answer",
    "calibrate",
    "compare",
    "embed",
    "estimate",
    "history",
    "inspect",
    "load",
    "pack",
    "plan",
    "plot",
    "pull",
    "push",
    "report",
    "run",
    "verdicts",
]

if TYPE_CHECKING:
    from omicsbench import plot
    from omicsbench.api import (
        ab,
        answer,
        calibrate,
        compare,
        embed,
        estimate,
        history,
        inspect,
        load,
        pack,
        plan,
        pull,
        push,
        report,
        run,
        verdicts,
    )


def __getattr__(name: str) -> Any:
    """Load the interface on first use: ``omicsbench list`` needs none of it."""
    if name == "plot":
        return import_module("omicsbench.plot")
    if name in __all__:
        from omicsbench import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
