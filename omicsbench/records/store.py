"""Results: one JSON file per run, named by the run's key, never half-written.

An interrupted suite resumes where it stopped, several machines can share a folder
without locks, and a baseline can be committed and compared.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import socket
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from omicsbench.errors import StoreError
from omicsbench.records.spec import SCHEMA_VERSION, RunRecord, Status
from omicsbench.records.upgrade import OLDEST, upgraded

MANY_CELLS = 20_000  # training cells above which their 2-D embedding is kept too, for a picture


class NewerRecord(StoreError):
    """A record written by a newer omicsbench."""


def open_folder(folder: Path) -> Path:
    """Make the results folder. Raises StoreError if it cannot be written."""
    try:
        (folder / "runs").mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder / "runs"):
            pass
    except OSError as error:
        raise _explain(folder, error) from error
    return folder


def write_record(folder: Path, record: RunRecord) -> Path:
    """Store a record durably, in one step; a finished run is never replaced by a failure."""
    path = folder / "runs" / f"{record.key}.json"
    if record.status is not Status.OK and path.exists():
        with contextlib.suppress(StoreError):
            if read_record(path).status is Status.OK:
                return path
    _write(path, (record.model_dump_json() + "\n").encode())
    return path


def write_embedding(
    folder: Path,
    key: str,
    parts: Mapping[str, tuple[NDArray[np.float32], NDArray[np.int32] | None]],
) -> str:
    """Store 2-D embeddings of a run; returns the relative path of the test cells' one.

    ``parts`` holds, for "test" and, if wanted, for "train", the embedding (cells, 2) and the label
    codes (cells,) or None; kept as float32 and int32 in ``embeddings/<key>.npy`` and
    ``<key>.labels.npy``, ``<key>.train.npy`` and ``<key>.train.labels.npy``.
    Raises StoreError if they cannot be written.
    """
    path = folder / "embeddings" / f"{key}.npy"
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise _explain(path.parent, error) from error
    # The test cells last: where their file is, the others are.
    for part in sorted(parts, key=lambda part: part == "test"):
        Z, codes = parts[part]
        if codes is not None:
            _write(labels_file(embedding_file(path, part)), _npy(np.asarray(codes, dtype=np.int32)))
        _write(embedding_file(path, part), _npy(np.asarray(Z, dtype=np.float32)))
    return path.relative_to(folder).as_posix()


def embedding_file(test: Path, part: str) -> Path:
    """The file of a part's embedding, beside that of the test cells."""
    return test if part == "test" else test.with_name(f"{test.stem}.{part}.npy")


def labels_file(embedding: Path) -> Path:
    """The file of the label codes of an embedding."""
    return embedding.with_name(f"{embedding.stem}.labels.npy")


def write_text(path: Path, text: str) -> None:
    """Write a text file of a results folder in one step."""
    _write(path, text.encode())


def read_record(path: Path) -> RunRecord:
    """One record. Raises StoreError telling older, newer and broken files apart."""
    try:
        text = path.read_bytes()
        content: dict[str, Any] = json.loads(text)
        schema = int(content["schema_version"])
    except FileNotFoundError:
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"{path} is not a run record (damaged?); delete it, and the run is done again."
        ) from error
    except OSError as error:
        raise _explain(path, error) from error
    if not OLDEST <= schema <= SCHEMA_VERSION:
        kind, todo = (
            (NewerRecord, "update omicsbench or choose another folder with --out")
            if schema > SCHEMA_VERSION
            else (StoreError, "run the suite again")
        )
        raise kind(
            f"{path} has record schema {schema}, this omicsbench reads {SCHEMA_VERSION}: {todo}."
        )
    try:
        return RunRecord.model_validate(upgraded(content))
    except ValidationError as error:
        first = error.errors()[0]
        raise StoreError(
            f"{path} is not a valid run record ({'.'.join(map(str, first['loc']))}: "
            f"{first['msg']}); delete it, and the run is done again."
        ) from error


def read_records(folder: Path) -> list[RunRecord]:
    """All records of a results folder, in the order of their keys.

    Raises StoreError if the folder holds none or one cannot be read.
    """
    if not folder.is_dir():
        raise StoreError(f"There is no results folder {folder}.")
    paths = sorted((folder / "runs").glob("[!.]*.json"))
    if not paths:
        raise StoreError(f"{folder} holds no run records; name a folder that `run` wrote.")
    return [read_record(path) for path in paths]


def stored(folder: Path) -> dict[str, RunRecord]:
    """Readable records by key; a damaged or outdated file counts as not done.

    Raises StoreError if a newer omicsbench wrote one: it must not be overwritten.
    """
    found = {}
    for path in (folder / "runs").glob("[!.]*.json"):
        try:
            found[path.stem] = read_record(path)
        except NewerRecord:
            raise
        except (StoreError, FileNotFoundError):
            continue
    return found


def _npy(array: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _write(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{socket.gethostname()}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise _explain(path, error) from error


def _sync(folder: Path) -> None:
    """Make a rename durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _explain(path: Path, error: OSError) -> StoreError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        what = "the disk is full; free some space and run the same command again"
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        what = "permission denied; choose a folder you may write to with --out"
    elif error.errno in (errno.ENOTDIR, errno.EEXIST):
        what = "a file is in the way; choose another folder with --out"
    else:
        what = error.strerror or type(error).__name__
    return StoreError(f"Cannot write {path}: {what}. Finished runs are kept.")
