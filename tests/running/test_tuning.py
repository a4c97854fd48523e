"""Fair tuning: spaces that fit their methods, and a search that keeps to its budget."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omicsbench import methods
from omicsbench.cli.listing import details
from omicsbench.metrics import METRICS
from omicsbench.planning.contestants import space_of
from omicsbench.plugin import Choice, Dimension, MethodInfo, Real, Whole, method
from omicsbench.records.spec import Tuning
from omicsbench.registry.discover import Registry, discover
from omicsbench.registry.pipeline import Pipeline, resolve
from omicsbench.running.tuning import TuningFailed, search

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def registry(tunable_plugins: Path) -> Registry:
    return discover([tunable_plugins])


# Spaces


def test_every_space_fits_its_method() -> None:
    import inspect

    spaces = 0
    for name, entry in discover().methods.items():
        parameters = inspect.signature(entry.make).parameters
        for parameter, dimension in entry.info.space:
            assert parameters[parameter].default in dimension, f"{name}: {parameter}"
            assert parameter not in ("n_components", "random_state", "device")
            assert parameter not in ("depth", "max_steps", "epochs"), "names a contestant, or time"
            spaces += 1
        assert entry.info.family != "control" or not entry.info.space
    assert spaces > 5
    assert "pca" in discover().methods


@pytest.mark.parametrize(
    ("space", "reason"),
    [
        ({"n_components": Whole(2, 5)}, "n_components cannot be tuned"),
        ({"depth": Whole(0, 5)}, "depth cannot be tuned"),
        ({"width": (1, 2)}, "over a Choice, Whole or Real"),
        ({"with": Whole(1, 5)}, "no parameter"),
        ({"width": Whole(1, 5)}, "default of width is not in"),
    ],
)
def test_a_space_that_does_not_fit_is_refused(space: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):

        @method(
            name="m",
            family="deep",
            summary="x",
            source="x",
            control_if=(("depth", 0),),
            space=space,
        )
        class Made:
            def __init__(self, n_components: int = 2, depth: int = 2, width: int = 9) -> None: ...


@pytest.mark.parametrize(
    "make",
    [
        lambda: Choice([1]),
        lambda: Choice([1, 1]),
        lambda: Whole(3, 3),
        lambda: Real(2, 1),
        lambda: Real(0, 1, log=True),
    ],
)
def test_a_space_without_room_is_refused(make: Callable[[], Dimension]) -> None:
    with pytest.raises(ValueError):
        make()


def test_a_space_is_immutable_and_shown() -> None:
    values = ["x", "y"]
    space: Any = {"a": Choice(values)}
    info = MethodInfo(name="m", family="simple", summary="x", source="x", space=space)
    space["b"] = Whole(1, 2)
    values.append("z")
    assert info.space == (("a", Choice(["x", "y"])),)
    assert hash(info) == hash(info)
    assert "perplexity: 5 to 100 on a log scale" in details("tsne")
    assert "nothing to tune" in details("pca")
    assert True not in Choice([1, 2])


def test_what_a_pipeline_states_is_not_searched(registry: Registry) -> None:
    def searched(text: str) -> set[tuple[int, str]]:
        return set(space_of(resolve(text, registry, 3)))

    assert searched("blurred") == {(0, "blur"), (0, "kind")}
    assert searched("blurred(blur=0.2) > blurred(kind='b')") == {(0, "kind"), (1, "blur")}
    assert searched("fixed") == set()
    deep = {name for _, name in searched("autoencoder(depth=8, dropout=0.1)")}
    assert {"activation", "weight_decay"} <= deep
    assert not {"depth", "dropout", "n_components"} & deep


# The search


WHOLE = st.integers(1, 50).flatmap(
    lambda low: st.builds(Whole, st.just(low), st.integers(low + 1, low + 60), st.booleans())
)
REAL = st.floats(0.01, 50).flatmap(
    lambda low: st.builds(Real, st.just(low), st.floats(low + 0.1, low + 60), st.booleans())
)
DIMENSION = st.one_of(
    WHOLE, REAL, st.builds(Choice, st.lists(st.text("abc"), min_size=2, max_size=4, unique=True))
)


def _pipeline(dimension: Dimension, default: Any) -> Pipeline:
    class Made:
        def __init__(self, n_components: int = 2, x: Any = default) -> None: ...

    declare = method(name="m", family="simple", summary="x", source="x", space={"x": dimension})
    from omicsbench.registry.pipeline import Stage

    made = declare(Made)
    return Pipeline((Stage("m", made, made.info, {}, ""),))  # type: ignore[attr-defined]


@settings(max_examples=40)
@given(DIMENSION, st.integers(2, 8), st.integers(0, 99), st.sampled_from(["knn_recall", "rmse"]))
def test_a_search_spends_its_budget_and_never_does_worse_than_the_defaults(
    dimension: Dimension, trials: int, seed: int, metric: str
) -> None:
    metric = metric if metric in METRICS else "knn_recall"
    first = dimension.values[0] if isinstance(dimension, Choice) else dimension.low
    tried: list[Any] = []

    def score(pipeline: Pipeline) -> float:
        tried.append(pipeline.stages[0].value("x"))
        return float(hash((tried[-1], seed)) % 7)

    tuning, by = Tuning(trials=trials, metric=metric), METRICS[metric]
    found = search(_pipeline(dimension, first), tuning, by, seed, score)
    assert len(tried) == found.trials.run == trials
    assert tried[0] == first
    assert all(value in dimension for value in tried)
    assert found.trials.default is not None
    assert found.trials.best is not None
    sign = 1 if METRICS[metric].direction == "max" else -1
    assert sign * found.trials.best >= sign * found.trials.default
    assert found.chosen["m"]["x"] == found.pipeline.stages[0].value("x")
    again: list[Any] = list(tried)
    tried.clear()
    search(_pipeline(dimension, first), tuning, by, seed, score)
    assert tried == again, "the same seed, the same trials"


def test_a_metric_that_is_better_when_smaller_is_minimised(registry: Registry) -> None:
    name = next(m.name for m in METRICS.values() if m.direction == "min")
    found = search(
        resolve("blurred", registry, 3),
        Tuning(trials=15, metric=name),
        METRICS[name],
        0,
        lambda p: abs(p.stages[0].value("blur") - 0.7),
    )
    assert found.trials.best < found.trials.default == pytest.approx(0.7)  # type: ignore[operator]


def test_failing_trials_count_and_tell_why(registry: Registry) -> None:
    def score(pipeline: Pipeline) -> float:
        if pipeline.stages[0].value("kind") == "b":
            raise ValueError("not b")
        return 1.0

    pipeline, by = resolve("blurred", registry, 3), METRICS["knn_recall"]
    found = search(pipeline, Tuning(trials=10, metric="knn_recall"), by, 0, score)
    assert found.trials.run == 10
    assert 0 < found.trials.failed < 10
    assert found.trials.causes == ("ValueError: not b",)
    assert found.chosen == {"blurred(3)": {"blur": 0.0, "kind": "a"}}, "of equals, the defaults"

    def fail(pipeline: Pipeline) -> float:
        raise RuntimeError("never")

    with pytest.raises(TuningFailed, match="all 4 trials failed, the first with RuntimeError"):
        search(pipeline, Tuning(trials=4, metric="knn_recall"), by, 0, fail)


@pytest.mark.parametrize(("seconds", "took", "expected"), [(10, 3, 3), (1, 3, 1), (9, 3, 3)])
def test_the_clock_begins_no_trial_that_would_end_too_late(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, seconds: float, took: float, expected: int
) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])

    def score(pipeline: Pipeline) -> float:
        now[0] += took
        return 0.0

    budget = Tuning(seconds=seconds, metric="knn_recall")
    pipeline = resolve("blurred", registry, 3)
    found = search(pipeline, budget, METRICS[budget.metric], 0, score)
    assert found.trials.run == expected
    assert found.seconds == expected * took


def test_methods_need_no_optuna() -> None:
    """Spaces are declared without it."""
    for path in Path(methods.__path__[0]).glob("*.py"):
        assert "optuna" not in path.read_text()
    assert "optuna" not in (ROOT / "omicsbench" / "plugin.py").read_text()
