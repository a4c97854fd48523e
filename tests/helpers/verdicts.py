"""A made-up verdict, changed in what a test is about."""

from __future__ import annotations

from typing import Any

from omicsbench.verdict.pairs import SizeDifference
from omicsbench.verdict.verdict import Outcome, Verdict

TUNED = "tuned by knn_recall in 20 trials"


def verdict(
    dataset: str = "cells", metric: str = "knn_recall", kind: str = "open", **changes: Any
) -> Verdict:
    """A verdict of the standing ``kind``."""
    ahead = {"outcome": Outcome.AHEAD_FROM, "n_star": 100, "interval": (50, 100)}
    given_ = {
        "ahead": (0.05, ahead),
        "behind": (-0.05, {"outcome": Outcome.BEHIND, "simple_from": 50}),
        "equal": (0.0, {"outcome": Outcome.EQUAL}),
        "open": (0.01, {"outcome": Outcome.OPEN, "reason": "it overlaps", "needed": 9}),
    }
    mean, own = given_[kind]
    last = SizeDifference(100, "net", "linear", mean, mean - 0.02, mean + 0.02, 5, error=0.01)
    fields: dict[str, Any] = {
        "dataset": dataset,
        "task": "embed",
        "device": "cpu",
        "metric": metric,
        "deep": "net",
        "simple": "linear",
        "against": "best_simple",
        "output_dim": 10,
        "n_star": None,
        "interval": (None, None),
        "p_ahead": 0.01 if kind == "ahead" else 0.5,
        "p_behind": 0.01 if kind == "behind" else 0.5,
        "p_equal": 0.01 if kind == "equal" else 0.5,
        "smallest": 50,
        "largest": 100,
        "repeats": 5,
        "margin": 0.01,
        "differences": (last,),
        "best": True,
    }
    return Verdict(**(fields | own | changes))
