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
    from omicsbench.running.growing import planned_s, run_within

    suite = api.adapted(load_suite(SUITES[task]), [data], (), {})
    pool, registry = smallest_parts(cells)[0], discover()
    folder = api.default_folder(suite, [data])
    ladder = [*(size for size in LADDER if size < pool), pool]
    tried = [spread(ladder[:end], STEPS) for end in range(len(ladder), 0, -1)]
    starts, each = planned_s(suite, ladder, [data], registry)
    sizes = next(
        (few for few in tried if starts + sum(each[n] for n in few) <= 60 * minutes), ladder[:1]
    )
    if sizes[-1] < pool:
        print(
            f"Planned up to n = {sizes[-1]:,} of {pool:,}: by the costs that omicsbench carries, "
            f"larger ones take more than {minutes:g} minutes; --minutes allows more."
        )
    with observing_signals(), Progress() as progress:
        done = run_within(
            suite,
            sizes,
            folder,
            60 * minutes,
            own_data=[data],
            registry=registry,
            command=command,
            observer=progress,
            tell=progress.say,
        )
    print(f"Measured on your data at n = {', '.join(f'{size:,}' for size in done)}:")
    print_report(api.report_of(folder))


def spread(sizes: list[int], most: int) -> list[int]:
    """At most so many of some ascending sizes: both ends, and others evenly between."""
    if len(sizes) <= most:
        return sizes
    steps = [round(i * (len(sizes) - 1) / (most - 1)) for i in range(most)]
    return [sizes[step] for step in steps]
