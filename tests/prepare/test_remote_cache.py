"""Prepared data at an address: put once, fetched elsewhere, never half of it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from omicsbench.errors import StoreError
from omicsbench.inputs.source import registered
from omicsbench.prepare import checksums, remote_cache
from omicsbench.prepare.prepared import Prepared, prepare
from omicsbench.records.address import Address, AddressError
from omicsbench.records.ids import digest
from omicsbench.registry.discover import discover
from s3_server import Bucket, bucket

__all__ = ["bucket"]
DATA = "linear_control(n=300)"


@pytest.fixture(autouse=True)
def _no_address_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_cache, "UNREACHED", set())
    monkeypatch.setattr(remote_cache, "UNWRITTEN", set())


@pytest.fixture(params=["file", "s3"])
def address(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Address:
    remote = request.param == "s3"
    named = request.getfixturevalue("bucket").address if remote else f"file://{tmp_path}/there"
    monkeypatch.setenv("OMICSBENCH_REMOTE_CACHE", named)
    return Address(named)


def made(cache: Path, monkeypatch: pytest.MonkeyPatch, data: str = DATA) -> Prepared:
    """The data set as a machine with a cache of its own has it."""
    monkeypatch.setenv("OMICSBENCH_CACHE", str(cache))
    source = registered(data, discover())
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


def test_an_address_is_not_asked_for_what_is_here(
    bucket: Bucket,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    first = made(tmp_path / "a", monkeypatch)
    monkeypatch.setenv("OMICSBENCH_REMOTE_CACHE", bucket.address)
    bucket.stop()
    assert made(tmp_path / "a", monkeypatch).folder == first.folder
    assert capsys.readouterr().err == ""


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


@pytest.mark.parametrize("name", ["../../stolen", "{}/stolen", "a/../../stolen"])
def test_a_list_leads_nowhere_else(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name = name.format(tmp_path)
    address = Address(f"file://{tmp_path}/there")
    monkeypatch.setenv("OMICSBENCH_REMOTE_CACHE", str(address))
    first = made(tmp_path / "a", monkeypatch)
    text = json.dumps({"files": {name: {"size": 5, "blocks": [0]}}})
    address.replace(listed(address, first), text.encode())
    there = listed(address, first).removesuffix(".json")
    bait = Path(os.path.normpath(f"{tmp_path}/there/{there}/{digest(text)}/{name}"))
    bait.parent.mkdir(parents=True, exist_ok=True)
    bait.write_text("taken")
    (tmp_path / "there" / there / digest(text) / "a").mkdir(parents=True, exist_ok=True)
    made(tmp_path / "b", monkeypatch)
    assert "is damaged. It is prepared here." in capsys.readouterr().err
    assert list(tmp_path.rglob("stolen")) == [bait]


def test_other_data_are_not_taken_for_what_was_asked(
    address: Address,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    first = made(tmp_path / "a", monkeypatch)
    other = made(tmp_path / "a", monkeypatch, "linear_control(n=400)")
    content = (other.folder / checksums.FILE).read_bytes()
    for name in checksums.files_of(content):
        there = f"{first.folder.parent.name}/{first.folder.name}/{digest(content.decode())}/{name}"
        address.upload(other.folder / name, there)
    address.replace(listed(address, first), content)
    second = made(tmp_path / "b", monkeypatch)
    assert "is of other data. It is prepared here." in capsys.readouterr().err
    assert second.contents.shape == first.contents.shape
    (back,) = address.read([listed(address, first)]).values()
    assert back == (second.folder / checksums.FILE).read_bytes(), "it was put anew"


def test_a_list_that_was_put_anew_meanwhile_stays(
    address: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = made(tmp_path / "a", monkeypatch)
    name = listed(address, first)
    right = address.read([name])[name]
    address.replace(name, b"damaged")
    files_of = checksums.files_of

    def meanwhile(content: bytes) -> list[str]:
        if content == b"damaged":
            address.replace(name, right)
        return files_of(content)

    monkeypatch.setattr(checksums, "files_of", meanwhile)
    made(tmp_path / "b", monkeypatch)
    assert address.read([name]) == {name: right}


def test_an_address_that_is_down_is_done_without(
    bucket: Bucket,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("OMICSBENCH_REMOTE_CACHE", bucket.address)
    bucket.stop()
    assert made(tmp_path / "a", monkeypatch).contents.shape[0] > 0
    assert "check the address and the network" in capsys.readouterr().err
    started: list[str] = []
    monkeypatch.setattr(Address, "names", lambda self, folder: started.append(folder) or set())
    made(tmp_path / "a", monkeypatch, "linear_control(n=400)")
    assert started == [], "it is not waited for again"
    assert capsys.readouterr().err == ""


def test_an_address_that_may_not_be_written_is_read_on(
    address: Address,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    made(tmp_path / "a", monkeypatch)

    def refuse(*_: object) -> None:
        raise AddressError("You may not.")

    monkeypatch.setattr(Address, "upload", refuse)
    made(tmp_path / "b", monkeypatch, "linear_control(n=400)")
    assert "You may not." in capsys.readouterr().err
    made(tmp_path / "b", monkeypatch)
    assert "was fetched from" in capsys.readouterr().err


def test_no_address_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMICSBENCH_REMOTE_CACHE", "lab/cache")
    with pytest.raises(StoreError, match="OMICSBENCH_REMOTE_CACHE: lab/cache is no address"):
        made(tmp_path / "a", monkeypatch)
