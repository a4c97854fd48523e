"""Stored runs, and the same measured once more with one pipeline changed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from omicsbench.records import store
from omicsbench.records.spec import RunRecord

STORED = Path(__file__).parents[2] / "results" / "answer"
ONE = "pca(10)"
DATASETS = ("scmark_immune (hold-out)", "digits (hold-out)")
Edit = Callable[[RunRecord], dict[str, Any]]


@cache
def base() -> tuple[RunRecord, ...]:
    """Real records: three pipelines on two data sets, five repeats of each, few sizes."""
    wanted = {ONE, "autoencoder(10, depth=2)", "factor_analysis(10)"}
    return tuple(
        r.model_copy(update={"reference_s": 0.004})
        for r in store.read_records(STORED)
        if r.spec.pipeline in wanted and r.spec.dataset in DATASETS and r.spec.repeat < 5
    )


def again(edit: Edit = lambda r: {}, only: str = ONE) -> list[RunRecord]:
    """Those of ``base`` measured once more, with what ``edit`` changes of one pipeline's runs."""
    return [
        r.model_copy(
            update={"started_at": r.started_at + "1"} | (edit(r) if r.spec.pipeline == only else {})
        )
        for r in base()
    ]


def of_donors(record: RunRecord, fall: float) -> RunRecord:
    """The same run, tested on new donors, where every score is lower."""
    spec = record.spec.model_copy(
        update={"dataset": f"{record.spec.dataset} (new donor)", "split": "group"}
    )
    told = record.dataset_info.model_copy(update={"unit": "donor", "new_units": True})
    scores = {name: value - fall for name, value in record.scores.items()}
    return record.model_copy(
        update={"spec": spec, "key": spec.key, "dataset_info": told, "scores": scores}
    )
