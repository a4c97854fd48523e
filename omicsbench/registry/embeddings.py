"""What a stage states of an embedding that was computed elsewhere: which one, and by what."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast, get_args

from omicsbench.errors import RegistryError
from omicsbench.plugin import Family, MethodInfo
from omicsbench.records.spec import Contamination


@dataclass(frozen=True)
class NamedEmbedding:
    """An embedding of the cells as a pipeline names it.

    Attributes
    ----------
    key, path : the entry of ``.obsm``, or the parquet file; the other is None.
    contamination : whether what computed it has seen the data.
    """

    key: str | None
    path: str | None
    contamination: Contamination


def stated(
    text: str, info: MethodInfo, make: Any, params: Mapping[str, Any]
) -> tuple[MethodInfo, NamedEmbedding]:
    """A method that reads an embedding, with the family that is stated, and what it reads.

    Raises RegistryError, naming the stage by its ``text``, for parameters that do not tell.
    """
    known = inspect.signature(make).parameters
    given = {name: params.get(name, known[name].default) for name in known}
    key, path = given.get("key"), given.get("path")
    if (key is None) == (path is None) or not isinstance(key or path, str):
        raise RegistryError(
            f"{text}: name one embedding, either key='X_name', an entry of .obsm, or "
            "path='file.parquet'."
        )
    family = given.get("family", info.family)
    contamination = given.get("contamination", "unknown")
    for name, value, choices in (
        ("family", family, get_args(Family)),
        ("contamination", contamination, get_args(Contamination)),
    ):
        if value not in choices:
            raise RegistryError(f"{text}: {name} is one of {', '.join(choices)}.")
    named = NamedEmbedding(key, path, cast(Contamination, contamination))
    return replace(info, family=cast(Family, family)), named
