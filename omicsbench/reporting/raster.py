"""From points in the plane to a small PNG: a scatter of some, or a raster of all of them.

A raster counts the points of each colour in each pixel and then colours the pixel, so no point
hides another and the order of the points does not matter.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_BYTES = 60_000
RASTERS = (
    (512, 48),
    (512, 24),
    (384, 24),
    (256, 16),
)  # pixels a side, colours of the picture's own
FAINTEST = 130  # of 255: opacity of a pixel with one point, strong enough to keep its hue
TINTS = (FAINTEST, 170, 210, 255)
MARGIN = 0.02
WHITE = np.array([255.0, 255, 255])


def scatter(
    Z: NDArray[Any], which: NDArray[Any], palette: Sequence[str], *, pixels: int, most: int
) -> bytes:
    """A PNG of at most ``most`` random points, drawn in shuffled order so that no class is on top.

    Z : (n, 2) finite. which : (n,) index of each point's colour in ``palette`` (hex colours).
    """
    from matplotlib.colors import to_rgba_array
    from matplotlib.figure import Figure
    from PIL import Image

    order = np.random.default_rng(0).permutation(len(Z))[:most]
    figure = Figure(figsize=(pixels / 100, pixels / 100), dpi=100)
    axes = figure.add_axes((MARGIN, MARGIN, 1 - 2 * MARGIN, 1 - 2 * MARGIN))
    axes.set_axis_off()
    spot = float(np.clip(6000 / max(len(order), 1), 1.5, 12))
    x, y = Z[order].T
    axes.scatter(x, y, s=spot, c=to_rgba_array(list(palette))[which[order]], linewidths=0)
    drawn, file = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png")
    Image.open(drawn).convert("RGB").quantize(48).save(file, "PNG", optimize=True)
    return file.getvalue()


def raster(Z: NDArray[Any], which: NDArray[Any] | None, palette: Sequence[str]) -> bytes:
    """A PNG of all points, at most ``MAX_BYTES`` long; coarser where it would be longer.

    Z : (n, 2) finite, n > 0. which : (n,) index of each point's colour in ``palette`` (hex
    colours), or None for the density of points in shades of ``palette[0]``.
    Raises ImportError where datashader is not installed.
    """
    colours = list(dict.fromkeys(palette))
    group = None
    if which is not None:
        group = np.array([colours.index(colour) for colour in palette], dtype=np.intp)[which]
    content = b""
    for pixels, own in RASTERS:
        if group is None:
            content = _png(_density(Z, pixels, colours[0]), [], own)
        else:
            content = _png(_classes(Z, group, colours, pixels), colours, own)
        if len(content) <= MAX_BYTES:
            break
    return content


def data_uri(png: bytes) -> str:
    """The picture as an ``src`` that loads nothing."""
    return "data:image/png;base64," + base64.b64encode(png).decode()


def _classes(Z: NDArray[Any], group: NDArray[np.intp], colours: list[str], pixels: int) -> Any:
    """A PIL image: hue is the mean colour of a pixel's points, opacity grows with their number."""
    import datashader as ds
    import pandas as pd
    from datashader import transfer_functions as tf

    frame = _frame(Z)
    names = [str(i) for i in range(len(colours))]
    frame["group"] = pd.Categorical.from_codes(group, dtype=pd.CategoricalDtype(names))
    counts = _canvas(Z, pixels).points(frame, "x", "y", ds.count_cat("group"))
    key = dict(zip(names, colours, strict=True))
    shaded = tf.shade(_spread(counts), color_key=key, how="eq_hist", min_alpha=FAINTEST)
    return _image(shaded)


def _density(Z: NDArray[Any], pixels: int, colour: str) -> Any:
    """A PIL image: the more points in a pixel, the darker."""
    import datashader as ds
    from datashader import transfer_functions as tf

    counts = _canvas(Z, pixels).points(_frame(Z), "x", "y", ds.count())
    shades = [_hex(_on_white(colour, FAINTEST)), colour, _hex(_rgb(colour) * 0.4)]
    shaded = tf.shade(_spread(counts).where(lambda n: n > 0), cmap=shades, how="eq_hist")
    return _image(shaded)


def _image(shaded: Any) -> Any:
    """A PIL image on white, y upwards; datashader's own way fails with some versions of PIL."""
    from PIL import Image

    rgba = np.ascontiguousarray(shaded.data[::-1]).astype("<u4").view(np.uint8)
    rgba = rgba.reshape(*shaded.shape, 4)
    opaque = rgba[..., 3:] / 255
    rgb = WHITE + (rgba[..., :3] - WHITE) * opaque
    return Image.fromarray(rgb.round().astype(np.uint8))


def _frame(Z: NDArray[Any]) -> Any:
    import pandas as pd

    return pd.DataFrame({"x": Z[:, 0].astype(np.float64), "y": Z[:, 1].astype(np.float64)})


def _canvas(Z: NDArray[Any], pixels: int) -> Any:
    """A square over all points; the axes are stretched to it one by one, as in ``scatter``."""
    import datashader as ds

    low, high = Z.min(axis=0).astype(np.float64), Z.max(axis=0).astype(np.float64)
    width = high - low
    # A line or a single place has no extent of its own.
    pad = np.where(width > 0, MARGIN * width, np.maximum(np.abs(low) * 1e-3, 1e-6))
    (left, bottom), (right, top) = low - pad, high + pad
    return ds.Canvas(pixels, pixels, x_range=(left, right), y_range=(bottom, top))


def _spread(counts: Any) -> Any:
    """Counts (y, x) or (y, x, colour), with empty pixels filled from their eight neighbours.

    A lone cell becomes a spot of 3 x 3 pixels; where cells are dense, nothing changes.
    """
    from scipy.ndimage import convolve

    found = counts.data.astype(np.int64)
    around = convolve(found, np.ones((3, 3) + (1,) * (found.ndim - 2), int), mode="constant")
    here = found.any(axis=2, keepdims=True) if found.ndim == 3 else found > 0
    return counts.copy(data=np.where(here, found, around).astype(np.uint32))


def _png(image: Any, keep: list[str], own: int) -> bytes:
    """A PNG of few colours: ``keep`` at every tint, and ``own`` that are chosen for the image.

    An adaptive palette alone would give a class of few pixels the colour of its neighbours.
    """
    from PIL import Image

    chosen = image.quantize(own, method=Image.Quantize.MEDIANCUT).convert("RGB").getcolors()
    palette = [colour for _, colour in chosen]
    palette += [_whole(_on_white(colour, alpha)) for colour in keep for alpha in TINTS]
    palette = list(dict.fromkeys([(255, 255, 255), *palette]))
    table = Image.new("P", (1, 1))
    table.putpalette([value for rgb in palette for value in rgb])
    file = io.BytesIO()
    few = image.quantize(palette=table, dither=Image.Dither.NONE)
    few.save(file, "PNG", optimize=True)
    return file.getvalue()


def _rgb(colour: str) -> NDArray[np.float64]:
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], dtype=np.float64)


def _on_white(colour: str, alpha: int) -> NDArray[np.float64]:
    mixed: NDArray[np.float64] = WHITE + (_rgb(colour) - WHITE) * (alpha / 255)
    return mixed


def _whole(rgb: NDArray[np.float64]) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in rgb.round())
    return red, green, blue


def _hex(rgb: NDArray[np.float64]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*_whole(rgb))
