"""Features of one kind and of one genome, out of several: chosen, or asked for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from omicsbench.errors import DataError, unknown
from omicsbench.reading.decisions import LEFT_OUT, Decision, decide
from omicsbench.reading.notes import note
from omicsbench.reading.own import OwnData

if TYPE_CHECKING:
    from anndata import AnnData

EXPRESSION = "Gene Expression"
_EXPRESSION = {"gene expression", "gex", "rna"}  # as it is called besides
# What `feature_types` holds where it tells measurements apart, not sorts of genes.
_KINDS = _EXPRESSION | {
    *("antibody capture", "adt", "protein", "crispr guide capture", "multiplexing capture"),
    *("antigen capture", "custom", "peaks", "atac", "hto"),
}
GENOME_OPTION, KIND_OPTION = "--genome", "--feature-type"
_PREFIX = re.compile(r"^(hg[0-9]{2}|mm[0-9]{1,2}|GRC[a-z]+[0-9]+|human|mouse)[_:.-]+", re.I)
_OF_SPECIES = re.compile(r"(ENS([A-Z]{3})?G)\d{11}(\.\d+)?")
_RARE = 0.05  # of all genes, that are no species of a mixture


class KindChoice(NamedTuple):
    """Which features are kept (features,) bool, and what is to be said of it."""

    kept: NDArray[np.bool_]
    note: str | None
    decisions: tuple[Decision, ...]


def choose_kind(types: Sequence[str], wanted: str | None, source: str) -> KindChoice:
    """Features of the ``wanted`` kind; gene expression, if none is and there is any.

    Raises DataError, naming the kinds there are, for another that is not there, and if there is no
    gene expression to take by itself.
    """
    kinds = list(dict.fromkeys(types))
    close = {kind.lower(): kind for kind in kinds}
    chosen = close.get(wanted.lower()) if wanted else _expression(kinds)
    if chosen is None:
        there = ", ".join(sorted(kinds))
        called = wanted or "gene expression"
        raise DataError(
            f"{source} has no {called}, only {there}: choose with {KIND_OPTION} {_quoted(kinds)}."
        )
    others = sorted(set(kinds) - {chosen})
    kept = np.array([kind == chosen for kind in types], dtype=bool)
    if not others:
        return KindChoice(kept, None, ())
    said = "gene expression" if chosen == EXPRESSION else chosen
    left = ", ".join(others)
    return KindChoice(
        kept,
        f"Only {said} is used, not {left}.",
        (
            Decision("features", chosen, f"the kinds are {', '.join(kinds)}", KIND_OPTION),
            Decision(LEFT_OUT, left, f"the kind read is {chosen}", KIND_OPTION),
        ),
    )


def choose_genome(
    genomes: Sequence[str], wanted: str | None, source: str, every: Sequence[str] | None = None
) -> KindChoice:
    """Features of the ``wanted`` genome; of several one must be wanted. "" is of every genome.

    ``every``: of the features of other kinds too. Raises DataError, naming the genomes there are.
    """
    there = list(dict.fromkeys(genome for genome in every or genomes if genome))
    here = [genome for genome in there if genome in set(genomes)]
    if wanted is None:
        if len(here) > 1:
            raise DataError(
                f"{source} holds several genomes ({', '.join(here)}): choose one with "
                f"{GENOME_OPTION} {here[0]}."
            )
        return KindChoice(np.ones(len(genomes), dtype=bool), None, ())
    if not there:
        raise DataError(f"{source} names no genome: leave {GENOME_OPTION} out.")
    chosen = {genome.lower(): genome for genome in there}.get(wanted.lower())
    if chosen is None:
        raise DataError(f"{source}: {unknown('genome', wanted, there)}")
    kept = np.array([genome in (chosen, "") for genome in genomes], dtype=bool)
    if not kept.any():
        raise DataError(f"{source} has no such feature of {chosen}, only of {', '.join(here)}.")
    others = ", ".join(genome for genome in here if genome != chosen)
    if not others:
        return KindChoice(kept, None, ())
    why = f"the genomes are {', '.join(here)}"
    decision = Decision("features", f"genome {chosen}", why, GENOME_OPTION)
    left = Decision(LEFT_OUT, f"genes of {others}", f"the genome read is {chosen}", GENOME_OPTION)
    return KindChoice(kept, f"Only genes of {chosen} are used, not of {others}.", (decision, left))


def genomes_of_names(names: Sequence[str]) -> list[str] | None:
    """The genome before each name, as in ``hg19_TP53``; None unless all but a few have one.

    Identifiers of several species (ENSG, ENSMUSG) tell it without one.
    """
    if not any(_PREFIX.match(name) for name in (*names[:50], *names[-50:])):
        return _species_of(names)
    found = [_PREFIX.match(name) for name in names]
    genomes = [one[1] if one else "" for one in found]
    return genomes if genomes.count("") <= 0.1 * len(genomes) else None


def several_genomes(*told_by: Sequence[str]) -> list[str] | None:
    """The genome of each feature by the first names or identifiers that tell of several."""
    for names in told_by:
        found = genomes_of_names(names)
        if found and len(set(found) - {""}) > 1:
            return found
    return None


def _species_of(names: Sequence[str]) -> list[str] | None:
    """What identifiers of Ensembl begin with, where they are of several species."""
    if not any(_OF_SPECIES.fullmatch(name) for name in (*names[:50], *names[-50:])):
        return None
    found = [one[1] if (one := _OF_SPECIES.fullmatch(name)) else "" for name in names]
    counts = Counter(found)
    few = counts.pop("", 0) > 0.1 * len(names)
    many = [species for species, count in counts.items() if count >= _RARE * len(names)]
    return None if few or len(many) < 2 else found


def of_one_kind(adata: AnnData, own: OwnData, asked: bool = False) -> AnnData:
    """``adata`` with the features of one kind and genome, by what ``var`` and names say of them.

    ``asked``: a single kind that is not gene expression has to be asked for, as in 10x files.
    Raises DataError where several could be meant, and for an option without a choice.
    """
    wanted, types, every = own.feature_type, _types(adata.var), _genomes(adata)
    if wanted is not None and types is None:
        raise DataError(f"{own.title} states no kinds of features: leave {KIND_OPTION} out.")
    if types is not None and (wanted is not None or asked or len(set(types)) > 1):
        adata = _kept(adata, choose_kind(types, wanted, own.title))
    return of_one_genome(adata, own, every)


def of_one_genome(adata: AnnData, own: OwnData, every: Sequence[str] | None = None) -> AnnData:
    """As :func:`of_one_kind`, the genome alone; ``every`` as in :func:`choose_genome`."""
    genomes = _genomes(adata)
    if genomes is None and own.genome is None:
        return adata
    none = [""] * adata.n_vars
    return _kept(adata, choose_genome(genomes or none, own.genome, own.title, every))


def told_apart(names: Sequence[str], called: str) -> tuple[tuple[str, ...], str | None]:
    """Unique names in the way of AnnData, and what is to be said of it."""
    import warnings

    import anndata
    import pandas as pd

    repeated = len(names) - len(set(names))
    if not repeated:
        return tuple(names), None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that are not unique: that is why we are here
        named = anndata.AnnData(var=pd.DataFrame(index=list(names)))
        named.var_names_make_unique()
    said = f"{called} names that occur again ({repeated:,}) were told apart by a number."
    return tuple(named.var_names), said


def _kept(adata: AnnData, choice: KindChoice) -> AnnData:
    taken = adata if choice.kept.all() else adata[:, choice.kept].copy()
    if choice.note:
        note(taken, choice.note)
    decide(taken, *choice.decisions)
    return taken


def _types(var: Any) -> list[str] | None:
    if "feature_types" not in var:
        return None
    types = var["feature_types"].astype(str).tolist()
    return types if {kind.lower() for kind in types} <= _KINDS else None


def _genomes(adata: AnnData) -> list[str] | None:
    stated = None
    if "genome" in adata.var:
        column = adata.var["genome"]
        stated = [
            "" if missing else str(g) for g, missing in zip(column, column.isna(), strict=True)
        ]
        if len(set(stated) - {""}) > 1:
            return stated
    ids = adata.var["gene_ids"].astype(str).tolist() if "gene_ids" in adata.var else []
    return several_genomes(adata.var_names.tolist(), ids) or stated


def _expression(kinds: list[str]) -> str | None:
    return next((kind for kind in kinds if kind.lower() in _EXPRESSION), None)


def _quoted(kinds: list[str]) -> str:
    return " or ".join(f"'{kind}'" if " " in kind else kind for kind in sorted(kinds)[:3])
