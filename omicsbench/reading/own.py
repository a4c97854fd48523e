"""What the user says of a file: which matrix, which way round, what is a feature and a label."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from omicsbench.errors import DataError
from omicsbench.plugin import Provenance, Values


@dataclass(frozen=True)
class OwnData:
    """The user's own file and what must be known to read it.

    Attributes
    ----------
    path : the file, or the folder of a format that is one.
    label, unit : columns of the cells: classes, and donors or batches.
    values : what the values are, where it cannot be told.
    layer, modality : which matrix of several; ``layer="raw"`` is AnnData's ``.raw``.
    scale : features are brought to unit variance.
    provenance : where the labels come from.
    name : what results call it, by default the file's name.
    transpose : features lie in rows, cells in columns.
    exclude : columns or features that are no measurements, by name or pattern (``mt_*``).
    features_like : patterns of the features; other columns are annotations. Empty: all numbers.
    genome : of a file of several.
    feature_type : of a file of several, such as "Gene Expression".
    keep_na : texts such as NA in the label are classes, not missing labels.
    """

    path: Path
    label: str | None = None
    values: Values | None = None
    layer: str | None = None
    modality: str | None = None
    scale: bool = True
    provenance: Provenance | None = None
    unit: str | None = None
    name: str | None = None
    transpose: bool = False
    exclude: tuple[str, ...] = ()
    features_like: tuple[str, ...] = ()
    genome: str | None = None
    feature_type: str | None = None
    keep_na: bool = False

    @property
    def columns(self) -> list[str]:
        """Columns that are of the cells, whatever they hold: label and unit."""
        return [column for column in (self.label, self.unit) if column is not None]

    @property
    def title(self) -> str:
        """Its name as it was given."""
        return self.name or self.path.name

    @property
    def called(self) -> str:
        """Its name as a data set. Raises DataError for a name without a letter or digit."""
        called = re.sub(r"[^\w.-]+", "_", self.title)
        if not re.search(r"[^\W_]", called):
            raise DataError(f"{self.title!r} is no name for data: it needs a letter or digit.")
        return called

    @property
    def stem(self) -> str:
        """Its name for a results folder: without the suffix of a file."""
        return self.called if self.name else self.path.stem
