"""`advise --measure`: sizes that are planned to fit, run on the user's own data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from command import inside
from omicsbench.cli.measuring import spread


def test_sizes_are_spread_from_the_smallest_to_the_largest() -> None:
    assert spread([20, 50], 4) == [20, 50]
    assert spread([20, 50, 100, 200, 500, 1000, 2000], 4) == [20, 100, 500, 2000]


@pytest.mark.slow  # a suite on a file
def test_a_file_is_measured_and_reported(tmp_path: Path) -> None:
    drawn = np.random.default_rng(0).poisson(3, (120, 40))
    pd.DataFrame(drawn, columns=[f"g{i}" for i in range(40)]).to_csv(tmp_path / "own.csv")
    words = ["advise", "own.csv", "--purpose", "embed", "--measure", "--minutes", "0.1"]
    done = inside(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Planned up to n = 20 of " in done.stdout
    assert "Measured on your data at n = 20:" in done.stdout
    assert (tmp_path / "results" / "own" / "report.html").is_file()
