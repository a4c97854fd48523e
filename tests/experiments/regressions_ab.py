"""Is a method made slower by 20 % found in A/B mode, and how often is one found that was not?

    python tests/experiments/regressions_ab.py --out results/ab/planted   # 12 minutes

Takes samples of three copies of the checkout in turn, as ``omicsbench ab`` does: as it is, with
methods made slower by 20 %, and as it is once more. Then judges many times: half of the repeats are
the first look, the other half the second, drawn anew each time. A judgement finds a planted
pipeline where a time of it is a regression in both looks, by the rules of ``ab``; any finding
between the two unchanged copies is a false alarm. The same command resumes; with --judge it only
judges what is there.

    python tests/experiments/regressions_ab.py --taken results/ab/A..B/ci-12345678

judges likewise the samples that ``omicsbench ab`` has taken of two commits: pipelines that it
looked at twice.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import planted

from omicsbench.planning.suite import load_suite
from omicsbench.records.spec import RunRecord
from omicsbench.records.store import read_records
from omicsbench.revisions.build import Built
from omicsbench.revisions.checkout import CodeVersion
from omicsbench.revisions.trial import SIDES, confirmed, set_up, take
from omicsbench.tracking.compare import Strictness, asked, compare_records
from omicsbench.tracking.quantities import quantities
from omicsbench.tracking.sides import StoredRuns, strictness_of

SLOWED = ("tsne", "autoencoder")
PIPELINES = (  # one of the suite for each method, of 0.1 s and more
    "pca > tsne",
    "autoencoder(depth=2, max_steps=300)",
)
LOOKS = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--out", type=Path, help="folder for samples of three copies")
    where.add_argument("--taken", type=Path, help="folder of samples that ab has taken")
    parser.add_argument("--repeats", type=int, default=16, help="half of them for each look")
    parser.add_argument("--judge", action="store_true")
    chosen = parser.parse_args()
    suite = load_suite("ci").model_copy(update={"pipelines": PIPELINES})
    stated = StoredRuns("", [], suite.analysis, {})
    strictness = strictness_of(stated, stated, interleaved=True)
    if chosen.taken:
        sides = [read_records(chosen.taken / side) for side in SIDES]
        print(json.dumps(judge(*map(looked_at_twice, sides), strictness), indent=1))
        return
    plain = {}
    codes = {"as it is": plain, "slower": dict.fromkeys(SLOWED, "slower by 20 %"), "again": plain}
    sides = {name: built(name, plants, chosen.out) for name, plants in codes.items()}
    trials = {
        head: set_up(suite, sides["as it is"], sides[head], chosen.out / head.replace(" ", "-"))
        for head in ("slower", "again")
    }
    repeats = range(chosen.repeats)
    for repeat in repeats:  # both trials side by side, so that neither has the quieter hour
        for head, trial in trials.items():
            if not chosen.judge:
                take(trial, [repeat], lambda step, head=head: print(f"{head}: {step}", flush=True))
    for head, trial in trials.items():
        print(json.dumps({head: judge(*take(trial, repeats, print), strictness)}, indent=1))


def looked_at_twice(records: list[RunRecord]) -> list[RunRecord]:
    """Of the pipelines that have the most repeats."""
    repeats: dict[str, set[int]] = {}
    for record in records:
        repeats.setdefault(record.spec.label, set()).add(record.spec.repeat)
    most = max(map(len, repeats.values()))
    return [r for r in records if len(repeats[r.spec.label]) == most]


def built(name: str, plants: dict[str, str], out: Path) -> Built:
    folder = out / "code" / name.replace(" ", "-")
    if not folder.is_dir():
        planted.copy(folder, plants)
    version = CodeVersion(name=name, root=folder, commit=None, identity=name)
    return Built(version, name, Path(sys.executable), (folder.resolve(),))


def judge(
    base: list[RunRecord], head: list[RunRecord], strictness: Strictness
) -> dict[str, object]:
    """How often each pipeline is found in both looks, and in the first, and by which quantity; the
    spread of times."""
    repeats = sorted({r.spec.repeat for r in base} & {r.spec.repeat for r in head})
    rng = np.random.default_rng(0)
    once: Counter[str] = Counter()
    twice: Counter[str] = Counter()
    for _ in range(LOOKS):
        drawn = rng.permutation(repeats)
        halves = drawn[: len(drawn) // 2], drawn[len(drawn) // 2 :]
        looks = [
            compare_records(
                *([r for r in side if r.spec.repeat in half] for side in (base, head)),
                strictness=strictness,
            )
            for half in halves
        ]
        stands = confirmed(looks[0], looks[1])
        for count, comparison in ((once, looks[0]), (twice, stands)):
            found = comparison.regressions
            count.update({c.pipeline for c in found})
            count.update({f"{c.pipeline} by {c.quantity}" for c in found})
    whole = compare_records(base, head, strictness=strictness)
    ratios = {
        f"{c.pipeline} on {c.dataset}, n = {c.size}": round(c.effect, 3)
        for c in whole.changes
        if c.quantity == "wall_s"
    }
    return {
        "repeats": len(repeats),
        "looks": LOOKS,
        "found_in_both_looks": dict(sorted(twice.items())),
        "found_in_the_first": dict(sorted(once.items())),
        "spread": spread(base, head),
        "ratios": ratios,
    }


def spread(base: list[RunRecord], head: list[RunRecord]) -> dict[str, float]:
    """Median over cells of the standard deviation over pairs of the log ratio of times.

    Of wall time, of the same scaled by the reference computation, and of CPU time.
    """
    after = {asked(r.spec): r for r in head}
    logs: dict[tuple[str, str, int], list[tuple[float, float, float]]] = {}
    for a in base:
        b = after.get(asked(a.spec))
        if b is None or not (a.reference_s and b.reference_s):
            continue
        old, new = quantities(a), quantities(b)
        wall, cpu = (float(np.log(new[time] / old[time])) for time in ("wall_s", "cpu_s"))
        scaled = wall + float(np.log(a.reference_s / b.reference_s))
        cell = (a.spec.dataset, a.spec.label, a.spec.size)
        logs.setdefault(cell, []).append((wall, scaled, cpu))
    sds = np.array([np.std(pairs, axis=0, ddof=1) for pairs in logs.values() if len(pairs) > 1])
    names = ("wall", "wall, scaled", "cpu")
    return dict(zip(names, np.round(np.median(sds, axis=0), 4).tolist(), strict=True))


if __name__ == "__main__":
    main()
