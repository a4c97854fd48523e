"""What a method does to the harness is one run's end, stored once: no other run, nor the suite."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from omicsbench.records import store
from omicsbench.records.spec import Status
from omicsbench.registry.discover import discover
from omicsbench.running.runner import run_suite
from suites import tiny_suite

PLUGIN = Path(__file__).parents[1] / "plugins" / "intruders.py"
ENDS = {
    100: (Status.ERROR, "SystemExit: 0 (intruders.py:"),
    101: (Status.ERROR, "KeyboardInterrupt: no message"),
    102: (Status.ERROR, "StoreError: Cannot write results: the disk is full."),
    103: (Status.ERROR, "ValueError: no such file: \\udcff\\x00 (intruders.py:"),
    104: (Status.ERROR, "RecursionError: maximum recursion depth exceeded"),
    105: (Status.OK, ""),
    106: (Status.CRASHED, "the process ended with exit code 74: no message"),
    107: (Status.CRASHED, "its process answered with what is no account of its run"),
    108: (Status.OK, ""),
}


@pytest.mark.promise
def test_each_way_ends_as_one_record_and_the_rest_goes_on(tmp_path: Path) -> None:
    plugins, out = tmp_path / "plugins", tmp_path / "a" / "b" / "out"
    plugins.mkdir()
    shutil.copy(PLUGIN, plugins)
    datasets = [{"name": "linear_control(n=300)", "sizes": [70, *ENDS]}]
    suite = tiny_suite("intruder", repeats=1, datasets=datasets, timeout_s=60)
    records = run_suite(suite, out, registry=discover([plugins]))
    found = {record.spec.size: (record.status, record.reason or "") for record in records}
    assert found.pop(70) == (Status.OK, "")
    for size, (status, reason) in ENDS.items():
        assert found[size][0] is status, found[size]
        assert found[size][1].startswith(reason)
    assert not [r.cause for r in records if r.cause], "what a method raises is its own matter"
    stored = store.read_records(out)
    assert sorted(r.key for r in stored) == sorted(r.key for r in records)
    assert {p.name for p in (out / "runs").iterdir()} == {f"{r.key}.json" for r in records}
    assert not list(tmp_path.rglob("forged*"))
    told = next(iter(records[-1].fit_info.values()))
    assert told == {"file": "\\udcff", "loss": None}
