"""The settings of a cluster: a small TOML file that its users share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from omicsbench.errors import RegistryError, unknown
from omicsbench.records import reading

LARGEST_FILE = 1 << 20  # bytes


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
    setup: tuple[str, ...] = Field(
        default=(), description="shell commands on the node, before anything else"
    )
    sbatch: dict[str, str | int | bool] = Field(
        default_factory=dict, description="further options of sbatch, as they are"
    )


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
        raise RegistryError(f"{path}: {where}: {first['msg']}.") from error
