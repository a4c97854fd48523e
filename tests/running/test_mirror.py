"""Suites whose records go to an address while they run."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import builders
import omicsbench
from command import inside
from omicsbench.errors import StoreError
from omicsbench.planning.plan import Planned
from omicsbench.planning.suite import Suite
from omicsbench.records import store
from omicsbench.records.address import Address
from omicsbench.records.embeddings import write_embedding
from omicsbench.records.planned import planned_records, write_plan
from omicsbench.records.remote import pull, push
from omicsbench.records.spec import Cause, RunRecord
from omicsbench.running import mirror as mirroring
from omicsbench.running.mirror import Mirror, mirrored
from s3_server import Bucket, bucket, s3_server
from suites import tiny_suite

__all__ = ["bucket"]
TOLD = ["dataset", "pipeline", "size", "repeat", "status", "part", "metric", "value"]
SUITE = """
pipelines = ["random_projection(2)", "pca(2)"]
repeats = 2
threads = 1
metrics = ["reconstruction_r2"]
datasets = [{name = "linear_control(n=300)", sizes = [30, 120]}]
"""


def suite(**more: object) -> Suite:
    return tiny_suite(
        "random_projection(2)",
        "pca(2)",
        timeout_s=60,
        warm_up_timeout_s=60,
        metrics=["reconstruction_r2"],
        **more,
    )


class Seen:
    """Observer that counts, and does something at the first record."""

    def __init__(self, act: object = None) -> None:
        self.todo, self.records, self.act = -1, 0, act

    def dataset(self, name: str, share: float) -> None:
        pass

    def start(self, todo: Sequence[Planned], done: int) -> None:
        self.todo = len(todo)

    def record(self, record: RunRecord) -> None:
        self.records += 1
        if callable(self.act) and self.records == 1:
            self.act()


def test_two_shards_in_one_address_are_as_one_run(bucket: Bucket, tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(SUITE)
    done = inside("run", "s.toml", "--out", "whole", "-q", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for shard in ("1/2", "2/2"):
        words = ("--shard", shard, "--mirror", bucket.address, "-q")
        done = inside("run", "s.toml", *words, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    done = inside("pull", bucket.address, "pulled", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = [omicsbench.load(tmp_path / name)[TOLD] for name in ("whole", "pulled")]
    assert len(told[0]) > 0
    assert told[0].equals(told[1])
    answers = [inside("report", name, cwd=tmp_path).stdout for name in ("whole", "pulled")]
    assert answers[0].replace("whole", "pulled") == answers[1]
    assert (tmp_path / "pulled" / "report.html").exists()


def test_what_lies_at_the_address_is_not_run_again(bucket: Bucket, tmp_path: Path) -> None:
    first, second = Seen(), Seen()
    omicsbench.run(suite(), out=tmp_path / "a", mirror=bucket.address, observer=first)
    assert first.todo == first.records == 8
    omicsbench.run(suite(), out=tmp_path / "b", mirror=bucket.address, observer=second)
    assert second.todo == second.records == 0
    assert store.read_records(tmp_path / "a") == store.read_records(tmp_path / "b")


def test_what_was_run_takes_the_place_of_what_was_set_aside(bucket: Bucket, tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(SUITE)
    words = ("run", "s.toml", "--mirror", bucket.address, "-q")
    causes = []
    for name, more in (("a", ("--set-aside", "dear")), ("b", ()), ("c", ("--set-aside", "dear"))):
        done = inside(*words, "-o", name, *more, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        causes.append({record.cause for record in store.read_records(tmp_path / name)})
    assert causes == [{Cause.SET_ASIDE}, {None}, {None}]
    assert pull(bucket.address, tmp_path / "d").missing == 0
    assert {record.cause for record in store.read_records(tmp_path / "d")} == {None}


def test_a_network_that_goes_down_stops_no_run(
    bucket: Bucket, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = Seen(bucket.stop)
    omicsbench.run(suite(), out=tmp_path / "a", mirror=bucket.address, observer=seen)
    assert seen.records == 8
    assert len(planned_records(tmp_path / "a")[0]) == 8
    said = capsys.readouterr().err
    assert "check the address and the network" in said
    assert f"`omicsbench push {tmp_path / 'a'} {bucket.address}` puts it" in said
    with pytest.MonkeyPatch.context() as again, s3_server(again) as up:
        assert push(tmp_path / "a", up.address).new == 8
        assert pull(up.address, tmp_path / "b").missing == 0


def test_an_address_that_cannot_be_used_is_refused_before_a_run(
    bucket: Bucket, tmp_path: Path
) -> None:
    (tmp_path / "s.toml").write_text(SUITE)
    for address in ("s3://another-lab/x", "http://host/x"):
        done = inside("run", "s.toml", "--mirror", address, "-q", cwd=tmp_path)
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert not store.holds_records(tmp_path / "results" / "s")


@pytest.fixture
def address() -> str:
    return f"memory://{uuid.uuid4()}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A results folder with one record."""
    folder = store.open_folder(tmp_path / "a")
    store.write_record(folder, builders.record(scores={"knn_recall": 0.5}))
    return folder


