"""Small files of pictures in the IDX format, by name of the file."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable, Mapping
from functools import cache

import numpy as np

Files = Mapping[str, bytes]


def idx(values: np.ndarray) -> bytes:
    """The IDX format: what it holds, sizes, then bytes."""
    head = struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
    return gzip.compress(head + values.astype(np.uint8).tobytes())


def clothes(**changed: bytes) -> Files:
    """30 and 10 pictures of 28 x 28; ``changed`` files by ``train_images`` and the like."""
    files = {}
    for part, count in (("train", 30), ("t10k", 10)):
        pixels = np.random.default_rng(count).integers(0, 256, (count, 28, 28))
        files[f"{part}_images"] = idx(pixels)
        files[f"{part}_labels"] = idx(np.arange(count) % 10)
    ends = {"images": "images-idx3-ubyte.gz", "labels": "labels-idx1-ubyte.gz"}
    return {
        f"{name.split('_')[0]}-{ends[name.split('_')[1]]}": content
        for name, content in (files | changed).items()
    }


WRITERS: dict[str, Callable[[], Files]] = {"fashion_mnist": cache(clothes)}
