"""What the integrators share: which modalities a method was fitted on, and which are given."""

from __future__ import annotations

from collections.abc import Collection

from omicsbench.methods._common import Array, column_means
from omicsbench.plugin import Modalities, Modality


def given(X: Modalities, known: Collection[str], partial: bool = True) -> list[str]:
    """Names of the modalities in X, in the order in which they were fitted.

    ValueError for a name that was not fitted, for none at all and, unless ``partial``, for
    one that is missing.
    """
    unknown = [name for name in X if name not in known]
    if unknown:
        raise ValueError(f"unknown modality {unknown[0]!r}: fitted on {', '.join(known)}")
    names = [name for name in known if name in X]
    if not names or (not partial and len(names) < len(known)):
        wanted = "at least one" if partial else "all"
        raise ValueError(f"modalities are missing: give {wanted} of {', '.join(known)}")
    return names


def cells(X: Modalities) -> int:
    """How many cells there are, the same in each modality."""
    return len(next(iter(X.values())))


def means(X: Modalities) -> dict[str, Array]:
    """Mean of each feature, (p,) float32 by name of modality."""
    return {name: column_means(modality.values) for name, modality in X.items()}


def centred(modality: Modality, mean: Array) -> Array:
    """A new array (n, p), float32: ``values`` less the training means."""
    difference: Array = modality.values - mean
    return difference
