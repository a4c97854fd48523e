"""The gallery: 2-D test embeddings as small pictures, rows by pipeline, columns by size.

Where a pipeline was trained on very many cells and their embedding was kept, one larger picture
shows all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.errors import DataError
from omicsbench.records.embeddings import MANY_CELLS, has_embedding, read_embedding
from omicsbench.records.spec import RunRecord, Status
from omicsbench.reporting.matrix import data_kind
from omicsbench.reporting.raster import data_uri, raster, scatter

Runs = Mapping[tuple[str, int], RunRecord]  # by pipeline and size
Points = tuple[NDArray[Any], NDArray[Any] | None]  # embedding (m, 2), label codes (m,)

CLASS_COLOURS = (
    "#4477aa",
    "#ee6677",
    "#228833",
    "#ccbb44",
    "#66ccee",
    "#aa3377",
    "#e08214",
    "#1b4f72",
    "#8c564b",
    "#9467bd",
    "#2ca58d",
    "#f4a6c0",
    "#7f7f00",
    "#b2df8a",
    "#5a3e85",
)
OTHER, MISSING = "#9aa0a6", "#dadce0"
PIXELS, SHOWN_CELLS, MAX_COLUMNS, MAX_PICTURES = 220, 4000, 5, 120
# Training cells: from how many on they get a picture, and how many pictures a report bears.
MAX_LARGE = 8
LARGE_PIXELS, LARGE_SAMPLE = 400, 10_000  # where datashader is missing
MAX_CODE = 100_000  # a larger label code is a damaged file


@dataclass(frozen=True)
class PictureCells:
    """Cells that have a place in a picture: ``at`` (m, 2), and of each (m,) which colour it has.

    ``palette`` holds the colours, the last one for cells without label; ``legend`` is of (class,
    colour), the most frequent first, and empty where there are no labels.
    """

    at: NDArray[Any]
    which: NDArray[Any]
    palette: list[str]
    legend: list[tuple[str, str]]

    @property
    def classes(self) -> list[str]:
        """The class of each, as the legend has it."""
        name_of = {colour: name for name, colour in self.legend}
        return [name_of[self.palette[i]] for i in self.which]


@dataclass(frozen=True)
class LargePicture:
    """Training cells of one run: a data URI, or None, and words on what it shows."""

    pipeline: str
    size: int
    picture: str | None
    words: str
    complete: bool = True  # every cell is in it, not a random part


@dataclass(frozen=True)
class Gallery:
    """Pictures of one data set and task. ``rows``: pipeline to {size: data URI or reason}."""

    dataset: str
    task: str
    sizes: list[int]
    legend: list[tuple[str, str]]  # (class, colour), the most frequent first
    rows: dict[str, dict[int, str]]
    cells: int  # points in a picture
    notes: list[str]
    training: list[LargePicture]
    training_left_out: int


@dataclass(frozen=True)
class _Wanted:
    """The runs of one data set and task whose pictures are wanted, the first repeat of each."""

    dataset: str
    task: str
    runs: Runs
    large: list[RunRecord]  # with very many training cells

    @property
    def pipelines(self) -> list[str]:
        return sorted({pipeline for pipeline, _ in self.runs})

    @property
    def sizes(self) -> list[int]:
        return sorted({size for _, size in self.runs})


@dataclass(frozen=True)
class _Share:
    """What of a data set's pictures the report has room for."""

    sizes: list[int]
    large: list[RunRecord]


def galleries(records: Sequence[RunRecord], folder: Path) -> list[Gallery]:
    """One gallery per data set and task with stored embeddings; the first repeat of each run."""
    wanted = _wanted(records, folder)
    shares = zip(wanted, _shares(wanted), strict=True)
    return [_gallery(one, share, folder) for one, share in shares]


def pictured(records: Sequence[RunRecord], folder: Path) -> list[RunRecord]:
    """The runs whose test cells can be drawn, the first repeat of each."""
    runs = (run for wanted in _wanted(records, folder) for run in wanted.runs.values())
    return [run for run in runs if run.embedding and has_embedding(folder, run.embedding, "test")]


def trained(records: Sequence[RunRecord], folder: Path) -> list[RunRecord]:
    """The runs whose very many training cells can be drawn, the largest of each pipeline."""
    runs = (run for wanted in _wanted(records, folder) for run in wanted.large)
    return [run for run in runs if run.embedding and has_embedding(folder, run.embedding, "train")]


def cells_of(run: RunRecord, folder: Path, part: str = "test") -> PictureCells:
    """The cells of a run; raises DataError for a damaged file."""
    found = _load(folder, run, part)
    if found is None or not _finite(found[0]).any():
        raise DataError(f"The embedding of {run.key} cannot be drawn; run the suite again.")
    palette, legend = _palette(found[1], list(run.dataset_info.label_names))
    return PictureCells(*_drawable(*found, palette), palette, legend)


