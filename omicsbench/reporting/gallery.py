"""The gallery: 2-D test embeddings as small pictures, rows by pipeline, columns by size.

Where a pipeline was trained on very many cells and their embedding was kept, one larger picture
shows all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.errors import DataError
from omicsbench.records.embeddings import MANY_CELLS, has_embedding
from omicsbench.records.spec import RunRecord, Status
from omicsbench.reporting.matrix import data_kind
from omicsbench.reporting.picture_cells import (
    CLASS_COLOURS,
    OTHER,
    Colours,
    PictureCells,
    Points,
    colours_of,
    drawable,
    finite,
    load_points,
)
from omicsbench.reporting.raster import data_uri, raster, scatter

Runs = Mapping[tuple[str, int], RunRecord]  # by pipeline and size

PIXELS, SHOWN_CELLS, MAX_COLUMNS, MAX_PICTURES = 220, 4000, 5, 120
# Training cells: from how many on they get a picture, and how many pictures a report bears.
MAX_LARGE = 8
LARGE_PIXELS, LARGE_SAMPLE = 400, 10_000  # where datashader is missing


@dataclass(frozen=True)
class SmallPicture:
    """Test cells of one run: a data URI, or why there is none; the run's key, if it was run."""

    picture: str | None
    words: str = ""
    run: str = ""


@dataclass(frozen=True)
class LargePicture:
    """Training cells of one run, by its key: a data URI, or None, and words on what it shows."""

    pipeline: str
    size: int
    run: str
    picture: str | None
    words: str
    complete: bool = True  # every cell is in it, not a random part


@dataclass(frozen=True)
class Gallery:
    """Pictures of one data set and task. ``rows``: pipeline to {size: picture}."""

    dataset: str
    task: str
    name: str  # tells it from the others
    sizes: list[int]
    legend: list[tuple[str, str]]  # as of Colours
    rows: dict[str, dict[int, SmallPicture]]
    cells: int  # points in a picture
    notes: list[str]
    training: list[LargePicture]
    training_left_out: int


@dataclass(frozen=True)
class PictureRuns:
    """The runs of one data set and task whose pictures are wanted, the first repeat of each."""

    dataset: str
    task: str
    name: str  # tells it from the others
    runs: Runs
    large: list[RunRecord]  # with very many training cells
    folder: Path

    @property
    def pipelines(self) -> list[str]:
        return sorted({pipeline for pipeline, _ in self.runs})

    @property
    def sizes(self) -> list[int]:
        return sorted({size for _, size in self.runs})

    @cached_property
    def colours(self) -> Colours:
        """Frequent is a class by the first labels of test and of training cells together."""
        wanted = {"test": self.runs.values(), "train": self.large}
        first = (
            _first_codes(load_points(self.folder, run, part) for run in runs)
            for part, runs in wanted.items()
        )
        known = [codes for codes in first if codes is not None]
        names = list(next(iter(self.runs.values())).dataset_info.label_names)
        return colours_of(np.concatenate(known) if known else None, names)


@dataclass(frozen=True)
class Kept:
    """The cells of one run that were kept: those of a ``part``, "test" or "train"."""

    run: RunRecord
    part: str
    among: PictureRuns

    @property
    def words(self) -> str:
        """What tells the picture from others."""
        return f"{self.among.name} {self.run.spec.pipeline} n{self.run.spec.size}"


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


def kept(
    records: Sequence[RunRecord], folder: Path, part: str, on_page: bool = False
) -> list[Kept]:
    """What can be drawn, the first repeat of each run; or that of it which a page shows.

    Training cells are of the largest run of a pipeline, where they are very many.
    """
    wanted = _wanted(records, folder)
    made = []
    for one, share in zip(wanted, _shares(wanted), strict=True):
        if part == "train":
            runs = share.large if on_page else one.large
        else:
            runs = [r for r in one.runs.values() if not on_page or r.spec.size in share.sizes]
        there = (r for r in runs if r.embedding and has_embedding(folder, r.embedding, part))
        made += [Kept(run, part, one) for run in there]
    return made


def cells_of(one: Kept) -> PictureCells:
    """The cells in the colours of the page; raises DataError for a damaged file."""
    found = load_points(one.among.folder, one.run, one.part)
    if found is None or not finite(found[0]).any():
        raise DataError(f"The embedding of {one.run.key} cannot be drawn; run the suite again.")
    every = one.among.colours
    at, which = drawable(*found, every.palette)
    legend = [] if found[1] is None else list(every.legend)
    for code in np.unique(which) if legend else ():  # classes that the first labels lack
        if every.palette[code] not in {colour for _, colour in legend}:
            legend.append((every.names[code], every.palette[code]))
    colours = Colours(every.names, every.palette, legend)
    return PictureCells(at, which, colours, len(found[0]) - len(at))


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


