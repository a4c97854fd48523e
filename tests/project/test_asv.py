"""The benchmarks for asv walk the registry, can be run, and skip what a revision does not have."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import get_args

import numpy as np
import pytest

from omicsbench.metrics import METRICS
from omicsbench.plugin import Task
from omicsbench.registry.discover import discover

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "asv"


@pytest.fixture(scope="module")
def of_asv() -> str:
    """The folder as a package, by a name that asv itself does not have."""
    name = "asv_benchmarks"
    spec = importlib.util.spec_from_file_location(
        name, FOLDER / "__init__.py", submodule_search_locations=[str(FOLDER)]
    )
    assert spec
    assert spec.loader
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])
    return name


@pytest.fixture(scope="module")
def made_up(of_asv: str) -> ModuleType:
    return import_module(f"{of_asv}.made_up")


@pytest.fixture(scope="module")
def bench_methods(of_asv: str) -> ModuleType:
    return import_module(f"{of_asv}.bench_methods")


def test_every_method_and_metric_is_benchmarked(of_asv: str, made_up: ModuleType) -> None:
    known = discover().methods
    assert made_up.methods() == sorted(known)
    for task in get_args(Task):
        assert made_up.methods(task) == sorted(n for n, e in known.items() if e.info.task == task)
    assert made_up.metrics() == sorted(METRICS)
    assert import_module(f"{of_asv}.bench_harness").Metrics.params == sorted(METRICS)
    quality = import_module(f"{of_asv}.bench_quality")
    for task, benchmark in (
        ("embed", quality.Embed),
        ("predict", quality.Predict),
        ("integrate", quality.Integrate),
    ):
        assert benchmark.params[0] == made_up.methods(task)
        assert set(benchmark.params[1]) <= METRICS.keys()


@pytest.mark.parametrize("name", ["pca", "label_oracle", "class_prior", "conv_net", "cca"])
def test_a_method_is_fitted_and_applied(bench_methods: ModuleType, name: str) -> None:
    subject = bench_methods.Subject(name)
    found = np.asarray(subject.apply(subject.fit()))
    assert found.shape == (bench_methods.TEST, 5 if subject.task == "predict" else 2)
    assert np.isfinite(found).all()


def test_what_a_revision_does_not_have_is_skipped(of_asv: str, bench_methods: ModuleType) -> None:
    quality, harness = (import_module(f"{of_asv}.bench_{name}") for name in ("quality", "harness"))
    with pytest.raises(NotImplementedError, match="no method no_such_method"):
        bench_methods.Methods().setup("no_such_method")
    with pytest.raises(NotImplementedError, match="no metric no_such_metric"):
        harness.Metrics().setup("no_such_metric")
    with pytest.raises(NotImplementedError, match="no data set no_such_data"):
        harness.Prepare().setup("no_such_data(n=100)")
    with pytest.raises(NotImplementedError, match="no_such_method"):
        quality.Embed().setup({}, "no_such_method", "knn_recall")


def test_a_run_without_a_score_fails(of_asv: str) -> None:
    found = {("umap", "knn_recall"): "umap: crashed: signal 11"}
    quality = import_module(f"{of_asv}.bench_quality").Embed()
    quality.setup(found, "umap", "knn_recall")
    with pytest.raises(RuntimeError, match="crashed: signal 11"):
        quality.track_shortfall(found, "umap", "knn_recall")


def test_a_metric_does_not_remember_the_rescaled_input(made_up: ModuleType) -> None:
    given = made_up.scored(100, 150, 20)
    probe = METRICS["linear_probe_balanced_accuracy"]
    assert probe(**made_up.rescaled(given, 3)) == pytest.approx(probe(**given), abs=1e-3)
    assert (made_up.rescaled(given, 3)["embedding"] != given["embedding"]).any()


@pytest.mark.slow
def test_shortfalls_are_those_of_the_runs(of_asv: str, made_up: ModuleType) -> None:
    """Through the harness, every predictor: none fails, and the control knows nothing."""
    found = import_module(f"{of_asv}.bench_quality").shortfalls("predict")
    assert {method for method, _ in found} == set(made_up.methods("predict"))
    assert found["class_prior", "balanced_accuracy"] == pytest.approx(0.9)  # of ten classes
    assert all(isinstance(value, float) for value in found.values()), found
    assert all(
        v < 0.5
        for (m, metric), v in found.items()
        if metric == "balanced_accuracy" and m != "class_prior"
    )


@pytest.mark.slow
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="asv reads the repository")
def test_asv_finds_nothing_wrong() -> None:
    command = [sys.executable, "-m", "asv", "check", f"--environment=existing:{sys.executable}"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "No problems found" in ran.stdout