def rastered(Z: NDArray[Any], which: NDArray[Any] | None, palette: list[str]) -> tuple[bytes, bool]:
    """A PNG of very many cells, and whether each is in it: datashader, an extra, draws them all.

    Without labels ``which`` is None, and the picture the darker, the more cells.
    """
    try:
        return raster(Z, which, palette if which is not None else palette[-1:]), True
    except ImportError:
        own = np.full(len(Z), -1) if which is None else which
        png = scatter(Z, own, palette, pixels=LARGE_PIXELS, most=LARGE_SAMPLE)
        return png, len(Z) <= LARGE_SAMPLE


def _wanted(records: Sequence[RunRecord], folder: Path) -> list[_Wanted]:
    """Pipelines with a stored embedding, and all their runs, failed ones too."""
    stored = {(r.spec.dataset, r.spec.task, r.spec.pipeline) for r in records if r.embedding}
    found: dict[tuple[str, str], dict[tuple[str, int], RunRecord]] = {}
    for r in sorted(records, key=lambda r: (not r.embedding, r.spec.repeat, r.key)):
        s = r.spec
        if (s.dataset, s.task, s.pipeline) in stored:
            found.setdefault((s.dataset, s.task), {}).setdefault((s.pipeline, s.size), r)
    return [_Wanted(*at, runs, _large_runs(runs, folder)) for at, runs in sorted(found.items())]


