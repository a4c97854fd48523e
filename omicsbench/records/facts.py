"""What a record tells of its run besides results: the data, the machine and the limits."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
)


def _moment(text: str) -> str:
    """Raises ValueError for what is no date of these centuries; empty is unknown."""
    if text and not 1970 <= datetime.fromisoformat(text).year < 3000:
        raise ValueError(f"{text!r} is no date of a run")
    return text


Moment = Annotated[str, AfterValidator(_moment)]  # ISO 8601, or empty


class Frozen(BaseModel):
    """Immutable, checked when made, and closed: a misspelt field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class ModalityFacts(Frozen):
    """What is known of one modality of several."""

    values: str = ""
    n_features: int = 0
    n_selected: int = 0


class HoldOut(Frozen):
    """What no method was given, so that outputs are scored on it."""

    molecules: bool = Field(description="half of each cell's; methods are given the other half")
    features: int = Field(ge=1, description="to be predicted, beside those selected")

    def __str__(self) -> str:
        features = "1 feature" if self.features == 1 else f"{self.features:,} features"
        return f"half of the molecules, and {features}" if self.molecules else features


OWN_DATA = "your own data"  # summary of a user's file


class DatasetFacts(Frozen):
    """What is known of a data set as it was prepared; a number is 0 where it is not known."""

    name: str = ""
    summary: str = ""
    source: str = ""
    licence: str = ""
    kind: Literal["real", "simulated"] = "real"
    omics: bool = True
    label: str | None = None
    provenance: Literal["author", "sorted", "gated", "computed", "simulated"] | None = None
    unit: str | None = Field(default=None, description="a column such as donor")
    batch: str | None = Field(default=None, description="a column of technical batches")
    new_units: bool = Field(default=False, description="no unit is both trained and tested on")
    target: str | None = Field(default=None, description="a column of measured numbers")
    values: str = Field(default="", description="what the cells hold, such as counts")
    n_cells: int = 0
    n_features: int = Field(default=0, description="as measured, of all modalities")
    n_selected: int = 0
    label_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = Field(default=(), description="what the user should see")
    modalities: dict[str, ModalityFacts] = Field(
        default_factory=dict, description="in their order, where there are several"
    )
    held_out: str | None = Field(default=None, description="a class that no run is trained on")
    hold_out: HoldOut | None = Field(default=None, description="what only the scorer was given")
    line: str = Field(default="", description="what was read, in one sentence")

    @model_serializer(mode="wrap")
    def _only_what_there_is(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Most data have one modality, no batch, nothing held out: nothing is written of these."""
        content: dict[str, Any] = dump(self)
        for name in (
            "modalities",
            "held_out",
            "line",
            "batch",
            "new_units",
            "target",
            "hold_out",
        ):
            if not content.get(name):
                content.pop(name, None)
        return content

    def joined(self, other: DatasetFacts) -> DatasetFacts:
        """These facts, and all that another run, perhaps of another task, tells of the data."""
        return self.model_copy(
            update={name: getattr(other, name) for name in other.model_fields_set}
        )


class Environment(Frozen):
    """Where a run ran, with what; a number is 0 and a text empty where it is not known."""

    omicsbench: str = ""
    git: str | None = Field(default=None, description="revision, with -dirty if files were changed")
    python: str = ""
    platform: str = ""
    cpu: str = ""
    cores: int = Field(default=0, description="that the process may use")
    ram_bytes: int = Field(default=0, description="of the machine, or of its container")
    gpu: str | None = None
    tf32: bool | None = Field(
        default=None, description="whether the GPU may round products to TF32; None without one"
    )
    blas: tuple[str, ...] = ()
    threads: dict[str, int] = Field(default_factory=dict, description="by library")
    packages: dict[str, str] = Field(default_factory=dict, description="version by distribution")
    jobs: int = Field(default=1, description="pipelines at a time")

    @model_serializer(mode="wrap")
    def _only_what_there_is(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Most machines have no GPU: nothing is written of its arithmetic."""
        content: dict[str, Any] = dump(self)
        if content.get("tf32") is None:
            content.pop("tf32", None)
        return content

    @property
    def known(self) -> bool:
        """Whether anything is: a run that an older version lost may have been stored without."""
        return bool(self.model_fields_set)

    @property
    def uncommitted(self) -> bool:
        """Whether the code was changed since its revision, so that no revision names it."""
        return (self.git or "").endswith("-dirty")

    def same_machine(self, other: Environment) -> bool:
        """Whether the times of one hold for the other."""
        return (self.cpu, self.cores) == (other.cpu, other.cores)


class Limits(Frozen):
    """What a run might take."""

    timeout_s: float = Field(description="of one fit")
    memory_bytes: float
