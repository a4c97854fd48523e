"""The rules by which runs are judged, as plain values: what a frozen protocol holds of them."""

from __future__ import annotations

from typing import Any

from omicsbench.metrics import METRICS
from omicsbench.records.spec import PROTOCOL_VERSION
from omicsbench.stats.contest import OUT_OF_THE_RUNNING
from omicsbench.stats.crossover import ALPHA
from omicsbench.stats.differences import FOLD_CORRELATION, LEANING
from omicsbench.verdict.judge import FEWEST_REPEATS
from omicsbench.verdict.margins import ROOM_SHARE

VERSION = 3  # raise it when verdicts change for another reason than the values below


def rules() -> dict[str, Any]:
    """Everything on which a verdict depends beside the suite and the scores."""
    return {
        "version": VERSION,
        "protocol": PROTOCOL_VERSION,
        "level": ALPHA,
        "fold_correlation": FOLD_CORRELATION,
        "leaning": LEANING,
        "out_of_the_running": OUT_OF_THE_RUNNING,
        "room_share": ROOM_SHARE,
        "fewest_repeats": FEWEST_REPEATS,
        "counted": {name: list(m.tasks) for name, m in METRICS.items() if not m.secondary},
    }
