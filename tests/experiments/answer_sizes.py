"""Tables of docs/answer.md about how contestants go on with n: scores, costs, budgets of steps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from statistics import mean, median

from answer_evidence import CUT, Evidence, difference, table
from answer_names import left_out, shortened

from omicsbench.records.spec import RunRecord
from omicsbench.reporting.matrix import KINDS, SIMULATED, WORDS
from omicsbench.verdict.equal_cost import cpu_seconds_of
from omicsbench.verdict.judge import FEWEST_REPEATS
from omicsbench.verdict.pairs import BUDGET, ended_by_budget

Place = tuple[str, int]  # contestant and n


def by_n(evidence: Evidence, metric: str) -> str:
    """Mean score on test cells and median CPU seconds of every contestant at each n.

    A dagger stands beside what was trained until its budget ended.
    """
    found = _by_place(r for r in evidence.contestants if metric in r.scores)
    sizes = sorted({size for _, size in found})
    last = {name: max(size for n, size in found if n == name) for name, _ in found}
    order = sorted(last, key=lambda name: -_mean(found[name, last[name]], metric))
    names = shortened(order)
    lines = table(f"mean `{metric}` (CPU time of a run)", *(f"n = {size:,}" for size in sizes))
    for name in order:
        cells = (_cell(found.get((name, size), []), metric) for size in sizes)
        lines.append(f"| `{names[name]}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def peaks(evidence: Evidence) -> str:
    """The most memory that a run of every contestant took at each n."""
    found = _by_place(evidence.contestants)
    sizes, names = sorted({n for _, n in found}), shortened({name for name, _ in found})
    lines = table("peak memory of a run, GiB", *(f"n = {size:,}" for size in sizes))
    for name in sorted(names):
        runs = (found.get((name, size), []) for size in sizes)
        most = (max((r.peak_rss_bytes or 0 for r in own), default=0) for own in runs)
        cells = (f"{bytes_ / 2**30:.1f}" if bytes_ else "" for bytes_ in most)
        lines.append(f"| `{names[name]}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def legend(evidence: Evidence) -> str:
    """What names and signs of ``by_n`` leave unsaid."""
    own = {r.spec.label for r in evidence.contestants}
    return f"{CUT} some trainings {BUDGET}. {left_out(own)}"


def _mean(runs: Iterable[RunRecord], metric: str) -> float:
    return mean(r.scores[metric] for r in runs)


def _cell(runs: list[RunRecord], metric: str) -> str:
    if not runs:
        return ""
    costs = [s for r in runs if (s := cpu_seconds_of(r)) is not None]
    few = f", {len(runs)} repeat{'s'[: len(runs) != 1]}" if len(runs) < FEWEST_REPEATS else ""
    cost = median(costs)
    seconds = f"{cost:,.0f}" if cost >= 10 else f"{cost:.2g}"
    mark = f" {CUT}" * bool(ended_by_budget(runs)[0])
    return f"{_mean(runs, metric):.3f}{mark} ({seconds} s{few})"


def along_n(evidence: Evidence) -> str:
    """The best deep less the best simple contestant at each n, on real data and what is beside."""
    lines = table("data set", "metric", "margin", "at n: difference (interval)", "at the largest n")
    kinds = evidence.kind_of
    order = sorted(evidence.headline, key=lambda v: (KINDS.index(kinds[v.dataset]), v.metric))
    for v in order:
        if kinds[v.dataset] == SIMULATED:
            continue
        said = "; ".join(
            f"{d.size:,}: {difference(d)}" for d in v.differences if d.mean is not None
        )
        lines.append(
            f"| `{v.dataset}`{evidence.apart(v)} | `{v.metric}` | {v.margin:.2g} | {said} | "
            f"{WORDS[v.standing]} |"
        )
    return "\n".join(lines)


def budgets(evidence: Evidence) -> str:
    """Of networks whose trainings ended by their budget: how many, and how the loss still fell."""
    names = shortened({r.spec.label for r in evidence.done})
    lines = table(
        "network",
        "n",
        f"trainings that {BUDGET}",
        "their loss fell by, in the last half to three quarters of the steps",
    )
    for (name, size), runs in sorted(_by_place(evidence.done).items()):
        ended, every, gain = ended_by_budget(runs)
        if ended:
            fall = "not told" if gain is None else f"{gain:.2%}"
            lines.append(f"| `{names[name]}` | {size:,} | {ended} of {every} | {fall} |")
    return "\n".join(lines) if len(lines) > 2 else "Every training stopped early."


def _by_place(runs: Iterable[RunRecord]) -> dict[Place, list[RunRecord]]:
    found: dict[Place, list[RunRecord]] = defaultdict(list)
    for r in runs:
        found[r.spec.label, r.spec.size].append(r)
    return found
