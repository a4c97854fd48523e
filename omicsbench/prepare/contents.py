"""What a folder of prepared data says of itself: its ``meta.json``, typed."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from omicsbench.records.facts import DatasetFacts, Frozen

FILE = "meta.json"  # written last: where it lies, the folder is whole


class Contents(Frozen):
    """What is to be known of prepared cells before an array of them is read."""

    id: str = Field(description="hash of what it was made from; the data set's id in run keys")
    shape: tuple[int, int] = Field(description="(cells, selected features)")
    sparse: bool
    nonnegative: bool
    scale: bool = Field(description="features are brought to unit variance")
    split: Literal["holdout", "kfold"]
    facts: DatasetFacts = Field(alias="info")
    modalities: tuple[str, ...] = Field(default=(), description="folders, where there are several")
    dataset_prepare_s: float | None = Field(default=None, description="None of one modality")

    @model_validator(mode="before")
    @classmethod
    def _notes_once(cls, stored: Any) -> Any:
        """Notes were written here too, beside those in ``info``; hours of work may lie there."""
        return {k: v for k, v in stored.items() if k != "notes"} if type(stored) is dict else stored

    @classmethod
    def read(cls, folder: Path) -> Contents:
        """Raises OSError or ValueError for a file that is damaged, or of another version."""
        return cls.model_validate_json((folder / FILE).read_text(encoding="utf-8"))

    def write(self, folder: Path) -> None:
        text = self.model_dump_json(by_alias=True)
        (folder / FILE).write_text(text, encoding="utf-8")
