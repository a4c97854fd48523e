"""Fair tuning: search a pipeline's declared spaces for the parameters that score best.

All stages are searched jointly. The first trial is the pipeline as written; the others are
suggested by Optuna's tree-structured Parzen estimator, seeded. A parameter that the pipeline
states is kept. What a trial is scored on is the caller's matter: validation rows, in a run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from omicsbench.metrics import Metric
from omicsbench.planning.contestants import space_of
from omicsbench.plugin import Choice, Dimension, Whole
from omicsbench.records.spec import Trials, Tuning
from omicsbench.registry.pipeline import Pipeline

CAUSES = 3  # kinds of failures that are kept in words

Parameters = dict[tuple[int, str], Any]  # by place of the stage and name


class TrialFailed(Exception):
    """A trial gave no score; the text is the reason."""


class TuningFailed(Exception):
    """No trial gave a score."""


@dataclass(frozen=True)
class Found:
    """What a search found: the pipeline with the chosen parameters, and how it went."""

    pipeline: Pipeline
    chosen: dict[str, dict[str, Any]]  # by the text of the stage as written
    trials: Trials
    seconds: float = 0.0
    notes: tuple[str, ...] = ()


def search(
    pipeline: Pipeline,
    tuning: Tuning,
    metric: Metric,
    seed: int,
    score: Callable[[Pipeline], float],
) -> Found:
    """Spend the budget on a pipeline; the best trial decides, the earliest of equals.

    ``metric`` is that of the tuning; ``score`` fits a pipeline and returns it; a trial in which
    it raises has failed.
    Raises TuningFailed if all trials did.
    """
    space = space_of(pipeline)
    notes = (f"tuned by {metric.name}, for which labels are used",) if metric.uses_labels else ()
    if not space:
        return Found(pipeline, {}, Trials(run=0), notes=("nothing to tune", *notes))
    sign = 1.0 if metric.direction == "max" else -1.0
    defaults = {(i, name): pipeline.stages[i].value(name) for i, name in space}
    sampler = _Sampler(space, defaults, seed, "maximize" if sign > 0 else "minimize")
    best, best_score, default_score = defaults, None, None
    causes: dict[str, int] = {}
    begun = time.perf_counter()
    number = 0
    for number in _trials(tuning, begun):
        suggested = sampler.ask()
        # The first is the pipeline itself: nothing is stated that its author left open.
        tried = pipeline if number == 1 else with_parameters(pipeline, suggested)
        try:
            value = score(tried)
        except Exception as error:  # whatever these parameters make of the method
            cause = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            causes[cause] = causes.get(cause, 0) + 1
            sampler.tell(None)
            continue
        sampler.tell(value)
        default_score = value if number == 1 else default_score
        if best_score is None or sign * value > sign * best_score:
            best, best_score = suggested, value
    failed = sum(causes.values())
    if best_score is None:
        raise TuningFailed(f"all {failed} trials failed, the first with {next(iter(causes))}")
    made = pipeline if best is defaults else with_parameters(pipeline, best)
    return Found(
        pipeline=made,
        chosen=_by_stage(pipeline, best),
        trials=Trials(
            run=number,
            failed=failed,
            causes=tuple(causes)[:CAUSES],
            default=default_score,
            best=best_score,
        ),
        seconds=time.perf_counter() - begun,
        notes=notes,
    )


def with_parameters(pipeline: Pipeline, values: Parameters) -> Pipeline:
    """The pipeline with these parameters; its texts stay, so that records keep its name."""
    stages = [
        replace(
            stage, params=stage.params | {name: v for (i, name), v in values.items() if i == at}
        )
        for at, stage in enumerate(pipeline.stages)
    ]
    return replace(pipeline, stages=tuple(stages))


def _trials(tuning: Tuning, begun: float) -> Iterator[int]:
    """Numbers of the trials, from 1.

    By the clock, none is begun that would end too late if it took as long as the longest so
    far; the first, the pipeline as written, always is.
    """
    if tuning.trials:
        yield from range(1, tuning.trials + 1)
        return
    number, longest, last = 0, 0.0, begun
    while number == 0 or last - begun + longest <= (tuning.seconds or 0.0):
        number += 1
        yield number
        now = time.perf_counter()
        longest, last = max(longest, now - last), now


def _by_stage(pipeline: Pipeline, values: Parameters) -> dict[str, dict[str, Any]]:
    chosen: dict[str, dict[str, Any]] = {}
    for (place, name), value in values.items():
        chosen.setdefault(pipeline.stages[place].text, {})[name] = value
    return chosen


class _Sampler:
    """Optuna, asked for one set of parameters at a time; the first are ``first``."""

    def __init__(
        self,
        space: dict[tuple[int, str], Dimension],
        first: Parameters,
        seed: int,
        direction: Literal["maximize", "minimize"],
    ) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._names = {place: f"{place[0]}.{place[1]}" for place in space}
        self._space = {self._names[place]: _distribution(d) for place, d in space.items()}
        self._first: Parameters | None = first
        self._study = optuna.create_study(
            direction=direction, sampler=optuna.samplers.TPESampler(seed=seed)
        )
        self._study.enqueue_trial({self._names[place]: v for place, v in first.items()})

    def ask(self) -> Parameters:
        self._trial = self._study.ask(self._space)
        first, self._first = self._first, None
        return first or {p: self._trial.params[name] for p, name in self._names.items()}

    def tell(self, value: float | None) -> None:
        """The score of the parameters last asked for; None if they failed."""
        from optuna.trial import TrialState

        if value is None:
            self._study.tell(self._trial, state=TrialState.FAIL)
        else:
            self._study.tell(self._trial, value)


def _distribution(dimension: Dimension) -> Any:
    from optuna import distributions

    if isinstance(dimension, Choice):
        return distributions.CategoricalDistribution(dimension.values)
    if isinstance(dimension, Whole):
        return distributions.IntDistribution(dimension.low, dimension.high, log=dimension.log)
    return distributions.FloatDistribution(dimension.low, dimension.high, log=dimension.log)
