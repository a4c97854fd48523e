"""Why a comparison is open, in words."""

from __future__ import annotations

from omicsbench.verdict.decide import Judgement
from omicsbench.verdict.pairs import Paired, too_few


def why_open(decision: Judgement, paired: Paired, margin: float) -> str:
    """The reason of a verdict; empty where it is settled."""
    match decision.doubt:
        case "features_per_size":
            return "features were selected anew at each size, scores do not compare across sizes"
        case "few_pairs":
            return too_few(paired.most, paired.need)
        case "no_pairs":
            return "at no size did both finish with a score"
        case "deep_failed" if failed := paired.failed_beyond("deep"):
            return f"ahead there, but at n = {failed.size:,} {failed.note}"
        case "simple_failed" if failed := paired.failed_beyond("simple"):
            return f"simple is ahead there, but at n = {failed.size:,} {failed.note}"
        case "skewed":
            return "too skewed over repeats for a claim, as where runs collapse now and then"
        case "not_told":
            if decision.not_ahead:
                return (
                    f"deep is not ahead by more than {margin:.2g}; whether simple is, or both are "
                    "equal, is not told"
                )
            return f"the interval of the difference reaches beyond the margin {margin:.2g}"
    return ""
