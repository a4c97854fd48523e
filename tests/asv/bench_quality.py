"""What every method scores at small n with fixed seeds, through the whole harness.

asv takes smaller values as better, so what is tracked is the distance to the best value there is:
1 - score, or the log loss itself.
"""

from __future__ import annotations

import inspect
import os
import tempfile
from pathlib import Path
from typing import Any

from .made_up import methods, part

# Data that come with the package, training rows, and metrics whose best value is stated.
DATA = {
    "embed": ("scmark_immune", 300),
    "predict": ("digits", 300),
    "integrate": ("simulated_multimodal(n=1000)", 300),
}
METRICS = {
    "embed": {"knn_recall": 1, "knn_transfer_balanced_accuracy": 1},
    "predict": {"balanced_accuracy": 1, "log_loss": 0},
    "integrate": {"modality_recall": 1, "knn_transfer_balanced_accuracy": 1},
}
# Of methods that have such a parameter, stated in the pipeline.
SETTINGS = {"max_steps": 300, "epochs": 20, "max_iterations": 100, "image": (8, 8)}


def shortfalls(task: str) -> dict[tuple[str, str], float | str]:
    """By (method, metric): distance from the best score, or why there is no score."""
    import omicsbench

    discover = part("registry.discover", "registry").discover
    unavailable = part("registry.discover", "registry").unavailable
    make_suite = part("planning.suite", "suite").make_suite

    known = discover().methods
    names = [n for n in methods(task) if n in known and not unavailable(known[n].info)]
    if not names:
        return {}
    texts = []
    for name in names:
        parameters = inspect.signature(known[name].make).parameters
        stated = [f"{key}={value}" for key, value in SETTINGS.items() if key in parameters]
        texts.append(f"{name}({', '.join(stated)})" if stated else name)
    dataset, size = DATA[task]
    suite = make_suite(
        {
            "name": "quality",
            "task": task,
            "pipelines": texts,
            "metrics": list(METRICS[task]),
            "datasets": [{"name": dataset, "sizes": [size]}],
            "repeats": 1,
            "n_components": 10,
            "scored": 200,
            "threads": 1,
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        os.environ["OMICSBENCH_CACHE"] = f"{folder}/cache"
        table = omicsbench.run(suite, out=Path(folder) / "results")
    found: dict[tuple[str, str], float | str] = {}
    for name in names:
        own = table[table.pipeline.str.partition("(")[0] == name]
        for metric, best in METRICS[task].items():
            row = own[(own.part == "test") & (own.metric == metric)]
            found[name, metric] = (
                abs(best - float(row.value.iloc[0]))
                if len(row)
                else f"{name}: {', '.join(own.status.unique())}: {own.reason.iloc[0]}"
            )
    return found


class _Quality:
    param_names = ("method", "metric")
    timeout = 60

    def setup(self, found: dict[tuple[str, str], float | str], method: str, metric: str) -> None:
        if (method, metric) not in found:
            raise NotImplementedError(f"this revision, or machine, has no {method}")

    def track_shortfall(
        self, found: dict[tuple[str, str], float | str], method: str, metric: str
    ) -> float:
        value = found[method, metric]
        if isinstance(value, str):
            raise RuntimeError(value)  # a run without a score is a failure, never a gap
        return value


# asv knows a set-up by the place of its code, so each task states its own.
class Embed(_Quality):
    """300 cells of scmark_immune, ten components where a method does not state its own."""

    params: Any = (methods("embed"), list(METRICS["embed"]))

    def setup_cache(self) -> dict[tuple[str, str], float | str]:
        return shortfalls("embed")

    setup_cache.timeout = 900  # type: ignore[attr-defined]


class Predict(_Quality):
    """300 of the digits."""

    params: Any = (methods("predict"), list(METRICS["predict"]))

    def setup_cache(self) -> dict[tuple[str, str], float | str]:
        return shortfalls("predict")

    setup_cache.timeout = 900  # type: ignore[attr-defined]


class Integrate(_Quality):
    """300 cells of simulated_multimodal, likewise."""

    params: Any = (methods("integrate"), list(METRICS["integrate"]))

    def setup_cache(self) -> dict[tuple[str, str], float | str]:
        return shortfalls("integrate")

    setup_cache.timeout = 900  # type: ignore[attr-defined]
