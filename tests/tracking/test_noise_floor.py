"""The noise floor is learnt from repeated sets of runs, kept, and spares what lies within it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from answer_runs import ONE, again, base
from omicsbench.errors import OmicsbenchError
from omicsbench.records.spec import RunRecord
from omicsbench.tracking.compare import Strictness, compare_records
from omicsbench.tracking.noise_floor import calibration, read_noise, write_noise


def test_the_noise_floor_is_learnt_and_kept(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)

    def noisy(r: RunRecord) -> dict[str, Any]:
        return {"scores": {k: v + rng.normal(0, 0.01) for k, v in r.scores.items()}}

    sets = [
        [r.model_copy(update={"started_at": f"{r.started_at} {i}"}) for r in again(noisy)]
        for i in range(5)
    ]
    found = calibration(sets)
    assert (found.sets, found.comparisons) == (5, 10)
    assert found.alarms_held_out <= found.alarms
    # Only what differed has a floor, of the order of the noise of a mean of ten.
    floor = found.floors[ONE]["knn_recall"]
    assert 0.003 < floor < 0.05
    assert found.floors["random_projection(10)"]["knn_recall"] == 0
    path = tmp_path / "noise.json"
    assert write_noise(found, path).file == path
    kept = read_noise(path)
    assert kept[ONE]["knn_recall"] == pytest.approx(floor, rel=1e-3)
    lower = again(lambda r: {"scores": {k: v - 0.012 for k, v in r.scores.items()}})
    plain = {
        c.subject for c in compare_records(base(), lower).regressions if c.quantity == "knn_recall"
    }
    floored = compare_records(
        base(), lower, strictness=Strictness(noise={ONE: {"knn_recall": 0.02}})
    )
    assert plain
    assert not {c.subject for c in floored.regressions if c.quantity == "knn_recall"}
    with pytest.raises(OmicsbenchError, match="3 sets of runs tell no noise floor; take 4"):
        calibration(sets[:3])
