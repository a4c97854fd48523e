"""Overlapping groups of cells, and what is seen of them in a picture."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

CLASSES = 12


def clusters(n: int, classes: int = CLASSES) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Overlapping groups of cells: embedding (n, 2), label codes (n,)."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, classes, n).astype(np.int32)
    Z = rng.normal(0, 6, (classes, 2))[codes] + rng.normal(0, 1.5, (n, 2))
    return Z.astype(np.float32), codes


def pixels(png: bytes) -> NDArray[np.uint8]:
    """(height, width, 3)."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def hue_is_near(png: bytes, colour: str) -> NDArray[np.bool_]:
    """(height, width): whether a pixel is a tint of the colour and not of white."""
    wanted = 255 - np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], dtype=float)
    ink = 255 - pixels(png).astype(float)
    strength = np.linalg.norm(ink, axis=2)
    cosine = ink @ wanted / np.maximum(strength * np.linalg.norm(wanted), 1e-9)
    return (cosine > 0.999) & (strength > 0.4 * np.linalg.norm(wanted))
