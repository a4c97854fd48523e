"""Stand-ins for downloads."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

import batch_files
import idx_files
import plink_files
import real_files
import table_files
from downloads import (
    SMALL,
    accept,
    module,
    pickled,
    write_clusters,
    write_zeisel,
)
from omicsbench.inputs.fetch import downloads_folder, local_path
from omicsbench.plugin import Remote
from stand_ins import stand_in
from tenx import write_10x

WRITERS = (
    batch_files.WRITERS
    | idx_files.WRITERS
    | plink_files.WRITERS
    | real_files.WRITERS
    | table_files.WRITERS
)


@pytest.fixture
def downloads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Path:
    """The downloads folder, with a small file of the same layout in place of each download.

    Of those data sets that have writers, only in place of those of the test's parameter ``name``.
    """
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path))
    folder = downloads_folder()
    for name in ("neurons_1m", "neurons_20k"):
        accept(write_10x(local_path(module(name).COUNTS), SMALL, 30))
    cluster_of = {f"{i:016d}-1": str(1 + i % 3 * 5) for i in reversed(range(SMALL))}
    write_clusters(local_path(module("neurons_1m").ANALYSIS), cluster_of)
    write_zeisel(local_path(module("zeisel").TABLE))
    rng = np.random.default_rng(0)
    kinds = np.array(["rods", "cones", "amacrine"] * (SMALL // 3), dtype=object)
    content = {"pca_50": rng.normal(size=(SMALL, 50)), "CellType1": kinds, "CellType2": kinds}
    made = pickled(content)
    stated = Remote(module("macosko_pcs").PICKLE.url, f"sha256:{hashlib.sha256(made).hexdigest()}")
    monkeypatch.setattr(module("macosko_pcs"), "PICKLE", stated)
    local_path(stated).write_bytes(made)
    callspec = getattr(request.node, "callspec", None)
    name = callspec.params.get("name") if callspec else None
    if name in WRITERS:
        for library in module(name).load.info.needs:
            pytest.importorskip(library)
        stand_in(monkeypatch, name, WRITERS[name]())
    return folder
