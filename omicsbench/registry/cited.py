"""What the stages of pipelines declare of themselves, for who cites them."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

from omicsbench.errors import RegistryError
from omicsbench.registry.calls import parse_pipeline
from omicsbench.registry.discover import Registry, discover


class Declared(NamedTuple):
    """One line on a method, and where it comes from."""

    summary: str
    source: str


def declared(pipelines: Iterable[str], registry: Registry | None = None) -> dict[str, Declared]:
    """By the name of a method, each that these pipelines use and that is at hand.

    That is in ``registry``, by default without anybody's own folders; what was named by an import
    path is not.
    """
    known = (registry or discover()).methods
    found: dict[str, Declared] = {}
    for text in pipelines:
        with suppress(RegistryError):  # of a record that was made elsewhere
            for call in parse_pipeline(text):
                if call.name in known:
                    info = known[call.name].info
                    found[call.name] = Declared(info.summary, info.source)
    return found
