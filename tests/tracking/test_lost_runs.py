"""Runs that HEAD lost: which, in which order, with which reason."""

from __future__ import annotations

from typing import Any

import pytest

from measured import SCORES, base, head, moved, side
from omicsbench.records.spec import RunRecord, Status
from omicsbench.tracking.compare import Alarm, asked, compare_records
from omicsbench.tracking.lost_runs import LostRun, losses


def lost(before: list[RunRecord], after: list[RunRecord]) -> list[LostRun]:
    return losses(*({asked(r.spec): r for r in of} for of in (before, after)))


def changed(records: list[RunRecord], repeat: int, **update: Any) -> list[RunRecord]:
    return [r.model_copy(update=update) if r.spec.repeat == repeat else r for r in records]


def test_what_is_missing_is_named_by_its_run() -> None:
    (found,) = lost(base(), [r for r in head() if r.spec.repeat != 3])
    key = asked(base()[3].spec)
    assert found == LostRun(key, "d", "p", 10, 3, "missing", "HEAD has no record of it")


def test_what_base_had_not_done_cannot_be_lost() -> None:
    before = changed(base(), 0, status=Status.TIMEOUT, scores={})
    assert lost(before, []) == lost(base()[1:], [])
    assert len(lost(before, [])) == 4
    assert lost(changed(base(), 0, status=Status.TIMEOUT), head()) == []


def test_a_failure_is_told_with_its_reason_if_there_is_one() -> None:
    after = changed(head(), 1, status=Status.OUT_OF_MEMORY, reason="over 2 GB", scores={})
    after = changed(after, 4, status=Status.TIMEOUT, scores={})
    found = lost(base(), after)
    assert [(x.repeat, x.status, x.reason) for x in found] == [
        (1, "out_of_memory", "over 2 GB"),
        (4, "timeout", "no reason given"),
    ]


@pytest.mark.parametrize("field", ["started_at", "phases", "key"])
def test_a_record_is_bases_own_only_if_all_of_it_agrees(field: str) -> None:
    found = lost(base(), base())
    assert {(x.status, x.reason) for x in found} == {
        (
            "not measured",
            "HEAD holds BASE's own record; measure into a folder of its own",
        )
    }
    other = {"started_at": "2026-01-09T00:00:00", "key": "0" * 16}
    phases = base()[0].phases.model_copy(update={"fit_s": 9.0})
    again = [r.model_copy(update={field: other.get(field, phases)}) for r in base()]
    assert lost(base(), again) == []


def test_scores_that_are_gone_are_named_with_the_reason_of_the_first() -> None:
    metrics = ("knn_recall", "reconstruction_mse", "trustworthiness")
    before = base(metrics=metrics)
    kept = {"trustworthiness": SCORES["trustworthiness"]}
    why = {"knn_recall": "too few cells", "reconstruction_mse": "another"}
    after = changed(head(metrics=metrics), 2, scores=kept, skipped_metrics=why)
    (found,) = lost(before, after)
    assert (found.status, found.repeat) == ("no score", 2)
    assert found.reason == "kNN recall, Reconstruction MSE: too few cells"
    (found,) = lost(before, changed(head(metrics=metrics), 2, scores=kept))
    assert found.reason.endswith(": no reason given")
    # What HEAD's suite no longer asks for is not missed.
    assert lost(before, side(2, metrics=("trustworthiness",))) == []


def alike(repeats: tuple[int, int], size: int = 10, scores: int = 3) -> list[RunRecord]:
    """HEAD, in which the second of two repeats has the scores of the first."""
    made = head(size=size)
    kept = dict(list(made[repeats[0]].scores.items())[:scores])
    return [r.model_copy(update={"scores": kept}) if r.spec.repeat in repeats else r for r in made]


def larger() -> list[list[RunRecord]]:
    """Both sides at a larger size, so that the smaller one is not the largest."""
    other = moved(knn_recall=0.2, reconstruction_mse=0.2, trustworthiness=0.2)
    return [side(1, other, size=20), side(2, other, size=20)]


def test_a_result_of_another_run_is_held_against_the_later_one() -> None:
    before, after = larger()
    (found,) = lost([*base(), *before], [*alike((1, 3)), *after])
    assert (found.repeat, found.size, found.status) == (3, 10, "repeated result")
    assert found.reason == "its scores are exactly those of n = 10, repeat 1"
    early = changed(alike((1, 3)), 3, started_at="2026-01-01T12:00:00")
    (found,) = lost([*base(), *before], [*early, *after])
    assert found.reason.endswith("repeat 3"), "whichever place it has"


def test_a_repeated_result_is_none_where_that_may_rightly_be() -> None:
    before, after = larger()
    assert lost(base(), alike((1, 3))) == [], "all training rows: the largest size"
    few = alike((1, 3), scores=2)
    assert all(x.status != "repeated result" for x in lost([*base(), *before], [*few, *after]))
    same_before = [
        r.model_copy(update={"scores": SCORES}) if r.spec.repeat in (1, 3) else r for r in base()
    ]
    assert lost([*same_before, *before], [*alike((1, 3)), *after]) == []
    new = [r for r in base() if r.spec.repeat != 3]
    assert lost([*new, *before], [*alike((1, 3)), *after]) == [], "it has no counterpart"


def test_other_pipelines_devices_and_data_sets_may_have_the_same_scores() -> None:
    before, after = larger()
    for other in ({"pipeline": "q"}, {"device": "cuda"}, {"dataset": "e"}):
        both = [*base(), *base(**other), *before, *base(**other, size=30)]
        anew = [*head(), *head(**other), *after, *head(**other, size=30)]
        assert lost(both, anew) == []


def test_the_lost_come_in_the_order_of_data_pipeline_size_and_repeat() -> None:
    before = [
        *base(pipeline="q"),
        *base(size=20),
        *base(size=9),
        *base(dataset="c", pipeline="z"),
        *base(),
    ]
    found = lost(before[::-1], [])
    order = [(x.dataset, x.pipeline, x.size, x.repeat) for x in found]
    assert order == sorted(order)
    assert order[0] == ("c", "z", 10, 0)
    assert len(order) == 25


def test_the_gravest_alarm_is_told() -> None:
    mixed = [*base()[:1], *head()[1:]]
    assert compare_records(base(), mixed).alarm is Alarm.LOST, "not measured anew"
    assert compare_records(base(), base()).alarm is Alarm.NOT_COMPARABLE
