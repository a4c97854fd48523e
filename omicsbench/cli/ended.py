"""What `run` prints at its end, or of what has come so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from omicsbench.cli.exit_codes import ExitCode
from omicsbench.cli.options import print_report

if TYPE_CHECKING:
    from omicsbench.reporting import Report
    from omicsbench.running.runner import EndedRun

CAUSES = 5  # reasons of failures and skips printed; the report has them all


def tell_so_far(folder: Path, report: bool) -> None:
    """Say what a folder holds that others may be filling, and report on it."""
    from omicsbench import api
    from omicsbench.records.planned import planned_records, read_plan
    from omicsbench.records.store import holds_records

    planned = read_plan(folder).runs
    if planned and not holds_records(folder):
        print(f"Runs so far: none; all {len(planned)} are still to come.")
        return
    records, missing, _ = planned_records(folder)
    runs = Counter(record.status for record in records)
    done = ", ".join(f"{count} {status}" for status, count in runs.most_common()) or "none"
    every = len(planned) if planned else len(records)
    print(f"Runs so far: {done}; {missing} of {every} are still to come.")
    if report and records:
        print_report(api.report_of(folder))


def at_first(report: Report) -> str:
    """What is said of the page of a first look."""
    return (
        f"A first look, at the smallest size of one data set: {report.page}. Going on to the full "
        "suite, whose page takes its place; Ctrl-C stops it, and the same command goes on from "
        "there."
    )


def tell_ended(
    folder: Path, ended: Sequence[EndedRun], report: bool, *, part: bool = False
) -> None:
    """Say how runs ended, and report on them; exits where none succeeded, but for a part."""
    from omicsbench import api
    from omicsbench.records.spec import Cause, Status

    runs = Counter(run.status for run in ended)
    print("Runs: " + ", ".join(f"{count} {status}" for status, count in runs.most_common()))
    causes = Counter((run.status, run.reason) for run in ended if run.reason)
    for (status, reason), count in causes.most_common(CAUSES):
        print(f"  {count} {status}: {reason}")
    if len(causes) > CAUSES:
        print(f"  and {len(causes) - CAUSES} other causes, in the report")
    if runs.keys() - {Status.OK, Status.SKIPPED}:
        print("  --retry does failed runs again.")
    if any(run.cause is Cause.PREDICTED for run in ended):
        print("  --force runs what is predicted to exceed its limits.")
    if any(run.cause is Cause.WARM_UP and run.status is Status.TIMEOUT for run in ended):
        print("  --warm-up-timeout, with --retry, gives warm-ups longer.")
    if report:
        print_report(api.report_of(folder))
    if Status.OK not in runs and not part:  # of a part the other parts may have some
        raise typer.Exit(ExitCode.FAILED)
