"""Modalities of one file: all of them, paired, or the one that is asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from omicsbench.errors import DataError
from omicsbench.plugin import Values
from omicsbench.reading.formats import format_of, in_one_sentence
from omicsbench.reading.kinds import EXPRESSION, of_one_genome
from omicsbench.reading.memory import require_memory, unpacked_size
from omicsbench.reading.mtx import read_mtx
from omicsbench.reading.notes import note
from omicsbench.reading.own import OwnData
from omicsbench.reading.pairing import pair
from omicsbench.reading.soundness import require_sound
from omicsbench.reading.tenx import inspect_10x, kinds_10x

if TYPE_CHECKING:
    from anndata import AnnData

MODALITIES_10X = {EXPRESSION: "rna", "Antibody Capture": "protein", "Peaks": "atac"}
PROTEINS = {"prot", "protein", "proteins", "adt", "antibody_capture"}
ACCESSIBILITY = {"atac", "peaks", "accessibility", "acc"}
METHYLATION = {"met", "methylation"}
# Options that choose within one matrix.
ONE_ONLY = ("layer", "modality", "transpose", "exclude", "features_like", "feature_type")


def read_modalities(own: OwnData) -> dict[str, AnnData]:
    """Read all modalities of a file: the same cells in the same order in each, RNA first.

    An h5mu file names them; those of a 10x file are ``rna``, ``protein``, ``atac`` and
    others after their kind of feature. ``label`` and ``unit`` may be columns of the whole file
    or of any modality. Proteins and peaks are read from ``layers["counts"]`` if X holds
    no counts, and counts of peaks become 0 and 1. What the user should know of the
    reading is in ``uns["omicsbench_notes"]`` of the modalities.

    Raises DataError, in one sentence, as :func:`omicsbench.reading.readers.read` and
    :func:`omicsbench.reading.pairing.pair` do, and if the format holds one modality only.
    """
    if own.held is not None:
        raise DataError(f"{own.title} holds one modality: give the path of an .h5mu file.")
    path, kind = own.path, format_of(own.path)
    for option in ONE_ONLY:
        if getattr(own, option):
            name = option.replace("_", "-")
            raise DataError(f"--{name} is of one matrix, and all of {path} are read: leave it out.")
    if own.genome and kind == ".h5mu":
        raise DataError("--genome is for 10x files: leave it out.")
    with in_one_sentence(path, kind):
        match kind:
            case ".h5mu":
                found, obs = _load_h5mu(path)
            case ".h5":
                found, obs = _load_10x(path, own.genome), None
            case ".mtx":
                found, obs = _split(of_one_genome(read_mtx(path), own)), None
            case _:
                raise DataError(
                    f"{path} holds one modality, as {kind} files do: "
                    "give an .h5mu file or a 10x .h5 file to read several."
                )
    found = dict(sorted(found.items(), key=lambda item: item[0].lower() != "rna"))
    paired = pair(found, own.label, own.unit, obs, own.batch)
    for name, adata in paired.items():
        _take_counts(name, adata)
        if modality_values(name, adata) == "binary" and adata.X.max() > 1:
            adata.X = (adata.X > 0).astype(np.float32)
            note(adata, f"Counts of {name} are taken as 0 or 1: open or not.")
    return paired


def modality_values(name: str, adata: AnnData | None = None) -> Values | None:
    """What the name of a modality tells of its values, None if nothing.

    ``adata``: its cells, so that the name is not believed against them: proteins and peaks
    must be counts, rates lie between 0 and 1 (shares of accessibility are rates too).
    """
    name = _as_name(name)
    counts = adata is None or _are_counts(adata.X)
    if name in PROTEINS and counts:
        return "proteins"
    if name in ACCESSIBILITY and counts:
        return "binary"
    shares = name in METHYLATION if adata is None else _are_shares(adata.X)
    return "rates" if name in METHYLATION | ACCESSIBILITY and shares else None


def read_one(path: Path, own: OwnData) -> AnnData:
    """The modality of an h5mu file that ``own`` asks for: ``rna``, or the only one, by default.

    Label and unit may be columns of the whole file. Raises DataError if it cannot be told which.
    """
    modality = own.modality
    found, obs = _load_h5mu(path)
    names = list(found)
    if modality is None:
        modality = "rna" if "rna" in names else names[0] if len(names) == 1 else None
    if modality not in names:
        missing = (
            f"There is no modality {modality!r} in" if modality else "There is no modality rna in"
        )
        raise DataError(f"{missing} {path}: choose with --modality NAME from {', '.join(names)}.")
    adata = found[modality]
    for column in own.columns:
        if column not in adata.obs and column in obs:
            adata.obs[column] = obs.loc[adata.obs_names, column]
    return adata


def _load_h5mu(path: Path) -> tuple[Mapping[str, AnnData], Any]:
    """The modalities of an h5mu file, and the obs of the whole."""
    try:
        import mudata
    except ImportError as error:
        raise DataError(
            "Reading .h5mu files needs mudata: pip install 'omicsbench[multimodal]'."
        ) from error
    require_memory(path, unpacked_size(path))
    mdata = mudata.read_h5mu(path)
    for name, adata in mdata.mod.items():
        require_sound(adata, f"{path.name}, {name}")
    return mdata.mod, mdata.obs


def _load_10x(path: Path, genome: str | None) -> dict[str, AnnData]:
    """Every kind of feature of a 10x file, by the name of its modality."""
    loaded = {}
    kinds = kinds_10x(path, genome)
    for kind in kinds:
        found = inspect_10x(path, kind, genome)
        notes = found.notes[1:] if len(kinds) > 1 else found.notes  # no kind is left out
        loaded[_called(kind)] = replace(found, notes=notes).to_adata()
    return loaded


def _split(adata: AnnData) -> dict[str, AnnData]:
    """Every kind of feature by the name of its modality; expression where none is stated."""
    if "feature_types" not in adata.var:
        return {_called(EXPRESSION): adata}
    types = adata.var["feature_types"].astype(str)
    return {_called(kind): adata[:, types == kind].copy() for kind in dict.fromkeys(types)}


def _called(kind: str) -> str:
    return MODALITIES_10X.get(kind, _as_name(kind))


def _as_name(text: str) -> str:
    return re.sub(r"\W+", "_", text.lower())


def _take_counts(name: str, adata: AnnData) -> None:
    """Put the counts of proteins or peaks into X, where only a layer holds them."""
    layer = adata.layers.get("counts")
    wanted = _as_name(name) in PROTEINS | ACCESSIBILITY
    if wanted and layer is not None and not _are_counts(adata.X) and _are_counts(layer):
        adata.X = layer
        note(adata, f"Raw counts of {name} are taken from layers['counts'].")


def _are_counts(matrix: Any) -> bool:
    """Whole numbers, none of them negative."""
    if matrix is None or matrix.dtype.kind not in "biuf":
        return False
    stored = matrix.data if hasattr(matrix, "indptr") else matrix
    return bool((stored >= 0).all() and (stored == np.floor(stored)).all())


def _are_shares(matrix: Any) -> bool:
    """Numbers from 0 to 1."""
    if matrix is None or matrix.dtype.kind not in "biuf":
        return False
    stored = matrix.data if hasattr(matrix, "indptr") else matrix
    return bool(((stored >= 0) & (stored <= 1)).all())
