"""What identifies a data set: ids of stored runs are hashes of it, so its form is kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from omicsbench.errors import DataError
from omicsbench.inputs import source as sources
from omicsbench.inputs.source import own, registered
from omicsbench.reading.own import OwnData
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


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_values_and_kept_texts_are_stated_of_several_modalities_too(tmp_path: Path) -> None:
    mudata = pytest.importorskip("mudata")
    given = mudata.read_h5mu(Path(__file__).parents[2] / "datasets" / "data" / "nutrimouse.h5mu")
    given.obs["diet"] = ["NA" if diet == "coc" else diet for diet in given.obs["diet"].astype(str)]
    given.write_h5mu(tmp_path / "mice.h5mu")
    data = OwnData(tmp_path / "mice.h5mu", label="diet")
    with pytest.raises(DataError, match=r"lipid.*--values continuous"):
        _ = own(data, several=True).cells
    data = replace(data, values="continuous")
    found, declared = own(data, several=True).cells, registered("nutrimouse", discover()).cells
    assert isinstance(found, dict)
    assert isinstance(declared, dict)
    for mine, theirs in zip(found.values(), declared.values(), strict=True):
        assert mine.values == theirs.values == "continuous"
        assert np.array_equal(mine.matrix, theirs.matrix)
        assert len(mine.label_names) == len(theirs.label_names) - 1
    kept = own(replace(data, keep_na=True), several=True).cells
    assert isinstance(kept, dict)
    assert all("NA" in cells.label_names for cells in kept.values())


@pytest.mark.parametrize(
    "changed",
    [{"transpose": True}, {"exclude": ("a",)}, {"keep_na": True}, {"values": "counts"}],
)
def test_what_is_read_otherwise_is_other_data(
    tmp_path: Path, changed: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that was prepared by another reading may be taken for what is read now."""
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n")
    known = own(OwnData(path)).identity
    assert own(OwnData(path, name="another")).identity == known
    assert own(replace(OwnData(path), **changed)).identity != known  # type: ignore[arg-type]
    monkeypatch.setattr(sources, "READING_VERSION", 0)
    assert own(OwnData(path)).identity != known
