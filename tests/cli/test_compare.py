"""`omicsbench compare` and `calibrate` as a maintainer and a CI use them."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from browser import Visit
from command import inside
from omicsbench.records import store
from omicsbench.records.packing import pack
from omicsbench.records.spec import RunRecord, Status

STORED = Path(__file__).parents[2] / "results" / "answer"
SUITE = """
name = "tiny"
repeats = 3
metrics = ["knn_recall", "trustworthiness", "reconstruction_r2"]
features = 100
scored = 50
background = 60
threads = 1
pipelines = ["pca", "random_projection"]
n_components = 2
datasets = [{ name = "linear_control(n=1000)", sizes = [50, 100] }]
"""


def records() -> list[RunRecord]:
    return [
        r
        for r in store.read_records(STORED)
        if r.spec.dataset == "digits (hold-out)"
        and r.spec.pipeline in ("pca(10)", "factor_analysis(10)")
    ]


def folder(path: Path, **changes: Any) -> Path:
    """Records measured anew, pca's with changes, as a results folder."""
    store.open_folder(path)
    begun = datetime.now(UTC).isoformat()
    for r in records():
        own = changes if r.spec.pipeline == "pca(10)" else {}
        made = {name: value(r) if callable(value) else value for name, value in own.items()}
        store.write_record(path, r.model_copy(update={"started_at": begun} | made))
    return path


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(tmp_path_factory.mktemp("compare") / "base")


def lower(r: RunRecord) -> dict[str, float]:
    """All that should be high."""
    return {k: v - (k != "reconstruction_mse") * 0.05 for k, v in r.scores.items()}


