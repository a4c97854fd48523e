"""`omicsbench plan`: an outline with predicted costs, honest where nothing is known."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import omicsbench
from command import inside
from omicsbench.planning.estimate import UNKNOWN, look_ahead
from omicsbench.planning.suite import load_suite
from omicsbench.records import store
from omicsbench.records.spec import Phases, RunRecord
from omicsbench.registry.discover import Registry, discover
from omicsbench.running.runner import run_suite

SUITE = """
pipelines = ["pca", "random_projection", "label_oracle"]
repeats = 2
n_components = 2
metrics = ["knn_recall"]
threads = 1
timeout_s = 100
jobs = 2
[[datasets]]
name = "linear_control(n=1200)"
sizes = [50, 150, 500, "all"]
[[datasets]]
name = "linear_control(n=1100)"
sizes = [50, "all"]
"""


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A suite whose PCA, and nothing else, is stored at three sizes, at made-up costs."""
    folder = tmp_path_factory.mktemp("plan")
    (folder / "mine.toml").write_text(SUITE)
    whole = load_suite(str(folder / "mine.toml"))
    sizes = {"datasets": [{"name": whole.datasets[0].name, "sizes": [50, 150, 500]}]}
    part = whole.model_validate(whole.model_dump() | sizes | {"pipelines": ["pca"]})
    for record in run_suite(part, folder / "out", registry=discover()):
        n = record.spec.size
        told = {"phases": Phases(fit_s=n / 10), "peak_rss_bytes": n * 10**6, "base_rss_bytes": 0}
        (folder / "out" / "runs" / f"{record.key}.json").unlink()  # a finished run is not replaced
        store.write_record(folder / "out", record.model_copy(update=told))
    return folder


@pytest.fixture(scope="module")
def registry() -> Registry:
    return discover()


def test_rows_and_total(suite: Path, registry: Registry) -> None:
    found = look_ahead(load_suite(str(suite / "mine.toml")), registry, suite / "out")
    assert [d.cells for d in found.datasets] == [1200, 1100]
    assert found.datasets[0].prepared_bytes > 1e5  # type: ignore[operator]
    assert found.datasets[1].prepared_bytes is None
    rows = {(r.dataset[-5:-1], r.pipeline, r.size): r for r in found.rows}
    assert len(rows) == 3 * (4 + 2)
    assert rows["1200", "pca(2)", 500].done == 2
    assert rows["1200", "pca(2)", 500].todo == 0
    top = rows["1200", "pca(2)", 822]
    assert (top.done, top.todo) == (0, 2)
    assert top.cost["wall_s"].value == pytest.approx(82.2, rel=0.01)
    assert top.cost["peak_rss_bytes"].value == pytest.approx(822e6, rel=0.01)
    assert 500 < top.cost["disk_bytes"].value < 50_000
    assert top.mark == "may not fit: time"
    assert {r.mark for r in found.rows if "pca" not in r.pipeline} == {UNKNOWN}
    other = rows["1100", "pca(2)", 50].cost["wall_s"]
    assert other.value == pytest.approx(5, rel=0.01)
    assert other.basis.startswith("from 3 sizes up to 500 on other data sets of ")
    total = found.total
    assert total.rows_unknown == 2 * 6
    assert (total.todo, total.predicted) == (36 - 6, 12 - 6)
    assert total.wall_s * total.jobs == pytest.approx(2 * (82.2 + 5 + 75.3), rel=0.05)
    assert total.wall_s_low < total.wall_s <= total.wall_s_high


def test_what_will_not_fit_is_marked_and_not_in_the_total(suite: Path, registry: Registry) -> None:
    short = load_suite(str(suite / "mine.toml")).model_copy(
        update={"timeout_s": 20.0, "memory_gb": 0.1}
    )
    found = look_ahead(short, registry, suite / "out")
    top, other = [r for r in found.rows if r.pipeline == "pca(2)" and r.size > 500]
    assert top.mark == "will not fit: time, memory"
    assert top.left_out
    assert top.todo == 0
    assert not other.left_out, "a run judges by runs on the same data set alone"
    assert other.mark == top.mark
    assert found.total.rows_left_out == 1


