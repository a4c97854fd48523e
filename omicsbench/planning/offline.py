"""A suite without the data sets that cannot be read here, or would have to be downloaded."""

from __future__ import annotations

from collections.abc import Callable, Collection

from omicsbench.errors import OmicsbenchError
from omicsbench.inputs.fetch import local_path
from omicsbench.planning.suite import Suite, changed
from omicsbench.plugin import DatasetInfo
from omicsbench.registry.calls import parse_call
from omicsbench.registry.discover import Registry, unavailable


def usable(suite: Suite, registry: Registry, tell: Callable[[str], None], offline: bool) -> Suite:
    """The suite of the data sets that can be read, ``offline`` of those that are here.

    ``tell`` is told of the others. Raises OmicsbenchError if none is left.
    """
    readable = of_what_can_be_read(suite, registry, tell)
    return of_what_is_here(readable, registry, tell) if offline else readable


def of_what_can_be_read(suite: Suite, registry: Registry, tell: Callable[[str], None]) -> Suite:
    """The suite of the data sets whose modules are installed; ``tell`` is told of the others.

    Raises OmicsbenchError if none is left of a suite that names some.
    """
    found = {c.name: unavailable(_info(c.name, registry)) for c in suite.datasets}
    reasons = {name: reason for name, reason in found.items() if reason}
    if not reasons:
        return suite
    if len(reasons) == len(found):
        name, reason = next(iter(reasons.items()))
        raise OmicsbenchError(f"Data set {name} {reason}.")
    for name, reason in reasons.items():
        tell(f"Left out: data set {name} {reason}.")
    return _without(suite, reasons)


def of_what_is_here(suite: Suite, registry: Registry, tell: Callable[[str], None]) -> Suite:
    """The suite of the data sets whose files are all here; ``tell`` is told of the others.

    Raises OmicsbenchError if none is left of a suite that names some.
    """
    missing = [c.name for c in suite.datasets if not _here(c.name, registry)]
    if not missing:
        return suite
    if len(missing) == len(suite.datasets):
        raise OmicsbenchError(
            f"Every data set of suite {suite.name} has to be downloaded: run `omicsbench fetch "
            "NAME` where there is a network, or leave --offline out."
        )
    tell(f"Left out, as they are not downloaded: {', '.join(dict.fromkeys(missing))}.")
    return _without(suite, missing)


def _without(suite: Suite, names: Collection[str]) -> Suite:
    kept = [c.model_dump(exclude_none=True) for c in suite.datasets if c.name not in names]
    return changed(suite, {"datasets": kept})


def _here(name: str, registry: Registry) -> bool:
    return all(local_path(file).is_file() for file in _info(name, registry).remote)


def _info(name: str, registry: Registry) -> DatasetInfo:
    return registry.dataset(parse_call(name).name).info
