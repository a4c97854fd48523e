"""Write harmony.json: what harmonypy makes of made-up cells.

It is under the GPL, so no dependency, of tests neither. In an environment with it:
``python tests/methods/references/harmony.py``
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np


def cells(n: int = 400, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(n, 6), batches and kinds: four kinds apart in two batches, moved by kind."""
    truth, rng = np.random.default_rng(5), np.random.default_rng(seed)
    kinds, batch = rng.choice(4, n, p=[0.4, 0.3, 0.2, 0.1]), rng.integers(0, 2, n)
    centres, moved = 6 * truth.normal(size=(4, 6)), 2 * truth.normal(size=(4, 6))
    Z = centres[kinds] + moved[kinds] * batch[:, None] + rng.normal(size=(n, 6))
    return Z - Z.mean(axis=0), batch, kinds


def main() -> None:
    import harmonypy
    import pandas as pd

    Z, batch, _ = cells()
    names = pd.DataFrame({"batch": batch.astype(str)})
    found = harmonypy.run_harmony(Z, names, ["batch"]).Z_corr
    corrected = found if found.shape == Z.shape else found.T
    made = {"version": version("harmonypy"), "corrected": np.round(corrected, 4).tolist()}
    Path(__file__).with_suffix(".json").write_text(json.dumps(made) + "\n")


if __name__ == "__main__":
    main()
