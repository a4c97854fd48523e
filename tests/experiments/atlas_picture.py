"""Draws docs/atlas.png: the simulated atlas beside the real counts that it is fitted to.

python tests/experiments/atlas_picture.py
"""

from __future__ import annotations

from pathlib import Path

import anndata
import numpy as np
from matplotlib.figure import Figure

from omicsbench.datasets import simulated_atlas

ROOT = Path(__file__).parents[2]
REAL, SIMULATED = "#4477aa", "#ee6677"
CELLS = 10_000


def main() -> None:
    stored = anndata.read_h5ad(ROOT / "datasets" / "data" / simulated_atlas.REAL)
    chosen = np.random.default_rng([0, 0]).choice(3_000, 2_000, replace=False)  # as the atlas does
    real = stored.X[:, chosen].toarray().astype(float)
    drawn = simulated_atlas.load(CELLS).to_adata().X.toarray().astype(float)
    figure = Figure(figsize=(11, 8), dpi=90, layout="constrained")
    axes = figure.subplots(2, 2)
    sets = [
        ("real: scmark_immune, 2,000 cells", real, REAL),
        (f"simulated_atlas, {CELLS:,} cells", drawn, SIMULATED),
    ]
    for name, X, colour in sets:
        style = {"color": colour, "label": name}
        library = np.sort(X.sum(axis=1))
        axes[0, 0].plot(library, np.linspace(0, 1, library.size), **style, lw=1.6)
        share = X / X.sum(axis=1, keepdims=True) * np.median(real.sum(axis=1))
        axes[0, 1].scatter(share.mean(axis=0), share.var(axis=0), s=4, alpha=0.5, lw=0, **style)
        zeros = np.sort((X == 0).mean(axis=1))
        axes[1, 1].plot(zeros, np.linspace(0, 1, zeros.size), **style, lw=1.6)
    axes[1, 0].scatter((real == 0).mean(axis=0), (drawn == 0).mean(axis=0), s=4, lw=0, color="#444")
    axes[1, 0].plot([0, 1], [0, 1], color="#bbb", lw=1, zorder=0)
    labels = [
        ("Library size", "counts of a cell", "share of cells"),
        ("Variance against mean", "mean of a gene, per median library", "variance"),
        ("Zeros of a gene", "share of zeros, real", "share of zeros, simulated"),
        ("Zeros of a cell", "share of zeros", "share of cells"),
    ]
    for ax, (title, x, y) in zip(axes.ravel(), labels, strict=True):
        ax.set(title=title, xlabel=x, ylabel=y)
        ax.spines[["top", "right"]].set_visible(False)
    axes[0, 0].set_xscale("log")
    axes[0, 1].set(xscale="log", yscale="log")
    axes[0, 0].legend(frameon=False, markerscale=4)
    figure.savefig(ROOT / "docs" / "atlas.png")


if __name__ == "__main__":
    main()
