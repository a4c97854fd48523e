"""What a notebook shows of verdicts and comparisons: the same words as page and command line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

import pandas as pd
from markupsafe import Markup

from omicsbench.reporting import comparison_page
from omicsbench.reporting.exports import SIGNS
from omicsbench.reporting.matrix import WORDS, headline
from omicsbench.reporting.tables import verdict_table
from omicsbench.tracking.compare import Comparison
from omicsbench.verdict.verdict import Verdict

SHOWN = 30  # rows of a table
HEADS = (
    "Data set",
    "Metric",
    "Deep side",
    "Outcome",
    "n* (interval)",
    "Difference at the largest n",
    "q",
)


class Verdicts(list[Verdict]):
    """All verdicts; a notebook shows those that are counted, that is the headline."""

    def to_frame(self) -> pd.DataFrame:
        """One row per verdict, as in verdicts.csv."""
        return verdict_table(self)

    def _repr_html_(self) -> str:
        shown = headline(self) or list(self)
        said = f"{len(self):,} verdicts, {len(shown):,} of them counted; all by to_frame()."
        return Markup("<p>{}</p>").format(said) + _table(HEADS, map(_row, shown), len(shown))


@dataclass(frozen=True)
class ShownComparison(Comparison):
    """A comparison that a notebook shows."""

    def _repr_html_(self) -> str:
        html = Markup("<p><strong>{}</strong></p>").format(comparison_page.outcome_line(self))
        html += Markup("<ul>{}</ul>").format(_each("<li>{}</li>", comparison_page.sentences(self)))
        for title, heads, rows, more in comparison_page.parts(self):
            html += Markup("<p>{}</p>").format(title) + _table(heads, rows, len(rows) + more)
        return html


def shown(found: Comparison) -> ShownComparison:
    """The same comparison, to be looked at."""
    return ShownComparison(**vars(found))


def _row(v: Verdict) -> tuple[str, ...]:
    where = " · ".join(filter(None, [v.dataset, f"{v.output_dim}-D" if v.output_dim else ""]))
    crossover = f"{v.n_star:,} ({v.ends[0]} to {v.ends[1]})" if v.n_star else ""
    outcome = f"{SIGNS[v.standing]} {WORDS[v.standing]}"
    q = "" if v.q is None else f"{v.q:.2g}"
    difference = v.difference.removeprefix("Difference there ")
    return where, v.scored_by.title, v.sides[0], outcome, crossover, difference, q


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], count: int) -> Markup:
    """A table of its first rows; names are escaped."""
    lines = [_each("<th>{}</th>", heads)]
    lines += [_each("<td>{}</td>", cells) for cells in islice(rows, SHOWN)]
    more = f"and {count - SHOWN:,} more" if count > SHOWN else ""
    return Markup("<table>{}</table><p>{}</p>").format(_each("<tr>{}</tr>", lines), more)


def _each(element: str, texts: Iterable[str]) -> Markup:
    """An element of the package's own around each text, which is escaped."""
    return Markup("").join(Markup(element).format(text) for text in texts)  # noqa: S704
