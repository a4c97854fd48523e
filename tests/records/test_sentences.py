"""What is said of files that cannot be read or written: one sentence, what is wrong, what to do."""

from __future__ import annotations

import errno
import json
import os
import socket
from pathlib import Path

import pytest

import builders
from omicsbench.errors import StoreError
from omicsbench.records import disk, packed, reading, store
from omicsbench.records.decode import NewerRecord, decode, from_content
from omicsbench.records.packed import FORMAT
from omicsbench.records.packing import pack
from omicsbench.records.planned import planned_records, read_analysis, read_plan, write_plan
from omicsbench.records.spec import SCHEMA_VERSION

RECORD = builders.record()
CONTENT = json.loads(RECORD.model_dump_json())


@pytest.mark.parametrize(
    ("number", "what"),
    [
        (errno.ENOSPC, "the disk is full; free some space and run the same command again"),
        (errno.EDQUOT, "the disk is full; free some space and run the same command again"),
        (errno.EACCES, "permission denied; name a place that you may write to"),
        (errno.EPERM, "permission denied; name a place that you may write to"),
        (errno.EROFS, "permission denied; name a place that you may write to"),
        (errno.ENOTDIR, "a file is in the way; name another place"),
        (errno.EEXIST, "a file is in the way; name another place"),
        (errno.EISDIR, "a folder of that name is in the way; move it away"),
        (errno.EFBIG, "File too large"),
    ],
)
def test_why_a_file_cannot_be_written(number: int, what: str) -> None:
    said = disk.explained(Path("out/a.json"), OSError(number, os.strerror(number)))
    assert str(said) == f"Cannot write out/a.json: {what}. Finished runs are kept."
    nameless = disk.explained(Path("a"), TimeoutError())
    assert str(nameless) == "Cannot write a: TimeoutError. Finished runs are kept."


@pytest.mark.parametrize(
    ("number", "what"),
    [
        (errno.EACCES, "permission denied; ask whoever owns it for the right to read it"),
        (errno.EPERM, "permission denied; ask whoever owns it for the right to read it"),
        (errno.EIO, "Input/output error; restore it, or move it away"),
        (errno.ENXIO, "it is a socket, not a file; move it away"),
        (errno.ENOENT, "No such file or directory; restore it, or move it away"),
    ],
)
def test_why_a_file_cannot_be_read(number: int, what: str) -> None:
    said = reading.unreadable(Path("none/a.json"), OSError(number, os.strerror(number)))
    assert str(said) == f"Cannot read none/a.json: {what}."


def test_a_link_that_leads_nowhere_is_said_to(tmp_path: Path) -> None:
    link = tmp_path / "a.json"
    link.symlink_to("b.json")
    what = "it is a link that leads nowhere; restore what it led to, or delete it"
    for read in (reading.read, reading.is_file, lambda path: list(reading.lines(path))):
        with pytest.raises(StoreError) as error:
            read(link)
        assert str(error.value) == f"Cannot read {link}: {what}."


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "s"))
    for path, kind in (
        (tmp_path, "a folder"),
        (tmp_path / "pipe", "a named pipe"),
        (tmp_path / "s", "a socket"),
        (Path("/dev/null"), "a device"),
    ):
        for read in (reading.read, reading.is_file):
            with pytest.raises(StoreError) as error:
                read(path)
            assert (
                str(error.value) == f"Cannot read {path}: it is {kind}, not a file; move it away."
            )
    server.close()


def test_files_and_lines_have_a_bound_and_may_be_as_large_as_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * 2**20 + b"\n")
    assert len(reading.read(path, largest=2**20 + 1)) == 2**20 + 1
    said = (
        f"{path} holds 1,048,577 bytes, and no such file has more than 1 MiB; restore it, or "
        "move it away."
    )
    with pytest.raises(StoreError) as error:
        reading.read(path, largest=2**20)
    assert str(error.value) == said
    monkeypatch.setattr(reading, "LARGEST", 2**20 + 1)
    assert [len(line) for line in reading.lines(path)] == [2**20 + 1]
    monkeypatch.setattr(reading, "LARGEST", 2**20)
    with pytest.raises(StoreError, match="holds a line without end, and no such file has more"):
        list(reading.lines(path))


def test_lines_come_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"one\n\ntwo\nthree")
    assert list(reading.lines(path)) == [b"one\n", b"\n", b"two\n", b"three"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ([{"a": float("inf")}], "a number is too large"),
        ({"a": [-float("inf")]}, "a number is too large"),
        (2**63, "a number has 19 digits"),
        (-(2**63), "a number has 20 digits"),
    ],
)
def test_numbers_that_cannot_be_computed_with(content: object, says: str) -> None:
    with pytest.raises(ValueError, match=f"^{says}$"):
        reading.finite(content)


def test_all_other_content_is_returned_as_it_is() -> None:
    content = {"a": [2**63 - 1, -(2**63) + 1, 1e308, None, True, "inf"], "b": {}}
    assert reading.finite(content) is content
    assert reading.from_text(json.dumps(content).encode()) == content
    for text in (b"[NaN]", b"[Infinity]", b"["):
        with pytest.raises(ValueError):
            reading.from_text(text)


