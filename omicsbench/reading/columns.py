"""Which columns are features: what the user says, and what names and values tell."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.errors import DataError
from omicsbench.reading.decisions import LEFT_OUT, Decision, decide
from omicsbench.reading.own import OwnData

if TYPE_CHECKING:
    from anndata import AnnData

SHOWN = 8  # names in a sentence


def choose_features(adata: AnnData, own: OwnData) -> AnnData:
    """The cells with their features only: what is no measurement goes to obs, and is said.

    ``own.exclude`` and ``own.features_like`` decide where they are given. ``adata`` is returned
    as it is if all are features, else a copy.

    Raises DataError for an option that matches nothing or leaves nothing.
    """
    names = [str(name) for name in adata.var_names]
    require_matches("--exclude", own.exclude, [*names, *map(str, adata.obs.columns)])
    require_matches("--features-like", own.features_like, names)
    excluded = matching(names, own.exclude)
    if own.features_like:
        excluded |= ~matching(names, own.features_like)
    if not excluded.any():
        return adata
    left = [name for name, out in zip(names, excluded, strict=True) if out]
    if excluded.all():
        raise DataError(
            f"No feature is left of {len(names):,}: "
            "give --exclude or --features-like other patterns."
        )
    option = "--features-like" if own.features_like else "--exclude"
    decide(adata, Decision(LEFT_OUT, shown(left), f"as {option} says", option))
    return without(adata, excluded)


def without(adata: AnnData, excluded: NDArray[np.bool_]) -> AnnData:
    """A copy of ``adata`` in which features ``excluded`` (p,) are columns of obs instead."""
    columns = {}
    for place in np.flatnonzero(excluded)[:1000]:  # more are no annotations
        name = str(adata.var_names[place])
        if name not in adata.obs:
            columns[name] = column_of(adata, int(place))
    kept = adata[:, ~excluded].copy()
    for name, values in columns.items():
        kept.obs[name] = values
    return kept


def column_of(adata: AnnData, place: int) -> NDArray[Any]:
    """Values of one feature in all cells, (n,)."""
    column = adata.X[:, [place]]
    return np.asarray(column.toarray() if hasattr(column, "toarray") else column).ravel()


def matching(names: Sequence[str], patterns: Iterable[str]) -> NDArray[np.bool_]:
    """Which names are among ``patterns``: names, or patterns as of files (``mt_*``)."""
    patterns = tuple(patterns)
    exact = set(patterns)
    wild = [pattern for pattern in patterns if any(sign in pattern for sign in "*?[")]
    return np.array(
        [name in exact or any(fnmatchcase(name, one) for one in wild) for name in names], dtype=bool
    )


def require_matches(option: str, patterns: Iterable[str], names: Sequence[str]) -> None:
    """Raise DataError, naming close ones, for a pattern that no name matches."""
    for pattern in patterns:
        if not matching(names, [pattern]).any():
            close = difflib.get_close_matches(pattern.strip("*"), names, n=5, cutoff=0.5)
            there = ", ".join(close or names[:5])
            raise DataError(f"{option} {pattern!r} matches no column: there are {there}.")


def shown(names: Sequence[str]) -> str:
    """The first names, and how many more."""
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
