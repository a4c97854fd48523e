"""What hostile methods are made of: honest but for one deed, with what must come of it beside it.

They lie in plugins/hostile_*.py. A deed is done in the run on ``ROWS`` rows and not in the warm-up,
which has fewer; in the run after it, on ``MORE_ROWS``, the method is honest again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from omicsbench.plugin import method

ROWS, MORE_ROWS = 100, 110
WARM_UP_ROWS = 64
# Whoever starts hostile methods finds by this number all that they started, as it stands in the
# environment of each process, and in the command line of those that have none.
FOREVER_S = float(os.environ.get("FOREVER_S", "98765"))


@dataclass(frozen=True)
class Kind:
    """What must come of a hostile method.

    Attributes
    ----------
    status : of the run in which it acts; several where each is sound.
    says : what its reason contains; of a run that is ok, what its notes contain.
    then : status of the next run.
    same : scores of a run that is ok are those of the honest method.
    """

    status: str
    says: str = ""
    then: str = "ok"
    same: bool = True


class Honest:
    """The first columns."""

    def __init__(self, n_components: int | None = None) -> None:
        self.n_components = n_components

    def fit(self, X: Any) -> Any:
        self.rows_ = len(X)
        return self

    def transform(self, X: Any) -> Any:
        return np.array(X[:, : self.n_components], dtype=np.float32)


def expected(status: str, says: str = "", then: str = "ok", **more: Any) -> Callable[[Any], Any]:
    """Class decorator: a method of the class's name in snake_case, and what must come of it."""
    same = more.pop("same", True)

    def attach(cls: Any) -> Any:
        summary = (cls.__doc__ or "").split("\n")[0]
        told = {"family": "simple", "summary": summary, "source": "tests"} | more
        cls.kind = Kind(status, says, then, same)
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        return method(name=name, **told)(cls)

    return attach


def in_fit(
    status: str, says: str = "", then: str = "ok", when: int = ROWS, **more: Any
) -> Callable[[Callable[[Any], Any]], Any]:
    """Make a method of a deed ``f(X)`` that is done while it is fitted."""

    def make(deed: Callable[[Any], Any]) -> Any:
        def fit(self: Honest, X: Any) -> Honest:
            self.rows_ = len(X)
            if len(X) == when:
                deed(X)
            return self

        return _made(deed, {"fit": fit}, status, says, then, **more)

    return make


def on_output(
    status: str, says: str = "", then: str = "ok", **more: Any
) -> Callable[[Callable[[Any], Any]], Any]:
    """Make a method of a deed ``f(Z)``: what it returns is returned in the place of Z."""

    def make(deed: Callable[[Any], Any]) -> Any:
        def transform(self: Honest, X: Any) -> Any:
            Z = Honest.transform(self, X)
            return deed(Z) if self.rows_ == ROWS else Z

        return _made(deed, {"transform": transform}, status, says, then, **more)

    return make


def on_telling(
    status: str, says: str = "", then: str = "ok", **more: Any
) -> Callable[[Callable[[], Any]], Any]:
    """Make a method of a deed ``f()``: what it returns is ``fit_info_``."""

    def make(deed: Callable[[], Any]) -> Any:
        def tell(self: Honest) -> Any:
            return deed() if self.rows_ == ROWS else {}

        return _made(deed, {"fit_info_": property(tell)}, status, says, then, **more)

    return make


def _made(deed: Any, parts: dict[str, Any], *outcome: str, **more: Any) -> Any:
    names = {"__doc__": deed.__doc__, "__module__": deed.__module__}
    return expected(*outcome, **more)(type(deed.__name__, (Honest,), names | parts))
