"""Embeddings that were computed elsewhere: their marks on the page, and what is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from omicsbench.records.spec import Contamination, RunRecord

NO_FORECAST = "its scores are no forecast"
SIGNS: dict[Contamination, tuple[str, str]] = {
    "seen": ("†", f"that has seen these data: {NO_FORECAST}, and it is not in the headline"),
    "unknown": ("‡", f"that may have seen these data, nobody says: if it has, {NO_FORECAST}"),
    "unseen": ("§", "that, as is stated, has not seen these data"),
}


@dataclass(frozen=True)
class Footnote:
    """Pipelines of which the same is to be said, the sign that stands beside them, and that."""

    sign: str
    said: str
    pipelines: tuple[str, ...]

    @property
    def sentence(self) -> str:
        return f"{', '.join(self.pipelines)}: computed elsewhere, by a model {self.said}."


def footnotes(records: Sequence[RunRecord]) -> list[Footnote]:
    """One for each thing that can be said, in the order of ``SIGNS``; none without embeddings."""
    found: dict[Contamination, dict[str, None]] = {}
    for r in records:
        if r.contamination is not None:
            found.setdefault(r.contamination, {})[r.spec.pipeline] = None
    return [Footnote(*SIGNS[of], tuple(sorted(found[of]))) for of in SIGNS if of in found]


def sentences(records: Sequence[RunRecord]) -> list[str]:
    """What is to be known of them beside the verdicts of one task, most important first."""
    return [*(note.sentence for note in footnotes(records)), *_alone(records)]


def _alone(records: Sequence[RunRecord]) -> list[str]:
    """Of those in no verdict, as nothing simple has their dimension."""
    dims: dict[tuple[str, str], set[int | None]] = {}
    for r in records:
        if r.family == "simple":
            dims.setdefault((r.spec.task, r.spec.dataset), set()).add(r.output_dim)
    alone = {
        r.spec.pipeline: r.output_dim
        for r in records
        if r.contamination is not None and r.family == "deep" and r.output_dim is not None
        if r.output_dim not in dims.get((r.spec.task, r.spec.dataset), ())
    }
    return [
        f"{name} has {dim} dimensions and no simple pipeline has, so it is in no verdict: add a "
        f"simple one that has, or reduce it, as in {name} > pca(10)."
        for name, dim in sorted(alone.items())
    ]
