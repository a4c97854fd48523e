"""Committed results are packed, as `omicsbench pack` packs them, and every run has its key."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from omicsbench.records import packed, store
from omicsbench.records.packed import PACKED_FILE
from omicsbench.records.packing import pack

# What `make quick` writes there lies loose, and git ignores it.
FOLDER = Path(__file__).parents[2] / "results"
RESULTS = sorted(path.parent for path in FOLDER.glob(f"*/{PACKED_FILE}"))


@pytest.mark.parametrize("results", RESULTS, ids=lambda path: path.name)
def test_committed_results_are_packed_and_keep_their_keys(results: Path, tmp_path: Path) -> None:
    found = store.read_records(results)
    assert all(one.spec.key == one.key for one in found)
    assert store.loose_files(results) == []
    loose = store.open_folder(tmp_path)
    text = (results / PACKED_FILE).read_bytes()
    for _, content in packed.decode_lines(text.splitlines(), "x"):  # type: ignore[misc]
        (loose / "runs" / f"{content['key']}.json").write_text(json.dumps(content))
    assert store.read_records(loose) == found
    pack(loose)
    assert (loose / PACKED_FILE).read_bytes() == text


def test_all_that_readme_lists_is_there() -> None:
    table = (FOLDER / "README.md").read_text(encoding="utf-8").splitlines()
    listed = {line.split("`")[1].strip("/") for line in table if line.startswith("| `")}
    assert listed >= {"answer", "ci"}
    assert listed <= {path.name for path in RESULTS}


@pytest.mark.parametrize("results", RESULTS, ids=lambda path: path.name)
def test_committed_results_name_no_place_of_a_machine(results: Path) -> None:
    text = (results / "plan.json").read_text() + (results / PACKED_FILE).read_text()
    assert not re.search(r"/(tmp|home|root|work|Users)/", text)
