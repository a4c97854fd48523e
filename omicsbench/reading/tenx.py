"""10x HDF5 files, read a block of cells at a time.

The matrix is stored genes x cells by column, which is cells x genes by row. Version 2 keeps it
in a group named by the genome, version 3 in ``/matrix`` with the kind of each feature.
``indptr`` is read as int64 throughout: 1.3 million cells hold more than 2^31 counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.errors import DataError
from omicsbench.reading.decisions import Decision, decide
from omicsbench.reading.kinds import (
    EXPRESSION,
    KindChoice,
    choose_genome,
    choose_kind,
    genomes_of_names,
    several_genomes,
    told_apart,
)
from omicsbench.reading.memory import require_memory
from omicsbench.reading.notes import note
from omicsbench.stream import BLOCK_ROWS, CellStream

if TYPE_CHECKING:
    from anndata import AnnData

BYTES = 16  # of a count in memory: value and place, in its block and once more in the whole


@dataclass(frozen=True)
class TenX:
    """What is known of a 10x file before its matrix is read.

    Attributes
    ----------
    path, group : where the matrix lies.
    stored : (cells, features) as stored, before the choice of one kind of feature.
    kinds : every kind of feature there is, in the order of the file.
    kept : stored features that are of the chosen kind and genome; None if all are.
    gene_ids : identifiers of the kept features; ``names``, their unique names.
    notes : sentences that the user should see, first that on kinds, if there are several.
    decisions : what was decided of kinds and genomes.
    """

    path: Path
    group: str
    stored: tuple[int, int]
    kinds: tuple[str, ...]
    kept: NDArray[np.int64] | None
    gene_ids: tuple[str, ...]
    names: tuple[str, ...]
    notes: tuple[str, ...]
    decisions: tuple[Decision, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """(cells, kept features)."""
        return self.stored[0], len(self.names)

    def barcodes(self) -> NDArray[Any]:
        """Names of the cells, (cells,) str."""
        with _opened(self.path) as file:
            return np.asarray(file[self.group]["barcodes"].asstr()[:])

    def rows(self, start: int, stop: int) -> Any:
        """Cells ``start`` to ``stop``: CSR (stop - start, kept) float32, indices as stored.

        Raises DataError if this part of the file contradicts itself.
        """
        with _opened(self.path) as file:
            return self._rows(file[self.group], start, stop)

    def blocks(self) -> Iterator[Any]:
        """All cells, ``BLOCK_ROWS`` at a time; one empty block if there are none."""
        for start in range(0, max(self.stored[0], 1), BLOCK_ROWS):
            yield self.rows(start, min(start + BLOCK_ROWS, self.stored[0]))

    def stream(
        self,
        labels: Callable[[], NDArray[np.signedinteger[Any]]] | None = None,
        label_names: tuple[str, ...] = (),
    ) -> CellStream:
        """The cells as a data set's loader returns them."""
        return CellStream(
            shape=self.shape,
            features=self.names,
            blocks=self.blocks,
            labels=labels,
            label_names=label_names,
            notes=self.notes,
        )

    def to_adata(self) -> AnnData:
        """All cells in memory, with their barcodes, identifiers of features, and what is said.

        Raises DataError as :meth:`rows` does, and if they are more than the memory.
        """
        with _opened(self.path) as file:
            stored = len(file[self.group]["data"])
        require_memory(self.path, stored * BYTES)
        adata = self.stream().to_adata()
        adata.obs_names = self.barcodes()
        adata.var["gene_ids"] = list(self.gene_ids)
        note(adata, *self.notes)
        decide(adata, *self.decisions)
        return adata

    def _rows(self, group: Any, start: int, stop: int) -> Any:
        from scipy import sparse

        pointers = group["indptr"][start : stop + 1].astype(np.int64)
        first, last = int(pointers[0]), int(pointers[-1])
        if (np.diff(pointers) < 0).any() or first < 0 or last > len(group["data"]):
            raise _damaged(self.path, f"indptr is out of order in cells {start:,} to {stop:,}")
        indices = group["indices"][first:last]
        features = self.stored[1]
        if indices.size and not 0 <= int(indices.min()) <= int(indices.max()) < features:
            raise _damaged(
                self.path,
                f"cells {start:,} to {stop:,} name a feature that is none of the {features:,}",
            )
        block = sparse.csr_matrix(
            (
                group["data"][first:last].astype(np.float32),
                indices.astype(np.int32),
                (pointers - first).astype(np.int32 if last - first < 2**31 else np.int64),
            ),
            shape=(stop - start, features),
        )
        return block if self.kept is None else block[:, self.kept]


def open_10x(path: Path | str) -> CellStream:
    """The gene expression of a 10x file as a stream of cells, without labels.

    Raises DataError, in one sentence, if the file is of another kind, holds several genomes or
    no gene expression, or is truncated or contradicts itself; for damage inside the
    matrix that is when the block is read.
    """
    return inspect_10x(path).stream()


