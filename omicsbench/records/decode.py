"""From stored JSON to a record: older, newer and broken ones are told apart."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from omicsbench.errors import StoreError
from omicsbench.records import reading
from omicsbench.records.spec import SCHEMA_VERSION, RunRecord
from omicsbench.records.upgrade import OLDEST, upgraded

DELETE = "delete it"  # what to do with a file that holds no record
FREE = ("fit_info", "tuned")  # fields whose values no type describes


class NewerRecord(StoreError):
    """A record written by a newer omicsbench."""


def decode(text: bytes, where: str) -> RunRecord:
    """The record in a file of its own; ``where`` names it. Raises StoreError."""
    try:
        content = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise damaged(where) from error
    return from_content(content, where)


def from_content(content: Any, where: str, mend: str = DELETE) -> RunRecord:
    """The record that was stored as this JSON content. Raises StoreError.

    ``mend`` says what to do if it is none, before "and the run is done again".
    """
    try:
        schema = content["schema_version"]
        for free in FREE:
            reading.finite(content.get(free))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged(where, mend) from error
    if type(schema) is not int:  # 1e999, true, "3"
        raise damaged(where, mend)
    if not OLDEST <= schema <= SCHEMA_VERSION:
        kind, todo = (
            (NewerRecord, "update omicsbench or choose another folder with --out")
            if schema > SCHEMA_VERSION
            else (StoreError, "run the suite again")
        )
        raise kind(
            f"{where} has record schema {schema}, this omicsbench reads {SCHEMA_VERSION}: {todo}."
        )
    try:
        return RunRecord.model_validate(upgraded(content))
    except (KeyError, TypeError) as error:  # an older one, of which a part is missing
        raise damaged(where, mend) from error
    except ValidationError as error:
        raise StoreError(
            f"{where} is not a valid run record ({reading.first_problem(error)}); {mend}, and the "
            "run is done again."
        ) from error


def damaged(where: str, mend: str = DELETE) -> StoreError:
    """The error for what cannot be read at all."""
    return StoreError(f"{where} is not a run record (damaged?); {mend}, and the run is done again.")
