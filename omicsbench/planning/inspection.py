"""Everything that would be decided about data, why, and which option changes it; nothing is run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from omicsbench.errors import OmicsbenchError
from omicsbench.inputs.cells import Cells
from omicsbench.inputs.source import Source
from omicsbench.plugin import Values
from omicsbench.prepare.features import is_logged
from omicsbench.prepare.normalise import BASES, BY_TOTALS, COFACTOR
from omicsbench.prepare.scaling import UNSCALED
from omicsbench.prepare.split import COHORT, kind
from omicsbench.reading.decisions import LEFT_OUT, Decision, heard

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 8  # classes
SUITES = "--set features=N"
FEATURES = "--exclude, --features-like"
# What a table begins with; the rest follows in the order in which it was decided.
ORDER = ("format", "orientation", "cells", "features", LEFT_OUT, "values")
OF_CELLS = ("label", "units", "unit")  # told of once, however many modalities there are
HEADS = ("about", "decided", "why", "change it with")


@dataclass(frozen=True, repr=False)
class Inspection:
    """What was found out of data.

    Attributes
    ----------
    title : what the data are called.
    line : as it is printed before the first run; empty where they are refused.
    decisions : what would be decided, in order; of refused data, what had been by then.
    notes : what is printed besides.
    refused : the sentence with which they are; empty where they are accepted.
    """

    title: str
    line: str = ""
    decisions: tuple[Decision, ...] = ()
    notes: tuple[str, ...] = ()
    refused: str = ""

    @property
    def table(self) -> pd.DataFrame:
        """One row a decision, with the columns ``HEADS``."""
        import pandas as pd

        rows = [(d.about, d.decided, d.why, d.option) for d in self.decisions]
        return pd.DataFrame(rows, columns=list(HEADS))

    def __repr__(self) -> str:
        rows = [f"- {d.about}: {d.decided}{_because(d)}" for d in self.decisions]
        ends = [self.line or f"Refused: {self.refused}", *rows, *self.notes]
        return "\n".join(ends)


def inspected(title: str, source: Callable[[], Source], registered: bool = False) -> Inspection:
    """Load the data of a source, which is given by a call, and tell all that is decided of them.

    Nothing is prepared or hashed. Data that are refused are no error here.
    """
    with heard() as made:
        try:
            found = source()
            cells = found.cells
        except OmicsbenchError as error:
            return Inspection(title, decisions=tuple(dict.fromkeys(made)), refused=str(error))
    told = cells if isinstance(cells, Mapping) else {"": cells}
    decisions: list[Decision] = []
    for name, own in told.items():
        about = f"{name}: " if name else ""
        rows = sorted(_of_matrix(own), key=_place)
        decisions += [replace(row, about=about + row.about) for row in rows]
    first = next(iter(told.values()))
    decisions += [*_of_labels(first, found.describe), *_of_runs(first, found)]
    if registered:  # it says of itself what options say of a file
        decisions = [replace(d, option="" if d.option != SUITES else SUITES) for d in decisions]
    notes = dict.fromkeys(note for own in told.values() for note in own.notes)
    return Inspection(title, found.line, tuple(decisions), tuple(notes))


def _place(decision: Decision) -> int:
    return ORDER.index(decision.about) if decision.about in ORDER else len(ORDER)


def _because(decision: Decision) -> str:
    why = f" ({decision.why})" if decision.why else ""
    return why + (f"; {decision.option} changes it" if decision.option else "")


def _of_matrix(cells: Cells) -> list[Decision]:
    """What was decided of one matrix, with whatever went without saying."""
    own = cells.account
    n, p = own.shape
    named = f"named {', '.join(own.cells[:2])}, ..." if own.cells else "not named"
    ends = f"{p:,}: {(' ... ' if p > 2 else ', ').join(own.features)}"
    made = [
        *(decision for decision in own.decisions if decision.about not in OF_CELLS),
        Decision("cells", f"{n:,}, {named}"),
        Decision("features", ends, "", FEATURES),
    ]
    if not any(decision.about == "values" for decision in made):
        made.append(Decision("values", own.values, "as declared"))
    how = "dispersion for their mean" if is_logged(cells.values) else "variance"
    how = f"by {how} in the training pool"
    return [
        *made,
        Decision("kept", "sparse" if own.sparse else "dense", "sparse where over half is zero"),
        Decision("normalised", _normalised(cells.values), f"as of {cells.values}", "--values"),
        Decision("selected", "the most variable features", how, SUITES),
    ]


def _of_labels(cells: Cells, described: Mapping[str, Any]) -> list[Decision]:
    """What was decided of the cells whatever the modality: label and unit."""
    own, unit = cells.account, described["unit"]
    made = [decision for decision in own.decisions if decision.about in OF_CELLS]
    if not own.classes:
        made.append(Decision("label", "none: metrics of labels are skipped", "", "--label"))
    else:
        if not made:
            made.append(Decision("label", str(described["label"]), "", "--label"))
        known = described["provenance"] or "not stated"
        made.append(Decision("classes", _classes(cells)))
        made.append(Decision("provenance", known, "of the labels", "--label-provenance"))
    if own.measured:
        measured = f"{described['target']}: {own.measured:,} cells with a value"
        made.append(Decision("target", measured, "for suites of task regress", "--target"))
    counted = f"{unit}: {own.units} values" if own.units else "cells"
    made.append(Decision("unit", counted, "over which sampling errors are taken", "--unit"))
    return made


def _classes(cells: Cells) -> str:
    """The classes, the largest first with their sizes; of a stream, which is not read, as named."""
    names = cells.label_names
    if cells.account.cells and (codes := cells.codes) is not None:
        sizes = Counter(np.asarray(codes)[np.asarray(codes) >= 0].tolist())
        shown = [f"{names[code]} ({size:,})" for code, size in sizes.most_common(SHOWN)]
    else:
        shown = list(names[:SHOWN])
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(shown) + more


def _of_runs(cells: Cells, source: Source) -> list[Decision]:
    n = cells.shape[0]
    held = "20 % of the cells are the test set of all runs, at most 10,000"
    split = "five folds, each the test set in turn" if kind(n) == "kfold" else held
    sign = "<" if n < COHORT else ">="
    scaled = source.scale and cells.values not in UNSCALED
    unit = "by sqrt(2p(1 - p))" if cells.values == "genotypes" else "to unit variance"
    scale = unit if scaled else "as they are"
    return [
        Decision("scaled", f"features {scale}", "by the n training rows of a run", "--no-scale"),
        Decision("split", split, f"{n:,} {sign} {COHORT:,} cells"),
    ]


def _normalised(values: Values) -> str:
    if values in BY_TOTALS:
        return "log1p of counts per 10,000 of each cell"
    if values == "proteins":
        return "centred log ratio of each cell"
    if values == "composition":
        return "centred log ratio of each sample, half its least value added"
    if values == "cytometry":
        return f"arcsinh(x / {COFACTOR})"
    if values == "normalized":
        return "log1p"
    return "to natural logarithms" if values in BASES else "as they are"
