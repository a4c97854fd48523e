"""The gallery: 2-D test embeddings as small pictures, rows by pipeline, columns by size.

Where a pipeline was trained on very many cells and their embedding was kept, one larger picture
shows all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.records.embeddings import MANY_CELLS, has_embedding, read_embedding
from omicsbench.records.spec import RunRecord, Status
from omicsbench.reporting.matrix import kind
from omicsbench.reporting.raster import data_uri, raster, scatter

Runs = Mapping[tuple[str, int], RunRecord]  # by pipeline and size
Points = tuple[NDArray[Any], NDArray[Any] | None]  # embedding (m, 2), label codes (m,)

COLOURS = (
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
class LargePicture:
    """Training cells of one run: a data URI, or None, and words on what it shows."""

    pipeline: str
    size: int
    picture: str | None
    words: str
    complete: bool = True  # every cell is in it, not a random part


@dataclass
class Gallery:
    """Pictures of one data set. ``rows`` maps a pipeline to {size: data URI or reason}."""

    dataset: str
    sizes: list[int]
    legend: list[tuple[str, str]]  # (class, colour), the most frequent first
    rows: dict[str, dict[int, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    cells: int = 0  # points in a picture
    training: list[LargePicture] = field(default_factory=list)
    training_left_out: int = 0
    task: str = ""


def galleries(records: Sequence[RunRecord], folder: Path) -> list[Gallery]:
    """One gallery per data set and task with stored embeddings; the first repeat of each run."""
    by_dataset: dict[tuple[str, str], dict[tuple[str, int], RunRecord]] = {}
    wanted: dict[tuple[str, str], set[str]] = {}
    for r in sorted(records, key=lambda r: (r.spec.repeat, r.key)):
        if r.embedding:
            wanted.setdefault((r.spec.dataset, r.spec.task), set()).add(r.spec.pipeline)
    for r in sorted(records, key=lambda r: (r.spec.repeat, not r.embedding, r.key)):
        if r.spec.pipeline in wanted.get((r.spec.dataset, r.spec.task), ()):
            runs = by_dataset.setdefault((r.spec.dataset, r.spec.task), {})
            known = runs.get((r.spec.pipeline, r.spec.size))
            if known is None or (r.embedding and not known.embedding):
                runs[r.spec.pipeline, r.spec.size] = r
    large = {at: _large_runs(runs, folder) for at, runs in by_dataset.items()}
    left, left_large, waiting = MAX_PICTURES, MAX_LARGE, sum(map(bool, large.values()))
    made = []
    for at, runs in sorted(by_dataset.items()):
        pipelines = sorted({p for p, _ in runs})
        room = min(MAX_COLUMNS, max(1, left // len(pipelines)))
        shown = large[at][: -(-left_large // max(waiting, 1))]  # an equal share, rounded up
        gallery = _gallery(at[0], pipelines, runs, shown, folder, room)
        gallery.training_left_out = len(large[at]) - len(shown)
        gallery.task = at[1]
        left -= len(pipelines) * len(gallery.sizes)
        left_large -= len(shown)
        waiting -= bool(large[at])
        made.append(gallery)
    return made


def _gallery(
    dataset: str,
    pipelines: list[str],
    runs: Runs,
    large: list[RunRecord],
    folder: Path,
    room: int,
) -> Gallery:
    every = sorted({size for _, size in runs})
    keep = np.unique(np.linspace(0, len(every) - 1, min(room, len(every))).round().astype(int))
    sizes = [every[i] for i in keep] if room > 1 else every[-1:]
    names = list(next(iter(runs.values())).dataset_info.label_names)
    stored = {at: _load(folder, r, "test") for at, r in runs.items() if at[1] in sizes}
    trained = [(run, _load(folder, run, "train")) for run in large]
    first = (_first_codes(stored.values()), _first_codes(found for _, found in trained))
    known = [codes for codes in first if codes is not None]
    palette, legend = _palette(np.concatenate(known) if known else None, names)
    gallery = Gallery(dataset, sizes, legend)
    if len(sizes) < len(every):
        gallery.notes.append(f"{len(sizes)} of {len(every)} sizes are shown.")
    if len(names) > len(COLOURS):
        gallery.notes.append(f"Only the {len(COLOURS)} most frequent classes have a colour.")
    for pipeline in pipelines:
        row = gallery.rows.setdefault(pipeline, {})
        for size in sizes:
            run, found = runs.get((pipeline, size)), stored.get((pipeline, size))
            if run is None:
                row[size] = "not run"
            elif found is None:
                row[size] = "not kept" if run.status is Status.OK else run.status.value
            else:
                Z, which = _drawable(*found, palette)
                png = scatter(Z, which, palette, pixels=PIXELS, most=SHOWN_CELLS)
                row[size] = data_uri(png)
                gallery.cells = max(gallery.cells, min(len(Z), SHOWN_CELLS))
    gallery.training = [_large_picture(run, found, palette, runs) for run, found in trained]
    return gallery


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
    # A file of another length is not of this run.
    if found is None or len(found[0]) != spec.size:
        return LargePicture(spec.pipeline, spec.size, None, "; ".join(["not kept", *failed]))
    Z, which = _drawable(*found, palette)
    words = [f"{len(found[0]):,} training cells (in sample)", _data(run)]
    if len(Z) < len(found[0]):
        words.append(f"{len(found[0]) - len(Z):,} without finite coordinates are left out")
    if not len(Z):
        return LargePicture(spec.pipeline, spec.size, None, "; ".join([*words, *failed]))
    if found[1] is None:
        words.append("no labels")
    complete = True
    try:
        if found[1] is None:
            png = raster(Z, None, palette[-1:])
            words[-1] += ": the darker, the more cells"
        else:
            png = raster(Z, which, palette)
    except ImportError:  # datashader is an extra
        png = scatter(Z, which, palette, pixels=LARGE_PIXELS, most=LARGE_SAMPLE)
        complete = len(Z) <= LARGE_SAMPLE
        words.append(
            f"{min(len(Z), LARGE_SAMPLE):,} of these cells, drawn at random, are shown; "
            'all with pip install "omicsbench[pictures]"'
        )
    text = "; ".join([*words, *failed])
    return LargePicture(spec.pipeline, spec.size, data_uri(png), text, complete)


def _data(run: RunRecord) -> str:
    """``simulated data``, ``real omics data``, or ``real data, not omics``."""
    head, comma, tail = kind(run).partition(",")
    return f"{head} data{comma}{tail}"


def _load(folder: Path, run: RunRecord, part: str) -> Points | None:
    """Embedding (m, 2) and label codes (m,) if stored; None if there is no usable file."""
    if not run.embedding:
        return None
    Z, codes = read_embedding(folder, run.embedding, part)
    if Z is None or Z.ndim != 2 or Z.shape[1] != 2 or Z.dtype.kind not in "fiu":
        return None
    usable = codes is not None and codes.shape == (len(Z),) and codes.dtype.kind in "iu"
    usable = usable and codes is not None and (not codes.size or codes.max() <= MAX_CODE)
    return Z, codes if usable else None


def _first_codes(points: Iterable[Points | None]) -> NDArray[Any] | None:
    return next((p[1] for p in points if p is not None and p[1] is not None), None)


def _drawable(
    Z: NDArray[Any], codes: NDArray[Any] | None, palette: list[str]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """The finite rows (m, 2), and the index (m,) of their colours; -1, the last, without label."""
    fine = np.isfinite(Z).all(axis=1)
    if codes is None:
        return Z[fine], np.full(int(fine.sum()), -1)
    return Z[fine], np.where((codes >= 0) & (codes < len(palette) - 1), codes, -1)[fine]


def _palette(
    codes: NDArray[Any] | None, names: list[str]
) -> tuple[list[str], list[tuple[str, str]]]:
    """A colour per class code, the last one for missing labels; and the legend."""
    if codes is None:
        return [COLOURS[0]], []
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    names = names + [f"class {i}" for i in range(len(names), len(counts))]
    frequent = [int(i) for i in np.argsort(-counts, kind="stable")[: len(COLOURS)]]
    palette = [OTHER] * len(counts)
    for colour, i in zip(COLOURS, frequent, strict=False):
        palette[i] = colour
    legend = [(names[i], palette[i]) for i in frequent if counts[i]]
    if len(counts) > len(COLOURS):
        legend.append((f"{len(counts) - len(COLOURS)} other classes", OTHER))
    if (codes < 0).any():
        legend.append(("no label", MISSING))
    return [*palette, MISSING], legend
