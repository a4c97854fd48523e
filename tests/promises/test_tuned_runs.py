"""Tuned runs: validation rows alone, an equal budget, costs and limits of their own."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import builders
from command import inside
from omicsbench.errors import RegistryError, StoreError
from omicsbench.metrics import METRICS
from omicsbench.planning.contestants import resolve_tuning
from omicsbench.planning.estimate import look_ahead
from omicsbench.planning.plan import Planned, make_plan
from omicsbench.planning.suite import Suite, make_suite
from omicsbench.prepare.prepared import Prepared
from omicsbench.records.costs import cost_terms, forecasts, observe
from omicsbench.records.facts import Limits
from omicsbench.records.packed import PACKED_FILE, decode_lines
from omicsbench.records.spec import Phases, RunRecord, RunSpec, Status, Tuning
from omicsbench.registry.discover import Registry, discover
from omicsbench.running.execute import execute
from omicsbench.running.fitting import Workplace
from omicsbench.running.limits import Budget
from omicsbench.running.runner import run_suite

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def registry(tunable_plugins: Path) -> Registry:
    return discover([tunable_plugins])


def _suite(*pipelines: str, **more: Any) -> Suite:
    made: dict[str, Any] = {
        "name": "tiny",
        "pipelines": pipelines,
        "repeats": 2,
        "n_components": 3,
        "datasets": [{"name": "linear_control(n=300)", "sizes": [60]}],
        "threads": 1,
        "metrics": ["knn_recall"],
        "scored": 60,
        "tune": {"trials": 6},
    }
    return make_suite(made | more)


def _tuned(records: list[RunRecord], name: str = "") -> list[RunRecord]:
    return [r for r in records if r.spec.tuning and r.spec.pipeline.startswith(name)]


def _here(tmp_path: Path, planned: Planned) -> RunRecord:
    """A run in this process."""
    place = Workplace(planned.pipeline, tmp_path / "s")
    return execute(place, tmp_path, planned.spec, planned.prepared)


def _seen(registry: Registry) -> list[tuple[str, float, np.ndarray[Any, Any]]]:
    """What the plug-ins of this process were given since they were last asked."""
    import sys

    module = sys.modules[registry.methods["blurred"].make.__module__]
    seen = list(module.SEEN)
    module.SEEN.clear()
    return seen


# In a run


def test_a_search_sees_training_and_validation_rows_alone(
    tmp_path: Path, registry: Registry
) -> None:
    """Test rows reach a method once: after the search, at the chosen parameters."""
    data = [{"name": "linear_control(n=300)", "sizes": [50]}]
    plan = make_plan(_suite("blurred", repeats=1, datasets=data), registry)
    (planned,) = [p for p in plan if p.spec.tuning]
    _seen(registry)
    record = _here(tmp_path, planned)
    seen = _seen(registry)
    assert record.trials is not None
    assert record.trials.run == 6
    fits = [i for i, (what, _, _) in enumerate(seen) if what == "fit"]
    assert len(fits) == 7, "one fit a trial, and that of the chosen parameters"
    assert seen[fits[0]][1] == 0.0, "the first trial is the pipeline as written"
    assert seen[fits[-1]][1] == record.tuned["blurred(3)"]["blur"]
    test = len(planned.prepared.split.test)
    validation = len(planned.prepared.split.validation)
    assert len({test, validation, 50}) == 3
    assert {len(X) for _, _, X in seen[: fits[-1]]} == {50, validation}
    assert {len(X) for _, _, X in seen[fits[-1] :]} == {50, validation, test}
    for i in fits:
        assert np.array_equal(seen[i][2], seen[fits[0]][2]), "the same training rows"


def test_the_search_does_not_see_what_only_a_test_row_could_tell(
    tmp_path: Path, registry: Registry
) -> None:
    (planned,) = [p for p in make_plan(_suite("blurred", repeats=1), registry) if p.spec.tuning]
    honest = _here(tmp_path / "a", planned)
    shutil.copytree(planned.prepared.folder, tmp_path / "poisoned")
    test = tmp_path / "poisoned" / "test" / "X.npy"
    np.save(test, np.full_like(np.load(test), 99.0))
    place = Workplace(planned.pipeline, tmp_path / "other")
    other = execute(place, tmp_path, planned.spec, Prepared(tmp_path / "poisoned"))
    assert (other.tuned, other.trials) == (honest.tuned, honest.trials)
    assert other.scores != honest.scores, "the poison was there"


def test_a_suite_with_tuning_end_to_end(tmp_path: Path, registry: Registry) -> None:
    """Both at defaults and tuned; the parameter that matters is found; time is counted apart."""
    suite = _suite("blurred", "blurred(blur=0.1)", "fixed", "random_embedding", tune={"trials": 12})
    records = run_suite(suite, tmp_path, registry=registry)
    assert {r.status for r in records} == {Status.OK}
    assert len(_tuned(records)) == 3 * 2, "controls are not tuned"
    assert len(records) - len(_tuned(records)) == 4 * 2
    defaults = {(r.spec.pipeline, r.spec.repeat): r for r in records if not r.spec.tuning}
    for record in _tuned(records):
        before = defaults[record.spec.pipeline, record.spec.repeat]
        assert not before.tuned
        assert before.trials is None
        assert before.phases.tuning_s == 0
        assert before.tuning_cpu_s is None
        trials = record.trials
        assert trials is not None
        if record.spec.pipeline == "fixed(3)":
            assert trials.run == 0
            assert record.notes[:1] == ("nothing to tune",)
            assert record.phases.tuning_s == 0
            assert record.scores == before.scores
            continue
        assert (trials.run, trials.failed) == (12, 0)
        assert trials.default == before.validation["knn_recall"], "as the run at defaults has it"
        assert trials.best == record.validation["knn_recall"], "the choice is what is scored"
        assert record.phases.tuning_s > record.phases.fit_s > 0
        assert record.tuning_cpu_s, "of the search, which wall time alone would blame on others"
        if record.spec.pipeline == "blurred(3)":
            assert abs(record.tuned["blurred(3)"]["blur"] - 0.7) < 0.25
            assert record.validation["knn_recall"] > before.validation["knn_recall"] + 0.05
            assert record.scores["knn_recall"] > before.scores["knn_recall"]
        else:
            assert set(record.tuned[record.spec.pipeline]) == {"kind"}, "what is stated stays"
    again = run_suite(suite, tmp_path / "again", registry=registry)
    assert [(r.key, r.tuned, r.trials, r.scores) for r in again] == [
        (r.key, r.tuned, r.trials, r.scores) for r in records
    ], "the same seed, the same trials and scores"
    assert run_suite(suite, tmp_path, registry=registry) == records, "nothing is done twice"


def test_stages_are_searched_jointly(tmp_path: Path, registry: Registry) -> None:
    suite = _suite("blurred(20) > blurred", repeats=1, tune={"trials": 3})
    (record,) = _tuned(run_suite(suite, tmp_path, registry=registry))
    assert {text: set(found) for text, found in record.tuned.items()} == {
        "blurred(20)": {"blur", "kind"},
        "blurred(3)": {"blur", "kind"},
    }


def test_failures_of_trials_and_of_all_of_them(tmp_path: Path, registry: Registry) -> None:
    suite = _suite("moody", "hopeless", repeats=1, tune={"trials": 8})
    records = run_suite(suite, tmp_path, registry=registry)
    (moody,), (hopeless,) = _tuned(records, "moody"), _tuned(records, "hopeless")
    assert moody.status is Status.OK
    assert moody.tuned == {"moody(3)": {"kind": "c"}}
    assert moody.trials is not None
    assert moody.trials.failed > 0
    assert moody.trials.default is None
    assert "kind a is no good" in moody.trials.causes[0]
    assert hopeless.status is Status.ERROR
    assert "all 8 trials failed, the first with ValueError: no such luck" in str(hopeless.reason)
    (untuned,) = [r for r in records if r.spec.pipeline == "moody(3)" and not r.spec.tuning]
    assert untuned.status is Status.ERROR


def test_the_time_limit_is_that_of_one_fit(tmp_path: Path, registry: Registry) -> None:
    suite = _suite("sleepy", repeats=1, timeout_s=2, tune={"trials": 4})
    written, tuned = run_suite(suite, tmp_path, registry=registry)
    assert (written.status, tuned.status) == (Status.OK, Status.OK)
    assert tuned.phases.tuning_s > 2
    assert tuned.limits.timeout_s == 2
    assert Tuning(trials=4, metric="knn_recall").time_limit_s(2) == 10
    assert Tuning(seconds=30, metric="knn_recall").time_limit_s(2) == 34
    assert written.spec.time_limit_s(2) == 2


def test_labels_reach_a_search_only_on_request_and_the_record_says_so(
    tmp_path: Path, registry: Registry
) -> None:
    for held_out in (False, True):
        stated = {"name": "t", "pipelines": ["pca"], "tune": {"trials": 2}, "hold_out": held_out}
        chosen = resolve_tuning(make_suite(stated), registry)
        assert chosen is not None
        assert not METRICS[chosen.metric].uses_labels
        assert METRICS[chosen.metric].of_held_out == held_out
    metric = next(m.name for m in METRICS.values() if m.uses_labels and "transfer" in m.name)
    data = [{"name": "scmark_immune", "sizes": [60]}]
    suite = _suite(
        "blurred", repeats=1, datasets=data, features=50, tune={"trials": 2, "metric": metric}
    )
    (record,) = _tuned(run_suite(suite, tmp_path, registry=registry))
    assert record.notes[:1] == (f"tuned by {metric}, for which labels are used",)


def test_a_pipeline_that_the_metric_cannot_score_is_set_aside(
    tmp_path: Path, registry: Registry
) -> None:
    tune = {"trials": 2, "metric": "reconstruction_r2"}
    (record,) = _tuned(
        run_suite(_suite("blurred", repeats=1, tune=tune), tmp_path, registry=registry)
    )
    assert record.status is Status.SKIPPED
    assert "cannot be tuned by reconstruction_r2" in str(record.reason)


def test_reconstruction_can_be_tuned_for(tmp_path: Path) -> None:
    tune = {"trials": 2, "metric": "reconstruction_r2"}
    suite = _suite("factor_analysis", repeats=1, tune=tune, metrics=["reconstruction_r2"])
    (planned,) = [p for p in make_plan(suite, discover()) if p.spec.tuning]
    record = _here(tmp_path, planned)
    assert record.trials is not None
    assert record.trials.failed == 0
    assert record.trials.best == record.validation["reconstruction_r2"]


@pytest.fixture
def no_optuna(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *a: None if name == "optuna" else real(name, *a),
    )


@pytest.mark.usefixtures("no_optuna")
def test_without_optuna_tuned_runs_are_set_aside(tmp_path: Path, registry: Registry) -> None:
    suite = _suite("blurred", "fixed", repeats=1)
    found = look_ahead(suite, registry, tmp_path)
    assert next(row.mark for row in found.rows if "tuned" in row.pipeline).startswith(
        "cannot run: tuning needs Optuna"
    )
    records = run_suite(suite, tmp_path, registry=registry)
    statuses = {r.spec.label: r.status for r in records}
    assert statuses == {
        "blurred(3)": Status.OK,
        "fixed(3)": Status.OK,
        "blurred(3) (tuned by knn_recall in 6 trials)": Status.SKIPPED,
        "fixed(3) (tuned by knn_recall in 6 trials)": Status.OK,
    }
    (blurred,) = _tuned(records, "blurred")
    assert blurred.reason == (
        "tuning needs Optuna, which is not installed: pip install 'omicsbench[tune]'"
    )


# Specs, plans, costs


def test_stored_runs_keep_their_keys() -> None:
    lines = (ROOT / "results" / "regress" / PACKED_FILE).read_bytes().splitlines()
    found = [run for run in decode_lines(lines, PACKED_FILE) if not isinstance(run, StoreError)]
    assert len(found) == 484
    for where, stored in found:
        spec = RunSpec.model_validate(stored["spec"])
        assert spec.key == stored["key"], where
        assert spec.model_dump(mode="json") == stored["spec"]
        assert spec.model_dump(exclude={"pipeline"}).keys() == stored["spec"].keys() - {"pipeline"}


def _spec(registry: Registry) -> list[RunSpec]:
    return [p.spec for p in make_plan(_suite("blurred", repeats=1), registry)]


def test_a_tuned_run_is_another_run(registry: Registry) -> None:
    written, tuned = _spec(registry)
    assert tuned.tuning == Tuning(trials=6, metric="knn_recall")
    assert RunSpec.model_validate_json(tuned.model_dump_json()) == tuned
    others = [
        tuned.model_copy(update={"tuning": other})
        for other in (
            None,
            Tuning(trials=7, metric="knn_recall"),
            Tuning(seconds=6, metric="knn_recall"),
            Tuning(trials=6, metric="trustworthiness"),
        )
    ]
    assert len({spec.key for spec in [tuned, *others]}) == 5
    assert others[0].key == written.key


@given(st.integers(2, 500), st.floats(0.1, 1e4), st.floats(0.1, 1e4))
def test_a_search_may_take_longer_than_a_fit(trials: int, seconds: float, fit_s: float) -> None:
    assume(seconds > 0)
    for budget in (
        Tuning(trials=trials, metric="knn_recall"),
        Tuning(seconds=seconds, metric="knn_recall"),
    ):
        assert budget.time_limit_s(fit_s) >= 2 * fit_s


def test_tuned_runs_tell_nothing_of_others(registry: Registry) -> None:
    written, tuned = _spec(registry)
    assert cost_terms(written) != cost_terms(tuned)
    limits = Limits(timeout_s=10.0, memory_bytes=1e12)

    def record(spec: RunSpec, status: Status, **more: Any) -> RunRecord:
        return builders.record(spec, family="simple", status=status, limits=limits, **more)

    done = observe(record(tuned, Status.OK, phases=Phases(tuning_s=50, fit_s=2)))
    assert done is not None
    assert (done.wall_s, done.fit_s) == (52, 2)
    assert done.pipeline == tuned.label != written.label == written.pipeline
    late = observe(record(tuned, Status.TIMEOUT))
    assert late is not None
    assert late.wall_s == 10 * (6 + 1)
    budget = Budget(limits)
    for size, cost in ((50, 5.0), (100, 10.0), (200, 20.0), (400, 40.0)):
        at = tuned.model_copy(update={"size": size})
        budget.learn(record(at, Status.OK, phases=Phases(tuning_s=cost, fit_s=1)))
    near, far = (tuned.model_copy(update={"size": n}) for n in (500, 100_000))
    assert budget.left_out(near) is None, "the limit is that of the whole search"
    left = budget.left_out(far)
    assert left is not None
    assert "time limit of 70 s" in left.reason
    assert not forecasts(budget.known, written)


def test_the_outlook_lists_tuned_runs_apart(tmp_path: Path, registry: Registry) -> None:
    suite = _suite("blurred", "random_embedding", tune={"trials": 6, "repeats": 1})
    run_suite(suite, tmp_path, registry=registry)
    found = look_ahead(suite, registry, tmp_path)
    rows = {row.pipeline: row for row in found.rows}
    assert len(rows) == 3
    tuned = rows["blurred(3) (tuned by knn_recall in 6 trials)"]
    written = rows["blurred(3)"]
    assert (written.repeats, written.done) == (2, 2)
    assert (tuned.repeats, tuned.done) == (1, 1)
    assert tuned.cost["wall_s"].value > written.cost["wall_s"].value


@pytest.mark.parametrize(
    ("tune", "message"),
    [
        ({}, "state either trials or seconds"),
        ({"trials": 5, "seconds": 3}, "state either trials or seconds"),
        ({"trials": 1}, "tune.trials: "),
        ({"seconds": 0}, "tune.seconds: "),
        ({"trails": 5}, "Unknown parameter 'trails'; did you mean trials?"),
        ({"trials": 5, "metric": "knn_recal"}, "Unknown metric 'knn_recal'; did you mean"),
    ],
)
def test_input_is_checked(registry: Registry, tune: dict[str, Any], message: str) -> None:
    with pytest.raises(RegistryError, match=message.replace("?", r"\?")):
        make_plan(_suite("blurred", tune=tune), registry)


def test_the_command_line(tmp_path: Path) -> None:
    text = (
        "pipelines = ['factor_analysis']\nrepeats = 1\nsizes = [60]\nn_components = 3\n"
        "metrics = ['knn_recall']\nthreads = 1\ndatasets = [{name = 'linear_control(n=300)'}]\n"
    )
    suite = tmp_path / "mine.toml"
    suite.write_text(text + "[tune]\ntrials = 2\nseconds = 3\n")
    wrong = inside("run", suite, "--out", tmp_path / "out")
    assert wrong.returncode == 2
    assert "tune: state either trials or seconds" in wrong.stderr
    suite.write_text(text)
    done = inside("run", suite, "--out", tmp_path / "out", "--set", "tune.trials=2", "--no-report")
    assert done.returncode == 0, done.stderr
    assert "Runs: 2 ok" in done.stdout
    assert "optuna" not in done.stderr.lower()