def test_the_address_of_another_suite_is_refused_before_a_run(
    address: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_plan(folder, '{"name": "another"}', [builders.spec().key], "omicsbench run another")
    push(folder, address)
    seen = Seen()
    with pytest.raises(StoreError, match="the plan of the suite another, not of tiny"):
        omicsbench.run(suite(), out=tmp_path / "b", mirror=address, observer=seen)
    assert seen.records == 0
    assert "another" not in capsys.readouterr().err, "it is told once"


def test_a_contradiction_is_told_and_stops_no_run(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    omicsbench.run(suite(), out=tmp_path / "a", mirror=address)
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    first, second, *_ = store.read_records(tmp_path / "b")
    place = tmp_path / "b" / "runs"
    (place / f"{first.key}.json").unlink()
    (place / f"{second.key}.json").unlink()
    other = {name: score + 0.5 for name, score in first.scores.items()}
    store.write_record(tmp_path / "b", first.model_copy(update={"scores": other}))
    omicsbench.run(suite(), out=tmp_path / "b", mirror=address)
    said = capsys.readouterr().err
    assert "other scores" in said
    assert "Both stay where they are, and the run goes on." in said
    assert "puts it" not in said, "no push does"
    assert store.stored(tmp_path / "b")[second.key] == second
    assert store.stored(tmp_path / "b")[first.key].scores == other


def test_pictures_of_a_run_that_is_killed_are_there(address: str, folder: Path) -> None:
    record = builders.record()
    Z = np.zeros((3, 2), dtype=np.float32)
    write_embedding(folder, record.key, {"test": (Z, None)})
    mirror = Mirror(folder, Address(address), None, print)
    mirror.record(record)
    deadline = time.monotonic() + 30
    while not Address(address).names("runs") and time.monotonic() < deadline:
        time.sleep(0.01)
    assert Address(address).names("embeddings") == {f"embeddings/{record.key}.npy"}
    mirror.close()


def test_damaged_records_are_told_at_the_end(address: str, folder: Path) -> None:
    said: list[str] = []
    with mirrored(address, folder, None, said.append) as mirror:
        (folder / "runs" / f"{'0' * 16}.json").write_text("{")
    assert mirror
    assert mirror.problem
    assert "1 of the records in" in said[-1]


def test_nothing_is_told_of_a_suite_that_stored_nothing(address: str, tmp_path: Path) -> None:
    said: list[str] = []
    with (
        pytest.raises(StoreError, match="early"),
        mirrored(address, tmp_path / "none", None, said.append),
    ):
        raise StoreError("early")
    assert said == []


def test_whatever_goes_wrong_is_told_and_made_good_at_the_end(
    address: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    with mirrored(address, folder, None, said.append) as mirror, monkeypatch.context() as broken:

        def put_run(*_: object) -> None:
            raise RuntimeError("a bug of a library")

        broken.setattr("omicsbench.records.remote.put_run", put_run)
        assert mirror
        mirror.record(builders.record())
        deadline = time.monotonic() + 30
        while not said and time.monotonic() < deadline:
            time.sleep(0.01)
    assert "a bug of a library" in said[0]
    assert len(said) == 1
    assert len(Address(address).names("runs")) == 1


def test_who_stops_a_suite_waits_for_no_network(
    address: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free, said = threading.Event(), list[str]()
    monkeypatch.setattr(mirroring, "HURRY_S", 0.1)
    monkeypatch.setattr("omicsbench.records.remote.put_run", lambda *_: free.wait(60))
    started = time.monotonic()
    with contextlib.suppress(KeyboardInterrupt), mirrored(address, folder, None, said.append) as m:
        assert m
        m.record(builders.record())
        raise KeyboardInterrupt
    free.set()
    assert time.monotonic() - started < 30
    assert "Not all is at" in said[-1]
    assert f"`omicsbench push {folder} {address}` puts it" in said[-1]


@pytest.mark.slow
def test_a_run_that_is_killed_goes_on_elsewhere(bucket: Bucket, tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(SUITE)
    words = ["run", "s.toml", "--mirror", bucket.address, "-q", "--out"]
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "omicsbench", *words, "a"],
        cwd=tmp_path,
        env=os.environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    there = Address(bucket.address)
    deadline = time.monotonic() + 120
    while not there.names("runs") and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "it was killed while it ran"
    put = there.read(there.names("runs"))
    assert put
    done = inside(*words, "b", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for name, content in put.items():
        assert (tmp_path / "b" / name).read_bytes() == content, "it was not run again"
    assert planned_records(tmp_path / "b")[1:] == (0, 0)
    assert len(there.names("runs")) == 8
