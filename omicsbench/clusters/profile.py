"""The settings of a cluster: a small TOML file that its users share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from omicsbench.errors import RegistryError, unknown
from omicsbench.records import reading

LARGEST_FILE = 1 << 20  # bytes


OURS = {"array", "cpus_per_task", "gpus_per_node", "job_name", "mem", "time"}  # by omicsbench


def _not_ours(options: dict[str, str | int | bool]) -> dict[str, str | int | bool]:
    """Raises ValueError for what omicsbench asks for by what it predicts."""
    for key in options:
        if key.replace("-", "_") in OURS:
            raise ValueError(f"{key} is what omicsbench sets, by what runs are predicted to take")
    return options


class Slurm(BaseModel):
    """Table ``[slurm]``: what jobs ask for, where it is not predicted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    partition: str | None = None
    account: str | None = None
    qos: str | None = None
    minutes: float = Field(default=40.0, gt=0, description="of runs in one job, about")
    max_minutes: float = Field(
        default=1440.0, gt=0, description="the longest time that a job may ask for"
    )
    memory_gb: float = Field(default=8.0, gt=0, description="where nothing tells what runs take")
    jobs_at_once: int = Field(default=256, ge=1, description="of one array")
    largest_array: int = Field(default=1000, ge=1, description="SLURM's MaxArraySize, less one")
    setup: tuple[str, ...] = Field(
        default=(), description="shell commands on the node, before anything else"
    )
    sbatch: Annotated[dict[str, str | int | bool], AfterValidator(_not_ours)] = Field(
        default_factory=dict, description="further options of sbatch; true for one without value"
    )

    @property
    def further(self) -> dict[str, str | int | bool]:
        """Options of sbatch that omicsbench does not set, by the names that submitit has."""
        given = self.sbatch.items()
        return {key.replace("-", "_"): value for key, value in given if value is not False}


class Profile(BaseModel):
    """A profile's tables."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    slurm: Slurm = Slurm()


def read_profile(path: Path) -> Profile:
    """The profile in a TOML file. Raises RegistryError naming the first entry that is wrong."""
    if not reading.is_file(path):
        raise RegistryError(f"There is no profile {path}.")
    try:
        content: dict[str, Any] = reading.from_toml(reading.read(path, LARGEST_FILE))
    except ValueError as error:
        raise RegistryError(f"{path} is not valid TOML: {error}.") from error
    try:
        return Profile.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            table, _, _ = where.rpartition(".")
            known = Slurm.model_fields if table else Profile.model_fields
            raise RegistryError(f"{path}: {unknown('entry', where, list(known))}") from error
        said = first["msg"].removeprefix("Value error, ")
        raise RegistryError(f"{path}: {where}: {said}.") from error
