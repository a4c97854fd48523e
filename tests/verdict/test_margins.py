"""The margin of a verdict: stated, of the room, or the metric's own."""

from __future__ import annotations

import pytest

from builders import record, spec
from omicsbench.metrics import METRICS
from omicsbench.records.spec import RunRecord
from omicsbench.verdict.margins import Margin, margin_of

RECALL, LOSS = METRICS["knn_recall"], METRICS["log_loss"]


def ran(size: int, *room: float, metric: str = "knn_recall", repeat: int = 0) -> RunRecord:
    rooms = {metric: room} if room else {}
    return record(spec(size=size, repeat=repeat), rooms=rooms)


def test_it_is_a_twentieth_of_the_room() -> None:
    found = margin_of(RECALL, [ran(10, 0.01, 0.55)], {})
    assert found.value == pytest.approx(0.027)
    assert found == Margin(found.value, 0.05, 0.01, 0.55)
    assert str(found) == "0.027, 5 % of the room from 0.01 to 0.55"


def test_the_room_of_a_loss_goes_down() -> None:
    found = margin_of(LOSS, [ran(10, 1.5, 0.0, metric="log_loss")], {})
    assert found.value == pytest.approx(0.075)
    assert str(found) == "0.075, 5 % of the room from 1.5 to 0"


def test_the_largest_size_tells_the_room_and_its_repeats_are_averaged() -> None:
    runs = [ran(10, 0, 0.2), ran(20, 0.1, 0.5), ran(20, 0.3, 0.9, repeat=1), ran(30)]
    found = margin_of(RECALL, runs, {})
    assert (found.floor, found.ceiling) == pytest.approx((0.2, 0.7))


def test_what_the_suite_states_wins_and_is_told_beside_the_room() -> None:
    found = margin_of(RECALL, [ran(10, 0, 0.5)], {"knn_recall": 0.02})
    assert found.value == 0.02
    assert found.stated
    assert str(found) == "0.02, 4 % of the room from 0 to 0.5"
    assert margin_of(RECALL, [], {"knn_recall": 0.02}) == Margin(0.02, stated=True)


@pytest.mark.parametrize("room", [(), (0.5, 0.5), (0.6, 0.5)])
def test_without_a_room_it_is_the_metrics_own(room: tuple[float, ...]) -> None:
    found = margin_of(RECALL, [ran(10, *room)], {})
    assert found == Margin(RECALL.margin)
    assert str(found) == f"{RECALL.margin:g}"