def test_a_regression_in_every_form(base: Path, tmp_path: Path) -> None:
    head = folder(tmp_path / "head", scores=lower)
    files = {kind: tmp_path / f"out.{kind}" for kind in ("markdown", "html", "json", "junit")}
    options = [part for kind, path in files.items() for part in (f"--{kind}", path)]
    done = inside("compare", base, head, *options)
    assert (done.returncode, done.stderr) == (1, "")
    assert "REGRESSION" in done.stdout
    assert "pca(10)" in done.stdout
    content = json.loads(files["json"].read_text())
    worse = [c for c in content["changes"] if c["state"] == "regression" and c["blocks"]]
    assert content["exit_code"] == 1
    assert {c["pipeline"] for c in worse} == {"pca(10)"}
    root = ElementTree.fromstring(files["junit"].read_text())
    suite = root.find("testsuite")
    assert suite is not None
    assert int(suite.attrib["failures"]) == len(worse) == len(root.findall(".//failure"))
    assert int(suite.attrib["tests"]) == len(root.findall(".//testcase")) == len(content["changes"])
    text = files["markdown"].read_text()
    assert text.startswith("### REGRESSION")
    assert text.count("| digits (hold-out) | pca(10) |") == 30
    assert f"{len(worse) - 30} more" in text
    page = files["html"].read_text()
    assert "REGRESSION" in page
    assert page.count("<svg") >= 2
    assert "http-equiv" in page


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_opens_offline_within_its_width(
    visit: Visit, base: Path, tmp_path: Path, width: int
) -> None:
    head = folder(tmp_path / "head", scores=lower)
    inside("compare", base, head, "--html", tmp_path / "page.html")
    page, wrong = visit(tmp_path / "page.html", width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("svg").count() >= 2
    assert wrong == []


def test_exit_codes_tell_apart(base: Path, tmp_path: Path) -> None:
    fine = folder(tmp_path / "fine")
    assert inside("compare", base, fine).returncode == 0
    crashed = folder(tmp_path / "crashed", status=Status.CRASHED, reason="segfault", scores={})
    done = inside("compare", base, crashed)
    assert done.returncode == 4
    assert "segfault" in done.stdout
    assert inside("compare", base, base).returncode == 3
    empty = tmp_path / "empty"
    empty.mkdir()
    done = inside("compare", base, empty)
    assert done.returncode == 3
    assert "Nothing comparable was measured" in done.stdout


@pytest.mark.parametrize(
    ("side", "says"),
    [("nowhere", "no results folder"), ("empty", "no run records"), ("broken", "not a run record")],
)
def test_bad_input_is_told_in_a_sentence(side: str, says: str, tmp_path: Path, base: Path) -> None:
    (tmp_path / "empty").mkdir()
    store.open_folder(tmp_path / "broken")
    (tmp_path / "broken" / "runs" / "x.json").write_text("{")
    done = inside("compare", side, base, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_noise_and_tolerances_are_checked(base: Path, tmp_path: Path) -> None:
    head = folder(tmp_path / "head", scores=lower)
    (tmp_path / "noise.json").write_text("[]")
    done = inside("compare", base, head, "--noise", tmp_path / "noise.json")
    assert done.returncode == 2
    assert "calibrate" in done.stderr
    keys = [r.key for r in records()]
    plan = {"suite": {"name": "x", "tolerances": {"score": 0.2}}, "runs": keys}
    (head / "plan.json").write_text(json.dumps(plan))
    assert inside("compare", base, head).returncode == 0
    plan["suite"] = {"name": "x", "tolerances": {"speed": 0.2}}
    (head / "plan.json").write_text(json.dumps(plan))
    done = inside("compare", base, head)
    assert done.returncode == 2
    assert "speed" in done.stderr
    assert "Traceback" not in done.stderr


def test_results_committed_at_two_revisions(tmp_path: Path) -> None:
    def git(*args: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@b", *args],
            cwd=tmp_path,
            check=True,
            capture_output=True,
        )

    git("init", "-q", "-b", "main")
    kept = tmp_path / "results" / "ci"
    for name, changes in (("first", {}), ("second", {"scores": lower})):
        shutil.rmtree(kept, ignore_errors=True)
        store.open_folder(kept)
        begun = datetime.now(UTC).isoformat()
        for r in records():
            own = changes if r.spec.pipeline == "pca(10)" else {}
            made = {k: v(r) for k, v in own.items()}
            store.write_record(kept, r.model_copy(update={"started_at": begun} | made))
        if name == "second":
            pack(kept)
        git("add", ".")
        git("commit", "-qm", name)
    assert inside("compare", "HEAD~1", "HEAD", cwd=tmp_path).returncode == 1
    assert inside("compare", "HEAD", "HEAD~1", cwd=tmp_path).returncode == 0
    assert inside("compare", "HEAD~1:results/ci", kept, cwd=tmp_path).returncode == 1
    done = inside("compare", "HEAD~7", "HEAD", cwd=tmp_path)
    assert done.returncode == 2
    assert "omicsbench ab" in done.stderr


def test_a_real_suite_against_itself_and_against_a_worse_self(tmp_path: Path) -> None:
    suite = tmp_path / "tiny.toml"
    suite.write_text(SUITE)
    done = inside("calibrate", suite, "--sets", 4, "--out", tmp_path / "aa")
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert "6 comparisons of 4 sets" in done.stdout
    assert "False alarms: 0 (0.0%)" in done.stdout
    noise = json.loads((tmp_path / "aa" / "noise.json").read_text())
    assert noise["comparisons"] == 6
    assert set(noise["floors"]) == {"pca(2)", "random_projection(2)"}
    found = inside(
        "compare",
        tmp_path / "aa" / "00",
        tmp_path / "aa" / "01",
        "--noise",
        tmp_path / "aa" / "noise.json",
    )
    assert found.returncode == 0
    # Fewer runs than BASE has never pass.
    inside("run", suite, "--repeats", 2, "--out", tmp_path / "few", "--no-report")
    found = inside("compare", tmp_path / "aa" / "00", tmp_path / "few")
    assert found.returncode == 4
    assert "missing" in found.stdout
