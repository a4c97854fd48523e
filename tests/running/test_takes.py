"""An integrator says which modalities it takes: it is given them by what they hold, or skipped."""

from __future__ import annotations

from pathlib import Path

import pytest

from omicsbench.contract.checks import check_path
from omicsbench.planning.plan import make_plan
from omicsbench.planning.suite import make_suite
from omicsbench.plugin import method
from omicsbench.records.spec import RunRecord, Status
from omicsbench.registry.discover import add_file, discover
from omicsbench.running.execute import execute
from omicsbench.running.fitting import Workplace

PLUGIN = Path(__file__).parents[1] / "plugins" / "taking.py"


def run(folder: Path, data: str) -> RunRecord:
    registry = discover()
    add_file(registry, PLUGIN)
    suite = make_suite(
        {
            "name": "tiny",
            "task": "integrate",
            "pipelines": ["taking"],
            "datasets": [{"name": data}],
            "sizes": ["all"],
            "repeats": 1,
            "n_components": 2,
            "scored": 20,
            "background": 20,
        }
    )
    (planned,) = make_plan(suite, registry)
    if planned.skip:
        return planned.skipped_record("tiny", {})
    place = Workplace(planned.pipeline, folder)
    return execute(place, folder, planned.spec, planned.prepared)


def test_they_are_found_by_what_they_hold(tmp_path: Path) -> None:
    record = run(tmp_path, "simulated_multimodal(n=100, genes=50, peaks=50)")
    assert record.status is Status.OK, record.reason


def test_where_one_is_missing_it_is_skipped(tmp_path: Path) -> None:
    record = run(tmp_path, "nutrimouse")
    assert record.status is Status.SKIPPED
    assert (
        record.reason == "takes modalities of counts and proteins; the data set has none of counts"
    )


def test_the_contract_hands_what_is_taken() -> None:
    assert [check.problem for check in check_path(PLUGIN) if check.problem] == []


def test_only_an_integrator_takes_modalities() -> None:
    with pytest.raises(ValueError, match="only an integrator"):
        method(name="a", family="simple", summary="s", source="s", takes=("counts",))
