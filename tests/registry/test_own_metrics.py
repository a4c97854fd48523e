"""Metrics of one's own are found as methods are: duplicates and broken files are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from command import inside
from omicsbench.errors import RegistryError
from omicsbench.metrics import METRICS
from omicsbench.registry.discover import discover

METRIC = """
from omicsbench.plugin import metric

@metric(title="Mine", range=(0, 1), direction="max", source="tests", group="labels", version="{v}")
def {name}(embedding):
    return 0.5
"""


def _write(path: Path, name: str = "mine", v: str = "1") -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(METRIC.format(name=name, v=v))
    return path


def test_a_metric_of_ones_own_stays_with_its_registry(tmp_path: Path) -> None:
    _write(tmp_path / "own.py")
    found = discover([tmp_path])
    assert found.metric("mine").info.title == "Mine"
    assert "mine" not in METRICS
    with pytest.raises(RegistryError, match="Unknown metric 'mine'"):
        discover().metric("mine")


@pytest.mark.parametrize("name", ["mine", "knn_recall"])
def test_a_duplicate_name_is_an_error_naming_both_files(tmp_path: Path, name: str) -> None:
    one, other = _write(tmp_path / "a" / "one.py", name), _write(tmp_path / "b" / "other.py", name)
    with pytest.raises(RegistryError) as error:
        discover([one.parent, other.parent])
    assert str(one if name == "knn_recall" else other) in str(error.value)
    assert ("structure.py" if name == "knn_recall" else str(one)) in str(error.value)


def test_the_file_and_the_stated_version_define_a_metric(tmp_path: Path) -> None:
    seen = set()
    for i, (text, v) in enumerate([("", "1"), ("", "2"), ("\n# edited", "1")]):
        path = _write(tmp_path / str(i) / "own.py", v=v)
        path.write_text(path.read_text() + text)
        (version,) = discover([path.parent]).metric_versions(["knn_recall", "mine"]).values()
        seen.add(version)
    assert len(seen) == 3
    assert discover().metric_versions(METRICS) == {}, "names alone define the package's own"


def test_listed_shown_and_broken_on_the_command_line(tmp_path: Path) -> None:
    path = _write(tmp_path / "own.py")
    (tmp_path / "bad.py").write_text("from omicsbench.plugin import metric\nmetric(titel='T')\n")
    listed = inside("list", "metrics", "--plugins", tmp_path).stdout
    assert "mine" in listed
    assert "bad.py: TypeError" in listed
    shown = inside("show", "mine", "--plugins", tmp_path).stdout
    assert str(path) in shown
    assert "[0, 1]" in shown
    unknown = inside(
        "run", "quick", "--plugins", tmp_path, "--metrics", "bad", "--out", tmp_path / "o"
    )
    assert unknown.returncode == 2
    assert f"{tmp_path / 'bad.py'} cannot be used" in unknown.stderr
