"""Reading very many records: what many of them share is one object, and the collector waits.

A hundred thousand runs were made in a few environments, on a few data sets. Each record of its own
would hold them all again, 19 kB a run where 11 do, and be checked again.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError, from_json, to_json

from omicsbench.records.facts import DatasetFacts, Environment, Limits

SHARED: dict[str, type[BaseModel]] = {
    "dataset_info": DatasetFacts,
    "environment": Environment,
    "limits": Limits,
}
KEPT = 4_096  # different parts that are remembered


def with_shared_parts(content: dict[str, Any]) -> dict[str, Any]:
    """The JSON of a record, its parts in ``SHARED`` checked, and one object where they are equal.

    A part that is not valid stays as it is, for the record's own check to say so.
    """
    made = dict(content)
    for name in SHARED:
        if isinstance(part := content.get(name), dict):
            try:
                made[name] = _part(name, to_json(part, inf_nan_mode="constants"))
            except (ValidationError, PydanticSerializationError):
                continue
    return made


@lru_cache(maxsize=KEPT)
def _part(name: str, text: bytes) -> BaseModel:
    return SHARED[name].model_validate(from_json(text))


def share_names(*parts: BaseModel) -> None:
    """Let models that state the same fields keep one set of their names: it takes 1 to 2 kB."""
    for part in parts:
        names = _names(frozenset(part.model_fields_set))
        object.__setattr__(part, "__pydantic_fields_set__", names)


@lru_cache(maxsize=KEPT)
def _names(names: frozenset[str]) -> set[str]:
    return set(names)


@contextmanager
def collector_waits() -> Iterator[None]:
    """Leave cycles alone meanwhile: to look for them again and again takes most of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
