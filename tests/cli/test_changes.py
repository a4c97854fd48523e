"""Options of `run` replace entries of the suite, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from omicsbench.cli.changes import stated, suite_changes
from omicsbench.errors import OmicsbenchError
from omicsbench.planning.suite import Suite, load_suite, make_suite

SUITE = make_suite(
    {
        "name": "x",
        "pipelines": ["pca"],
        "tune": {"trials": 5, "repeats": 2},
        "datasets": [
            {"name": "khan_srbct", "sizes": [20], "held_out": "BL"},
            {"name": "khan_srbct", "sizes": [30]},
        ],
    }
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("features=1000", {"features": 1000}),
        ("features_per_size = true", {"features_per_size": True}),
        ("memory_gb=1.5", {"memory_gb": 1.5}),
        ("sizes=[20, 'all']", {"sizes": [20, "all"]}),
        ("device=cuda", {"device": "cuda"}),
        ('device="cuda"', {"device": "cuda"}),
        ("families={'a.b:C' = 'deep'}", {"families": {"a.b:C": "deep"}}),
        ("families.'a.b:C'=deep", {"families": {"a.b:C": "deep"}}),
        ("tune.trials=30", {"tune": {"trials": 30, "repeats": 2}}),
    ],
)
def test_a_setting_is_an_entry_as_in_toml(text: str, expected: dict[str, Any]) -> None:
    assert stated([text], SUITE) == expected


def test_settings_of_one_table_join() -> None:
    made = stated(["tune.trials=7", "tune.metric=ari"], load_suite("quick"))
    assert made == {"tune": {"trials": 7, "metric": "ari"}}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("features", "KEY=VALUE"),
        ("=3", "KEY=VALUE"),
        ("sizes=[20", "as in TOML"),
        ("featurs=3", "did you mean features"),
        ("out=here", "Unknown parameter 'out'"),
    ],
)
def test_a_setting_that_is_none_is_refused(text: str, words: str) -> None:
    with pytest.raises(OmicsbenchError, match=f"--set .*{words}"):
        stated([text], SUITE)


def _changes(suite: Suite = SUITE, **given: Any) -> dict[str, Any]:
    none = {"settings": [], "sizes": None, "metrics": None, "datasets": None, "own_data": False}
    return suite_changes(suite, **(none | given))


def test_options_go_before_settings_and_unused_ones_change_nothing() -> None:
    assert _changes(repeats=None) == {}
    assert _changes(settings=["repeats=3"], repeats=None) == {"repeats": 3}
    assert _changes(settings=["repeats=3"], repeats=4) == {"repeats": 4}
    assert _changes(metrics="ari, nmi") == {"metrics": ["ari", "nmi"]}


def test_sizes_hold_for_every_data_set_and_keep_what_it_holds_out() -> None:
    made = _changes(sizes="50,all")
    assert made["sizes"] == [50, "all"]
    assert made["datasets"] == [{"name": "khan_srbct", "held_out": "BL"}, {"name": "khan_srbct"}]
    assert _changes(datasets=["digits"])["datasets"] == [{"name": "digits"}]
    assert _changes(datasets=["khan_srbct"]) == {"datasets": made["datasets"]}
    assert "datasets" not in _changes(sizes="50", own_data=True)
