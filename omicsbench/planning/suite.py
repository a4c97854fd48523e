"""A suite: the TOML file that says which pipelines run on which data sets, and how."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from omicsbench.errors import RegistryError, unknown
from omicsbench.plugin import Family, Task
from omicsbench.reading.own import OwnData
from omicsbench.records import reading
from omicsbench.records.analysis import Analysis
from omicsbench.records.environment import cores
from omicsbench.records.spec import LONGEST_S, Device, SearchBudget
from omicsbench.registry.discover import best_device

Size = int | Literal["all"]
# Training sizes where a data set states none: those that it allows, and all its cells.
LARGEST_FILE = 1 << 20  # bytes
LARGEST_SIZE = 10**9
LADDER = (20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
DEFAULT_SIZES: tuple[Size, ...] = (*LADDER, "all")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _sound(sizes: tuple[Size, ...] | None) -> tuple[Size, ...] | None:
    numbers = [size for size in sizes or () if size != "all"]
    if sizes is not None and (not sizes or any(not 2 <= n <= LARGEST_SIZE for n in numbers)):
        raise ValueError('sizes are numbers of training samples of at least 2, or "all"')
    return sizes


SplitBy = Literal["cells", "group", "both"]
Sizes = Annotated[tuple[Size, ...] | None, AfterValidator(_sound)]


class DatasetChoice(_Strict):
    """A data set of a suite, with the training sizes tried on it."""

    name: str
    sizes: Sizes = None
    split: SplitBy | None = Field(
        default=None, description="group: no unit is both trained and tested on; both: each way"
    )
    unit: str | None = Field(
        default=None, description="one of the data set's groups, in place of its own unit"
    )
    held_out: str | None = Field(
        default=None, description="task predict: a class kept out of training, to be told apart"
    )
    hold_out: bool | None = Field(
        default=None, description="task embed: half of the molecules, and features, kept to score"
    )


class Tune(SearchBudget):
    """With it, every contestant runs tuned too, each with this budget of search."""

    metric: str | None = Field(
        default=None,
        description="scored on validation rows; if not stated, one that sees no labels, as methods "
        "do not: held_out_features where all data sets hold out, else knn_recall",
    )
    repeats: int | None = Field(default=None, ge=1, description="all, if not stated")


class Suite(_Strict):
    """What runs. Contestants of one comparison share ``n_components``, threads and device."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")
    summary: str = ""
    task: Task = "embed"
    datasets: tuple[DatasetChoice, ...] = ()
    pipelines: tuple[str, ...] = Field(min_length=1)
    families: dict[str, Family] = Field(
        default_factory=dict, description="family of import paths that declare none"
    )
    sizes: Sizes = Field(default=None, description="of data sets that state none")
    repeats: int = Field(default=5, ge=1, le=10_000)
    fewer_repeats: dict[str, Annotated[int, Field(ge=1)]] = Field(
        default_factory=dict,
        description="repeats of pipelines too dear for all of them, by their text as listed",
    )
    seed: int = Field(default=0, ge=0, lt=2**63)
    split: SplitBy = Field(default="cells", description="for data sets that state none")
    hold_out: bool = Field(default=False, description="for data sets that state none")
    n_components: int = Field(
        default=10, ge=1, le=LARGEST_SIZE, description="latent size, where a pipeline states none"
    )
    metrics: tuple[str, ...] | None = Field(default=None, description="all, if not stated")
    features: int = Field(default=2_000, ge=1, le=LARGEST_SIZE)
    features_per_size: bool = False
    scored: int = Field(
        default=500, ge=10, le=2_000, description="scored rows, the same at every size"
    )
    background: int = Field(
        default=5_000,
        ge=10,
        le=10_000,
        description="test rows among which neighbours are sought, the same at every size",
    )
    device: Device = "cpu"
    threads: int | None = Field(
        default=None,
        ge=1,
        le=10_000,
        description="of each run; all cores shared by the jobs, if not stated",
    )
    jobs: int = Field(
        default=1, ge=1, le=10_000, description="pipelines at a time; disturbs timings"
    )
    timeout_s: float = Field(default=600.0, gt=0, le=LONGEST_S, description="of one run")
    warm_up_timeout_s: float = Field(default=300.0, gt=0, le=LONGEST_S)
    memory_gb: float | None = Field(
        default=None, gt=0, le=1e6, description="80 % of the memory, if not stated"
    )
    tune: Tune | None = None
    analysis: Analysis = Field(default=Analysis(), description="how the runs are judged")


