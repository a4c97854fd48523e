"""Records name the versions of the libraries that a run worked with, declared or not."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from omicsbench.planning.suite import make_suite
from omicsbench.records.spec import RunRecord, Status
from omicsbench.registry.discover import discover
from omicsbench.registry.libraries import modules_of
from omicsbench.running.runner import run_suite

METHOD = """
from omicsbench.plugin import method

@method(name="narrow", family="simple", summary="Two columns.", source="tests")
class Narrow:
    def __init__(self, n_components: int = 2):
        self.n_components = n_components
    def fit(self, X):
        import little_lines
        self.columns = little_lines.first(self.n_components)
        return self
    def transform(self, X):
        return X[:, self.columns].astype("float32")
"""
METRIC = """
from omicsbench.metrics import metric

@metric(title="Mine", range=(0, 1), direction="max", source="tests", group="labels")
def mine(embedding):
    from little_scores import half
    return half(embedding)
"""


def _distribution(folder: Path, name: str, code: str, release: str) -> None:
    """An installed library of one module, whose distribution is named otherwise."""
    (folder / f"{name}.py").write_text(code)
    info = folder / f"made_up_{name}-{release}.dist-info"
    info.mkdir()
    dist = f"made-up-{name.replace('_', '-')}"
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: {release}\n")
    (info / "RECORD").write_text(f"{name}.py,,\n")
    (info / "top_level.txt").write_text(f"{name}\n")


def _run(out: Path, pipeline: str, task: str, dataset: str, plugins: list[Path]) -> RunRecord:
    suite = make_suite(
        {
            "name": "tiny",
            "task": task,
            "pipelines": [pipeline],
            "repeats": 1,
            "datasets": [{"name": dataset, "sizes": [100]}],
            "threads": 1,
            "scored": 60,
            **({"metrics": ["mine", "knn_recall"]} if plugins else {}),
        }
    )
    (record,) = run_suite(suite, out, registry=discover(plugins))
    assert record.status is Status.OK, record.reason
    return record


@pytest.mark.parametrize(
    ("library", "distribution", "pipeline", "task", "dataset"),
    [
        (
            "lightgbm",
            "lightgbm",
            "gradient_boosting(library='lightgbm')",
            "predict",
            "linear_classes(n=300)",
        ),
        (
            "mofapy2",
            "mofapy2",
            "mofa(n_components=2, max_iterations=20)",
            "integrate",
            "simulated_multimodal(n=300)",
        ),
    ],
)
def test_the_library_of_a_method_is_named(
    tmp_path: Path, library: str, distribution: str, pipeline: str, task: str, dataset: str
) -> None:
    pytest.importorskip(library)
    record = _run(tmp_path, pipeline, task, dataset, [])
    assert record.environment.packages[distribution] == version(distribution)
    assert record.environment.packages["numpy"] == version("numpy")
    assert "torch" not in record.environment.packages, "it was not used"
    assert "omicsbench" not in record.environment.packages, "told on its own"


def test_libraries_that_no_plug_in_declares_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugins, site = tmp_path / "plugins", tmp_path / "site"
    for folder in (plugins, site):
        folder.mkdir()
    _distribution(site, "little_lines", "def first(n):\n    return list(range(n))\n", "1.2.3")
    _distribution(site, "little_scores", "def half(Z):\n    return 0.5\n", "0.9")
    monkeypatch.setenv("PYTHONPATH", str(site))
    (plugins / "narrow.py").write_text(METHOD)
    (plugins / "mine.py").write_text(METRIC)
    record = _run(tmp_path / "out", "narrow", "embed", "linear_control(n=300)", [plugins])
    made_up = {n: v for n, v in record.environment.packages.items() if n.startswith("made-up")}
    assert made_up == {"made-up-little-lines": "1.2.3", "made-up-little-scores": "0.9"}


def test_what_is_imported_but_was_never_loaded_is_not_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "narrow.py").write_text(METHOD)
    entry = discover([tmp_path]).method("narrow")
    assert "little_lines" not in modules_of(entry.make)
    monkeypatch.setitem(sys.modules, "little_lines", sys)
    assert "little_lines" in modules_of(entry.make)


def test_a_class_by_import_path_is_of_its_own_distribution() -> None:
    from sklearn.decomposition import PCA

    assert {"sklearn", "numpy", "scipy"} <= modules_of(PCA)


def test_a_file_read_from_an_installed_package_is_of_that_package(tmp_path: Path) -> None:
    folder = tmp_path / "sold" / "methods"
    folder.mkdir(parents=True)
    for package in (folder, folder.parent):
        (package / "__init__.py").write_text("")
    (folder / "narrow.py").write_text(METHOD)
    assert "sold" in modules_of(discover([folder]).method("narrow").make)
