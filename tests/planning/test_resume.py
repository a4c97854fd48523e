"""Which stored runs are done again: what a raised limit may change, and nothing else."""

from __future__ import annotations

import pytest

import builders
from omicsbench.planning.resume import do_again
from omicsbench.records.facts import Limits
from omicsbench.records.spec import Cause, RunRecord, Status

GIB = 2**30
THEN = Limits(timeout_s=60, memory_bytes=2 * GIB)
LONGER = Limits(timeout_s=600, memory_bytes=2 * GIB)
LARGER = Limits(timeout_s=60, memory_bytes=16 * GIB)


def _left_out(cause: Cause | None, reason: str, **predicted: float) -> RunRecord:
    return builders.record(
        status=Status.SKIPPED, cause=cause, reason=reason, predicted=predicted, limits=THEN
    )


@pytest.mark.parametrize(
    ("record", "longer", "larger"),
    [
        (builders.record(status=Status.TIMEOUT, limits=THEN), True, False),
        (builders.record(status=Status.OUT_OF_MEMORY, limits=THEN), False, True),
        (builders.record(status=Status.ERROR, limits=THEN), False, False),
        (_left_out(Cause.SMALLER_SIZE, "timeout already at the smaller size 30"), True, False),
        (_left_out(Cause.SMALLER_SIZE, "out_of_memory already at the smaller"), False, True),
        (_left_out(Cause.PREDICTED, "x", wall_s_low=61, peak_rss_bytes_low=GIB), True, False),
        (_left_out(Cause.PREDICTED, "x", wall_s_low=1, peak_rss_bytes_low=3 * GIB), False, True),
        (_left_out(Cause.PREDICTED, "of an older version"), True, True),
    ],
)
def test_the_limit_that_was_in_the_way_decides(
    record: RunRecord, longer: bool, larger: bool
) -> None:
    assert not do_again(record, retry=False, force=False, limits=THEN)
    assert do_again(record, retry=False, force=False, limits=LONGER) == longer
    assert do_again(record, retry=False, force=False, limits=LARGER) == larger
    assert do_again(record, retry=True, force=False, limits=THEN)
