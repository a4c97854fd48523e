"""``python -m omicsbench.advice results/*``: make the evidence that the package carries."""

from __future__ import annotations

import argparse
from pathlib import Path

from omicsbench.advice.collect import collect
from omicsbench.advice.evidence import EVIDENCE_FILE, is_evidence
from omicsbench.records.store import write_text


def main() -> None:
    """Write evidence.json from every folder that holds packed results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, default=EVIDENCE_FILE)
    options = parser.parse_args()
    found = collect([folder for folder in options.folders if is_evidence(folder)])
    write_text(options.out, found.model_dump_json(indent=1, exclude_defaults=True) + "\n")
    print(f"{options.out}: {len(found.cases)} cases of {', '.join(found.sources)}.")


if __name__ == "__main__":
    main()
