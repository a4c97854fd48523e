"""The command line as a new user meets it: bad input, one sentence, exit code 2, nothing lost."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest

from command import Cli, inside
from omicsbench.prepare.contents import LAYOUT
from omicsbench.records import store


def _table(tmp_path: Path, change: Callable[[pd.DataFrame], pd.DataFrame] | None = None) -> Path:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        rng.poisson(3.0, (120, 12)),
        index=[f"c{i}" for i in range(120)],
        columns=[f"g{j}" for j in range(12)],
    )
    frame["type"] = ["a", "b", "c"] * 40
    path = tmp_path / "my.csv"
    (change(frame) if change else frame).to_csv(path)
    return path


def _set(row: int, column: int, value: float) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        frame = frame.astype({frame.columns[column]: float})
        frame.iloc[row, column] = value
        return frame

    return change


def _duplicate_cell(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.rename(index={"c1": "c0"})


def _no_counts(frame: pd.DataFrame) -> pd.DataFrame:
    frame.iloc[:, :12] = 0
    return frame


def _refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    message = done.stderr.strip().splitlines()[-1]
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert message.startswith("omicsbench: ")
    for word in words:
        assert word.lower() in message.lower(), message
    assert len(message) < 400


def test_help_shows_options_by_what_they_are_for() -> None:
    text = inside("run", "--help").stdout
    panels = ["Data:", "What runs:", "Limits and machine:", "Output:"]
    places = [text.index(f"\n{panel}\n") for panel in panels]
    assert places == sorted(places)
    for option, panel in (("--unit", 0), ("--set", 1), ("--plugins", 1), ("--timeout", 2)):
        assert places[panel] < text.index(f"{option} ") < places[panel + 1]


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        (None, ["--label", "typ"], ["typ", "type"]),
        (_set(3, 2, -1), ["--values", "counts"], ["counts", "lowest value is -1"]),
        (_set(3, 2, -1), [], ["look like counts", "-1", "--values continuous"]),
        (_set(3, 2, float("nan")), [], ["nan"]),
        (_set(3, 2, float("inf")), [], ["inf"]),
        (_duplicate_cell, [], ["c0"]),
        (_no_counts, ["--values", "counts"], ["every value is zero"]),
        (_set(3, 2, 1234.5), [], ["--values"]),
        (None, ["--values", "cuonts"], ["--values", "counts"]),
        (None, ["--label-provenance", "guess"], ["--label-provenance", "author"]),
        (None, ["--method", "pcaa"], ["pcaa", "pca"]),
        (None, ["--method", "pca(dpeth=3)"], ["dpeth"]),
        (None, ["--metrics", "knn_recal"], ["knn_recal", "knn_recall"]),
        (None, ["--sizes", "ten"], ["--sizes", "all"]),
        (None, ["--sizes", "5000"], ["training samples"]),
        (None, ["--only"], ["--method"]),
        (None, ["--sizes", "0,50"], ["sizes"]),
        (None, ["--method", "pca('mle')"], ["n_components", "pca(50)"]),
        (None, ["--plugins", "no/such/folder"], ["no/such/folder"]),
        (None, ["--set", "x"], ["--set", "KEY=VALUE"]),
        (None, ["--set", "featurs=10"], ["--set", "featurs", "did you mean features"]),
        (None, ["--set", "features=many"], ["features", "integer"]),
        (None, ["--set", "tune.trails=3"], ["trails", "did you mean trials"]),
    ],
)
def test_bad_input_is_refused_in_one_sentence(
    tmp_path: Path, change: Any, options: list[str], words: list[str]
) -> None:
    path = _table(tmp_path, change)
    done = inside("run", "quick", "--data", path, "--out", tmp_path / "out", *options)
    _refused(done, *words)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    out = ("--out", tmp_path / "out")
    _refused(inside("run", "--data", tmp_path / "none.h5ad", *out), "none.h5ad")
    _refused(inside("run", "--data", tmp_path, *out), str(tmp_path))
    (tmp_path / "x.xyz").write_text("")
    _refused(inside("run", "--data", tmp_path / "x.xyz", *out), ".h5ad")
    adata = anndata.AnnData(np.ones((50, 4), dtype=np.float32))
    adata.write_h5ad(tmp_path / "cut.h5ad")
    whole = (tmp_path / "cut.h5ad").read_bytes()
    (tmp_path / "cut.h5ad").write_bytes(whole[: len(whole) // 2])
    _refused(inside("run", "--data", tmp_path / "cut.h5ad", *out), "cut.h5ad")


def test_no_room_for_prepared_data(cli: Cli, tmp_path: Path) -> None:
    """A cap on file sizes fails as a full disk does, while the data set is being prepared."""
    resource = pytest.importorskip("resource")
    suite = tmp_path / "large.toml"
    suite.write_text("pipelines = ['pca']\ndatasets = [{name = 'nonlinear_control(n=20000)'}]\n")
    done = cli(
        "run",
        suite,
        "--out",
        tmp_path / "out",
        env=os.environ | {"OMICSBENCH_CACHE": str(tmp_path / "cache")},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000)),
    )
    _refused(done, "prepared data", "disk full", "kept")
    left = list((tmp_path / "cache" / f"prepared-{LAYOUT}").iterdir())
    assert left == [], "nothing half-written stays"


def test_options_of_own_data_need_own_data(tmp_path: Path) -> None:
    for option in (["--layer", "x"], ["--values", "counts"], ["--no-scale"]):
        _refused(inside("run", "quick", *option, "--out", tmp_path / "o"), option[0], "--data")
    _refused(inside("run", "quick", "--timeout", "inf", "--out", tmp_path / "o"), "timeout_s")


def test_notes_and_reasons_reach_the_terminal(tmp_path: Path) -> None:
    def gap(frame: pd.DataFrame) -> pd.DataFrame:
        frame.iloc[5, 12] = None
        return frame

    done = inside(
        "run",
        "--data",
        _table(tmp_path, gap),
        "--label",
        "type",
        "--out",
        tmp_path / "o",
        "--sizes",
        "20",
        "--repeats",
        "1",
        "--only",
        "-m",
        "pca(2)",
        "-m",
        "pca(30)",
    )
    assert done.returncode == 0, done.stderr
    assert "my.csv: " in done.stderr
    assert "label" in done.stderr
    assert "1 skipped: 30 dimensions need more than 20 training samples" in done.stdout


def test_unknown_names(tmp_path: Path) -> None:
    _refused(inside("run", "quikc"), "quikc", "quick")
    _refused(inside("plan", "quikc"), "quikc", "quick")
    _refused(inside("show", "pcaa"), "pcaa", "pca")
    _refused(inside("check", tmp_path / "none.py"), "none.py")
    _refused(inside("report", tmp_path / "none"), "none")
    _refused(inside("run", "--device", "tpu", "--out", tmp_path / "o"), "device")
    _refused(inside("new", "methud", "x"), "methud")
    _refused(inside("run", "--label", "x", "--out", tmp_path / "o"), "--data")
    assert inside("run", "--no-such-option").returncode == 2
    assert inside("list", "nothing").returncode == 2


def test_data_sets_that_cannot_be_loaded(tmp_path: Path) -> None:
    suite = tmp_path / "mine.toml"
    suite.write_text("pipelines = ['pca']\ndatasets = [{name = \"linear_control(n='a')\"}]\n")
    _refused(inside("run", suite, "--out", tmp_path / "out"), "linear_control", "cannot be loaded")
    (tmp_path / "a").mkdir()
    first, second = _table(tmp_path), _table(tmp_path / "a")
    _refused(inside("run", "--data", first, "--data", second, "--out", tmp_path / "out"), "my.csv")


def test_gene_names_that_appear_twice_and_a_group_with_one_member(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    adata = anndata.AnnData(rng.poisson(3.0, (120, 6)).astype(np.float32))
    adata.obs["type"] = ["rare"] + ["a", "b"] * 59 + ["a"]
    adata.write_h5ad(tmp_path / "fine.h5ad")
    adata.var_names = ["g0", "g1", "g2", "g2", "g4", "g5"]
    adata.write_h5ad(tmp_path / "twice.h5ad")
    common = ("--only", "-m", "pca(2)", "--sizes", "30", "--repeats", "1", "--label", "type")
    _refused(inside("run", "--data", tmp_path / "twice.h5ad", *common, "-o", tmp_path / "o"), "g2")
    done = inside("run", "--data", tmp_path / "fine.h5ad", *common, "-o", tmp_path / "o")
    assert done.returncode == 0, done.stderr
    (record,) = store.read_records(tmp_path / "o")
    assert record.status == "ok"
    assert any("rare" in note for note in record.dataset_info.notes)


def test_only_needs_none_of_the_pipelines_that_a_suite_repeats_less_often(tmp_path: Path) -> None:
    suite = tmp_path / "s.toml"
    suite.write_text(
        "task = 'predict'\npipelines = ['mlp', 'knn_classifier']\nfewer_repeats = {mlp = 1}\n"
    )
    options = ("--label", "type", "--sizes", "20", "--repeats", "1", "--out", tmp_path / "o")
    done = inside("run", suite, "--data", _table(tmp_path), "--only", "-m", "class_prior", *options)
    assert done.returncode == 0, done.stderr


def test_a_whole_round_on_own_data(cli: Cli, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = (
        "run",
        "--data",
        _table(tmp_path),
        "--label",
        "type",
        "--out",
        out,
        "--sizes",
        "20,40,all",
        "--repeats",
        "2",
        "--set",
        "n_components=2",
        "--only",
        "-m",
        "pca",
        "-m",
        "random_projection",
        "-m",
        "sklearn.decomposition:FastICA",
    )
    done = cli(*command)
    assert done.returncode == 0, done.stderr
    assert "18 ok" in done.stdout
    records = store.read_records(out)
    assert {r.spec.size for r in records} == {20, 40, 82}
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "my.csv" in page
    assert "--label type" in page, "the command that reproduces it"
    again = inside("report", out)
    assert again.returncode == 0, again.stderr
    for suffix in ("csv", "parquet"):
        exported = inside("export", out, tmp_path / f"runs.{suffix}")
        assert exported.returncode == 0, exported.stderr
    table = pd.read_parquet(tmp_path / "runs.parquet")
    assert len(table) == len(pd.read_csv(tmp_path / "runs.csv")) > 100
    _refused(inside("export", out, tmp_path / "runs.xlsx"), ".csv")
    finished = inside(*command, "--no-report")
    assert "0 runs to do" in finished.stderr
    packed = inside("pack", out)
    assert (packed.returncode, store.loose_files(out)) == (0, [])
    assert "18 runs packed" in packed.stdout
    finished = inside(*command, "--no-report")
    assert "0 runs to do" in finished.stderr
    assert "18 ok" in finished.stdout
    assert store.loose_files(out) == []
    # A changed file is other data: everything is done anew.
    frame = pd.read_csv(tmp_path / "my.csv", index_col=0)
    frame.iloc[0, 0] += 1
    frame.to_csv(tmp_path / "my.csv")
    changed = inside(*command[:-4], "--no-report")
    assert "6 runs to do" in changed.stderr


def test_without_any_success_the_exit_code_is_1(tmp_path: Path, bad_plugins: Path) -> None:
    done = inside(
        "run",
        "--data",
        _table(tmp_path),
        "--out",
        tmp_path / "out",
        "--sizes",
        "20",
        "--repeats",
        "1",
        "--only",
        "-m",
        "raises",
        "--plugins",
        bad_plugins,
    )
    assert done.returncode == 1, done.stderr
    assert "1 error" in done.stdout
    assert "no such luck" in done.stderr


def test_listing_and_help(cli: Cli) -> None:
    for arguments in (["--help"], ["run", "--help"], ["--version"], ["list", "methods"]):
        done = cli(*arguments)
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip()
