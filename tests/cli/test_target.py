"""A number of one's own to predict, from the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from command import inside


def table(tmp_path: Path, **more: float) -> Path:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 6))
    frame = pd.DataFrame(X, columns=[f"gene{i}" for i in range(6)])
    frame["age"] = 40 + 10 * X[:, 0] + rng.normal(size=80)
    frame["mood"] = np.where(X[:, 1] > 0, "good", "bad")
    for name, value in more.items():
        frame[name] = value
    frame.insert(0, "sample", [f"s{i}" for i in range(80)])
    frame.to_csv(tmp_path / "own.csv", index=False)
    return tmp_path / "own.csv"


def test_a_column_of_numbers_is_predicted(tmp_path: Path) -> None:
    done = inside(
        *("run", "regress", "--data", table(tmp_path), "--target", "age", "--only", "-m", "ridge"),
        *("--sizes", "40", "--repeats", "1", "--values", "continuous", "--no-report"),
        *("--out", tmp_path / "out"),
    )
    assert done.returncode == 0, done.stderr
    assert "target age" in done.stderr
    import omicsbench

    scores = omicsbench.load(tmp_path / "out")
    r2 = scores[(scores["metric"] == "r2") & (scores["part"] == "test")]["value"]
    assert r2.iloc[0] > 0.8


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("mood", "holds 'bad', which is no number"),
        ("dose", "is 3.5 in every cell"),
        ("height", "There is no target column 'height'"),
    ],
)
def test_what_cannot_be_predicted_is_refused_in_one_sentence(
    tmp_path: Path, column: str, said: str
) -> None:
    data = table(tmp_path, **({"dose": 3.5} if column == "dose" else {}))
    done = inside(
        *("run", "regress", "--data", data, "--target", column, "--values"),
        *("continuous", "--out", tmp_path / "out"),
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_target_belongs_to_own_data(tmp_path: Path) -> None:
    done = inside("run", "regress", "--target", "age", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "--target belongs to your own data" in done.stderr
