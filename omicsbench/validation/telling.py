"""Which values these are, by what is seen of them: decided where it is certain, else asked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from omicsbench.errors import DataError
from omicsbench.plugin import Values
from omicsbench.validation.evidence import SAME, Sample, ValueSummary, bounded, standardised
from omicsbench.validation.wording import many

if TYPE_CHECKING:
    from anndata import AnnData

LOG_MAX = 25  # log1p of a count cannot reach it: it would be 7e10
COUNTS_MAX = 3  # whole numbers below it may as well be genotypes or presence
LOGS: dict[Values, float] = {"log": float(math.e), "log2": 2.0, "log10": 10.0}
NEARLY = 0.05
INTENSITY_MAX = 40  # log2 of what an array or a mass spectrometer measures lies below
MULTIPLES = 0.9  # share of ratios that are whole, from which values are multiples of something
MILLION = 1e6  # what CPM and TPM of a cell add up to
ASK = "Cannot tell what the values are"


@dataclass(frozen=True)
class Told:
    """What values are, and what was seen that says so.

    ``factor`` brings them to the unit of their kind; ``note`` is what the user should see.
    """

    kind: Values
    why: str = ""
    factor: float = 1.0
    note: str = ""


def log_max(kind: Values) -> float:
    """What logarithms of a base cannot reach."""
    return float(LOG_MAX / np.log(LOGS[kind]))


def stated_base(uns: Mapping[str, Any]) -> float | None:
    """Base of the logarithms that ``uns["log1p"]`` tells of, None if it tells of none."""
    if "log1p" not in uns:
        return None
    told = uns["log1p"]
    base = told.get("base") if isinstance(told, Mapping) else None
    try:
        found = float(math.e if base is None else base)
    except (TypeError, ValueError):
        found = np.nan
    if not (np.isfinite(found) and found > 1):
        raise DataError(
            f"uns['log1p']['base'] is {base!r}, no base of logarithms: pass --values log, "
            "--values log2 or --values log10."
        )
    return found


def of_base(base: float) -> Values | None:
    """The kind of logarithms of a base, None for an uncommon one."""
    return next((kind for kind, known in LOGS.items() if np.isclose(base, known)), None)


def tell(adata: AnnData, summary: ValueSummary) -> Told:
    """What X holds. Raises DataError, naming what was seen and the option, if it does not say."""
    base = stated_base(adata.uns)
    if summary.low < 0:
        return _negative(adata, summary)
    if summary.whole:
        return _whole(adata, summary, base)
    if standardised(adata.X, centred=False):
        raise DataError(
            "X is scaled: every feature has variance 1 over all cells, those of the test set "
            f"included, which leaks; {_before(adata)}, or pass --values continuous."
        )
    seen = Sample.of(adata.X)
    logs = logarithms(seen, summary)
    if base is not None:
        return _stated(base, logs, seen, summary)
    if logs is not None:
        return logs
    if summary.high <= 1:
        raise DataError(_shares(seen))
    return _fractions(adata, seen, summary)


def _whole(adata: AnnData, summary: ValueSummary, base: float | None) -> Told:
    if base is None and summary.high >= COUNTS_MAX and not bounded(adata.X, summary.high):
        return _of_whole_numbers(adata, summary)
    if base is not None:
        seen = "they are whole numbers, yet uns['log1p'] says they are logarithms"
    elif summary.high >= COUNTS_MAX:
        seen = (
            f"they are whole numbers up to {summary.high:g}, and many reach it, as on a scale that "
            "ends (grey levels, scores)"
        )
    else:
        seen = f"they are whole numbers up to {summary.high:g} only, as presence and genotypes are"
    first: dict[float, str] = {
        1: "--values binary, --values mutations, ",
        2: "--values genotypes, ",
    }
    raise DataError(
        f"{ASK}: {seen}; pass {first.get(summary.high, '')}--values counts, --values log or "
        "--values continuous."
    )


def _of_whole_numbers(adata: AnnData, summary: ValueSummary) -> Told:
    """Counts; where all cells add up to the same, that is said; ranks are none."""
    why, seen = f"whole numbers up to {summary.high:,.0f}", Sample.of(adata.X)
    if seen.spread() >= 0.01:
        return Told("counts", why)
    if _same_distribution(seen):
        raise DataError(
            f"{ASK}: every cell holds the same whole numbers, as where they are ranks; pass "
            "--values continuous for ranks, or --values counts."
        )
    why += f", of which each cell adds up to {_about(seen)}"
    note = (
        f"Taken as counts: {why}, as if drawn to one depth, or normalised and rounded; pass "
        "--values normalized if no counts are left in them, or composition if they are of taxa."
    )
    return Told("counts", why, note=note)


def _negative(adata: AnnData, summary: ValueSummary) -> Told:
    if summary.whole and summary.high >= COUNTS_MAX:
        raise DataError(
            f"These look like counts, but the lowest is {summary.low:g}, and counts are never "
            "negative: mend the file, or pass --values continuous if they are none."
        )
    if standardised(adata.X, centred=True):
        return Told(
            "continuous",
            "features have mean 0 and variance 1, or nearly",
            note="X looks scaled: features have mean 0 and variance 1, or nearly, over all cells, "
            f"so that those of the test set leak into training; {_before(adata)}.",
        )
    seen = Sample.of(adata.X)
    _refuse_mixed(adata, seen, "continuous")
    sizes = np.add.reduceat(np.abs(seen.values), seen.starts)
    if (np.abs(seen.sums()) < 1e-4 * sizes).all():
        return Told(
            "continuous",
            "the values of each cell add up to 0, as centred log ratios do",
            note="The values of each cell add up to 0: taken as centred log ratios, continuous.",
        )
    return Told(
        "continuous",
        f"some values are negative, the lowest {summary.low:.4g}",
        note="Some values are negative: taken as continuous measurements, such as log ratios; "
        "a correction for batches would have seen the cells of the test set too"
        + (f"; {_before(adata)}." if adata.raw is not None else "."),
    )


def _before(adata: AnnData) -> str:
    """Where values from before scaling or correction are."""
    if adata.raw is not None:
        return "adata.raw holds what was there before, and --layer raw takes it"
    if adata.layers:
        return f"--layer NAME takes another matrix ({', '.join(adata.layers)})"
    return "give the values from before, if you have them"


def logarithms(seen: Sample, summary: ValueSummary) -> Told | None:
    """Logarithms of a base that the cells' sums or common divisors show; None if they do not."""
    bases = {None: None} | {base: kind for kind, base in LOGS.items()}
    fitting = [b for b in bases if b is None or summary.high < LOG_MAX / np.log(b)]
    if len(fitting) == 1:
        return None
    spreads = {base: seen.spread(base) for base in fitting}
    best = min(spreads, key=lambda base: spreads[base])
    clear = all(spreads[best] < s / 4 for base, s in spreads.items() if base != best)
    kind = bases[best]
    if kind is not None and best is not None and spreads[best] < SAME and clear:
        total = float(np.median(seen.sums(best)))
        return Told(kind, f"{_power(best)} of each cell's values add up to {total:,.6g}")
    shares = {base: seen.multiples(base) for base in fitting}
    best = max(shares, key=lambda base: shares[base])
    kind = bases[best]
    clear = all(s < MULTIPLES - 0.2 for base, s in shares.items() if base != best)
    if kind is not None and best is not None and shares[best] >= MULTIPLES and clear:
        return Told(kind, f"{_power(best)} of the values are whole multiples of each cell's least")
    return None


