"""What defines a run, and what is recorded of it. Both are immutable and checked when made."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol, Self

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from omicsbench.records.facts import DatasetFacts, Environment, Frozen, Limits, Moment
from omicsbench.records.ids import digest

SCHEMA_VERSION = 3  # raise it, and read the older one in ``records.upgrade``
PROTOCOL_VERSION = 2  # raise it when the harness splits, prepares or scores differently
LONGEST_S = 1e9  # that a limit of time may be: more than clocks can wait for otherwise


Device = Literal["cpu", "cuda", "mps"]
Contamination = Literal["unknown", "seen", "unseen"]  # of a model, by the data it is judged on


class Status(StrEnum):
    """How a run ended. Declared once; every other word for an outcome is wrong."""

    OK = "ok"
    SKIPPED = "skipped"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out_of_memory"
    CRASHED = "crashed"
    INVALID_OUTPUT = "invalid_output"
    ERROR = "error"


class Cause(StrEnum):
    """Why a run was not tried, or failed apart from its size: what more than a reader asks."""

    CANNOT_RUN = "cannot_run"  # known beforehand: a library, labels, a device... is missing
    PREDICTED = "predicted"  # its predicted cost exceeds a limit
    SMALLER_SIZE = "smaller_size"  # a smaller size exceeded a limit
    START_UP = "start_up"  # its worker did not start
    WARM_UP = "warm_up"  # its worker did not survive its warm-up, or an earlier one took too much
    SIGNAL = "signal"  # a signal ended its worker each time; it may have come from outside
    SCORING = "scoring"  # its outputs were handed over, and scoring them failed
    SET_ASIDE = "set_aside"  # somebody left it out, and told why
    LOST = "lost"  # an earlier worker crashed before it ran, or the result could not be stored


@dataclass(frozen=True)
class Ending:
    """How a run ended that did not finish, and what it would have cost where that can be told."""

    status: Status
    reason: str
    cause: Cause | None = None
    predicted: dict[str, float] = field(default_factory=dict)


class SearchBudget(Frozen):
    """What a search may spend, alike for every pipeline."""

    trials: int | None = Field(
        default=None, ge=2, le=100_000, description="the first is the defaults"
    )
    seconds: float | None = Field(default=None, gt=0, le=LONGEST_S)

    @model_validator(mode="after")
    def _one_budget(self) -> Self:
        if (self.trials is None) == (self.seconds is None):
            raise ValueError("state either trials or seconds, the budget of every pipeline")
        return self


class Tuning(SearchBudget):
    """A search: its budget, and the metric by which a trial is scored."""

    metric: str

    def __str__(self) -> str:
        budget = f"{self.trials} trials" if self.trials else f"{self.seconds:g} s"
        return f"tuned by {self.metric} in {budget}"

    def time_limit_s(self, fit_s: float) -> float:
        """Seconds of search and final fit, where one fit may take ``fit_s``.

        A search by the clock begins no trial that is likely to end after its time, but tries
        the defaults in any case: these, its seconds, and the final fit.
        """
        return fit_s * (self.trials + 1) if self.trials else 2 * fit_s + (self.seconds or 0.0)


class RunSpec(Frozen):
    """Everything that defines a run. Two runs with equal specs are the same run."""

    protocol: int = PROTOCOL_VERSION
    task: Literal["embed", "predict", "regress", "integrate", "batch"]
    dataset: str = Field(description="canonical call, e.g. linear_control(n=3000)")
    dataset_id: str = Field(description="hash of the data set's content, version and preparation")
    pipeline: str = Field(description="canonical text, every stated parameter in it")
    pipeline_id: str = Field(
        description="hash of the stages' versions and source files, and of an embedding they read"
    )
    size: int = Field(gt=0, description="training samples n")
    repeat: int = Field(ge=0)
    device: str
    threads: int = Field(gt=0)
    seed: int = Field(ge=0)
    split: Literal["holdout", "kfold", "group"]
    features: int = Field(gt=0, description="features selected")
    features_per_size: bool = False
    scored: int = Field(gt=0, description="test rows scored, the same at every size")
    background: int = Field(
        gt=0, description="test rows among which the scored ones, its first, have neighbours"
    )
    scored_in_sample: int = Field(ge=0, description="training rows scored in sample")
    metrics: tuple[str, ...]
    metric_versions: dict[str, str] = Field(
        default_factory=dict,
        description="of metrics that their name alone does not define: a user's own, by its code",
    )
    keep_embedding: bool = False
    tuning: Tuning | None = Field(default=None, description="None: run at the stated parameters")

    @model_serializer(mode="wrap")
    def _plain_as_ever(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without tuning, or metrics of one's own, text and key are those from before them."""
        content: dict[str, Any] = dump(self)
        for name in ("tuning", "metric_versions"):
            if not content.get(name):
                content.pop(name, None)
        return content

    @property
    def label(self) -> str:
        """The pipeline, and how it was tuned, if it was: what costs and prints belong to."""
        return label(self.pipeline, self.tuning)

    @property
    def tuned_as(self) -> str:
        """How it was tuned, in words; empty where it ran as written."""
        return str(self.tuning or "")

    def time_limit_s(self, fit_s: float) -> float:
        """Seconds that the run may take, where ``fit_s`` is the time limit of one fit."""
        return self.tuning.time_limit_s(fit_s) if self.tuning else fit_s

    @property
    def key(self) -> str:
        """Hash that names the run's record: 16 hex digits."""
        return digest(self.model_dump(mode="json"))


