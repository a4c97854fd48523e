"""Prepared data at an address: put once, fetched elsewhere, never half of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from omicsbench.errors import StoreError
from omicsbench.inputs.source import registered
from omicsbench.prepare.prepared import Prepared, prepare
from omicsbench.records.address import Address
from omicsbench.registry.discover import discover
from s3_server import Bucket, bucket

__all__ = ["bucket"]
DATA = "linear_control(n=300)"


@pytest.fixture(params=["file", "s3"])
def address(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Address:
    remote = request.param == "s3"
    named = request.getfixturevalue("bucket").address if remote else f"file://{tmp_path}/there"
    monkeypatch.setenv("OMICSBENCH_REMOTE_CACHE", named)
    return Address(named)


def made(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Prepared:
    """The data set as a machine with a cache of its own has it."""
    monkeypatch.setenv("OMICSBENCH_CACHE", str(cache))
    source = registered(DATA, discover())
    return prepare(source, [0, 1], seed=0, features=10, per_size=False)[0]


def contents(prepared: Prepared) -> dict[str, bytes]:
    """All files; the time that preparing took, in one of them, tells who made them."""
    files = (path for path in prepared.folder.rglob("*") if path.is_file())
    return {path.relative_to(prepared.folder).as_posix(): path.read_bytes() for path in files}


def listed(address: Address, prepared: Prepared) -> str:
    return f"{prepared.folder.parent.name}/{prepared.folder.name}.json"


def test_what_one_machine_prepared_the_next_one_fetches(
    address: Address,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    first = made(tmp_path / "a", monkeypatch)
    assert "fetched" not in capsys.readouterr().err
    second = made(tmp_path / "b", monkeypatch)
    assert "was fetched from" in capsys.readouterr().err
    assert contents(second) == contents(first)


def test_what_was_prepared_before_there_was_an_address_is_put_too(
    address: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without:
        without.delenv("OMICSBENCH_REMOTE_CACHE")
        first = made(tmp_path / "a", monkeypatch)
    assert listed(address, first) not in address.names(first.folder.parent.name)
    made(tmp_path / "a", monkeypatch)
    assert contents(made(tmp_path / "b", monkeypatch)) == contents(first)


def test_files_without_their_list_are_not_taken(
    address: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = made(tmp_path / "a", monkeypatch)
    address.remove(listed(address, first))  # as where the upload was cut off
    second = made(tmp_path / "b", monkeypatch)
    assert contents(second)["meta.json"] != contents(first)["meta.json"], "made by itself"
    assert contents(made(tmp_path / "c", monkeypatch)) == contents(second), "and put then"


def test_what_is_damaged_is_told_and_made_anew(
    address: Address,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    first = made(tmp_path / "a", monkeypatch)
    folder = f"{first.folder.parent.name}/{first.folder.name}"
    (version,) = address.names(folder)
    name = f"{version}/meta.json"
    address.replace(name, address.read([name])[name].replace(b'"', b"'", 1))
    second = made(tmp_path / "b", monkeypatch)
    assert "is damaged (meta.json is not what was written). It is prepared here." in (
        capsys.readouterr().err
    )
    assert contents(made(tmp_path / "c", monkeypatch)) == contents(second)


@pytest.mark.parametrize("name", ["../../stolen", "/stolen", "a/../../stolen"])
def test_a_list_leads_nowhere_else(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    address = Address(f"file://{tmp_path}/there")
    monkeypatch.setenv("OMICSBENCH_REMOTE_CACHE", str(address))
    first = made(tmp_path / "a", monkeypatch)
    text = f'{{"files": {{"{name}": {{"size": 0, "blocks": []}}}}}}'
    address.replace(listed(address, first), text.encode())
    made(tmp_path / "b", monkeypatch)
    assert "is damaged. It is prepared here." in capsys.readouterr().err


def test_an_address_that_is_down_is_done_without(
    bucket: Bucket,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("OMICSBENCH_REMOTE_CACHE", bucket.address)
    bucket.stop()
    assert made(tmp_path / "a", monkeypatch).contents.shape[0] > 0
    said = capsys.readouterr().err
    assert "check the address and the network" in said


def test_no_address_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMICSBENCH_REMOTE_CACHE", "lab/cache")
    with pytest.raises(StoreError, match="OMICSBENCH_REMOTE_CACHE: lab/cache is no address"):
        made(tmp_path / "a", monkeypatch)
