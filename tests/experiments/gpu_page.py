"""The table of docs/gpu.md, from merged results of suite `gpu` on a processor and on a GPU.

python tests/experiments/gpu_page.py results/gpu            # prints it
python tests/experiments/gpu_page.py results/gpu --write    # and puts it into docs/gpu.md
"""

from __future__ import annotations

import argparse
from pathlib import Path

from into_docs import put

from omicsbench.records.planned import planned_records, read_analysis
from omicsbench.reporting.devices import device_views
from omicsbench.verdict.devices import speed_ups

PAGE = Path(__file__).parents[2] / "docs" / "gpu.md"


def table(results: Path) -> str:
    """The machine, and a row per pipeline and currency; a sentence where no run is on both."""
    records = planned_records(results)[0]
    lines = []
    for view in device_views(speed_ups(records, read_analysis(results))):
        sizes = " | ".join(f"n = {size:,}" for size in view.sizes)
        lines += ["", f"| pipeline on `{view.dataset}` | on | by | {sizes} | in words |"]
        lines += ["|---" * (4 + len(view.sizes)) + "|"]
        for one, by, sentence, cells in view.rows:
            shown = " | ".join(cell or "none" for cell in cells)
            on = f"{one.device}, against {one.threads} threads"
            lines.append(f"| `{one.pipeline}` | {on} | {by} | {shown} | {sentence} |")
    if not lines:
        return "Not measured."
    cards = sorted({r.environment.gpu for r in records if r.environment.gpu})
    cpus = sorted({f"{r.environment.cpu}, {r.environment.cores} cores" for r in records})
    return f"{' and '.join(cards)} against {' and '.join(cpus)}.\n" + "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("--write", action="store_true", help="into docs/gpu.md")
    options = parser.parse_args()
    found = table(options.results)
    print(found)
    if options.write:
        put(PAGE, "gpu", found)
