"""What is known of methods, data sets and metrics besides their results."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from omicsbench.errors import RegistryError
from omicsbench.metrics import Metric
from omicsbench.plugin import DatasetInfo, MethodInfo
from omicsbench.records.spec import RunRecord
from omicsbench.registry.calls import parse_pipeline
from omicsbench.registry.discover import Registry
from omicsbench.site.licences import licences

KINDS = ("method", "dataset", "metric")
FAVOURS: dict[str | None, str] = {
    "computed": " (a clustering, which favours PCA)",
    "gated": " (they follow from the features, which favours trees and networks)",
}
LONGEST_NAME = 100  # characters of it in an address; file systems take 255 in all


@dataclass(frozen=True)
class Card:
    """A page's subject: ``rows`` of facts as they are printed, and ``text`` its caveats."""

    kind: str
    name: str
    summary: str
    source: str
    rows: tuple[tuple[str, str], ...]
    text: str

    @property
    def url(self) -> str:
        return url_of(self.kind, self.name)


def url_of(kind: str, name: str) -> str:
    """The file of a page: safe in a file system and an address, one for each name."""
    safe = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:LONGEST_NAME]
    odd = "" if safe == name else "-" + format(_checksum(name), "06x")
    return f"{kind}-{safe}{odd}.html"


def _checksum(name: str) -> int:
    import zlib

    return zlib.crc32(name.encode(errors="replace")) & 0xFFFFFF


def methods_of(pipeline: str) -> list[str]:
    """Names of the stages of a pipeline: the methods whose pages speak of it."""
    try:
        return [call.name for call in parse_pipeline(pipeline)]
    except RegistryError:  # by another version's rules
        return [pipeline]


def stages_of(pipeline: str) -> list[tuple[str, str]]:
    """Method and text of each stage, as canonical pipelines are written."""
    names, texts = methods_of(pipeline), pipeline.split(" > ")
    return (
        list(zip(names, texts, strict=True)) if len(names) == len(texts) else [(names[0], pipeline)]
    )


def known_methods(registry: Registry, records: Iterable[RunRecord]) -> list[Card]:
    """Methods of the registry, and those that only the records name."""
    found = {name: _method(entry.info, entry.make) for name, entry in registry.methods.items()}
    for name in dict.fromkeys(m for r in records for m in methods_of(r.spec.pipeline)):
        if name not in found:
            found[name] = Card(
                "method", name, "Not of the package: it came with a result set.", "", (), ""
            )
    return [found[name] for name in sorted(found)]


def known_datasets(registry: Registry, records: Iterable[RunRecord]) -> list[Card]:
    """Data sets that have results, with what their newest run and their loader tell."""
    newest: dict[str, RunRecord] = {}
    for r in sorted(records, key=lambda r: r.started_at):
        newest[r.spec.dataset] = r
    return [_dataset(name, newest[name], registry) for name in sorted(newest)]


def known_metrics(metrics: Iterable[Metric]) -> list[Card]:
    """Every metric."""
    return [_metric(metric) for metric in sorted(metrics, key=lambda m: m.name)]


def _method(info: MethodInfo, make: Callable[..., Any]) -> Card:
    tuned = [f"{name}: {dimension}" for name, dimension in info.space]
    rows = {
        "Family": info.family,
        "Task": info.task,
        "Parameters": ", ".join(map(_parameter, inspect.signature(make).parameters.values())),
        "Tuned over": "; ".join(tuned),
        "Reads": info.reads,
        "Uses": ", ".join(info.uses),
        "Devices": ", ".join(info.devices),
        "Needs": ", ".join(info.needs),
        "Licence": licences([make.__module__.partition(".")[0], *info.needs]),
        "Control": "; ".join(f"{name}={value!r}" for name, value in info.control_if),
    }
    return Card("method", info.name, info.summary, info.source, _told(rows), _text(make))


def _dataset(name: str, record: RunRecord, registry: Registry) -> Card:
    facts = record.dataset_info
    entry = registry.datasets.get(name.partition("(")[0].strip())
    info: DatasetInfo | None = entry.info if entry else None
    rows = {
        "Licence": facts.licence,
        "Kind": facts.kind + ("" if facts.omics else ", not omics"),
        "Values": facts.values,
        "Cells": f"{facts.n_cells:,}" if facts.n_cells else "",
        "Features": f"{facts.n_features:,} measured, {facts.n_selected:,} selected",
        "Label": facts.label or "",
        "Labels come from": (facts.provenance or "") + FAVOURS.get(facts.provenance, ""),
        "Classes": ", ".join(facts.label_names[:12]) + (" ..." if facts.label_names[12:] else ""),
        "Unit": facts.unit or "",
        "Batches": facts.batch or "",
        "Target": facts.target or "",
        "Downloads": "; ".join(map(str, info.remote)) if info else "",
    }
    text = "\n".join([_text(entry.make) if entry else "", *(f"- {n}" for n in facts.notes)])
    summary = facts.summary or (info.summary if info else "")
    return Card("dataset", name, summary, facts.source, _told(rows), text.strip())


def _metric(metric: Metric) -> Card:
    low, high = ("unbounded" if end is None else f"{end:g}" for end in metric.range)
    rows = {
        "Title": metric.title,
        "Range": f"{low} to {high}",
        "Better": "larger" if metric.direction == "max" else "smaller",
        "Group": metric.group,
        "Counts in verdicts": "no, it is secondary" if metric.secondary else "yes",
        "Margin": f"{metric.margin:g}, where no room is known",
        "Tasks": ", ".join(metric.tasks),
        "Needs": ", ".join(metric.needs),
    }
    return Card(
        "metric", metric.name, metric.title, metric.source, _told(rows), _text(metric.function)
    )


def _parameter(of: inspect.Parameter) -> str:
    return of.name if of.default is of.empty else f"{of.name}={of.default!r}"


def _told(rows: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in rows.items() if value)


def _text(of: Callable[..., Any]) -> str:
    return inspect.getdoc(of) or ""
