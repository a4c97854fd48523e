"""Names of contestants for a table, without what all forms of a method have in common."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from omicsbench.registry.calls import Call, call_text, parse_pipeline

Arguments = dict[Any, Any]  # by name, or by place where they have none


def shortened(labels: Iterable[str]) -> dict[str, str]:
    """Each label without the arguments that every form of its methods shares."""
    stages = {label: parse_pipeline(label) for label in labels}
    shared = _shared(call for calls in stages.values() for call in calls)
    return {
        label: " > ".join(_text(one.name, _without(one, shared[one.name])) for one in calls)
        for label, calls in stages.items()
    }


def left_out(labels: Iterable[str]) -> str:
    """What ``shortened`` left out, as calls."""
    shared = _shared(call for label in labels for call in parse_pipeline(label))
    said = [f"`{_text(name, own)}`" for name, own in sorted(shared.items()) if own]
    return f"Every form of a method has, besides what is written: {', '.join(said)}."


def _shared(calls: Iterable[Call]) -> dict[str, Arguments]:
    found: dict[str, list[Arguments]] = defaultdict(list)
    for call in calls:
        found[call.name].append(_arguments(call))
    return {
        name: {k: v for k, v in forms[0].items() if all(f.get(k) == v for f in forms)}
        for name, forms in found.items()
    }


def _arguments(call: Call) -> Arguments:
    return {**dict(enumerate(call.args)), **dict(call.kwargs)}


def _without(call: Call, shared: Arguments) -> Arguments:
    return {k: v for k, v in _arguments(call).items() if k not in shared}


def _text(name: str, own: Arguments) -> str:
    return call_text(name, own, positional=sum(isinstance(k, int) for k in own))
