"""Addresses of objects: a folder on disk, a process's memory, a real S3 server."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from omicsbench.records.address import Address, AddressError
from s3_server import Bucket, bucket

__all__ = ["bucket"]
Made = Callable[[], Address]


@pytest.fixture(params=["file", "memory", "s3"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Address:
    if request.param == "s3":
        return Address(request.getfixturevalue("bucket").address)
    if request.param == "file":
        return Address(f"file://{tmp_path}/there")
    return Address(f"memory://{uuid.uuid4()}/there")


def test_an_object_is_created_once_and_replaced_on_purpose(address: Address) -> None:
    assert address.names("runs") == set(), "what is not there holds nothing"
    assert address.create("runs/a.json", b"first")
    assert not address.create("runs/a.json", b"second")
    assert address.read(["runs/a.json"]) == {"runs/a.json": b"first"}
    address.replace("runs/a.json", b"third")
    address.replace("plan.json", b"")
    assert address.read(["plan.json", "runs/a.json"]) == {
        "plan.json": b"",
        "runs/a.json": b"third",
    }
    assert address.names("runs") == {"runs/a.json"}
    assert "plan.json" in address.names("")
    address.remove("runs/a.json")
    assert address.names("runs") == set()


def test_files_go_there_and_back(address: Address, tmp_path: Path) -> None:
    (tmp_path / "here").write_bytes(bytes(range(256)) * 50)
    address.upload(tmp_path / "here", "some/where/file")
    address.download("some/where/file", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == (tmp_path / "here").read_bytes()


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(AddressError) as caught:
        act()
    said = str(caught.value)
    assert "\n" not in said
    assert said.endswith(".")
    return said


@pytest.mark.parametrize("text", ["http://host/x", "s3://", "s3:/lab", "results/quick", "az://a/b"])
def test_what_is_no_address_is_refused(text: str) -> None:
    assert "is no address; write s3://BUCKET/PREFIX" in refused(lambda: Address(text))


def test_a_bucket_that_is_not_there(bucket: Bucket) -> None:
    other = Address("s3://another-lab/results")
    assert "no such bucket" in refused(lambda: other.create("a", b""))


def test_a_network_that_is_down(bucket: Bucket) -> None:
    address = Address(bucket.address)
    bucket.stop()
    for act in (lambda: address.create("a", b""), lambda: address.names("runs")):
        assert "check the address and the network" in refused(act)


def test_no_credentials(bucket: Bucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from s3fs import S3FileSystem

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    S3FileSystem.clear_instance_cache()
    said = refused(lambda: Address(bucket.address).create("a", b""))
    assert "no credentials were found" in said


def test_a_library_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    assert "pip install 'omicsbench[remote]'" in refused(lambda: Address("gs://lab/results"))


def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AddressError, match="a file is in the way"):
        Address(f"file://{tmp_path}/file").create("runs/a.json", b"")


@pytest.mark.parametrize(
    ("status", "there"), [([412], False), ([409, 412], False), ([409, None], True)]
)
def test_servers_that_do_not_say_which_condition_failed(
    status: list[int | None], there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fsspec.implementations.memory import MemoryFileSystem

    answers = iter(status)

    def pipe_file(*_: object, **__: object) -> None:
        if code := next(answers):
            cause = Exception()
            cause.response = {"ResponseMetadata": {"HTTPStatusCode": code}}  # type: ignore[attr-defined]
            raise OSError(22, "At least one of the pre-conditions failed") from cause

    monkeypatch.setattr(MemoryFileSystem, "pipe_file", pipe_file)
    assert Address("memory://lab").create("a", b"") is there
    assert next(answers, "no more was asked") == "no more was asked"


def test_any_other_failure_of_a_create_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from fsspec.implementations.memory import MemoryFileSystem

    def pipe_file(*_: object, **__: object) -> None:
        raise OSError(5, "the server is on fire")

    monkeypatch.setattr(MemoryFileSystem, "pipe_file", pipe_file)
    assert "on fire" in refused(lambda: Address("memory://lab").create("a", b""))


def test_libraries_of_addresses_are_imported_where_one_is_used() -> None:
    code = (
        "import sys, omicsbench.api, omicsbench.records.remote, omicsbench.running.mirror\n"
        "from omicsbench.cli import main\n"
        "sys.exit(', '.join({'s3fs', 'botocore', 'aiohttp'} & set(sys.modules)) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
