"""Sentences for the user travel with the cells, from a loader's file to what is prepared."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from anndata import AnnData

from omicsbench.inputs.cells import Cells
from omicsbench.inputs.source import registered
from omicsbench.reading.notes import NOTES, note, notes_of
from omicsbench.registry.discover import discover

LOADER = """
from omicsbench.plugin import BLOCK_ROWS, NO_LABEL, CellStream, DataError, dataset, note


@dataset(name="noted", summary="Noted.", source="tests", licence="none", values="continuous")
def load(broken: bool = False):
    import numpy as np
    from anndata import AnnData

    if broken:
        raise DataError("The file is damaged: fetch it again.")
    adata = AnnData(np.random.default_rng(0).normal(size=(50, 5)).astype(np.float32))
    note(adata, "Read with care.", "Two cells left out.")
    return adata
"""


def test_notes_add_up_in_order() -> None:
    adata = AnnData(np.zeros((2, 2), dtype=np.float32))
    note(adata)
    assert NOTES not in adata.uns
    note(adata, "One.")
    note(adata, "Two.", "Three.")
    assert notes_of(adata) == ["One.", "Two.", "Three."]


def test_a_loader_that_imports_plugin_alone_tells_its_notes(tmp_path: Path) -> None:
    (tmp_path / "noted.py").write_text(LOADER)
    cells = registered("noted", discover([tmp_path])).cells
    assert isinstance(cells, Cells)
    assert cells.notes == ("Read with care.", "Two cells left out.")
