"""What a folder of prepared data says of itself: its ``meta.json``, typed."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, cast

from pydantic import Field

from omicsbench.plugin import Values
from omicsbench.records.facts import DatasetFacts, Frozen

FILE = "meta.json"
LAYOUT = 4  # of the folder; raise it when files of prepared data lie elsewhere, or more lie there


class Contents(Frozen):
    """What is to be known of prepared cells before an array of them is read."""

    id: str = Field(description="hash of what it was made from; the data set's id in run keys")
    shape: tuple[int, int] = Field(description="(cells, selected features)")
    sparse: bool
    nonnegative: bool
    scale: bool = Field(description="features are brought to unit variance")
    split: Literal["holdout", "kfold", "group"]
    most_repeats: int | None = Field(
        default=None, description="after which the same few units would be tested on again"
    )
    facts: DatasetFacts = Field(alias="info")
    class_sizes: tuple[int, ...] = Field(default=(), description="cells of each class, in all")
    modalities: dict[str, Contents] = Field(
        default_factory=dict, description="each of them, where there are several"
    )
    dataset_prepare_s: float | None = Field(default=None, description="None of one modality")

    @property
    def values(self) -> Values:
        """What the cells hold; of one matrix, as several may hold different things."""
        return cast(Values, self.facts.values)

    @property
    def held_out(self) -> int | None:
        """Code of the class that is in the test set alone, None if there is none."""
        name = self.facts.held_out
        return None if name is None else self.facts.label_names.index(name)

    @property
    def alone(self) -> tuple[int, ...]:
        """Codes of the classes that have one cell."""
        return tuple(code for code, size in enumerate(self.class_sizes) if size == 1)

    @classmethod
    def read(cls, folder: Path) -> Contents:
        """Raises OSError or ValueError for a file that is damaged, or of another version."""
        return cls.model_validate_json((folder / FILE).read_text(encoding="utf-8"))

    def write(self, folder: Path) -> None:
        text = self.model_dump_json(by_alias=True)
        (folder / FILE).write_text(text, encoding="utf-8")
