"""Embeddings that were computed elsewhere, written part by part beside prepared data.

They have folders of their own, named after those of the prepared data, so that these are the same
with and without them: ``train/``, ``validation/``, ``test/``, each with the rows of its part in the
order in which the prepared ones lie.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.inputs.cache import look_in, made_whole, remove
from omicsbench.prepare import checksums
from omicsbench.prepare.parts import EMBEDDING, NAMES
from omicsbench.prepare.prepared import Prepared
from omicsbench.records.ids import digest

KIND = "embeddings-1"  # in the cache; raise it when the arrays are written otherwise


def with_embedding(
    prepared: Mapping[int, Prepared], made_of: Any, embedding: Callable[[], NDArray[np.float32]]
) -> dict[int, Prepared]:
    """The prepared splits with their rows of an embedding, written where they are not there yet.

    ``made_of`` tells it from all others of these data. ``embedding`` gives it whole, (cells, d) in
    the order of the data set; it is called where rows are to be written. What it raises is raised.
    """
    whole = cache(embedding)
    own = digest(made_of)
    return {repeat: _written(one, own, whole) for repeat, one in prepared.items()}


def _written(prepared: Prepared, own: str, whole: Callable[[], NDArray[np.float32]]) -> Prepared:
    name = f"{prepared.folder.name}-{own}"
    for home in look_in(KIND):
        with contextlib.suppress(PermissionError):
            if (home / name).is_dir() and checksums.damaged(home / name) is None:
                return replace(prepared, embedding=home / name)
    folder = look_in(KIND)[-1] / name
    if folder.is_dir():
        remove(folder)
    rows = whole()
    with made_whole(folder) as temporary:
        for part in NAMES:
            (temporary / part).mkdir()
            own_rows = rows[np.sort(getattr(prepared.split, part))]
            np.save(temporary / part / f"{EMBEDDING}.npy", own_rows, allow_pickle=False)
        checksums.write(temporary)
    return replace(prepared, embedding=folder)