def _power(base: float) -> str:
    return "exp(x) - 1" if np.isclose(base, math.e) else f"{base:g}^x - 1"


def _stated(base: float, logs: Told | None, seen: Sample, summary: ValueSummary) -> Told:
    """Logarithms, as ``uns`` says, unless something speaks against it."""
    kind, against = of_base(base), ""
    if logs is not None and logs.kind != kind:
        against = f"{logs.why}, as of {logs.kind} values"
    elif logs is None and seen.constant() and seen.zeros > 0:
        against = f"each cell adds up to {_total(seen)}, as normalised values without logarithms do"
    elif summary.high >= LOG_MAX / np.log(base):
        against = f"the highest is {summary.high:,.6g}"
    shown = "e" if kind == "log" else f"{base:g}"
    if against:
        raise DataError(
            f"{ASK}: uns['log1p'] says logarithms of base {shown}, but {against}; pass "
            f"--values {logs.kind if logs else 'normalized'} or --values {kind or 'continuous'}."
        )
    why = f"uns['log1p'] says logarithms of base {shown}"
    if kind is not None:
        return Told(kind, why)
    return Told("log", f"{why}, brought to base e", factor=float(np.log(base)))


def _shares(seen: Sample) -> str:
    """What to ask of numbers from 0 to 1."""
    if seen.spread() < 0.01 and np.isclose(np.median(seen.sums()), 1, rtol=0.01):
        return (
            f"{ASK}: they are fractions between 0 and 1, and each cell adds up to 1, as shares of "
            "a whole and normalised counts do; pass --values composition for shares of taxa, "
            "--values continuous for other shares, or --values normalized."
        )
    return (
        f"{ASK}: they are fractions between 0 and 1, as rates are, and logarithms of small "
        "numbers; pass --values rates, --values log or --values continuous."
    )


