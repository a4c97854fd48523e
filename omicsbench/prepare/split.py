"""Which rows train, validate and test, and in which order a repeat takes them.

Held out once for data sets of 1,000 samples and more; repeated stratified K-fold below. Where a
suite asks for new units (donors, families), repeated K-fold over these at any number of samples.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from omicsbench.errors import DataError

COHORT = 1_000  # fewer samples than this: K-fold instead of one held-out test set
FOLDS = 5  # 20 % for testing
MAX_TEST = 10_000
VALIDATION_FOLDS = 7  # about 14 % of the training pool
MAX_VALIDATION = 1_000
FEW_UNITS = 10  # up to these each is the test set once, and nothing is repeated
FEWEST_VALIDATED = 4  # units of a training pool of which some are kept for validation

RowNumbers = NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """Row numbers of the training pool, of its validation part and of the test set.

    The three are disjoint. ``test`` and ``validation`` are in random order, so that a
    prefix of either is a random sample.
    """

    train: RowNumbers
    validation: RowNumbers
    test: RowNumbers


def kind(n: int) -> Literal["holdout", "kfold"]:
    """How a data set of ``n`` samples is split."""
    return "kfold" if n < COHORT else "holdout"


def split(
    codes: NDArray[np.signedinteger[Any]] | None,
    n: int,
    repeat: int,
    seed: int,
    held_out: int | None = None,
    units: NDArray[np.signedinteger[Any]] | None = None,
) -> Split:
    """Split ``n`` samples, stratified by label codes (-1: missing) where there are any.

    A hold-out ignores ``repeat``. In a cohort, repeat r is fold r mod 5 of partition r div 5. With
    ``units`` (n,) it is so of their codes: no unit is in two parts, unless the training pool has
    too few for validation rows of their own, which then come from all its units.
    Samples of code ``held_out`` are neither trained nor validated on: they are in the test set
    alone.
    """
    rows = np.arange(n)
    if units is not None:
        folds = unit_folds(np.unique(units).size)
        partition, fold = divmod(repeat, folds)
        pool, test = _unit_fold(rows, units, folds, fold, [seed, 5, partition])
        if pool.size < VALIDATION_FOLDS:
            raise DataError(
                f"Without the units to be tested on, {pool.size} of {n:,} cells are left to train "
                "on: the units are too uneven; split by cells, or leave the largest out."
            )
    else:
        cohort = kind(n) == "kfold"
        folds = FOLDS if cohort else max(FOLDS, -(-n // MAX_TEST))
        partition, fold = divmod(repeat, FOLDS) if cohort else (0, 0)
        pool, test = _fold(rows, codes, folds, fold, [seed, 0, partition])
    known = 0 if units is None else np.unique(units[pool]).size
    if units is not None and known >= FEWEST_VALIDATED:
        own = min(VALIDATION_FOLDS, known)
        train, validation = _unit_fold(pool, units, own, 0, [seed, 6, partition, fold])
    else:
        validation_folds = max(VALIDATION_FOLDS, -(-pool.size // MAX_VALIDATION))
        train, validation = _fold(pool, codes, validation_folds, 0, [seed, 1, partition, fold])
    rng = np.random.default_rng([seed, 2, partition, fold])
    validation, test = rng.permutation(validation), rng.permutation(test)
    if held_out is not None and codes is not None:
        train, validation = (rows[codes[rows] != held_out] for rows in (train, validation))
    return Split(train, validation, test)


def unit_folds(units: int) -> int:
    """How many folds so many units are dealt into. Raises DataError for fewer than two."""
    if units < 2:
        raise DataError("There is one unit only, so that none is left to test on: split by cells.")
    return units if units <= FEW_UNITS else FOLDS


def most_repeats(units: int) -> int | None:
    """Repeats after which the same units would be tested on again; None if there is no end."""
    return units if units <= FEW_UNITS else None


def smallest_parts(n: int) -> tuple[int, int, int]:
    """Fewest training, validation and test rows that any repeat's split of ``n`` has."""
    folds = FOLDS if kind(n) == "kfold" else max(FOLDS, -(-n // MAX_TEST))
    test, pool = n // folds, n - -(-n // folds)
    validation_folds = max(VALIDATION_FOLDS, -(-pool // MAX_VALIDATION))
    return pool - -(-pool // validation_folds), pool // validation_folds, test


def order(n_train: int, repeat: int, seed: int) -> RowNumbers:
    """The repeat's permutation of the training rows; size n takes its first n (nested)."""
    return np.random.default_rng([seed, 3, repeat]).permutation(n_train)


def method_seed(repeat: int, seed: int) -> int:
    """The random state given to every method in this repeat."""
    return int(np.random.SeedSequence([seed, 4, repeat]).generate_state(1)[0] % 2**31)


def _unit_fold(
    rows: RowNumbers,
    units: NDArray[np.signedinteger[Any]],
    folds: int,
    fold: int,
    seed: list[int],
) -> tuple[RowNumbers, RowNumbers]:
    """Rows of the units outside and inside fold ``fold``, which hold about as many units each."""
    from sklearn.model_selection import GroupKFold

    state = int(np.random.SeedSequence(seed).generate_state(1)[0])
    folds_of = GroupKFold(folds, shuffle=True, random_state=state).split(rows, groups=units[rows])
    outside, inside = next(islice(folds_of, fold, None))
    return rows[outside], rows[inside]


def _fold(
    rows: RowNumbers,
    codes: NDArray[np.signedinteger[Any]] | None,
    folds: int,
    fold: int,
    seed: list[int],
) -> tuple[RowNumbers, RowNumbers]:
    """Rows outside and inside fold ``fold``. Fold sizes differ by one row at most."""
    from sklearn.model_selection import KFold, StratifiedKFold

    state = int(np.random.SeedSequence(seed).generate_state(1)[0])
    labels = None if codes is None else codes[rows]
    # Stratifying is possible as long as one class reaches every fold; smaller classes
    # are dealt out as far as they go, which scikit-learn warns of and the data set's
    # notes tell.
    stratified = labels is not None and np.unique(labels, return_counts=True)[1].max() >= folds
    splitter = (StratifiedKFold if stratified else KFold)(folds, shuffle=True, random_state=state)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        # One fold is wanted; all of them would not fit in memory for a million cells.
        folds_of = splitter.split(rows, labels if stratified else None)
        outside, inside = next(islice(folds_of, fold, None))
    return rows[outside], rows[inside]
