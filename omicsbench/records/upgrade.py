"""Records of an older schema, as the present one holds them. Files are not rewritten."""

from __future__ import annotations

import re
from typing import Any

from omicsbench.records.spec import SCHEMA_VERSION, Cause, Status

OLDEST = 2  # the oldest schema that is read
FROM_OUTSIDE = re.compile(r"the process was killed by SIG(TERM|INT|HUP|QUIT|XCPU|USR1|USR2|KILL)\b")


def upgraded(content: dict[str, Any]) -> dict[str, Any]:
    """The JSON of a record of schema ``OLDEST`` or later, in the present schema."""
    if content["schema_version"] == SCHEMA_VERSION:
        return content
    new = {"cause": _cause(content), "limits": content.get("limits") or None}
    return {**content, "schema_version": SCHEMA_VERSION, **new}


def _cause(old: dict[str, Any]) -> Cause | None:
    """Schema 2 told it by the words of the reason alone, or by the want of limits."""
    reason, skipped = str(old.get("reason")), old["status"] == Status.SKIPPED
    if FROM_OUTSIDE.match(reason):
        return Cause.SIGNAL
    if reason.endswith(" while starting up"):
        return Cause.START_UP
    if reason.endswith(" while warming up"):
        return Cause.WARM_UP
    if not skipped:
        return None
    if not old.get("limits"):
        return Cause.CANNOT_RUN
    if reason.startswith("predicted to exceed"):
        return Cause.PREDICTED
    return Cause.SMALLER_SIZE if " already at the smaller size " in reason else None
