"""A suite without the data sets that would have to be downloaded."""

from __future__ import annotations

from collections.abc import Callable

from omicsbench.errors import OmicsbenchError
from omicsbench.inputs.fetch import local_path
from omicsbench.planning.suite import Suite, changed
from omicsbench.registry.calls import parse_call
from omicsbench.registry.discover import Registry


def of_what_is_here(suite: Suite, registry: Registry, tell: Callable[[str], None]) -> Suite:
    """The suite of the data sets whose files are all here; ``tell`` is told of the others.

    Raises OmicsbenchError if none is left of a suite that names some.
    """
    missing = [c.name for c in suite.datasets if not _here(c.name, registry)]
    if not missing:
        return suite
    kept = [c.model_dump(exclude_none=True) for c in suite.datasets if c.name not in missing]
    if not kept:
        raise OmicsbenchError(
            f"Every data set of suite {suite.name} has to be downloaded: run `omicsbench fetch "
            "NAME` where there is a network, or leave --offline out."
        )
    tell(f"Left out, as they are not downloaded: {', '.join(dict.fromkeys(missing))}.")
    return changed(suite, {"datasets": kept})


def _here(name: str, registry: Registry) -> bool:
    remote = registry.dataset(parse_call(name).name).info.remote
    return all(local_path(file).is_file() for file in remote)
