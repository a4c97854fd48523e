"""Very many points as a picture: small, independent of their order, no class lost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from omicsbench.reporting.picture_cells import CLASS_COLOURS, MISSING, OTHER
from omicsbench.reporting.raster import MAX_BYTES, raster
from scatter import CLASSES, clusters, hue_is_near, pixels

PALETTE = [*CLASS_COLOURS[:CLASSES], MISSING]


@pytest.fixture
def datashader() -> None:
    pytest.importorskip("datashader")


@pytest.mark.usefixtures("datashader")
class TestRaster:
    def test_many_cells_make_few_bytes(self) -> None:
        png = raster(*clusters(200_000), PALETTE)
        assert png.startswith(b"\x89PNG")
        assert 1000 < len(png) <= MAX_BYTES
        assert pixels(png).shape == (512, 512, 3)

    def test_noise_of_all_classes_is_made_coarser_not_larger(self) -> None:
        rng = np.random.default_rng(0)
        palette = [*CLASS_COLOURS, OTHER, MISSING]
        Z = rng.random((150_000, 2), dtype=np.float32)
        png = raster(Z, rng.integers(0, len(palette), len(Z)), palette)
        assert len(png) <= MAX_BYTES
        assert len(pixels(png)) < 512

    def test_the_order_of_the_cells_does_not_matter(self) -> None:
        Z, codes = clusters(30_000)
        order = np.random.default_rng(1).permutation(len(Z))
        by_class = np.argsort(codes, kind="stable")
        first = raster(Z, codes, PALETTE)
        assert raster(Z[order], codes[order], PALETTE) == first
        assert raster(Z[by_class], codes[by_class], PALETTE) == first
        assert raster(Z[::-1], None, PALETTE) == raster(Z, None, PALETTE)

    def test_classes_in_one_place_mix(self) -> None:
        Z = np.zeros((2000, 2), dtype=np.float32)
        codes = np.arange(2000) % 2
        shown = pixels(raster(Z, codes, ["#ff0000", "#0000ff"]))
        drawn = shown[(shown != 255).any(axis=2)]
        assert len(drawn)
        assert np.abs(drawn[:, 0].astype(int) - drawn[:, 2]).max() <= 2

    def test_a_rare_class_far_away_is_seen(self) -> None:
        Z, codes = clusters(200_000, CLASSES - 1)
        rare = np.random.default_rng(2).normal([40, 40], 0.1, (20, 2)).astype(np.float32)
        Z, codes = np.r_[Z, rare], np.r_[codes, np.full(20, CLASSES - 1, np.int32)]
        found = hue_is_near(raster(Z, codes, PALETTE), CLASS_COLOURS[CLASSES - 1])
        rows, _ = np.nonzero(found[:60, -60:])  # y grows upwards
        assert len(rows) >= 9
        assert not found[:60, :-60].any()

    def test_a_lone_cell_fills_nine_pixels(self) -> None:
        Z, codes = clusters(50_000, CLASSES - 1)
        Z, codes = np.r_[Z, [[60, -60]]].astype(np.float32), np.r_[codes, CLASSES - 1]
        assert hue_is_near(raster(Z, codes, PALETTE), CLASS_COLOURS[CLASSES - 1]).sum() == 9

    def test_density_is_darker_where_cells_are_many(self) -> None:
        rng = np.random.default_rng(0)
        few, many = rng.normal(-5, 1, (1000, 2)), rng.normal(5, 1, (100_000, 2))
        shown = pixels(raster(np.r_[few, many].astype(np.float32), None, ["#4477aa"]))
        ink = 255 - shown.astype(int).sum(axis=2) / 3
        assert ink[:256, 256:].max() > ink[256:, :256].max() > 0

    @pytest.mark.parametrize(
        "Z",
        [
            np.zeros((5, 2)),
            np.full((1, 2), 7e8),
            np.c_[np.arange(9), np.zeros(9)],
            np.array([[-3e38, 0], [3e38, 1e-30]]),
        ],
        ids=["one place", "one cell", "a line", "extreme"],
    )
    def test_any_finite_points_are_drawn(self, Z: NDArray[Any]) -> None:
        Z = Z.astype(np.float32)
        for which in (np.zeros(len(Z), dtype=int), None):
            assert (pixels(raster(Z, which, PALETTE)) != 255).any()
