"""The noise floor is learnt from repeated sets of runs, kept, and spares what lies within it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from answer_runs import ONE, again, base
from measured import HERE, SCORES, moved, side
from omicsbench.errors import OmicsbenchError, StoreError
from omicsbench.records.spec import Phases, RunRecord
from omicsbench.tracking.compare import Strictness, compare_records
from omicsbench.tracking.noise_floor import LARGEST_FLOOR, calibration, read_noise, write_noise


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
    assert found.floors["factor_analysis(10)"]["knn_recall"] == 0
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


def sets(*moves: float, hungry: int = 0) -> list[list[RunRecord]]:
    """Sets of runs whose recall is moved; the last takes more memory in one in a thousand parts."""
    made = []
    for day, by in enumerate(moves, 1):
        rss = (1_000 + (hungry if day == len(moves) else 0)) * 10 * 2**20
        made.append(
            side(
                day,
                lambda repeat, by=by, rss=rss: (
                    moved(knn_recall=by)(repeat) | {"peak_rss_bytes": rss}
                ),
            )
        )
    return made


def test_alarms_are_counted_with_floors_of_the_sets_on_neither_side() -> None:
    """The fourth set errs by itself: no other pair gives a floor that would spare it."""
    found = calibration(sets(0.0, 0.0, 0.0, -0.1))
    assert (found.sets, found.comparisons) == (4, 6)
    assert (found.alarms, found.alarms_held_out) == (3, 3)
    assert found.rate == 0.5
    assert found.causes == {"p: knn_recall": 3}
    # Two that err alike spare each other.
    pairs = calibration(sets(0.0, 0.0, -0.1, -0.1))
    assert (pairs.alarms, pairs.alarms_held_out) == (4, 0)
    assert pairs.rate == 0.0


def test_warnings_are_counted_apart_from_alarms() -> None:
    made = sets(0.0, 0.0, 0.0, 0.0)
    slow = {"phases": Phases(fit_s=9.0, transform_s=1.0)}
    made[3] = [r.model_copy(update=slow) for r in made[3]]
    found = calibration(made)
    assert (found.alarms, found.warnings, found.causes) == (0, 3, {"p: wall_s": 3})
    in_turn = calibration(made, Strictness(interleaved=True))
    assert (in_turn.alarms, in_turn.alarms_held_out, in_turn.warnings) == (3, 3, 0)


def test_tolerances_are_kept_and_noise_is_learnt_anew() -> None:
    made = sets(0.0, 0.0, 0.0, -0.1)
    assert calibration(made, Strictness({"score": 0.2})).alarms == 0
    assert calibration(made, Strictness(noise={"p": {"knn_recall": 0.2}})).alarms == 3


def test_floors_are_the_largest_effects_either_way_shares_of_costs() -> None:
    found = calibration(sets(0.0, 0.02, 0.05, 0.0, hungry=250))
    assert found.floors["p"]["knn_recall"] == pytest.approx(0.05)
    assert found.floors["p"]["peak_rss_bytes"] == pytest.approx(0.25)
    backwards = calibration(sets(0.0, 0.0, 0.05, 0.0, hungry=-200)).floors["p"]
    assert backwards["peak_rss_bytes"] == pytest.approx(0.25), "as much as 1 / 0.8"
    assert backwards["knn_recall"] == pytest.approx(0.05)


def test_what_could_not_be_compared_has_no_floor() -> None:
    made = sets(0.0, 0.0, 0.0, 0.0)
    for number, runs in enumerate(made):
        env = HERE.model_copy(update={"cpu": f"cpu {number}"})
        made[number] = [r.model_copy(update={"environment": env}) for r in runs]
    assert calibration(made).floors["p"].keys() == {*SCORES, "peak_rss_bytes"}


def test_the_file_holds_what_was_found_and_floors_above_zero(tmp_path: Path) -> None:
    found = calibration(sets(0.0, 0.0, 0.0, -0.123456))
    written = write_noise(found, tmp_path / "noise.json")
    assert written == replace(found, file=tmp_path / "noise.json")
    assert json.loads((tmp_path / "noise.json").read_text()) == {
        "sets": 4,
        "comparisons": 6,
        "alarms": 3,
        "alarms_held_out": 3,
        "warnings": 0,
        "floors": {"p": {"knn_recall": 0.1235}},
    }


@pytest.mark.parametrize(
    ("quantity", "largest"),
    [("knn_recall", 1.0), ("wall_s", LARGEST_FLOOR), ("own", LARGEST_FLOOR)],
)
def test_no_floor_is_larger_than_a_calibration_finds(
    tmp_path: Path, quantity: str, largest: float
) -> None:
    path = tmp_path / "noise.json"
    for value in (0.0, largest):
        path.write_text(json.dumps({"floors": {"p": {quantity: value}}}))
        assert read_noise(path) == {"p": {quantity: value}}
    for value in (-0.5, largest + 0.5):
        path.write_text(json.dumps({"floors": {"p": {quantity: value}}}))
        with pytest.raises(StoreError) as error:
            read_noise(path)
        problem = f"{quantity} of p is {value:g}, not between 0 and {largest:g}"
        assert problem in str(error.value)


def test_what_is_no_noise_floor_is_told(tmp_path: Path) -> None:
    path = tmp_path / "noise.json"
    with pytest.raises(StoreError) as error:
        read_noise(path)
    said = f"There is no noise floor {path}; calibrate, or name another."
    assert str(error.value) == said
    end = "; calibrate again, or name another file with --noise."
    for text, problem in (("{", "EOF while parsing"), ("{}", "floors: Field required")):
        path.write_text(text)
        with pytest.raises(StoreError) as error:
            read_noise(path)
        said = f"{path} is not what `omicsbench calibrate` writes ({problem}"
        assert str(error.value).startswith(said)
        assert str(error.value).endswith(end)