def test_the_command_prints_table_and_total(suite: Path) -> None:
    done = inside("plan", suite / "mine.toml", "--results", suite / "out")
    assert done.returncode == 0, done.stderr
    assert "linear_control(n=1200) (1,200 cells, prepared, " in done.stdout
    lines = done.stdout.splitlines()
    place = next(i for i, text in enumerate(lines) if "may not fit" in text)
    assert lines[place].split()[:4] == ["822", "2", "0", "82"]
    names = [text.strip() for text in lines[:place] if not text.strip()[:1].isdigit()]
    assert names[-1] == "pca(2)", "sizes stand under their pipeline"
    assert "36 runs, 6 done, 30 to do." in done.stdout
    assert "2 pipelines at a time" in done.stdout
    assert "rows without stored runs to predict from" in done.stdout


def test_json_and_the_table_of_python_hold_the_same(suite: Path) -> None:
    done = inside("plan", suite / "mine.toml", "--results", suite / "out", "--json")
    content = json.loads(done.stdout)
    table = omicsbench.estimate(str(suite / "mine.toml"), results=suite / "out")
    assert len(table) == len(content["rows"]) == 18
    assert table.attrs["total"]["todo"] == content["total"]["todo"] == 30
    printed = pd.DataFrame(content["rows"])
    pd.testing.assert_frame_equal(table, printed, check_dtype=False)


def test_nothing_stored(suite: Path, tmp_path: Path) -> None:
    done = inside("plan", suite / "mine.toml", "--results", tmp_path / "none")
    assert done.returncode == 0, done.stderr
    assert f"No runs are stored in {tmp_path / 'none'}, so there is nothing" in done.stdout
    assert done.stdout.count(UNKNOWN) == 18
    assert "Predicted for" not in done.stdout
    assert not (tmp_path / "none").exists(), "it writes nothing"


def test_sizes_stated_as_numbers_need_no_data(tmp_path: Path) -> None:
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "far.py").write_text(
        "from omicsbench.plugin import dataset\n"
        "@dataset(name='far', summary='Is not here.', source='tests', values='log',"
        " licence='none', label=None, provenance=None)\n"
        "def load():\n    '''Fails.'''\n    raise OSError('no such server')\n"
    )
    text = "pipelines = ['pca']\ndatasets = [{name = 'far', sizes = [100, 'all']}]\n"
    (tmp_path / "s.toml").write_text(text)
    suite = load_suite(str(tmp_path / "s.toml"))
    found = look_ahead(suite, discover([plugins]), tmp_path / "out")
    assert [row.size for row in found.rows] == [100]
    assert "no such server" in found.datasets[0].note


def test_damaged_records_do_not_stop_it(suite: Path, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir(parents=True)
    for i, path in enumerate(sorted((suite / "out" / "runs").glob("*.json"))):
        text = path.read_text()
        (tmp_path / "runs" / path.name).write_text(text[: len(text) // 2] if i == 0 else text)
    done = inside("plan", suite / "mine.toml", "--results", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "36 runs, 5 done, 31 to do." in done.stdout
    assert "1 damaged or outdated records were not used." in done.stdout


def test_runs_of_another_machine_are_told_apart(
    suite: Path, tmp_path: Path, registry: Registry
) -> None:
    for record in store.read_records(suite / "out"):
        moved: RunRecord = record.model_copy(
            update={"environment": record.environment.model_copy(update={"cpu": "another"})}
        )
        (tmp_path / "runs").mkdir(exist_ok=True)
        store.write_record(tmp_path, moved)
    found = look_ahead(load_suite(str(suite / "mine.toml")), registry, tmp_path)
    (top,) = [r for r in found.rows if r.pipeline == "pca(2)" and r.size == 822]
    assert top.cost["wall_s"].basis.endswith("or on another machine")
