"""Names of features that are alike: identifiers of one kind, symbols, a word with a number."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

SHARE = 0.8  # of the names, that share a scheme
DIGITS = 0.25  # of the symbols of mice hold a digit, or more
LOOKED_AT = 1000  # names, spread evenly
_SCHEMES = (
    r"ENS[A-Z]{0,4}[GTP]\d{6,}(\.\d+)?(_.+)?",
    r"[ACGNWX][MRPTGC]_\d{4,}(\.\d+)?",  # RefSeq
    r"FBgn\d{7}|WBGene\d{8}|AT[1-5MC]G\d{5}(\.\d+)?|Y[A-P][LR]\d{3}[WC](-[A-Z])?",
    r"[OPQ]\d[A-Z\d]{3}\d(-\d+)?|[A-NR-Z]\d([A-Z][A-Z\d]{2}\d){1,2}(-\d+)?",  # UniProt
    r"\w+_at|ILMN_\d+|A_\d\d_P\d+|cg\d{8}|ch\.\w+\.\w+|rs\d+|hsa-(mir|miR|let)-\S+",
    r"(chr)?[\dXYMT]{1,2}[:_-]\d+[:_-]\d+",
    r"[+-]?\d+([.,]\d+)?([ _]?(m/z|mz|Da|ppm|cm-1))?",
    r"[A-Z][A-Z0-9]*([-._][A-Z0-9]+)*|C\d+orf\d+|KIAA\d+|LOC\d+",  # human symbols
    r"[A-Z][a-z0-9]*([-._][A-Za-z0-9]+)*",  # mouse symbols
)
_COMPILED = tuple(re.compile(pattern) for pattern in _SCHEMES)
_AGAIN = re.compile(r"[-.]\d+$")
_NUMBERED = re.compile(r"(.*?)\d+")


@dataclass(frozen=True)
class Scheme:
    """What most names have in common.

    Attributes
    ----------
    pattern : that they match; None if they have nothing in common.
    strict : no word of a language matches it, as one may the form of symbols.
    """

    pattern: re.Pattern[str] | None
    strict: bool = False

    @classmethod
    def of(cls, names: Sequence[str]) -> Scheme:
        """The first scheme that four in five of the names share, a word with a number first."""
        if len(names) < 3:
            return cls(None)
        sample = names[:: max(1, len(names) // LOOKED_AT)]
        words = Counter(m[1] for m in map(_NUMBERED.fullmatch, sample) if m)
        word, count = words.most_common(1)[0] if words else ("", 0)
        if count >= SHARE * len(sample):
            return cls(re.compile(re.escape(word) + r"\d+"), strict=True)
        digits = sum(any(sign.isdigit() for sign in name) for name in sample)
        words_only = digits < DIGITS * len(sample)  # Glucose, Lactate, ... are no symbols
        for pattern in _COMPILED[:-1] if words_only else _COMPILED:
            if sum(bool(pattern.fullmatch(name)) for name in sample) >= SHARE * len(sample):
                return cls(pattern, strict=pattern not in _COMPILED[-2:])
        return cls(None)

    def fits(self, name: str) -> bool:
        """Whether a name is like the others; False where the others have nothing in common."""
        return self.pattern is not None and bool(self.pattern.fullmatch(name))

    def is_odd(self, name: str) -> bool:
        """Whether a name is unlike the others; False where the others have nothing in common.

        A number that tells apart names that occur again (``GENE-1``, ``GENE.1``) is no difference.
        """
        return self.pattern is not None and not (self.fits(name) or self.fits(_AGAIN.sub("", name)))
