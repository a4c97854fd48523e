"""Sentences that a reader or a loader passes on to the user, kept with the cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anndata import AnnData

NOTES = "omicsbench_notes"  # key of uns


def note(adata: AnnData, *sentences: str) -> None:
    """Add sentences that the user should see, such as what was left out and why."""
    if sentences:
        adata.uns[NOTES] = [*notes_of(adata), *sentences]


def notes_of(adata: AnnData) -> list[str]:
    """The sentences kept with ``adata``, in the order in which they were added."""
    return [str(sentence) for sentence in adata.uns.get(NOTES, ())]
