"""Would scores raise false alarms on another processor? The suite ``ci`` as others compute it.

    python tests/experiments/other_processors.py --out results/calibration/processors   # 16 minutes

Libraries of linear algebra choose their code by the processor, and round differently; t-SNE and
UMAP make much of little. Here each set of runs is told to compute as on some other processor, at
fixed seeds, with nothing compiled yet, as on a new machine. Every two sets are compared as
``omicsbench compare`` does, by the committed baseline's tolerances and noise floor. An exit code
of 1 is a false alarm. The same command resumes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import numpy as np

from omicsbench.records.planned import planned_records
from omicsbench.records.spec import RunRecord
from omicsbench.tracking.compare import Alarm, asked, compare_records
from omicsbench.tracking.quantities import quantities, quantity_kind
from omicsbench.tracking.sides import read_side, strictness_of

BASELINE = Path(__file__).parents[2] / "results" / "ci"
# What the libraries of NumPy, PyTorch (three) and numba take as the processor.
NAMES = (
    "OPENBLAS_CORETYPE",
    "ATEN_CPU_CAPABILITY",
    "ONEDNN_MAX_CPU_ISA",
    "MKL_CBWR",
    "NUMBA_CPU_NAME",
)
PROCESSORS = {
    "itself": (),
    "haswell": ("Haswell", "avx2", "AVX2", "AVX2", "haswell"),
    "zen": ("Zen", "avx2", "AVX2", "AVX2", "znver2"),
    "skylake": ("SkylakeX", "avx512", "AVX512_CORE", "AVX512", "skylake-avx512"),
    "sandybridge": ("Sandybridge", "default", "AVX", "AVX", "sandybridge"),
    "nehalem": ("Nehalem", "default", "SSE41", "SSE4_2", "nehalem"),
    "core2": ("Core2", "default", "SSE41", "COMPATIBLE", "core2"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--processor", action="append", choices=PROCESSORS)
    chosen = parser.parse_args()
    base = read_side(str(BASELINE), "ci")
    sets = {"baseline": base.records}
    for name in chosen.processor or PROCESSORS:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("OPENBLAS_", *NAMES))}
        told = dict(zip(NAMES, PROCESSORS[name], strict=False))
        told["NUMBA_CACHE_DIR"] = str((chosen.out / f"{name}-compiled").resolve())
        subprocess.run(
            [
                sys.executable,
                "-P",
                "-m",
                "omicsbench",
                "run",
                "ci",
                "--out",
                chosen.out / name,
                "--no-report",
            ],
            env=clean | told,
            check=True,
        )
        sets[name] = planned_records(chosen.out / name)[0]
    strictness, alarms = strictness_of(base, base), 0
    for a, b in combinations(sets, 2):
        found = compare_records(sets[a], sets[b], strictness=strictness, names=(a, b))
        alarms += found.alarm is not Alarm.NONE
        blamed = sorted({f"{c.pipeline}: {c.quantity}" for c in found.regressions})
        print(
            json.dumps(
                {
                    "base": a,
                    "head": b,
                    "alarm": found.alarm,
                    "blamed": blamed,
                    "lost": len(found.lost),
                    "runs_with_other_scores": unlike(sets[a], sets[b]),
                }
            )
        )
    pairs = len(sets) * (len(sets) - 1) // 2
    print(f"{alarms} of {pairs} comparisons of unchanged code fail.")


def unlike(base: list[RunRecord], head: list[RunRecord]) -> dict[str, list[float]]:
    """By pipeline: the share of runs some score of which differs, and the largest difference."""
    after = {asked(r.spec): quantities(r) for r in head}
    largest: dict[str, list[float]] = {}
    for r in base:
        now = after.get(asked(r.spec), {})
        moves = [abs(now[q] - v) for q, v in quantities(r).items() if quantity_kind(q) == "score"]
        largest.setdefault(r.spec.label, []).append(max(moves))
    shares = {name: [float(np.mean(np.array(m) > 0)), max(m)] for name, m in largest.items()}
    return {n: [round(share, 3), float(f"{most:.2g}")] for n, (share, most) in shares.items()}


if __name__ == "__main__":
    main()
