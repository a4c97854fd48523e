"""Columns of numbers that name the cells: sample numbers, an index."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

FEWEST = 8  # numbers, of which it is no chance that they count up
_WORDS = "sample|cell|patient|subject|donor|participant|individual|case|specimen|animal|mouse"
_NUMBER = "id|idx|index|no|nr|num|number|name|code|barcode|key|uid|uuid"
_IDENTIFIER = re.compile(  # IDS and NONO are genes
    rf"(({_WORDS})s?[_ .-]?)?({_NUMBER})|(row|orig|record|gsm|study)[_ .-]({_NUMBER})|({_WORDS})"
    r"|orig[_. ]ident|barcodes|#|row|rows|rownames|unnamed: \d+(\.\d+)?|__index_level_\d+__",
    re.IGNORECASE,
)


def is_identifier(name: str) -> bool:
    """A name such as sample_id, Patient No. or index."""
    return bool(_IDENTIFIER.fullmatch(name.strip(" .")))


def counts_up(values: NDArray[Any]) -> bool:
    """Whole numbers of which each occurs once: in ascending order, or without a gap."""
    values = np.asarray(values, dtype=np.float64)
    if len(values) < FEWEST or not np.isfinite(values).all() or (values != np.floor(values)).any():
        return False
    if (np.diff(values) > 0).all():
        return True
    ordered = np.sort(values)
    return bool((np.diff(ordered) == 1).all())
