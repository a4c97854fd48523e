"""The commands ``fetch`` and ``prepare``, run as users run them."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Any

from command import inside

PLUGIN = '''
from omicsbench.plugin import Remote, dataset

CELLS = Remote("http://127.0.0.1:9/folder/cells.csv", note="half of it is guessed.")

@dataset(name="mine", summary="Cells of mine, for a test.", source="https://example.org",
         licence="MIT", values="counts", label="kind", provenance="author", remote=(CELLS,))
def load():
    """Counts."""
    from omicsbench.inputs.fetch import fetch
    from omicsbench.reading.own import OwnData
    from omicsbench.reading.readers import read
    return read(OwnData(fetch(CELLS), label="kind"))
'''


def write(tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    """The plug-in's folder, and the environment with its file brought into the cache by hand."""
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "mine.py").write_text(PLUGIN)
    folder = tmp_path / "cache" / "downloads"
    folder.mkdir(parents=True)
    rows = [f"c{i},{'ab'[i % 2]},{i % 7},{3 + i % 2 * 4 + i % 5 // 4},{i % 3}" for i in range(60)]
    (folder / "cells.csv").write_text("\n".join(["cell,kind,g1,g2,g3", *rows]) + "\n")
    return tmp_path / "plugins", os.environ | {"OMICSBENCH_CACHE": str(tmp_path / "cache")}


def test_fetch_prints_what_there_is_and_records_its_checksum(tmp_path: Path) -> None:
    plugins, environment = write(tmp_path)
    path = tmp_path / "cache" / "downloads" / "cells.csv"
    done = inside("fetch", "mine", "--plugins", plugins, env=environment)
    assert done.returncode == 0, done.stderr
    assert "No checksum of cells.csv is known" in done.stderr
    assert str(path) in done.stdout
    assert hashlib.sha256(path.read_bytes()).hexdigest() in done.stdout
    assert "from http://127.0.0.1:9/folder/cells.csv, which states no checksum" in done.stdout
    assert "note: half of it is guessed." in done.stdout
    path.write_text("other\n")
    done = inside("fetch", "mine", "--plugins", plugins, env=environment)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "is recorded" in done.stderr


def test_fetch_of_what_needs_none_or_is_unknown() -> None:
    done = inside("fetch", "linear_control")
    assert done.returncode == 0
    assert "needs no download" in done.stdout
    done = inside("fetch", "liner_control")
    assert done.returncode == 2
    assert "did you mean linear_control?" in done.stderr


def test_prepare_prints_what_it_made_and_verifies(tmp_path: Path) -> None:
    plugins, environment = write(tmp_path)
    done = inside("prepare", "mine", "--features", 2, "--plugins", plugins, env=environment)
    assert done.returncode == 0, done.stderr
    folder, line = done.stdout.splitlines()[:2]
    assert (Path(folder) / "meta.json").is_file()
    assert re.fullmatch(r"  60 cells x 2 features, [\d.]+ \w+ on disk, [\d.]+ s", line)
    file = Path(folder) / "train" / "features.npy"
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    words = ("prepare", "mine", "--features", 2, "--plugins", plugins, "--verify")
    done = inside(*words, env=environment)
    assert done.returncode == 0
    assert f"{folder} is damaged (train/features.npy is not what was written)" in done.stderr
    assert f"{folder} is as it was written" in inside(*words, env=environment).stdout