class Phases(Frozen):
    """Wall seconds of each phase of a run. ``fit_s`` and ``transform_s`` are the method's own.

    A stage shared with another pipeline is fitted once and its time counted into each.
    """

    import_s: float = Field(default=0.0, ge=0, description="importing libraries, once per worker")
    warm_up_s: float = Field(default=0.0, ge=0, description="JIT and caches, once per worker")
    prepare_s: float = Field(default=0.0, ge=0, description="subsample, scale")
    tuning_s: float = Field(default=0.0, ge=0, description="search; not part of fit_s")
    fit_s: float = Field(default=0.0, ge=0)
    transform_s: float = Field(default=0.0, ge=0, description="background test rows")
    score_s: float = Field(default=0.0, ge=0)


class Trials(Frozen):
    """What a search did: trials, those of them that failed, and scores on validation rows."""

    run: int = Field(ge=0)
    failed: int = Field(default=0, ge=0)
    causes: tuple[str, ...] = Field(default=(), description="of failures, the first few kinds")
    default: float | None = Field(default=None, description="score of the pipeline as written")
    best: float | None = Field(default=None, description="score of the chosen parameters")


class Role(Protocol):
    """Whatever knows the part that a pipeline plays."""

    @property
    def family(self) -> Literal["simple", "deep", "control"]: ...

    @property
    def is_control(self) -> bool: ...

    @property
    def contamination(self) -> Contamination | None: ...


class OwnMetric(Frozen):
    """What is to be known of a user's own metric where its file is not at hand."""

    title: str
    range: tuple[float | None, float | None]
    direction: Literal["max", "min"]
    source: str
    group: str
    needs: tuple[str, ...]
    margin: float
    secondary: bool
    tasks: tuple[str, ...]
    version: str