def _fractions(adata: AnnData, seen: Sample, summary: ValueSummary) -> Told:
    """Fractions above 1 that are no logarithms for certain."""
    _refuse_mixed(adata, seen, "fractional")
    constant, total = seen.constant(), float(np.median(seen.sums()))
    if seen.spread() < 0.01 and np.isclose(total, 100, rtol=0.01):
        raise DataError(
            f"{ASK}: each cell adds up to 100, as per cents and normalised counts do; pass "
            "--values composition for per cents of taxa, --values continuous for others, or "
            "--values normalized."
        )
    arrays = _like_arrays(seen, summary)
    if arrays and constant and not _same_distribution(seen):
        raise DataError(
            f"{ASK}: each cell adds up to {_total(seen)}, as normalised values do, and there are "
            "no zeros, as in log intensities; pass --values normalized or --values continuous."
        )
    if arrays:
        why = (
            f"no zeros, from {summary.low:.4g} to {summary.high:.4g}, and like sums of all samples"
        )
        return Told(
            "continuous",
            why,
            note=f"Taken as log intensities of arrays, continuous: {why}; pass --values log2 if "
            "they are logarithms of counts.",
        )
    if constant and _same_distribution(seen):
        raise DataError(
            f"{ASK}: every cell holds the same values, as after quantile "
            "normalisation, whether of logarithms or not; pass --values continuous, or --values "
            "normalized if no logarithm was taken."
        )
    if constant:
        return _normalised(f"each cell adds up to {_total(seen)}, and no logarithm was taken", seen)
    if seen.multiples() >= MULTIPLES:
        why = "each cell's values are whole multiples of its least, as counts divided by a total"
        return _normalised(why, seen)
    if summary.high >= LOG_MAX and _estimated_counts(seen):
        why = (
            f"{seen.whole:.0%} of the values up to 10 are whole, the highest is "
            f"{summary.high:,.6g}, and sums of cells differ, as of estimated counts (RSEM, SoupX)"
        )
        note = f"Taken as fractional counts, normalised as counts are: {why}."
        return Told("fractional", why, note=note)
    raise DataError(_unclear(seen, summary))


def _normalised(why: str, seen: Sample) -> Told:
    note = f"Taken as normalised values: {why}; log(1 + x) is taken of them."
    return Told("normalized", why, note=note)


def per_ten_thousand(matrix: Any) -> float:
    """What brings ``normalized`` values to a total of 10,000 where they are per million, else 1."""
    seen = Sample.of(matrix)
    total = np.median(seen.sums()) if seen.shape[0] else 0.0
    return 0.01 if np.isclose(total, MILLION, rtol=0.01) and seen.spread() < NEARLY else 1.0


