"""What the user says of a file: which matrix, which way round, what is a feature and a label."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from omicsbench.errors import DataError, OmicsbenchError
from omicsbench.plugin import Provenance, Values

TEXTS = ("label", "target", "layer", "modality", "unit", "batch", "name", "genome", "feature_type")
SWITCHES = ("scale", "transpose", "keep_na")
LISTS = ("exclude", "features_like")
CHOICES = {"values": get_args(Values), "provenance": get_args(Provenance)}

# Raise it when anybody's data may be read otherwise than before: it is in the ids of such data, so
# that nothing prepared by the former reading is taken for them.
READING_VERSION = 2


@dataclass(frozen=True)
class OwnData:
    """The user's own file and what must be known to read it.

    Attributes
    ----------
    path : the file, or the folder of a format that is one.
    label, unit, batch : columns of the cells: classes, donors or the like, technical batches.
    target : column of measured numbers, for task ``regress``.
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
    held : the cells themselves, an AnnData or DataFrame, where they are no file; ``path`` is then
        what they are called without a ``name``.

    Raises OmicsbenchError for an option of another type.
    """

    path: Path
    label: str | None = None
    values: Values | None = None
    layer: str | None = None
    modality: str | None = None
    scale: bool = True
    provenance: Provenance | None = None
    unit: str | None = None
    batch: str | None = None
    name: str | None = None
    transpose: bool = False
    exclude: tuple[str, ...] = ()
    features_like: tuple[str, ...] = ()
    genome: str | None = None
    feature_type: str | None = None
    keep_na: bool = False
    target: str | None = None
    held: Any = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", Path(self.path))
        for option in TEXTS:
            given = getattr(self, option)
            if not isinstance(given, str | None):
                raise OmicsbenchError(f"{option} takes text, not {_kind(given)}.")
        for option in SWITCHES:
            given = getattr(self, option)
            if not isinstance(given, bool):
                raise OmicsbenchError(f"{option} is True or False, not {_kind(given)}.")
        for option in LISTS:
            given = getattr(self, option)
            if isinstance(given, str):
                raise OmicsbenchError(f"{option} takes a list: {option}=[{given!r}].")
            if not isinstance(given, list | tuple | set) or not all(
                isinstance(one, str) for one in given
            ):
                raise OmicsbenchError(f"{option} takes a list of text, not {_kind(given)}.")
            object.__setattr__(self, option, tuple(given))
        for option, known in CHOICES.items():
            given = getattr(self, option)
            if given is not None and not (isinstance(given, str) and given in known):
                raise OmicsbenchError(
                    f"{option} takes one of {', '.join(known)}, not {_kind(given)}."
                )

    @property
    def columns(self) -> list[str]:
        """Columns that are of the cells, whatever they hold."""
        return list(self.known.values())

    @property
    def known(self) -> dict[str, str]:
        """The columns that are stated, by what they are: label, unit, batch, target."""
        names = ("label", "unit", "batch", "target")
        stated = {what: getattr(self, what) for what in names}
        return {what: column for what, column in stated.items() if column is not None}

    @property
    def title(self) -> str:
        """Its name as it was given; of the folder that one is in, its own."""
        plain = self.path.name not in ("", "..")
        return self.name or (self.path if plain else self.path.resolve()).name

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
        return self.called if self.name else Path(self.title).stem


def _kind(given: Any) -> str:
    """A value as one line: simple ones as they are, others by their type."""
    return repr(given) if isinstance(given, str | int | float) else f"a {type(given).__name__}"
