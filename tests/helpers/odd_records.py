"""Records that are odd but allowed: pages of every kind must stand with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from demo import EVIL
from omicsbench.records.spec import RunRecord, Status

Oddity = Callable[[RunRecord], RunRecord]
LONG = "long" * 65


def failed(r: RunRecord) -> RunRecord:
    gone = {"scores": {}, "validation": {}, "output_dim": None, "embedding": None}
    return r.model_copy(update={"status": Status.ERROR, "reason": EVIL, **gone})


def of_one_metric(r: RunRecord) -> RunRecord:
    kept = {m: s for m, s in r.scores.items() if m == "knn_recall"}
    return r.model_copy(update={"scores": kept})


def of_many_classes(r: RunRecord) -> RunRecord:
    names = tuple(f"class {i} {EVIL}" for i in range(200))
    info = r.dataset_info.model_copy(update={"label_names": names})
    return r.model_copy(update={"dataset_info": info})


def oddly_named(r: RunRecord) -> RunRecord:
    """Pipeline and data set longer than a file's name may be, of signs that mean something."""
    return renamed(
        r,
        pipeline=r.spec.pipeline + "'\"&=#?%</script>" + LONG,
        dataset=f"../{r.spec.dataset}/{EVIL}{LONG}",
    )


def renamed(r: RunRecord, **names: Any) -> RunRecord:
    spec = r.spec.model_copy(update=names)
    return r.model_copy(update={"spec": spec, "key": spec.key})


ODDITIES: tuple[Oddity, ...] = (failed, of_one_metric, of_many_classes, oddly_named)
