"""What `advise --measure` does: a small suite on the user's own data, within some minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omicsbench.reading.own import OwnData

# The suite whose pipelines and metrics answer for a task, at the fewest repeats that carry a claim.
SUITES = {
    "embed": "quick",
    "predict": "predict",
    "regress": "regress",
    "integrate": "integrate",
    "batch": "batch",
}
STEPS = 4  # sizes at most


def measured(data: OwnData, cells: int, task: str, minutes: float, command: str) -> None:
    """Run the suite of a task on the data, and print the verdict of what fitted."""
    from omicsbench import api
    from omicsbench.cli.options import print_report
    from omicsbench.cli.progress import Progress, observing_signals
    from omicsbench.planning.suite import LADDER, load_suite
    from omicsbench.prepare.split import smallest_parts
    from omicsbench.registry.discover import discover
    from omicsbench.running.growing import run_within

    suite = api.adapted(load_suite(SUITES[task]), [data], (), {})
    pool = smallest_parts(cells)[0]
    sizes = [*(size for size in LADDER if size < pool), pool][-STEPS:]
    folder = api.default_folder(suite, [data])
    with observing_signals(), Progress() as progress:
        done = run_within(
            suite,
            sizes,
            folder,
            60 * minutes,
            own_data=[data],
            registry=discover(),
            command=command,
            observer=progress,
            tell=progress.say,
        )
    print(f"Measured on your data at n = {', '.join(f'{size:,}' for size in done)}:")
    print_report(api.report_of(folder))
