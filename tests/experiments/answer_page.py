"""The figures of docs/answer.md, from the committed records alone.

    python tests/experiments/answer_page.py            # prints the tables
    python tests/experiments/answer_page.py --write    # and puts them into docs/answer.md

Each table stands between two marks with its name. What is not committed yet is left as it is.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from answer_across import (
    TASKS,
    by_size,
    explained,
    over_data_sets,
    under_other_choices,
    who_is_ahead,
)
from answer_evidence import RESULTS, Evidence, evidence_of
from answer_sizes import along_n, budgets, by_n, legend, peaks
from answer_sources import of_the_lecture, published
from answer_suites import (
    TRUTH,
    against_the_truth,
    by_data_set,
    by_secondary,
    claims,
    claims_as_frozen,
    in_short,
    left_open,
    reconstructed,
    runs,
    summary,
    to_use,
)
from answer_tuned import beside_defaults, gained
from into_docs import put

ROOT = Path(__file__).parents[2]
PAGE, README = ROOT / "docs" / "answer.md", ROOT / "README.md"
IN_README = ("answer in short", "predict in short")
TUNED = "tuned"  # with a search of each contestant, beside its defaults
IN_SHORT = ("answer", "predict", TUNED, "atlas", "million")  # in a sentence
LONG = ("predict_long", "regress_long")  # to the largest n
MILLIONS = ("million", "million_long")  # a simulated data set each, with tables by n
SUITES = (
    *("answer", TUNED, "predict", "regress", *LONG, "batch", "integrate"),
    *("lecture", "atlas", *MILLIONS),
)
ADVISED = ("answer", "predict", "regress")  # of whose results it is told what to use
LISTED = (
    *ADVISED,
    *LONG,
    "batch",
    "integrate",
)  # whose open comparisons and other choices are told


def page_of(name: str) -> Path:
    """The page on which a table stands."""
    return README if name in IN_README else PAGE


def tables(results: Path = RESULTS) -> dict[str, str]:
    """Every table by its name, of the suites that have records."""
    made: dict[str, str] = {}
    every: dict[str, Evidence] = {}
    for suite in SUITES:
        if not (evidence := evidence_of(suite, results)):
            continue
        every[suite] = evidence
        if suite in IN_SHORT:
            made[f"{suite} in short"] = in_short(evidence)
        made[f"{suite} runs"] = runs(evidence)
        if suite == TUNED:
            made["tuned beside defaults"] = beside_defaults(evidence)
            made["tuned gains"] = gained(evidence)
            continue
        made[f"{suite} claims"] = claims(evidence)
        if suite in ADVISED:
            made[f"{suite} to use"] = to_use(evidence)
        if suite in LISTED:
            made[f"{suite} open"] = left_open(evidence)
            made[f"{suite} other choices"] = under_other_choices(evidence)
        if suite in LONG:
            made[f"{suite} along n"] = along_n(evidence)
            made[f"{suite} as frozen"] = claims_as_frozen(evidence)
            made[f"{suite} to use"] = to_use(evidence)
            made[f"{suite} budgets"] = budgets(evidence)
        elif suite not in MILLIONS:
            made[f"{suite} by data set"] = by_data_set(evidence)
        if suite == "answer":
            made["who is ahead"] = who_is_ahead(evidence)
            made["over data sets"] = over_data_sets(evidence)
            made["secondary claims"] = by_secondary(evidence)
            made["reconstructed"] = reconstructed(evidence)
        if suite == "million_long":
            made[f"{suite} peaks"] = peaks(evidence)
        if suite == "atlas":
            made["atlas truth"] = against_the_truth(evidence)
        if suite in MILLIONS:
            made[f"{suite} by n"] = by_n(evidence, "molecule_bits")
            made[f"{suite} features by n"] = by_n(evidence, "held_out_features")
            made[f"{suite} truth by n"] = by_n(evidence, TRUTH)
            made[f"{suite} legend"] = legend(evidence)
            made[f"{suite} budgets"] = budgets(evidence)
    made["in short"] = summary(every, TASKS)
    made["by size"] = by_size(every)
    made["meta-regression"] = explained(every)
    made["lecture"] = of_the_lecture(every)
    return made | published(every)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--write", action="store_true", help="into docs/answer.md")
    options = parser.parse_args()
    for name, table in tables(options.results).items():
        print(f"## {name}\n\n{table}\n")
        if options.write:
            put(page_of(name), name, table)