def _wanted(records: Sequence[RunRecord], folder: Path) -> list[PictureRuns]:
    """Pipelines with a stored embedding, and all their runs, failed ones too."""
    stored = {(r.spec.dataset, r.spec.task, r.spec.pipeline) for r in records if r.embedding}
    found: dict[tuple[str, str], dict[tuple[str, int], RunRecord]] = {}
    for r in sorted(records, key=lambda r: (not r.embedding, r.spec.repeat, r.key)):
        s = r.spec
        if (s.dataset, s.task, s.pipeline) in stored:
            found.setdefault((s.dataset, s.task), {}).setdefault((s.pipeline, s.size), r)
    several = len({task for _, task in found}) > 1
    return [
        PictureRuns(
            *(dataset, task, f"{dataset} {task}" if several else dataset),
            *(runs, _large_runs(runs, folder), folder),
        )
        for (dataset, task), runs in sorted(found.items())
    ]


def _shares(wanted: Sequence[PictureRuns]) -> list[_Share]:
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


def _gallery(wanted: PictureRuns, share: _Share, folder: Path) -> Gallery:
    runs = wanted.runs
    palette = wanted.colours.palette
    stored = {at: load_points(folder, r, "test") for at, r in runs.items() if at[1] in share.sizes}
    trained = [(run, load_points(folder, run, "train")) for run in share.large]
    rows = {
        pipeline: {
            size: _small_picture(runs.get((pipeline, size)), stored.get((pipeline, size)), palette)
            for size in share.sizes
        }
        for pipeline in wanted.pipelines
    }
    drawn = [int(finite(found[0]).sum()) for found in stored.values() if found]
    return Gallery(
        wanted.dataset,
        wanted.task,
        wanted.name,
        share.sizes,
        wanted.colours.legend,
        rows,
        cells=min(max(drawn, default=0), SHOWN_CELLS),
        notes=_notes(wanted, share),
        training=[_large_picture(run, found, palette, runs) for run, found in trained],
        training_left_out=len(wanted.large) - len(share.large),
    )


def _notes(wanted: PictureRuns, share: _Share) -> list[str]:
    """What a gallery leaves out."""
    notes = []
    if len(share.sizes) < len(wanted.sizes):
        notes.append(f"{len(share.sizes)} of {len(wanted.sizes)} sizes are shown.")
    if OTHER in wanted.colours.palette:
        notes.append(f"Only the {len(CLASS_COLOURS)} most frequent classes have a colour.")
    return notes


def _small_picture(run: RunRecord | None, found: Points | None, palette: list[str]) -> SmallPicture:
    """Of test cells."""
    if run is None:
        return SmallPicture(None, "not run")
    if found is None:
        words = "not kept" if run.status is Status.OK else run.status.value
        return SmallPicture(None, words, run.key)
    Z, which = drawable(*found, palette)
    png = scatter(Z, which, palette, pixels=PIXELS, most=SHOWN_CELLS)
    return SmallPicture(data_uri(png), "", run.key)


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
    of = spec.pipeline, spec.size, run.key
    failed = [
        f"n = {size:,}: {other.status.value}"
        for (pipeline, size), other in sorted(runs.items())
        if pipeline == spec.pipeline and size > spec.size and other.status is not Status.OK
    ]
    if found is None:
        return LargePicture(*of, None, "; ".join(["not kept", *failed]))
    Z, which = drawable(*found, palette)
    words = [f"{len(found[0]):,} training cells (in sample)", _data(run)]
    if len(Z) < len(found[0]):
        words.append(f"{len(found[0]) - len(Z):,} without finite coordinates are left out")
    if not len(Z):
        return LargePicture(*of, None, "; ".join([*words, *failed]))
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
    return LargePicture(*of, data_uri(png), text, complete)


def _data(run: RunRecord) -> str:
    """``simulated data``, ``real omics data``, or ``real data, not omics``."""
    head, comma, tail = data_kind(run).partition(",")
    return f"{head} data{comma}{tail}"


def _first_codes(points: Iterable[Points | None]) -> NDArray[Any] | None:
    return next((p[1] for p in points if p is not None and p[1] is not None), None)
