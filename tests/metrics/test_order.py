"""Run keys hold the names of a task's metrics: their order is declared, not that of imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import omicsbench.metrics
from omicsbench.metrics import METRICS
from omicsbench.planning.contestants import resolve_metrics
from omicsbench.planning.suite import make_suite
from omicsbench.registry.discover import discover

# Committed records of suites that state no metrics hold these names in this order.
HELD_OUT = ["molecule_bits", "decoder_bits", "half_consistency", "held_out_features"]
EVERY = [
    "knn_recall",
    "trustworthiness",
    "continuity",
    "distance_spearman",
    "centroid_knn",
    "centroid_distance_correlation",
    "ari",
    "nmi",
    "silhouette",
    "knn_probe_balanced_accuracy",
    "knn_probe_macro_f1",
    "linear_probe_balanced_accuracy",
    "linear_probe_macro_f1",
    "knn_transfer_balanced_accuracy",
    "knn_transfer_macro_f1",
    "linear_transfer_balanced_accuracy",
    "linear_transfer_macro_f1",
    "reconstruction_r2",
    "reconstruction_mse",
    "balanced_accuracy",
    "macro_f1",
    "log_loss",
    "brier",
    "auroc",
    "expected_calibration_error",
    "selective_accuracy",
    "outlier_auroc",
    "modality_recall",
    "weakest_modality_recall",
    "modality_balance",
    "foscttm",
    "cross_modal_r2",
    "cross_modal_spearman",
    "r2",
    "spearman",
    "pearson",
    "rmse",
    "coverage_error",
    "interval_score",
    "ilisi",
    "clisi",
    "kbet",
    "graph_connectivity",
    "cross_batch_balanced_accuracy",
    "rare_recall",
    "rare_f1",
    "latent_r2",
    *HELD_OUT,
]
MODULES = sorted(
    path.stem
    for path in Path(omicsbench.metrics.__path__[0]).glob("*.py")
    if path.stem not in ("__init__", "evaluate")
)
OTHER_ORDER = """
import importlib, sys, types
from pathlib import Path
package = types.ModuleType("omicsbench.metrics")  # as if its __init__ began with other imports
package.__path__ = [sys.argv[1]]
sys.modules["omicsbench.metrics"] = package
for name in sys.argv[2:]:
    importlib.import_module(f"omicsbench.metrics.{name}")
path = Path(sys.argv[1], "__init__.py")
exec(compile(path.read_text(), path, "exec"), vars(package))
print(*package.METRICS)
"""


def test_metrics_keep_their_order() -> None:
    assert list(METRICS) == EVERY


def test_metrics_of_an_embedding_keep_their_order() -> None:
    found = [name for name, scored_by in METRICS.items() if "embed" in scored_by.tasks]
    assert found == [*EVERY[:19], *EVERY[EVERY.index("rare_recall") :]]


def test_the_order_of_imports_does_not_matter() -> None:
    folder = omicsbench.metrics.__path__[0]
    for modules in (MODULES, MODULES[::-1]):
        ran = subprocess.run(
            [sys.executable, "-P", "-c", OTHER_ORDER, folder, *modules],
            capture_output=True,
            text=True,
            check=True,
        )
        assert ran.stdout.split() == EVERY


def test_the_order_of_plugin_folders_does_not_matter(tmp_path: Path) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder, name in zip(folders, ("zulu", "alfa"), strict=True):
        folder.mkdir()
        (folder / "own.py").write_text(
            "from omicsbench.metrics import metric\n"
            "@metric(title='T', range=(0, 1), direction='max', source='tests', group='labels')\n"
            f"def {name}(embedding):\n    return 0.5\n"
        )
    suite = make_suite({"name": "s", "pipelines": ["pca"]})
    for plugins in (folders, folders[::-1]):
        found = resolve_metrics(suite, discover(plugins))
        assert found == (*(n for n in EVERY if "embed" in METRICS[n].tasks), "alfa", "zulu")
