"""Texts of ``omicsbench list`` and ``omicsbench show``. Imports nothing heavy."""

from __future__ import annotations

import inspect
import json
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from omicsbench.errors import RegistryError, unknown
from omicsbench.metrics import METRICS
from omicsbench.plugin import DatasetInfo, MethodInfo
from omicsbench.registry.discover import Entry, Registry, discover, unavailable


def listing(kind: str, plugins: Sequence[Path] = ()) -> str:
    """Table of all ``methods``, ``datasets``, ``metrics`` or ``suites``."""
    if kind == "suites":
        from omicsbench.planning.suite import suites

        return _table((name, _suite(path).get("summary", "")) for name, path in suites().items())
    registry = discover(plugins)
    rows: list[tuple[str, ...]] = []
    if kind == "metrics":
        rows = [
            (m.info.name, m.info.group, _range(m.info.range), m.info.direction, m.info.title)
            for m in registry.metrics.values()
        ]
    elif kind == "methods":
        rows = [
            (m.info.name, m.info.family, "/".join(m.info.devices), _summary(m))
            for m in sorted(registry.methods.values(), key=lambda e: (e.info.family, e.info.name))
        ]
    else:
        rows = [
            (d.info.name, d.info.kind, d.info.values or "modalities", _summary(d))
            for d in sorted(registry.datasets.values(), key=lambda e: (e.info.kind, e.info.name))
        ]
    return "\n".join([_table(rows), *_broken(registry)])


def details(name: str, plugins: Sequence[Path] = ()) -> str:
    """Everything known of one name. Raises RegistryError if nothing has it."""
    from omicsbench.planning.suite import suites

    registry = discover(plugins)
    if name in registry.metrics:
        scored_by = registry.metric(name)
        rows = [(f.name, _value(getattr(scored_by.info, f.name))) for f in fields(scored_by.info)]
        own = {"range": _range(scored_by.info.range)}
        rows = [(key, own.get(key, value)) for key, value in rows if key != "function"]
        if name not in METRICS:
            rows.append(("file", str(scored_by.path)))
        return f"{_table(rows)}\n\n{inspect.getdoc(scored_by.make) or ''}"
    if name in suites():
        return suites()[name].read_text(encoding="utf-8").rstrip()
    entry: Entry[Any] | None = registry.methods.get(name) or registry.datasets.get(name)
    if entry is None:
        known = [*registry.methods, *registry.datasets, *registry.metrics, *suites()]
        raise RegistryError(unknown("name", name, known))
    rows = [(f.name, _value(getattr(entry.info, f.name))) for f in fields(entry.info)]
    if isinstance(entry.info, MethodInfo):
        searched = [f"{name}: {values}" for name, values in entry.info.space]
        rows = [row for row in rows if row[0] != "space"]
        rows += zip(["space", *[""] * len(searched)], searched or ["nothing to tune"], strict=False)
    rows += [("file", str(entry.path)), ("parameters", _parameters(entry))]
    reason = unavailable(entry.info, entry.make)
    rows.append(("usable here", f"no: {reason}" if reason else "yes"))
    return f"{_table(rows)}\n\n{inspect.getdoc(entry.make) or ''}"


def listing_json(kind: str, plugins: Sequence[Path] = ()) -> str:
    """The same as JSON: under the kind a list of all that is known, and what cannot be used."""
    if kind == "suites":
        from omicsbench.planning.suite import suites

        return _json({kind: [{"name": n, **_suite(path)} for n, path in suites().items()]})
    registry = discover(plugins)
    entries: dict[str, Entry[Any]] = getattr(registry, kind)
    broken = {str(path): reason for path, reason in registry.broken.items()}
    return _json({kind: [_known(entry) for entry in entries.values()], "broken": broken})


def details_json(name: str, plugins: Sequence[Path] = ()) -> str:
    """Everything known of one name, as JSON. Raises RegistryError if nothing has it."""
    from omicsbench.planning.suite import suites

    registry = discover(plugins)
    if name in suites() and name not in registry.metrics:
        return _json({"name": name, **_suite(suites()[name])})
    tables = (registry.metrics, registry.methods, registry.datasets)
    entry: Entry[Any] | None = next((t[name] for t in tables if name in t), None)
    if entry is None:
        known = [*registry.methods, *registry.datasets, *registry.metrics, *suites()]
        raise RegistryError(unknown("name", name, known))
    return _json(_known(entry) | {"about": inspect.getdoc(entry.make) or ""})


def _known(entry: Entry[Any]) -> dict[str, Any]:
    """What was declared, the parameters by name, and why it cannot be used here, if so."""
    stated = {f.name: getattr(entry.info, f.name) for f in fields(entry.info)}
    stated = {key: value for key, value in stated.items() if not callable(value)}
    if isinstance(entry.info, MethodInfo):
        stated["space"] = {key: str(values) for key, values in entry.info.space}
    if not isinstance(entry.info, MethodInfo | DatasetInfo):
        return stated | {"file": entry.path}
    reason = unavailable(entry.info, entry.make)
    given = inspect.signature(entry.make).parameters.values()
    parameters = {p.name: None if p.default is p.empty else p.default for p in given}
    return stated | {"file": entry.path, "parameters": parameters, "cannot_run": reason}


def _json(content: Any) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False, default=str)


def _summary(entry: Entry[MethodInfo] | Entry[DatasetInfo]) -> str:
    reason = unavailable(entry.info, entry.make)
    return f"{entry.info.summary} [cannot run here: {reason}]" if reason else entry.info.summary


def _parameters(entry: Entry[Any]) -> str:
    texts = []
    for p in inspect.signature(entry.make).parameters.values():
        texts.append(p.name if p.default is p.empty else f"{p.name}={p.default!r}")
    return ", ".join(texts)


def _broken(registry: Registry) -> list[str]:
    return [f"cannot be used: {path}: {reason}" for path, reason in registry.broken.items()]


def _suite(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _range(bounds: tuple[float | None, float | None]) -> str:
    low, high = (("-inf", "inf")[i] if b is None else f"{b:g}" for i, b in enumerate(bounds))
    return f"[{low}, {high}]"


def _value(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _table(rows: Iterable[tuple[str, ...]]) -> str:
    rows = list(rows)
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)] if rows else []
    return "\n".join(
        "  ".join([*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[-1]])
        for row in rows
    )
