"""`doctor` tells what there is, what will be skipped, and what to do about it."""

from __future__ import annotations

import json
from pathlib import Path
from unittest import mock

import pytest

from command import inside
from omicsbench.planning import health as looking
from omicsbench.planning.health import health
from omicsbench.records import environment
from omicsbench.registry.discover import discover


def test_what_this_machine_has() -> None:
    found = json.loads(inside("doctor", "--json").stdout)
    assert found["environment"]["cores"] == environment.cores()
    assert {"BLAS", "GPU", "disk", "memory", "threads", "torch"} <= found["facts"].keys()
    text = inside("doctor").stdout
    for name, fact in found["facts"].items():
        assert name in text
        assert fact or name == "threads"


def test_what_will_be_skipped_and_why(tmp_path: Path) -> None:
    (tmp_path / "far.py").write_text(
        "from omicsbench.plugin import method\n"
        "@method(name='far', family='simple', summary='Needs what nobody has installed.',\n"
        "        source='https://example.org', needs=('no_such_module',))\n"
        "class Far:\n    '''It.'''\n"
    )
    text = inside("doctor", "--plugins", tmp_path).stdout
    assert "method far needs the module no_such_module, which is not installed" in text


def test_a_full_disk_little_memory_and_threads_that_do_not_hold(tmp_path: Path) -> None:
    gib = 2**30
    with (
        mock.patch.object(looking, "disk_free", return_value=gib),
        mock.patch.object(environment, "ram_bytes", return_value=2 * gib),
    ):
        found = health(discover(), tmp_path, {"OMP_NUM_THREADS": "1"})
    said = "\n".join(found.warnings)
    assert "1.0 GiB of disk are free for results" in said
    assert "2.0 GiB of memory are little" in said
    assert "OMP_NUM_THREADS is set" in said


def test_a_quiet_machine_with_room_is_not_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking.os, "getloadavg", lambda: (0.0, 0.0, 0.0))
    monkeypatch.setattr(looking, "disk_free", lambda place: 2**40)
    monkeypatch.setattr(looking, "_tmp", lambda: 2**40)
    monkeypatch.setattr(environment, "ram_bytes", lambda: 2**36)
    assert health(discover(), tmp_path, {}).warnings == ()
