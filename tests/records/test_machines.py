"""Times of unlike machines are never taken together; scores are."""

from __future__ import annotations

from typing import Any

import builders
from omicsbench.records.machines import on_other_machines
from omicsbench.records.spec import RunRecord, Status
from omicsbench.reporting.tables import cost_table


def run(repeat: int, cpu: str, fit_s: float, **spec: Any) -> RunRecord:
    return builders.record(
        builders.spec(repeat=repeat, **spec),
        environment={"cpu": cpu, "cores": 2},
        phases={"fit_s": fit_s},
        peak_rss_bytes=10,
    )


def test_times_are_those_of_the_machine_that_did_most() -> None:
    fast, slow = [run(0, "fast", 1.0), run(1, "fast", 1.2)], [run(2, "slow", 9.0)]
    assert on_other_machines([*fast, *slow]) == {slow[0].key}
    row = cost_table([*fast, *slow]).iloc[0]
    assert (row["fit_s"], row["fit_s_max"]) == (1.1, 1.2)


def test_what_ran_elsewhere_alone_has_no_time_but_memory() -> None:
    here = [run(i, "a", 1.0) for i in range(2)]
    there = run(0, "b", 5.0, pipeline="q")
    found = cost_table([*here, there]).set_index("pipeline")
    assert found.loc["p", "fit_s"] == 1.0
    assert found.loc["q", ["fit_s", "peak_rss_bytes"]].isna().tolist() == [True, False]


def test_each_data_set_has_a_machine_of_its_own() -> None:
    assert not on_other_machines([run(0, "a", 1.0), run(0, "b", 1.0, dataset="e")])


def test_failed_runs_do_not_choose() -> None:
    failed = [
        run(i, "b", 1.0).model_copy(update={"status": Status.ERROR, "reason": "x"})
        for i in range(1, 4)
    ]
    assert on_other_machines([run(0, "a", 1.0), *failed]) == set()
