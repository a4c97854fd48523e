"""From stored JSON to a record: older, newer and broken ones are told apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from omicsbench.errors import StoreError
from omicsbench.records import reading
from omicsbench.records.ids import digest
from omicsbench.records.sharing import share_names, with_shared_parts
from omicsbench.records.spec import SCHEMA_VERSION, RunRecord
from omicsbench.records.upgrade import OLDEST, upgraded

DELETE = "delete it"  # what to do with a file that holds no record
FREE = ("fit_info", "tuned")  # fields whose values no type describes


class NewerRecord(StoreError):
    """A record written by a newer omicsbench."""


def decode(text: bytes, where: str) -> RunRecord:
    """The record in a file of its own, which is named by its key. Raises StoreError.

    ``where`` is the path of the file.
    """
    try:
        content = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise damaged(where) from error
    record = from_content(content, where)
    if Path(where).stem != record.key:
        raise misplaced(where, DELETE)
    return record


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
        record = RunRecord.model_validate(with_shared_parts(upgraded(content)))
    except (KeyError, TypeError) as error:  # an older one, of which a part is missing
        raise damaged(where, mend) from error
    except ValidationError as error:
        raise StoreError(
            f"{where} is not a valid run record ({reading.first_problem(error)}); {mend}, and the "
            "run is done again."
        ) from error
    # The spec as it was written is hashed first: it need not be made into JSON for that.
    if record.key != digest(content["spec"]) and record.key != record.spec.key:
        raise misplaced(where, mend)
    share_names(record, record.spec, record.phases)
    return record


def misplaced(where: str, mend: str) -> StoreError:
    """The error for a record that lies where that of another run belongs."""
    return StoreError(
        f"{where} holds the record of another run; {mend}, and the run is done again."
    )


def damaged(where: str, mend: str = DELETE) -> StoreError:
    """The error for what cannot be read at all."""
    return StoreError(f"{where} is not a run record (damaged?); {mend}, and the run is done again.")