TABLES: dict[str, type[BaseModel]] = {
    "datasets": DatasetChoice,
    "tune": Tune,
    "analysis": Analysis,
}


def threads_of(suite: Suite) -> int:
    """Threads of each run: as stated, otherwise its share of the cores."""
    return suite.threads or max(1, cores() // suite.jobs)


def load_suite(name: str) -> Suite:
    """A suite by name or by the path of its TOML file.

    Raises RegistryError if there is none, or naming the first entry that is wrong; StoreError if
    its file cannot be read.
    """
    path = suites().get(name)
    if path is None:
        path = Path(name)
        if path.suffix != ".toml":
            raise RegistryError(unknown("suite", name, list(suites())) + " A path ends in .toml.")
        if not reading.is_file(path):
            raise RegistryError(f"There is no suite file {path}.")
    try:
        content = reading.from_toml(reading.read(path, LARGEST_FILE))
    except ValueError as error:
        raise RegistryError(f"{path} is not valid TOML: {error}.") from error
    return make_suite({"name": path.stem, **content}, str(path))


def make_suite(content: dict[str, Any], origin: str = "suite") -> Suite:
    """A checked suite. Raises RegistryError naming the first entry that is wrong.

    Device ``auto`` is the GPU that torch sees here, else the processor.
    """
    if content.get("device") == "auto":
        content = content | {"device": best_device()}
    try:
        return Suite.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise RegistryError(f"{origin}: {_not_an_entry(where)}") from error
        reason = first["msg"].removeprefix("Value error, ")
        raise RegistryError(f"{origin}: {where}: {reason}.") from error


def changed(suite: Suite, changes: Mapping[str, Any]) -> Suite:
    """The suite with some entries replaced; those of the table ``analysis`` by their own names.

    Raises RegistryError naming the first entry that is wrong.
    """
    plain = {name: value for name, value in changes.items() if name not in Analysis.model_fields}
    judged = {name: value for name, value in changes.items() if name not in plain}
    made = make_suite(suite.model_dump(exclude_unset=True) | plain, suite.name)
    if not judged:
        return made
    table = made.analysis.model_dump(exclude_unset=True) | judged
    return make_suite(made.model_dump(exclude_unset=True) | {"analysis": table}, suite.name)


def adapted(
    suite: Suite, own: Sequence[OwnData], methods: Sequence[str], changes: Mapping[str, Any]
) -> Suite:
    """The suite with ``changes``, the user's data in place of its own, and methods added.

    A time limit among the changes holds for warm-ups too, unless they state one for these.
    """
    wanted = {name: value for name, value in changes.items() if value is not None}
    if own:
        wanted["datasets"] = ()
    if methods:
        wanted["pipelines"] = (*wanted.get("pipelines", suite.pipelines), *methods)
    made = changed(suite, wanted) if wanted else suite
    if "timeout_s" in wanted and "warm_up_timeout_s" not in wanted:
        shorter = min(made.timeout_s, made.warm_up_timeout_s)
        return changed(made, {"warm_up_timeout_s": shorter})
    return made


def _not_an_entry(where: str) -> str:
    """What to say of an entry that no suite has, by its dotted name."""
    table, _, name = where.rpartition(".")
    if not table and name in Analysis.model_fields:
        return f"{name} is an entry of the table [analysis]; write it there."
    known = TABLES.get(table.partition(".")[0], Suite).model_fields
    return unknown("parameter", name, list(known))


def dump(suite: Suite) -> str:
    """The suite as JSON text, kept beside its results.

    It has the table ``analysis`` even if it is empty: a stored suite without one is older.
    """
    content = suite.model_dump(mode="json", exclude_defaults=True)
    return json.dumps({"analysis": {}} | content, ensure_ascii=False)


def suites() -> dict[str, Path]:
    """Suites that come with the package, by name."""
    folder = Path(__file__).parents[1] / "suites"
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}
