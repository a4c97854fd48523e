"""The gallery: 2-D test embeddings as small pictures, rows by pipeline, columns by size."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.spec import RunRecord, Status

COLOURS = (
    "#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#e08214", "#1b4f72",
    "#8c564b", "#9467bd", "#2ca58d", "#f4a6c0", "#7f7f00", "#b2df8a", "#5a3e85",
)  # fmt: skip
OTHER, MISSING = "#9aa0a6", "#dadce0"
PIXELS, SHOWN_CELLS, MAX_COLUMNS, MAX_PICTURES = 220, 4000, 5, 120


@dataclass
class Gallery:
    """Pictures of one data set. ``rows`` maps a pipeline to {size: data URI or reason}."""

    dataset: str
    sizes: list[int]
    legend: list[tuple[str, str]]  # (class, colour), the most frequent first
    rows: dict[str, dict[int, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    cells: int = 0  # points in a picture


def galleries(records: Sequence[RunRecord], folder: Path) -> list[Gallery]:
    """One gallery per data set that has stored embeddings; the first repeat of each run."""
    by_dataset: dict[str, dict[tuple[str, int], RunRecord]] = {}
    wanted: dict[str, set[str]] = {}
    for r in sorted(records, key=lambda r: (r.spec.repeat, r.key)):
        if r.embedding:
            wanted.setdefault(r.spec.dataset, set()).add(r.spec.pipeline)
    for r in sorted(records, key=lambda r: (r.spec.repeat, not r.embedding, r.key)):
        if r.spec.pipeline in wanted.get(r.spec.dataset, ()):
            runs = by_dataset.setdefault(r.spec.dataset, {})
            known = runs.get((r.spec.pipeline, r.spec.size))
            if known is None or (r.embedding and not known.embedding):
                runs[r.spec.pipeline, r.spec.size] = r
    left = MAX_PICTURES
    made = []
    for dataset, runs in sorted(by_dataset.items()):
        pipelines = sorted({p for p, _ in runs})
        room = min(MAX_COLUMNS, max(1, left // len(pipelines)))
        gallery = _gallery(dataset, pipelines, runs, folder, room)
        left -= len(pipelines) * len(gallery.sizes)
        made.append(gallery)
    return made


def _gallery(
    dataset: str,
    pipelines: list[str],
    runs: dict[tuple[str, int], RunRecord],
    folder: Path,
    room: int,
) -> Gallery:
    every = sorted({size for _, size in runs})
    keep = np.unique(np.linspace(0, len(every) - 1, min(room, len(every))).round().astype(int))
    sizes = [every[i] for i in keep] if room > 1 else every[-1:]
    names = [str(n) for n in next(iter(runs.values())).dataset_info.get("label_names") or []]
    stored = {at: _load(folder, r) for at, r in runs.items() if at[1] in sizes}
    codes = next((codes for _, codes in filter(None, stored.values()) if codes is not None), None)
    palette, legend = _palette(codes, names)
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
                row[size] = _picture(*found, palette)
                gallery.cells = max(gallery.cells, min(len(found[0]), SHOWN_CELLS))
    return gallery


def _load(folder: Path, run: RunRecord) -> tuple[NDArray[Any], NDArray[Any] | None] | None:
    """Embedding (m, 2) and label codes (m,) if stored; None if there is no usable file."""
    if not run.embedding:
        return None
    path = (folder / run.embedding).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        return None
    labels = path.with_name(f"{path.stem}.labels.npy")
    try:
        Z = np.load(path, allow_pickle=False)
        codes = np.load(labels, allow_pickle=False) if labels.is_file() else None
    except (OSError, ValueError, EOFError):  # a damaged picture is a missing one
        return None
    if Z.ndim != 2 or Z.shape[1] != 2:
        return None
    return Z, codes if codes is not None and codes.shape == (len(Z),) else None


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


def _picture(Z: NDArray[Any], codes: NDArray[Any] | None, palette: list[str]) -> str:
    """A scatter as a PNG data URI, cells drawn in shuffled order so that no class hides another."""
    from matplotlib.colors import to_rgba_array
    from matplotlib.figure import Figure
    from PIL import Image

    order = np.random.default_rng(0).permutation(len(Z))[:SHOWN_CELLS]
    order = order[np.isfinite(Z[order]).all(axis=1)]
    which = np.zeros(len(Z), dtype=int) if codes is None else codes
    figure = Figure(figsize=(PIXELS / 100, PIXELS / 100), dpi=100)
    axes = figure.add_axes((0.02, 0.02, 0.96, 0.96))
    axes.set_axis_off()
    spot = float(np.clip(6000 / max(len(order), 1), 1.5, 12))
    x, y = Z[order].T
    axes.scatter(x, y, s=spot, c=to_rgba_array(palette)[which[order]], linewidths=0)
    drawn, file = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png")
    Image.open(drawn).convert("RGB").quantize(48).save(file, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
