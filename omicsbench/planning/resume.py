"""Which stored runs are done, and which are to do again; the limits that decide it."""

from __future__ import annotations

from omicsbench.planning.suite import Suite
from omicsbench.records import environment
from omicsbench.records.costs import foreseen
from omicsbench.records.facts import Limits
from omicsbench.records.spec import Cause, RunRecord, Status

NOT_DONE = (Cause.CANNOT_RUN, Cause.SET_ASIDE, Cause.SIGNAL, Cause.LOST)
MEMORY_SHARE = 0.8  # of the machine's memory, shared by the jobs, where the suite states no limit


def limits_of(suite: Suite) -> Limits:
    """What one run may take."""
    share = environment.ram_bytes() * MEMORY_SHARE / suite.jobs
    memory = int(suite.memory_gb * 2**30 if suite.memory_gb else share)
    return Limits(timeout_s=suite.timeout_s, memory_bytes=memory)


def do_again(record: RunRecord, retry: bool, force: bool, limits: Limits) -> bool:
    """Whether a stored run is to be done again: after a raised limit, or on request.

    A run set aside while planning, or by somebody, is looked at again every time, and so is one
    that a signal ended, as it may have come from outside, or that another run's crash set aside.
    """
    if record.status is Status.OK:
        return False
    if retry or record.limits is None or record.cause in NOT_DONE:
        return True
    if force and record.cause is Cause.PREDICTED:
        return True
    longer = limits.timeout_s > record.limits.timeout_s
    larger = limits.memory_bytes > record.limits.memory_bytes
    raised = {Status.TIMEOUT: longer, Status.OUT_OF_MEMORY: larger}
    if record.status is Status.SKIPPED:
        return any(raised[end] for end in foreseen(record))
    return raised.get(record.status, False)