def inspect_10x(path: Path | str, kind: str | None = EXPRESSION, genome: str | None = None) -> TenX:
    """Everything but the matrix, for features of one ``kind``, such as "Antibody Capture".

    ``kind`` None is gene expression. ``genome`` is needed where there are several.
    Raises DataError as :func:`open_10x` does, also if no feature is of this kind or genome.
    """
    path = Path(path)
    whole, types, genomes = _inspect(path, genome)
    of_kind = choose_kind(types, kind, str(path))
    places = np.flatnonzero(of_kind.kept)
    of_genome = KindChoice(np.ones(len(places), dtype=bool), None, ())
    if genomes is not None or genome is not None:
        named = genomes or [""] * len(types)
        of_genome = choose_genome([named[i] for i in places], genome, str(path), named)
        places = places[of_genome.kept]
    found = replace(
        whole,
        kept=None if len(places) == len(types) else places,
        gene_ids=tuple(whole.gene_ids[place] for place in places),
        names=tuple(whole.names[place] for place in places),
        notes=tuple(n for n in (of_kind.note, *whole.notes, of_genome.note) if n),
        decisions=(*of_kind.decisions, *whole.decisions, *of_genome.decisions),
    )
    names, said = told_apart(found.names, "Gene" if kind in (EXPRESSION, None) else str(kind))
    return replace(found, names=names, notes=(*found.notes, said) if said else found.notes)


def kinds_10x(path: Path | str, genome: str | None = None) -> tuple[str, ...]:
    """Every kind of feature of a file, in its order. Raises DataError if it cannot be read."""
    return _inspect(Path(path), genome)[0].kinds


def _inspect(path: Path, genome: str | None) -> tuple[TenX, list[str], list[str] | None]:
    """Everything but the matrix, for all features; kind and genome of each, if it is stated."""
    with _opened(path) as file:
        name, choice = _group_name(file, path, genome)
        group = file[name]
        three = "features" in group
        wanted = (
            ["features/id", "features/name", "features/feature_type"]
            if three
            else ["genes", "gene_names"]
        )
        for part in ("data", "indices", "indptr", "shape", "barcodes", *wanted):
            if part not in group:
                raise _damaged(path, f"{name}/{part} is missing")
        features, cells = _check_sizes(path, group, wanted[0], wanted[1])
        ids, names = (tuple(map(str, group[part].asstr()[:])) for part in wanted[:2])
        stated = group[wanted[2]].asstr()[:] if three else [""] * features
        types = [str(kind) or EXPRESSION for kind in stated]
        genomes = [name] * features if not three else _stated_genomes(group, path, features)
    if len(types) != features:
        raise _damaged(path, f"{len(types):,} kinds of {features:,} features are stated")
    several = several_genomes(ids, names) if len(set(genomes or ()) - {""}) < 2 else None
    genomes = several or genomes or genomes_of_names(ids) or genomes_of_names(names)
    kinds = tuple(dict.fromkeys(types))
    notes = (choice.note,) if choice.note else ()
    whole = TenX(path, name, (cells, features), kinds, None, ids, names, notes, choice.decisions)
    return whole, types, genomes


def _stated_genomes(group: Any, path: Path, features: int) -> list[str] | None:
    if "features/genome" not in group:
        return None
    genomes = list(map(str, group["features/genome"].asstr()[:]))
    if len(genomes) != features:
        raise _damaged(path, f"{len(genomes):,} genomes of {features:,} features are stated")
    return genomes


def _group_name(file: Any, path: Path, genome: str | None) -> tuple[str, KindChoice]:
    """The group of the matrix, in version 2 named by its genome, which may be a choice."""
    if "matrix" in file:
        return "matrix", KindChoice(np.ones(1, dtype=bool), None, ())
    genomes = [name for name in file if hasattr(file[name], "keys") and "gene_names" in file[name]]
    if genomes:
        choice = choose_genome(genomes, genome, str(path))
        return genomes[int(np.argmax(choice.kept))], choice
    found = ", ".join(file) or "nothing"
    raise DataError(f"{path} is not a 10x file (it holds {found}): rename or convert it to .h5ad.")


def _check_sizes(path: Path, group: Any, ids: str, names: str) -> tuple[int, int]:
    """(features, cells) as stated, if all parts agree with it. Raises DataError otherwise."""
    stated = group["shape"][:]
    if stated.shape != (2,) or stated.min() < 0:
        raise _damaged(path, f"its shape is stated as {stated.tolist()}")
    features, cells = (int(size) for size in stated)
    for part, length in (
        (ids, features),
        (names, features),
        ("barcodes", cells),
        ("indptr", cells + 1),
        ("indices", len(group["data"])),
    ):
        if len(group[part]) != length:
            raise _damaged(path, f"{part} has {len(group[part]):,} entries, not {length:,}")
    first, last = int(group["indptr"][0]), int(group["indptr"][-1])
    if first != 0 or last != len(group["data"]):
        values = len(group["data"])
        raise _damaged(path, f"indptr goes from {first:,} to {last:,}, with {values:,} values")
    return features, cells


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """The open file. What HDF5 says of a broken one becomes a DataError."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            yield file
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist: give a 10x .h5 file.") from error
    except PermissionError as error:
        raise DataError(f"{path} cannot be opened: permission denied.") from error
    except (OSError, RuntimeError, KeyError, AttributeError, TypeError, ValueError) as error:
        text = str(error).strip().splitlines()
        raise _damaged(path, text[0] if text else type(error).__name__) from error


def _damaged(path: Path, reason: str) -> DataError:
    return DataError(
        f"{path} cannot be read as 10x HDF5 ({reason}): it is damaged, truncated or of another "
        "format; copy or download it again."
    )
