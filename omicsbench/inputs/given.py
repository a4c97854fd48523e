"""The user's own data as given to the Python interface: a path, an AnnData, or several."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omicsbench.errors import OmicsbenchError
from omicsbench.inputs.source import OwnData
from omicsbench.plugin import Values

if TYPE_CHECKING:
    from anndata import AnnData

PathLike = str | os.PathLike[str]


def own_data(
    data: PathLike | AnnData | OwnData | Sequence[OwnData] | None,
    label: str | None,
    values: Values | None,
    unit: str | None,
    folder: Path,
) -> list[OwnData]:
    """What a call was given as data, none or several; an AnnData is written into ``folder``.

    Raises OmicsbenchError for anything else.
    """
    if data is None:
        for what, column in (("label", label), ("unit", unit)):
            if column is not None:
                raise OmicsbenchError(
                    f"A {what} belongs to your own data; name its file with --data."
                )
        return []
    if isinstance(data, OwnData):
        return [data]
    if isinstance(data, str | os.PathLike):
        return [OwnData(Path(data), label=label, values=values, unit=unit)]
    if hasattr(data, "write_h5ad"):
        path = _written(data, label, unit, folder)
        return [OwnData(path, label=label, values=values, unit=unit)]
    if isinstance(data, Sequence) and all(isinstance(one, OwnData) for one in data):
        return list(data)
    raise OmicsbenchError(
        f"data is a {type(data).__name__}; give a file's path, an AnnData, or OwnData objects."
    )


def _written(adata: AnnData, label: str | None, unit: str | None, folder: Path) -> Path:
    """The AnnData as a file, without what a run does not use and a file may not hold."""
    from anndata import AnnData

    wanted = list(dict.fromkeys(name for name in (label, unit) if name is not None))
    if set(wanted) <= set(adata.obs):
        obs = adata.obs[wanted]
    else:  # what there is, to be named in the refusal
        obs = adata.obs.select_dtypes(include=["category", "object", "string"]).astype(str)
    layers = {"counts": adata.layers["counts"]} if "counts" in adata.layers else {}
    uns: dict[str, Any] = {"log1p": {}} if "log1p" in adata.uns else {}
    path = folder / "data.h5ad"
    AnnData(adata.X, obs=obs, var=adata.var[[]], layers=layers, uns=uns).write_h5ad(path)
    return path
