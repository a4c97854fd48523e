"""Are planted regressions caught? One method is made worse, the suite ``ci`` run, and compared.

    omicsbench calibrate ci --out results/calibration/ci
    python tests/experiments/regressions_caught.py results/calibration/ci

needs the sets of runs that ``calibrate`` leaves (A/A) and takes 13 to 20 minutes. Each trial runs
the pipeline of one method with one plant; the other pipelines' records are those of an A/A set, and
another A/A set is BASE, so that a trial corrects for as many comparisons as CI does. A plant counts
as caught where the comparison fails because of that pipeline and no other.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from itertools import cycle
from pathlib import Path

import numpy as np
import planted

from omicsbench.planning.suite import load_suite
from omicsbench.records.planned import planned_records, read_analysis
from omicsbench.records.spec import RunRecord
from omicsbench.records.store import holds_records
from omicsbench.registry.discover import discover
from omicsbench.registry.pipeline import resolve
from omicsbench.tracking.compare import compare_records
from omicsbench.tracking.noise_floor import read_noise
from omicsbench.tracking.sides import StoredRuns, strictness_of

PIPELINES = {
    "pca": "pca",
    "tsne": "pca > tsne",
    "umap": "pca > umap",
    "factor_analysis": "factor_analysis",
    "random_projection": "random_projection",
    "autoencoder": "autoencoder(depth=2, max_steps=300)",
}
ACCURACY = "knn_transfer_balanced_accuracy"
CHANCE = 0.1  # about: one of some ten classes
WARNS = {"slower by 20 %"}  # here, as nothing is interleaved; regressions_ab.py times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("calibration", type=Path)
    parser.add_argument("--plant", action="append", choices=planted.PLANTS)
    parser.add_argument("--method", action="append", choices=PIPELINES)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    places = sorted(p for p in chosen.calibration.iterdir() if holds_records(p))
    sets = [planned_records(place)[0] for place in places]
    base = StoredRuns(
        "base", [], read_analysis(places[0]), read_noise(chosen.calibration / "noise.json")
    )
    strictness = strictness_of(base, base)
    registry, n_components = discover(), load_suite("ci").n_components
    pairs = cycle([(i, (i + 1) % len(sets)) for i in range(len(sets))])
    plants = chosen.plant or [p for p in planted.PLANTS if p not in WARNS]
    rows = []
    for plant in plants:
        for method in chosen.method or PIPELINES:
            old, new = (sets[i] for i in next(pairs))
            label = resolve(PIPELINES[method], registry, n_components).text
            was = accuracy([r for r in old if r.spec.label == label])
            made = trial(method, plant, 0.03 / (was - CHANCE))
            head = [r for r in new if r.spec.label != label] + made
            found = compare_records(old, head, strictness=strictness)
            blamed = {c.pipeline for c in found.regressions} | {x.pipeline for x in found.lost}
            rows.append(
                {
                    "plant": plant,
                    "method": method,
                    "alarm": found.alarm,
                    "caught": blamed == {label},
                    "blamed": sorted(blamed),
                    "lost": sorted({x.status for x in found.lost}),
                    "regressions": sorted({c.quantity for c in found.regressions}),
                    "accuracy_change": accuracy(made) - was,
                }
            )
            print(json.dumps(rows[-1]), flush=True)
    for plant in plants:
        own = [row["caught"] for row in rows if row["plant"] == plant]
        print(f"{plant}: {sum(own)} of {len(own)} caught")
    print(f"all: {sum(row['caught'] for row in rows)} of {len(rows)} caught")
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def trial(method: str, plant: str, share: float) -> list[RunRecord]:
    """Records of one pipeline of the suite, run by a copy with the plant in it."""
    with tempfile.TemporaryDirectory(prefix="planted-") as place:
        code = planted.copy(Path(place) / "code", {method: plant}, share)
        out = Path(place) / "results"
        planted.run(code, "ci", "--method", PIPELINES[method], "--only", "--out", str(out))
        return planned_records(out)[0]


def accuracy(records: list[RunRecord]) -> float:
    found = [r.scores[ACCURACY] for r in records if ACCURACY in r.scores]
    return float(np.mean(found)) if found else float("nan")


if __name__ == "__main__":
    main()
