"""Tables with features in rows are turned before anything else is made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omicsbench.errors import DataError
from omicsbench.reading.column_kinds import NUMBERS, TRUTH, kind_of
from omicsbench.reading.dialect import Dialect

if TYPE_CHECKING:
    import pandas as pd

# Columns of numbers that describe features, as tools that count reads write them.
_DESCRIBE = {"start", "end", "length", "gene_length", "chr", "chrom", "chromosome", "strand"}
_DESCRIBE |= {"entrez", "entrez_id", "entrezid", "entrez_gene_id", "position", "pos", "width"}
_DESCRIBE |= {"feature_length", "effective_length", "gc", "gc_content", "ncbi_id"}


def turned(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The table with a row for each of its columns, and the columns that describe features.

    The first column, or an index, names the features; a name that occurs again is told apart by
    a number. Columns that hold text in most rows, and numbers known to describe features, are left
    out: the second of what is returned. Rows of text become columns of text.

    Raises DataError if no column is left.
    """
    import pandas as pd
    from anndata.utils import make_index_unique

    if isinstance(table.index, pd.RangeIndex):
        table = table.set_index(table.columns[0])
    left = [str(name) for name, column in table.items() if _describes(str(name), column)]
    cells = table.drop(columns=left)
    if not cells.shape[1]:
        raise DataError("no column of numbers is left when features are taken from the rows.")
    found = cells.T
    found.index = found.index.astype(str)
    found.columns = make_index_unique(pd.Index(["" if n is None else str(n) for n in table.index]))
    return found.infer_objects(), left


def turned_gct(table: pd.DataFrame, dialect: Dialect) -> tuple[pd.DataFrame, list[str]]:
    """The same of a GCT file, which states how many columns and rows are annotations."""
    columns, rows = dialect.gct or (0, 0)
    left = list(table.columns[1 : 1 + columns])
    found, more = turned(table.drop(columns=left))
    annotations = {
        name: found[name].where(found[name].isna(), found[name].astype(str))
        for name in found.columns[:rows]
    }
    return found.assign(**annotations), left + more


def _describes(name: str, column: pd.Series) -> bool:
    """A column that describes the features: known by its name, or most of it is no number."""
    import pandas as pd

    if name.strip().lower() in _DESCRIBE:
        return True
    if kind_of(column) in (NUMBERS, TRUTH):
        return False
    numbers = pd.to_numeric(column.astype(object), errors="coerce").notna()
    return 2 * int(numbers.sum()) < len(column)
