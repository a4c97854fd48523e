"""What is said while a suite runs: by a bar, by lines in a pipe, in the log beside the results."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from builders import record, spec
from command import inside
from omicsbench.cli import progress as progressing
from omicsbench.cli.log import LOG_FILE
from omicsbench.cli.progress import Progress, Said

TINY = ("run", "controls", "-d", "linear_control(n=200)", "--only", "-m", "pca", "--repeats", "2")
TINY_MORE = ("--sizes", "40", "--metrics", "knn_recall", "--no-report")


class _Planned:
    """Of a planned run what the observer looks at."""

    def __init__(self, of: object) -> None:
        self.spec = of
        self.prepared = type("P", (), {"facts": type("F", (), {"notes": ()})()})()


def test_in_a_pipe_a_line_tells_what_is_done_left_and_running(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progressing, "EVERY_S", 0.02)
    runs = [spec(size=50, repeat=r) for r in range(3)]
    with Progress() as told:
        told.start([_Planned(one) for one in runs], 1)  # type: ignore[misc]
        told.begin(runs[0])
        told.record(record(runs[0]))
        told.begin(runs[1])
        time.sleep(0.2)
    said = capsys.readouterr().err
    assert "3 runs to do, 1 done or set aside\n" in said
    one = runs[1]
    line = re.escape(f"{one.label} on {one.dataset}, n = 50 for 0 s")
    assert re.search(rf"^1/3 runs, 2 left \(about \d+ s\); running: {line}$", said, re.MULTILINE)
    assert "━" not in said, "no bar is drawn for nobody"


def test_quiet_says_nothing_and_verbose_each_run(capsys: pytest.CaptureFixture[str]) -> None:
    one = spec(size=50, repeat=0)
    for said, expected in ((Said.QUIET, ""), (Said.VERBOSE, f"ok: {one.label} on")):
        with Progress(said) as told:
            told.start([_Planned(one)], 0)  # type: ignore[list-item]
            told.record(record(one))
        text = capsys.readouterr().err
        assert (expected in text) if expected else text == ""


def test_the_log_lies_beside_the_results_and_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = inside(*TINY, *TINY_MORE, "--out", out, "-q")
    assert first.returncode == 0, first.stderr
    assert first.stderr == ""
    inside(*TINY, *TINY_MORE, "--out", out)
    lines = (out / LOG_FILE).read_text().splitlines()
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d ", line) for line in lines)
    text = "\n".join(lines)
    assert text.count(": omicsbench run controls ") == 2
    assert len(re.findall(r" ok: pca\(10\) on linear_control\(n=200\), n = 40", text)) == 2
    assert "0 runs to do, 2 done or set aside" in text
    assert lines[-1].endswith(" ended")


def test_both_at_once_are_refused(tmp_path: Path) -> None:
    done = inside(*TINY, "-q", "-v", "--out", tmp_path / "o")
    assert done.returncode == 2
    assert "--quiet and --verbose" in done.stderr


@pytest.mark.parametrize(
    "wrong",
    [
        ("-m", "pcaa"),
        ("--metrics", "knn_recal"),
        ("--dataset", "digitz"),
        ("--set", "analysis.reference=pcaa"),
        ("--set", "analysis.margins={knn_recal=0.1}"),
        ("--set", "tune.metric=knn_recal", "--set", "tune.trials=2"),
        ("--device", "tpu"),
    ],
)
def test_what_is_misspelt_is_refused_before_anything_is_made(
    tmp_path: Path, wrong: tuple[str, ...]
) -> None:
    env = {"OMICSBENCH_CACHE": str(tmp_path / "cache"), "HOME": str(tmp_path / "home")}
    done = inside("run", "quick", *wrong, "--out", tmp_path / "out", env=env)
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1, "one sentence"
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "cache").exists()
