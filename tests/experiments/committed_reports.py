"""Everything that is said of the committed results, in a folder, to be compared before and after.

    python tests/experiments/committed_reports.py /tmp/before    # at the revision before
    python tests/experiments/committed_reports.py /tmp/after     # at the one after
    diff -r /tmp/before /tmp/after                               # says nothing: nothing changed

A change that is about speed or memory alone must leave every page, table and sentence as it was.
"""

from __future__ import annotations

import sys
from pathlib import Path

from omicsbench import api
from omicsbench.records.packed import PACKED_FILE

RESULTS = Path(__file__).parents[2] / "results"


def write(out: Path) -> None:
    """The report, its tables, the answer and the exported table of each folder."""
    for folder in sorted(path.parent for path in RESULTS.glob(f"*/{PACKED_FILE}")):
        own = out / folder.name
        api.report(folder, own / "report.html")
        (own / "answer.txt").write_text("\n".join(api.answer(folder)), encoding="utf-8")
        api.load(folder, every=True).to_csv(own / "export.csv", index=False)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    write(Path(sys.argv[1]))
