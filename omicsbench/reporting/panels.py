"""The panels of learning curves: pipelines of one place and output dimension, on equal terms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from omicsbench.metrics import Metric
from omicsbench.reporting.matrix import TASKS, ordered
from omicsbench.reporting.page_data import ChartNumbers
from omicsbench.reporting.places import NamedPlace, Place, of_place
from omicsbench.verdict.verdict import Verdict


@dataclass(frozen=True)
class Panel:
    """One set of equal terms, and a learning curve by each metric."""

    at: NamedPlace
    dim: int  # 0 where there is no space
    sizes: list[int]
    curves: list[tuple[Metric, str]]  # what each shows in words, for those who see no chart

    @property
    def name(self) -> str:
        return self.at.name + (f" · {self.dim}-D" if self.dim else "")

    @property
    def space(self) -> str:
        """What is compared, such as 10-D spaces."""
        task = self.at.place.task
        if not self.dim:
            return {"predict": "class predictions", "regress": "predicted numbers"}.get(
                task, "outputs"
            )
        joint = "joint " if task == "integrate" else ""
        return f"2-D {joint}pictures" if self.dim == 2 else f"{self.dim}-D {joint}spaces"


def panels(
    quality: pd.DataFrame,
    found: Iterable[Verdict],
    places: Sequence[NamedPlace],
    metrics: Mapping[str, Metric],
) -> list[Panel]:
    """Each (place, output dimension) that has scores, the larger dimension first."""
    own: dict[tuple[Place, str, int], list[Verdict]] = {}
    for v in found:
        at = Place(v.dataset, v.task, v.device, v.tuning)
        own.setdefault((at, v.metric, v.output_dim or 0), []).append(v)
    made = []
    for named in places:
        here = of_place(quality, named.place)
        dims = here["output_dim"].fillna(0)
        for dim in sorted(map(int, set(dims)), reverse=True):
            group = here[dims == dim]
            curves = []
            for metric in ordered(metrics[name] for name in set(group["metric"])):
                scores = group[group["metric"] == metric.name]
                ahead = own.get((named.place, metric.name, dim), ())
                curves.append((metric, _words(metric, scores, ahead)))
            made.append(Panel(named, dim, sorted(int(n) for n in set(group["size"])), curves))
    return made


def _words(metric: Metric, scores: pd.DataFrame, found: Sequence[Verdict]) -> str:
    """What a learning curve shows, in words."""
    largest = int(scores["size"].max())
    last = scores[scores["size"] == largest].sort_values("mean", ascending=False)
    ends = ", ".join(f"{p} {m:.3g}" for p, m in zip(last["pipeline"], last["mean"], strict=True))
    stars = [f"{v.deep} is ahead from n = {v.n_star:,}" for v in found if v.n_star]
    text = f"{metric.title} against n. At n = {largest:,}: {ends}."
    if last["floor"].notna().any():
        floor, ceiling = last[["floor", "ceiling"]].mean()
        text += f" Knowing nothing scores {floor:.3g}, knowing the answer {ceiling:.3g}."
    return text + "".join(f" {star}." for star in dict.fromkeys(stars))


@dataclass(frozen=True)
class DropDown:
    """One drop-down of the bar: its name, what stands before it, and what it offers."""

    name: str
    label: str
    every: str  # what is chosen where nothing is
    options: list[tuple[str, str]]  # value, text


def choices(shown: Sequence[Panel], codes: ChartNumbers) -> list[DropDown]:
    """The drop-downs of the bar; one that offers but one thing is left out, but for the metrics."""
    places = [p.place for p in codes.places]
    dims = sorted({panel.dim for panel in shown}, reverse=True)
    tunings = sorted({p.tuning for p in places})
    metrics = ordered(m for panel in shown for m, _ in panel.curves)
    found = [
        DropDown("dataset", "Data", "all data sets", _same(p.dataset for p in places)),
        DropDown(
            "task", "Task", "all tasks", [(t, TASKS[t]) for t in _each(p.task for p in places)]
        ),
        DropDown("metric", "Metric", "all metrics", [(m.name, m.title) for m in metrics]),
        DropDown("dim", "Output", "all", [(str(d), f"{d}-D" if d else "no space") for d in dims]),
        DropDown("device", "Device", "all", _same(p.device for p in places)),
        DropDown("tuning", "Tuning", "all", [(t or "none", t or "at defaults") for t in tunings]),
    ]
    return [one for one in found if len(one.options) > 1 or one.name == "metric"]


def _each(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _same(names: Iterable[str]) -> list[tuple[str, str]]:
    return [(name, name) for name in _each(names)]


def menus(shown: Iterable[Panel]) -> list[dict[str, Any]]:
    """The panels as the bar and the explorer need them."""
    return [
        {
            "name": panel.name,
            "place": panel.at.number,
            "ground": panel.at.ground,
            "dim": panel.dim or "",
            "sizes": panel.sizes,
            "metrics": [m.name for m, _ in panel.curves],
        }
        for panel in shown
    ]
