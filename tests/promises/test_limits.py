"""What is asked of the clock holds for whatever a method does, before its first run too."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
import typer

from cohorts import as_table, cohort
from command import Cli
from omicsbench.api import adapted
from omicsbench.cli.main import app
from omicsbench.planning.suite import Suite
from omicsbench.records.store import read_records
from suites import tiny_suite

ONE = ["-m", "hangs", "--only", "--sizes", "30", "--threads", "1", "--metrics", "knn_recall"]


def test_a_time_limit_holds_for_a_method_that_hangs_while_warming_up(
    cli: Cli, tmp_path: Path, bad_plugins: Path
) -> None:
    as_table(cohort()).to_csv(tmp_path / "x.csv")
    words = ["run", "--data", tmp_path / "x.csv", *ONE, "--plugins", bad_plugins, "--no-report"]
    start = time.monotonic()
    done = cli(*words, "--timeout", 2, "--repeats", 2, "--out", tmp_path / "out", timeout=120)
    assert time.monotonic() - start < 60, "and not the 300 s that a warm-up has otherwise"
    assert done.returncode == 1, "no run succeeded"
    first, second = sorted(read_records(tmp_path / "out"), key=lambda r: r.spec.repeat)
    assert (first.status, first.cause) == ("timeout", "warm_up")
    assert first.reason == "exceeded its time limit of 2 s while warming up"
    assert (second.status, second.reason) == ("skipped", "timeout already while warming up")
    assert "--warm-up-timeout, with --retry, gives warm-ups longer." in done.stdout


@pytest.mark.parametrize(
    ("changes", "limit_s"),
    [
        ({}, 300.0),
        ({"timeout_s": 6.0}, 6.0),
        ({"timeout_s": 3000.0}, 300.0),
        ({"timeout_s": 6.0, "warm_up_timeout_s": 90.0}, 90.0),
        ({"warm_up_timeout_s": 9.0}, 9.0),
    ],
)
def test_a_limit_that_is_given_holds_for_warm_ups_unless_they_have_one(
    changes: dict[str, float], limit_s: float
) -> None:
    suite = Suite.model_validate({"name": "x", "pipelines": ["pca"], "timeout_s": 60.0})
    assert adapted(suite, (), (), changes).warm_up_timeout_s == limit_s


def test_what_a_suite_states_of_warm_ups_is_never_made_longer() -> None:
    assert adapted(tiny_suite("pca"), (), (), {"timeout_s": 60.0}).warm_up_timeout_s == 3.0


def test_the_default_is_told() -> None:
    command = typer.main.get_command(app).commands["run"]  # type: ignore[attr-defined]
    (told,) = (p.help for p in command.params if p.name == "warm_up_timeout")
    (default,) = re.findall(r"\d+", told)
    assert float(default) == Suite.model_fields["warm_up_timeout_s"].default