def test_what_is_wrong_with_a_text_of_settings() -> None:
    for text, says in (
        (b"a = '\xfc'", "it is no UTF-8 text (invalid start byte at byte 5)"),
        (b"a = " + b"[" * 100_000, "its brackets are nested too deeply"),
    ):
        with pytest.raises(ValueError) as error:
            reading.from_toml(text)
        assert str(error.value) == says


def test_what_is_wrong_with_a_record() -> None:
    end = "and the run is done again."
    for text, says in (
        (b"{", f"a.json is not a run record (damaged?); delete it, {end}"),
        (b"[]", f"a.json is not a run record (damaged?); delete it, {end}"),
        (b"{}", f"a.json is not a run record (damaged?); delete it, {end}"),
        (
            json.dumps(CONTENT | {"family": 1}).encode(),
            "a.json is not a valid run record (family: Input should be 'simple', 'deep' or "
            f"'control'); delete it, {end}",
        ),
    ):
        with pytest.raises(StoreError) as error:
            decode(text, "a.json")
        assert str(error.value) == says
    for content in ({}, CONTENT | {"schema_version": "3"}, CONTENT | {"family": "odd"}):
        with pytest.raises(StoreError, match=r"; mend the line, and the run is done again\.$"):
            from_content(content, "Line 3", "mend the line")
    not_a_number = json.dumps(CONTENT | {"fit_info": {"loss": float("nan")}}).encode()
    with pytest.raises(StoreError, match="damaged"):
        decode(not_a_number, "a.json")


def test_a_spec_may_say_what_goes_without_saying() -> None:
    """The key is that of the run, however its spec is written down."""
    spec = CONTENT["spec"] | {"tuning": None}
    assert spec != CONTENT["spec"]
    assert from_content(CONTENT | {"spec": spec}, "a.json") == RECORD
    with pytest.raises(StoreError):
        from_content(CONTENT | {"key": "0" * 16}, "a.json")


@pytest.mark.parametrize(
    ("schema", "kind", "todo"),
    [
        (SCHEMA_VERSION + 1, NewerRecord, "update omicsbench or choose another folder with --out"),
        (1, StoreError, "run the suite again"),
    ],
)
def test_records_of_another_schema(schema: int, kind: type[StoreError], todo: str) -> None:
    with pytest.raises(StoreError) as error:
        from_content(CONTENT | {"schema_version": schema}, "a.json")
    assert type(error.value) is kind
    reads = f"this omicsbench reads {SCHEMA_VERSION}"
    assert str(error.value) == f"a.json has record schema {schema}, {reads}: {todo}."
    assert from_content(CONTENT, "a.json") == RECORD


def test_folders_without_records(tmp_path: Path) -> None:
    none = tmp_path / "none"
    for read in (store.read_records, pack):
        with pytest.raises(StoreError, match=f"^There is no results folder {none}.$"):
            read(none)  # type: ignore[operator]
        with pytest.raises(StoreError) as error:
            read(tmp_path)  # type: ignore[operator]
        said = f"{tmp_path} holds no run records; name a folder that `run` wrote."
        assert str(error.value) == said


def test_a_plan_of_which_nothing_has_been_run(tmp_path: Path) -> None:
    write_plan(tmp_path, '{"name": "s"}', ["a", "b"], "omicsbench run s")
    with pytest.raises(StoreError) as error:
        planned_records(tmp_path)
    said = f"{tmp_path} has a plan of 2 runs and none of them yet; `omicsbench run s` makes them."
    assert str(error.value) == said


def test_packed_files_that_are_empty_or_newer(tmp_path: Path) -> None:
    (found,) = packed.decode_lines([], "records.jsonl")
    assert str(found) == "records.jsonl is empty; restore it, or delete it."
    newer = json.dumps({"packed": FORMAT + 1}).encode()
    (found,) = packed.decode_lines([newer, b"{"], "records.jsonl")
    assert isinstance(found, NewerRecord)
    assert str(found) == (
        "records.jsonl was packed by a newer omicsbench (format 2, this one reads 1): "
        "update omicsbench."
    )
    (found,) = packed.decode_lines([b'{"packed":true}'], "x")
    assert str(found).startswith("Line 1 of x is not a run record (damaged?); restore it, or ")


def test_plans_that_are_damaged_or_make_no_sense(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    assert (read_plan(tmp_path).runs, read_plan(tmp_path).command) == (None, "")
    for text, says in (
        ("{", "EOF while parsing an object at line 1 column 1"),
        ('{"runs": 3}', "runs: Input should be a valid tuple"),
    ):
        plan.write_text(text)
        with pytest.raises(StoreError) as error:
            read_plan(tmp_path)
        assert str(error.value) == (
            f"{plan} is damaged ({says}); run the suite again, which keeps what is done, or "
            "delete it."
        )
    plan.write_text('{"suite": {"analysis": {"margins": {"ari": -1}}}}')
    with pytest.raises(StoreError) as error:
        read_analysis(tmp_path)
    assert str(error.value).startswith(f"{plan}: ")
    assert str(error.value).endswith("; mend it, or run the suite again.")
