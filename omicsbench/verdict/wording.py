"""Why a comparison is undecided, in words."""

from __future__ import annotations

from omicsbench.verdict.decide import DecisionRule, Judgement
from omicsbench.verdict.pairs import Paired, too_few


def why_undecided(decision: Judgement, paired: Paired, rule: DecisionRule) -> str:
    """The reason of a verdict; empty where it is decided."""
    match decision.doubt:
        case "features_per_size":
            return "features were selected anew at each size, scores do not compare across sizes"
        case "few_pairs":
            return too_few(paired.most, rule.need)
        case "no_pairs":
            return "at no size did both finish with a score"
        case "failed_beyond":
            failed = next(row for row in paired.beyond if row.failed)
            return f"ahead there, but at n = {failed.size:,} {failed.note}"
        case "margin_inside":
            inside = f"the interval of the difference there holds the margin {rule.margin:g}"
            return f"{inside}; {_would_tell(decision.needed, paired)}"
    return ""


def _would_tell(needed: int | None, paired: Paired) -> str:
    if needed is not None:
        return f"about {needed} repeats would tell, if it stays what it is"
    limit = "the two are too close"
    if paired.differences.folds:
        limit = "because folds overlap"
    elif paired.unit:
        limit = "without more test cells"
    return f"no number of repeats would tell, {limit}"