class RunRecord(Frozen):
    """One run's outcome: what is stored, one file each."""

    schema_version: int = SCHEMA_VERSION
    key: str
    spec: RunSpec
    family: Literal["simple", "deep", "control"]
    is_control: bool = Field(default=False, description="a contestant, but for comparison only")
    contamination: Contamination | None = Field(
        default=None,
        description="whether what computed its embedding elsewhere has seen these data",
    )
    status: Status
    reason: str | None = Field(default=None, description="in words, for every status but ok")
    cause: Cause | None = Field(default=None, description="where more depends on it than words")
    output_dim: int | None = None
    scores: dict[str, float] = Field(default_factory=dict, description="on test rows")
    scores_se: dict[str, float] = Field(
        default_factory=dict, description="standard error of a score over test cells, where known"
    )
    scores_by_unit: dict[str, list[float]] = Field(
        default_factory=dict,
        description="a score as the mean of one number per unit of test cells, where known",
    )
    unit: str = Field(
        default="", description="what a unit is: a column such as donor, or random groups of cells"
    )
    validation: dict[str, float] = Field(default_factory=dict, description="on validation rows")
    in_sample: dict[str, float] = Field(default_factory=dict, description="on training rows")
    parts: dict[str, dict[str, float]] = Field(
        default_factory=dict, description="numbers a test score is made of: metric, modality"
    )
    rooms: dict[str, tuple[float, float]] = Field(
        default_factory=dict,
        description="floor and ceiling of a score on these data, where they were measured",
    )
    curves: dict[str, dict[str, list[float]]] = Field(
        default_factory=dict, description="of test rows, for pictures: columns by name of curve"
    )
    skipped_metrics: dict[str, str] = Field(default_factory=dict, description="metric: reason")
    own_metrics: dict[str, OwnMetric] = Field(
        default_factory=dict, description="of the scores, those that are not of the package"
    )
    phases: Phases = Phases()
    tuned: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="chosen parameters, by the text of the stage"
    )
    trials: Trials | None = Field(default=None, description="of a tuned run")
    reused_s: float = Field(
        default=0.0,
        ge=0,
        description="part of fit_s and transform_s spent by another pipeline on a shared stage",
    )
    cpu_s: float | None = Field(default=None, ge=0, description="fit and transform, all threads")
    tuning_cpu_s: float | None = Field(
        default=None, ge=0, description="search, all threads; None in records from before it"
    )
    energy_j: float | None = Field(
        default=None, ge=0, description="fit and transform; None where it cannot be read"
    )
    reference_s: float | None = Field(
        default=None,
        gt=0,
        description="wall seconds of a fixed computation, before and after",
    )
    peak_rss_bytes: int | None = Field(default=None, ge=0)
    base_rss_bytes: int | None = Field(default=None, ge=0, description="before the run")
    peak_vram_bytes: int | None = Field(default=None, ge=0)
    n_neighbors: int | None = None
    dataset_info: DatasetFacts = DatasetFacts()
    fit_info: dict[str, Any] = Field(default_factory=dict, description="what the method tells")
    notes: tuple[str, ...] = ()
    environment: Environment = Environment()
    started_at: Moment = Field(default="", description="UTC, ISO 8601")
    suite: str = ""
    limits: Limits | None = Field(default=None, description="None: it was not tried")
    predicted: dict[str, float] = Field(
        default_factory=dict,
        description="left out: wall_s, fit_s, peak_rss_bytes, each with _low and _high",
    )
    embedding: str | None = Field(default=None, description="file of the 2-D test embedding")

    @model_serializer(mode="wrap")
    def _without_rooms(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Where nothing was measured, the text is that from before there were rooms."""
        content: dict[str, Any] = dump(self)
        if not content["rooms"]:
            del content["rooms"]
        return content

    @classmethod
    def unfinished(
        cls,
        spec: RunSpec,
        of: Role,
        ending: Ending,
        *,
        dataset_info: DatasetFacts | None = None,
        environment: Environment | None = None,
        suite: str = "",
        limits: Limits | None = None,
        started_at: str = "",
    ) -> RunRecord:
        """The record of a run without a result; without ``limits`` where it was not tried."""
        return cls(
            key=spec.key,
            spec=spec,
            family=of.family,
            is_control=of.is_control,
            contamination=of.contamination,
            status=ending.status,
            reason=ending.reason,
            cause=ending.cause,
            predicted=ending.predicted,
            dataset_info=dataset_info or DatasetFacts(),
            environment=environment or Environment(),
            suite=suite,
            limits=limits,
            started_at=started_at,
        )

    @property
    def exceeded(self) -> bool:
        """Whether the run itself took more than its limits: its warm-up tells nothing of it."""
        return self.status in (Status.TIMEOUT, Status.OUT_OF_MEMORY) and self.cause is None

    @property
    def left_out(self) -> bool:
        """Whether the run was not tried as it would take more than its limits."""
        return self.cause in (Cause.PREDICTED, Cause.SMALLER_SIZE)

    @property
    def too_dear(self) -> bool:
        """Whether the run gave nothing as it took, or would have taken, more than its limits."""
        return self.exceeded or self.left_out


def label(pipeline: str, tuning: Tuning | str | None) -> str:
    """Name of a contestant: the pipeline's text, and its tuning (or its words), if any."""
    return f"{pipeline} ({tuning})" if tuning else pipeline
