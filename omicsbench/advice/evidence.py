"""The evidence that the package carries: what committed results showed, data set by data set.

``evidence.json`` is made by ``python -m omicsbench.advice results/*`` and never typed by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from omicsbench.errors import StoreError
from omicsbench.records import reading
from omicsbench.records.packed import PACKED_FILE
from omicsbench.records.submission import content_hash

EVIDENCE_FILE = Path(__file__).with_name("evidence.json")


class _Held(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Showing(_Held):
    """What all deep against all simple contestants showed by one metric, as a verdict has it.

    ``n_star`` is where deep is ahead, with ``low`` and ``high`` (None: not reached) the ends of its
    interval; ``difference`` is deep minus simple at ``largest``, positive where deep is better.
    """

    metric: str
    title: str
    purpose: str
    standing: str
    n_star: int | None
    low: int | None
    high: int | None
    smallest: int
    largest: int
    difference: tuple[float, float, float] | None
    margin: float
    q: float | None
    needed: int | None
    deep: str


class AtSize(_Held):
    """At ``n``: what to use for each purpose, and the median cost of one run of each contestant.

    ``seconds`` are of CPU where these are known of all, else of the clock.
    """

    n: int
    use: dict[str, str]
    seconds: dict[str, float]
    trained_on: dict[str, int] = {}


class Case(_Held):
    """One data set under one set of terms."""

    suite: str
    dataset: str
    kind: str
    values: str
    provenance: str | None
    new_units: bool
    n_cells: int
    n_features: int
    task: str
    device: str
    output_dim: int | None
    tuning: str
    repeats: int
    families: dict[str, str]
    sizes: tuple[AtSize, ...]
    findings: tuple[Showing, ...]

    @property
    def largest(self) -> int:
        return self.sizes[-1].n

    def at(self, n: int) -> AtSize | None:
        """The largest tested size up to ``n``; None if all are larger."""
        return next((size for size in reversed(self.sizes) if size.n <= n), None)

    @property
    def place(self) -> str:
        """In words, such as ``nci60 (new donors; tuned ...; suite tuned)``."""
        said = ["new units"] if self.new_units else []
        said += [self.tuning] if self.tuning else []
        return f"{self.dataset} ({'; '.join([*said, f'suite {self.suite}'])})"


class Evidence(_Held):
    """All cases, and the records that they were read from: folder by name, with its hash."""

    sources: dict[str, str]
    cases: tuple[Case, ...]


def carried(path: Path = EVIDENCE_FILE) -> Evidence:
    """What the package carries. Raises StoreError for a file that holds no evidence."""
    return reading.typed(Evidence, path, _damaged)


def is_evidence(folder: Path) -> bool:
    """Whether a folder holds packed results, and is no baseline for comparisons on a machine."""
    return (folder / PACKED_FILE).is_file() and not (folder / "noise.json").exists()


def outdated(evidence: Evidence, folders: Mapping[str, Path]) -> list[str]:
    """Names of result sets that are not, or not as they stand, in the evidence."""
    now = {name: content_hash(folder) for name, folder in folders.items()}
    names = evidence.sources.keys() | now.keys()
    return sorted(name for name in names if evidence.sources.get(name) != now.get(name))


def _damaged(path: Path, problem: str) -> StoreError:
    return StoreError(f"{path} is damaged ({problem}); install omicsbench again.")
