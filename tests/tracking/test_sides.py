"""The sides of a comparison: folders, and what is committed at a revision."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from omicsbench.errors import OmicsbenchError
from omicsbench.tracking.sides import read_side


@pytest.mark.parametrize("text", ["--output={}", "--output={}:results/ci", "-o{}", "-"])
def test_a_revision_is_never_an_option_of_git(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / "kept").write_text("precious")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OmicsbenchError, match="none begins with a hyphen"):
        read_side(text.format(tmp_path / "kept"), "ci")
    assert (tmp_path / "kept").read_text() == "precious"
    assert sorted(p.name for p in tmp_path.iterdir()) == [".git", "kept"]
