"""What identifies a data set: ids of stored runs are hashes of it, so its form is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from omicsbench.inputs.source import registered
from omicsbench.registry.discover import discover

LOADER = """
from omicsbench.plugin import dataset

@dataset(name="mine", summary="Mine.", source="tests", licence="none", {declared})
def load(n: int = 9):
    raise ValueError("never loaded here")
"""


@pytest.mark.parametrize(
    ("declared", "values", "later"),
    [
        ('values="counts"', "counts", []),
        ('values="log", unit="donor"', "log", ["donor"]),
        (
            'modalities={"rna": "counts", "atac": "binary"}, unit="donor"',
            None,
            ["donor", {"rna": "counts", "atac": "binary"}],
        ),
    ],
)
def test_identity_keeps_its_form(
    tmp_path: Path, declared: str, values: str | None, later: list[object]
) -> None:
    (tmp_path / "mine.py").write_text(LOADER.format(declared=declared))
    registry = discover([tmp_path])
    source = registered("mine(n=5)", registry)
    code_id = registry.dataset("mine").code_id
    known = ["mine", {"n": 5}, "1", code_id, None, values, True, [], [], *later]
    assert source.identity == known
    assert source.without("a").identity == [known, "held out", "a"]
