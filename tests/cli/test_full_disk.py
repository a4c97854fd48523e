"""Every command that writes, on a full disk: one sentence, and no file half-written."""

from __future__ import annotations

import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*words: object, largest: int) -> subprocess.CompletedProcess[str]:
    """The command line where no file can become larger than so many bytes, as on a full disk."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    return subprocess.run(
        [sys.executable, "-P", "-B", "-m", "omicsbench", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        preexec_fn=limit,
    )


QUICK = ["report RESULTS --out OUT/page.html", "new method mine --folder OUT"]
SLOW = [
    "export RESULTS OUT/table.csv",
    "export RESULTS OUT/table.parquet",
    "compare RESULTS RESULTS --html OUT/page.html",
    "compare RESULTS RESULTS --json OUT/page.json",
    "history OUT/history.jsonl --add RESULTS --out OUT/page.html",
]


@pytest.mark.parametrize(
    "words", [*QUICK, *(pytest.param(w, marks=pytest.mark.slow) for w in SLOW)]
)
def test_a_command_on_a_full_disk_leaves_nothing_half_written(tmp_path: Path, words: str) -> None:
    results, out = tmp_path / "results", tmp_path / "out"
    shutil.copytree(ROOT / "results" / "ci", results)
    out.mkdir()
    places = {"RESULTS": str(results), "OUT": str(out)}
    for word, place in places.items():
        words = words.replace(word, place)
    before = {path: path.read_bytes() for path in results.rglob("*")}
    done = run(*words.split(), largest=600)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("omicsbench: Cannot write ")
    assert done.stderr.count("\n") == 1
    assert not [path for path in out.iterdir() if path.stat().st_size >= 600]
    assert not [path for path in out.iterdir() if path.name.startswith(".")]
    assert {path: path.read_bytes() for path in results.rglob("*")} == before
