"""What the pictures of a stored suite took and kept, by its largest sizes.

python tests/experiments/stored_maps.py results/million            # prints the table
python tests/experiments/stored_maps.py results/million --write    # and puts it into docs/scale.md
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path
from statistics import median

from into_docs import put

from omicsbench.records import store
from omicsbench.records.spec import RunRecord, Status
from omicsbench.records.table import current

PAGE = Path(__file__).parents[2] / "docs" / "scale.md"
SIZES = 2  # of which the table tells
METRICS = {"trustworthiness": 3, "knn_recall": 3, "molecule_bits": 3}  # and their digits


def table(folder: Path) -> str:
    """A line for each pipeline that makes two dimensions of another pipeline's."""
    runs: dict[str, dict[int, list[RunRecord]]] = defaultdict(lambda: defaultdict(list))
    for r in current(store.read_records(folder)):
        if " > " in r.spec.pipeline:
            runs[r.spec.pipeline][r.spec.size].append(r)
    sizes = sorted({n for own in runs.values() for n in own})[-SIZES:]
    of = f"fit, s; place, s; peak, GiB; {', '.join(f'`{name}`' for name in METRICS)}"
    lines = ["| pipeline |" + "".join(f" {n:,} cells: {of} |" for n in sizes)]
    lines.append("|---" * (1 + len(sizes)) + "|")
    for pipeline in sorted(runs):
        told = (said(runs[pipeline][n]) for n in sizes)
        lines.append(f"| `{pipeline}` | {' | '.join(told)} |")
    return "\n".join(lines)


def said(own: list[RunRecord]) -> str:
    """Medians of the runs at one size, or how they ended."""
    done = [r for r in own if r.status is Status.OK]
    if not done:
        return own[0].reason or own[0].status.value if own else "not run"
    fit, place = (
        median(getattr(r.phases, f"{phase}_s") for r in done) for phase in ("fit", "transform")
    )
    peak = median(r.peak_rss_bytes or 0 for r in done) / 2**30
    scores = ", ".join(
        f"{median(r.scores[name] for r in done):.{digits}f}" for name, digits in METRICS.items()
    )
    return f"{fit:,.0f}; {place:,.0f}; {peak:.1f}; {scores}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true", help="into docs/scale.md")
    asked = parser.parse_args()
    print(table(asked.folder))
    if asked.write:
        put(PAGE, "pictures of a suite", table(asked.folder) + "\n")
