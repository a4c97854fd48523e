"""Which columns are features: what the user says, and what names and values tell."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from omicsbench.errors import DataError
from omicsbench.reading.decisions import LEFT_OUT, Decision, decide
from omicsbench.reading.known_names import COORDINATE, is_of_feature, known_annotations
from omicsbench.reading.names import identifies
from omicsbench.reading.notes import note
from omicsbench.reading.own import OwnData
from omicsbench.reading.schemes import Scheme
from omicsbench.reading.suspects import Suspect, column_of, label_copies, suspects

if TYPE_CHECKING:
    from anndata import AnnData

SHOWN = 8  # names in a sentence
KEEP = "--features-like '*'"
WIDE = 1000  # features, among which genes with names such as run and arm may be


def choose_features(adata: AnnData, own: OwnData) -> AnnData:
    """The cells with their features only: what is no measurement goes to obs, and is said.

    ``own.exclude`` and ``own.features_like`` decide where they are given; else names and values
    tell. ``adata`` is returned as it is if all are features, else a copy.

    Raises DataError for an option that matches nothing or leaves nothing, and for a column that
    may be a measurement or none.
    """
    names = [str(name) for name in adata.var_names]
    require_matches("--exclude", own.exclude, [*names, *map(str, adata.obs.columns)])
    require_matches("--features-like", own.features_like, names)
    excluded = matching(names, own.exclude)
    if own.features_like:
        excluded |= ~matching(names, own.features_like)
        found: list[Suspect] = []
    else:
        found = _judge(adata, names, ~excluded, own)
    said = [name for name, out in zip(names, excluded, strict=True) if out]
    told = {suspect.name for suspect in found}
    excluded |= np.array([name in told for name in names], dtype=bool)
    if not excluded.any():
        _note_odd(adata, names, own)
        return adata
    if excluded.all():
        raise DataError(
            f"No feature is left of {len(names):,}: "
            "give --exclude or --features-like other patterns."
        )
    kept = without(adata, excluded)
    if said:
        option = "--features-like" if own.features_like else "--exclude"
        decide(kept, Decision(LEFT_OUT, shown(said), f"as {option} says", option))
    if found:
        reasons = shown([f"{suspect.name} ({suspect.why})" for suspect in found])
        note(kept, f"Left out as no measurements: {reasons}; {KEEP} keeps them.")
        why = found[0].why if len(found) == 1 else reasons
        decide(kept, Decision(LEFT_OUT, shown(sorted(told, key=names.index)), why, KEEP))
    _note_odd(kept, list(kept.var_names), own)
    return kept


def _note_odd(adata: AnnData, names: list[str], own: OwnData) -> None:
    """Say which few features have names unlike the others', if the user names no features."""
    scheme = Scheme.of(names)
    odd = [
        name
        for place, name in enumerate(names)
        if scheme.is_odd(name) and not is_of_feature(name) and not _is_gene(adata, place)
    ]
    if odd and not own.features_like and len(odd) <= min(SHOWN, max(1, len(names) // 20)):
        note(
            adata,
            f"Taken as features, though named unlike the others: {shown(odd)}; leave out what is "
            "none with --exclude.",
        )


def _judge(
    adata: AnnData, names: list[str], among: NDArray[np.bool_], own: OwnData
) -> list[Suspect]:
    """Features, of those ``among``, that are none. Raises DataError where that is in doubt."""
    places = np.flatnonzero(among)
    sure, maybe = known_annotations([names[place] for place in places])
    genes = [name for name in maybe if _is_like_others(adata, names, name)]
    if genes:
        note(
            adata,
            f"Taken as features, though annotations are called so: {shown(genes)}; "
            "their values are like the others'.",
        )
    maybe = {name: what for name, what in maybe.items() if name not in genes}
    known = {
        name: what
        for name, what in (sure | maybe).items()
        if not _is_gene(adata, names.index(name))
    }
    if 2 * len(known) > len(places):
        if all(what == COORDINATE for what in known.values()) and len(known) > len(places) - 3:
            return []  # of cells that are described by coordinates alone
        raise DataError(
            f"{len(known):,} of {len(places):,} columns have names of annotations, not of "
            f"features ({shown(list(known))}): say which are features with --features-like, or "
            "which are none with --exclude."
        )
    found = [Suspect(name, f"{what}, by its name", True) for name, what in known.items()]
    rest = np.array([place for place in places if names[place] not in known], dtype=np.int64)
    if adata.X is not None and adata.X.dtype.kind in "biuf":
        rest_names = [names[place] for place in rest]
        seen = {suspect.name for suspect in found}
        others = [
            suspect
            for suspect in suspects(adata, rest_names, rest)
            if not _is_gene(adata, names.index(suspect.name))
        ]
        if own.label is not None and own.label in adata.obs:
            others += label_copies(adata, rest_names, rest, own.label)
        found += [suspect for suspect in others if suspect.name not in seen]
    doubted = [suspect for suspect in found if not suspect.certain]
    if doubted:
        raise DataError(_question(doubted))
    return found


def _question(doubted: list[Suspect]) -> str:
    seen = shown([f"{suspect.name!r} ({suspect.why})" for suspect in doubted])
    names = ",".join(suspect.name for suspect in doubted[:SHOWN])
    return (
        f"It is not certain that all columns are measurements: {seen}; leave out what is none "
        f"with --exclude {names!r}, or keep all with {KEEP}."
    )


def _is_gene(adata: AnnData, place: int) -> bool:
    """Whether annotations give a feature an identifier: then its name is one of a gene."""
    return any(
        identifies(str(adata.var[column].iloc[place]), "feature")
        for column in ("gene_ids", "gene_id", "ensembl_id", "feature_id", "ensembl")
        if column in adata.var
    )


def _is_like_others(adata: AnnData, names: list[str], name: str) -> bool:
    """Whether a column whose name may be a gene's is zero in most cells, as genes are."""
    if len(names) < WIDE or adata.X is None:
        return False
    return bool(np.mean(column_of(adata, names.index(name)) == 0) > 0.8)


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