def _total(seen: Sample) -> str:
    total = float(np.median(seen.sums()))
    return f"{total:,.0f}" if total >= MILLION / 10 else f"{total:,.6g}"


def _about(seen: Sample) -> str:
    return f"{'' if seen.constant() else 'about '}{_total(seen)}"


def _refuse_mixed(adata: AnnData, seen: Sample, otherwise: str) -> None:
    """Counts with a few columns of something else are nothing that can be normalised.

    ``otherwise`` is what all may be, the user says so.
    """
    whole, broken = seen.pure_features()
    mixed = np.unique(seen.columns).size - whole.size - broken.size
    if not broken.size or broken.size > 0.2 * whole.size or mixed > 0.05 * whole.size:
        return
    names = [str(adata.var_names[j]) for j in broken]
    shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    raise DataError(
        f"{many(whole.size, 'feature')} hold whole numbers, as counts, but "
        f"{many(len(names), 'feature')} fractions ({shown}): leave out what is no count, with "
        f"--exclude '{','.join(names[:8])}', or pass --values {otherwise} if all are."
    )


def _like_arrays(seen: Sample, summary: ValueSummary) -> bool:
    """No zeros, a range as of logarithms, and samples that add up to about the same."""
    sums = seen.sums()
    alike = np.isfinite(seen.spread()) and float(sums.std()) < 0.1 * float(sums.mean())
    if not alike or summary.high >= INTENSITY_MAX:
        return False
    middle = float(np.median(seen.values))  # what is no logarithm has a long tail, or begins at 0
    return summary.low > 0.02 * summary.high and middle > 0.2 * summary.high


def _same_distribution(seen: Sample) -> bool:
    """Whether all samples hold the same numbers, as after quantile normalisation."""
    sizes = np.diff(np.append(seen.starts, seen.values.size))
    if not sizes.size or (sizes != sizes[0]).any():
        return False
    rows = np.sort(seen.values.reshape(len(sizes), -1), axis=1)
    return bool(np.ptp(rows, axis=0).max() < 0.01 * rows.max())


def _estimated_counts(seen: Sample) -> bool:
    """Many small values are whole, by more than their rounding explains, in most features.

    Features of whole numbers beside features of fractions may be measurements of several kinds.
    One number that stands for all below it, such as a limit of detection, tells nothing.
    """
    whole, fractions = seen.pure_features()
    if whole.size + fractions.size > 0.5 * np.unique(seen.columns).size:
        return False
    small = seen.values[seen.values <= 10]
    found, often = np.unique(small, return_counts=True)
    others = small[small != found[often.argmax()]] if found.size else small
    whole = others == np.rint(others)
    if whole.sum() < 20 or whole.mean() <= 0.08:
        return False
    broken = small[small != np.rint(small)]
    tenths = np.abs(broken * 10 - np.rint(broken * 10)) < 1e-5
    return bool(broken.size and tenths.mean() < 0.8)


def _unclear(seen: Sample, summary: ValueSummary) -> str:
    """What to ask where nothing is certain: what was seen, either way."""
    lowest, highest = np.quantile(seen.sums(), [0, 1])
    facts = (
        f"fractions from {summary.low:.4g} to {summary.high:,.6g}, {seen.zeros:.0%} zeros, cells "
        f"that add up to {lowest:,.4g} to {highest:,.4g}"
    )
    if seen.spread() < NEARLY:
        facts += ", nearly the same, as normalised values do when genes are left out,"
    options = "--values fractional (counts of SoupX, RSEM), --values normalized (TPM, CPM), "
    if summary.high >= LOG_MAX:
        return (
            f"{ASK}: {facts} are too large for logarithms; pass {options}or --values continuous "
            "(intensities)."
        )
    return (
        f"{ASK}: {facts} fit logarithms and counts corrected to fractions alike; pass {options}"
        "--values log, log2 or log10, or --values continuous."
    )