def _shares(wanted: Sequence[_Wanted]) -> list[_Share]:
    """Columns while MAX_PICTURES lasts, but one for each; and an equal part of MAX_LARGE."""
    shares: list[_Share] = []
    for i, one in enumerate(wanted):
        used = zip(wanted, shares, strict=False)
        left = MAX_PICTURES - sum(len(w.pipelines) * len(s.sizes) for w, s in used)
        columns = min(MAX_COLUMNS, max(1, left // len(one.pipelines)))
        left_large = MAX_LARGE - sum(len(s.large) for s in shares)
        waiting = sum(bool(w.large) for w in wanted[i:])
        part = -(-left_large // max(waiting, 1))  # rounded up
        shares.append(_Share(_spaced(one.sizes, columns), one.large[:part]))
    return shares


def _spaced(sizes: list[int], columns: int) -> list[int]:
    """At most so many sizes, the largest among them."""
    if columns == 1:
        return sizes[-1:]
    at = np.linspace(0, len(sizes) - 1, min(columns, len(sizes))).round().astype(int)
    return [sizes[i] for i in np.unique(at)]


def _gallery(wanted: _Wanted, share: _Share, folder: Path) -> Gallery:
    runs = wanted.runs
    names = list(next(iter(runs.values())).dataset_info.label_names)
    stored = {at: _load(folder, r, "test") for at, r in runs.items() if at[1] in share.sizes}
    trained = [(run, _load(folder, run, "train")) for run in share.large]
    first = (_first_codes(stored.values()), _first_codes(found for _, found in trained))
    known = [codes for codes in first if codes is not None]
    palette, legend = _palette(np.concatenate(known) if known else None, names)
    rows = {
        pipeline: {
            size: _small_picture(runs.get((pipeline, size)), stored.get((pipeline, size)), palette)
            for size in share.sizes
        }
        for pipeline in wanted.pipelines
    }
    drawn = [int(_finite(found[0]).sum()) for found in stored.values() if found]
    return Gallery(
        wanted.dataset,
        wanted.task,
        share.sizes,
        legend,
        rows,
        cells=min(max(drawn, default=0), SHOWN_CELLS),
        notes=_notes(wanted, share, names),
        training=[_large_picture(run, found, palette, runs) for run, found in trained],
        training_left_out=len(wanted.large) - len(share.large),
    )


def _notes(wanted: _Wanted, share: _Share, names: list[str]) -> list[str]:
    """What a gallery leaves out."""
    notes = []
    if len(share.sizes) < len(wanted.sizes):
        notes.append(f"{len(share.sizes)} of {len(wanted.sizes)} sizes are shown.")
    if len(names) > len(CLASS_COLOURS):
        notes.append(f"Only the {len(CLASS_COLOURS)} most frequent classes have a colour.")
    return notes


def _small_picture(run: RunRecord | None, found: Points | None, palette: list[str]) -> str:
    """A data URI of test cells, or the reason why there is none."""
    if run is None:
        return "not run"
    if found is None:
        return "not kept" if run.status is Status.OK else run.status.value
    Z, which = _drawable(*found, palette)
    return data_uri(scatter(Z, which, palette, pixels=PIXELS, most=SHOWN_CELLS))


def _large_runs(runs: Runs, folder: Path) -> list[RunRecord]:
    """Of each pipeline the run of most training cells, where these are many and one was kept."""
    chosen: dict[str, tuple[bool, RunRecord]] = {}
    for (pipeline, size), run in sorted(runs.items()):
        if run.embedding and size > MANY_CELLS:
            kept = has_embedding(folder, run.embedding, "train")
            if kept or not chosen.get(pipeline, (False, run))[0]:
                chosen[pipeline] = kept, run
    any_kept = any(kept for kept, _ in chosen.values())
    return [run for _, run in chosen.values()] if any_kept else []


def _large_picture(
    run: RunRecord, found: Points | None, palette: list[str], runs: Runs
) -> LargePicture:
    """The picture of a run's training cells, and what the reader must know of it."""
    spec = run.spec
    failed = [
        f"n = {size:,}: {other.status.value}"
        for (pipeline, size), other in sorted(runs.items())
        if pipeline == spec.pipeline and size > spec.size and other.status is not Status.OK
    ]
    if found is None:
        return LargePicture(spec.pipeline, spec.size, None, "; ".join(["not kept", *failed]))
    Z, which = _drawable(*found, palette)
    words = [f"{len(found[0]):,} training cells (in sample)", _data(run)]
    if len(Z) < len(found[0]):
        words.append(f"{len(found[0]) - len(Z):,} without finite coordinates are left out")
    if not len(Z):
        return LargePicture(spec.pipeline, spec.size, None, "; ".join([*words, *failed]))
    if found[1] is None:
        words.append("no labels")
    png, complete = rastered(Z, which if found[1] is not None else None, palette)
    if not complete:
        words.append(
            f"{LARGE_SAMPLE:,} of these cells, drawn at random, are shown; "
            'all with pip install "omicsbench[pictures]"'
        )
    elif found[1] is None:
        words[-1] += ": the darker, the more cells"
    text = "; ".join([*words, *failed])
    return LargePicture(spec.pipeline, spec.size, data_uri(png), text, complete)


def _data(run: RunRecord) -> str:
    """``simulated data``, ``real omics data``, or ``real data, not omics``."""
    head, comma, tail = data_kind(run).partition(",")
    return f"{head} data{comma}{tail}"


def _load(folder: Path, run: RunRecord, part: str) -> Points | None:
    """Embedding (m, 2) and label codes (m,) if stored; None if there is no usable file."""
    if not run.embedding:
        return None
    Z, codes = read_embedding(folder, run.embedding, part)
    if Z is None or Z.ndim != 2 or Z.shape[1] != 2 or Z.dtype.kind not in "fiu":
        return None
    if part == "train" and len(Z) != run.spec.size:  # not of this run
        return None
    usable = codes is not None and codes.shape == (len(Z),) and codes.dtype.kind in "iu"
    usable = usable and codes is not None and (not codes.size or codes.max() <= MAX_CODE)
    return Z, codes if usable else None


def _first_codes(points: Iterable[Points | None]) -> NDArray[Any] | None:
    return next((p[1] for p in points if p is not None and p[1] is not None), None)


def _finite(Z: NDArray[Any]) -> NDArray[np.bool_]:
    """Which rows (m,) have a place in a picture."""
    fine: NDArray[np.bool_] = np.isfinite(Z).all(axis=1)
    return fine


def _drawable(
    Z: NDArray[Any], codes: NDArray[Any] | None, palette: list[str]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """The finite rows (m, 2), and the index (m,) of their colours; -1, the last, without label."""
    fine = _finite(Z)
    if codes is None:
        return Z[fine], np.full(int(fine.sum()), -1)
    return Z[fine], np.where((codes >= 0) & (codes < len(palette) - 1), codes, -1)[fine]


def _palette(
    codes: NDArray[Any] | None, names: list[str]
) -> tuple[list[str], list[tuple[str, str]]]:
    """A colour per class code, the last one for missing labels; and the legend."""
    if codes is None:
        return [CLASS_COLOURS[0]], []
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    names = names + [f"class {i}" for i in range(len(names), len(counts))]
    frequent = [int(i) for i in np.argsort(-counts, kind="stable")[: len(CLASS_COLOURS)]]
    palette = [OTHER] * len(counts)
    for colour, i in zip(CLASS_COLOURS, frequent, strict=False):
        palette[i] = colour
    legend = [(names[i], palette[i]) for i in frequent if counts[i]]
    if len(counts) > len(CLASS_COLOURS):
        legend.append((f"{len(counts) - len(CLASS_COLOURS)} other classes", OTHER))
    if (codes < 0).any():
        legend.append(("no label", MISSING))
    return [*palette, MISSING], legend
