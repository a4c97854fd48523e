"""The whole way at full size: a 10x file of 1,306,127 columns, of few genes as it is made here."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from omicsbench import api
from omicsbench.datasets import neurons_1m
from omicsbench.inputs.fetch import local_path
from omicsbench.planning.suite import make_suite
from omicsbench.registry.discover import discover
from omicsbench.running.runner import run_suite
from tenx import write_10x

CELLS, GENES = 1_306_127, 60


def _accept(path: Path) -> None:
    """Record a file's sha256 beside it, as a user does who trusts a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    path.with_name(f"{path.name}.sha256").write_text(f"{digest}  {path.name}\n")


@pytest.mark.slow
def test_a_10x_file_of_a_million_columns_goes_all_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What differs from the real download is the number of genes, and that it is not downloaded."""
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path / "cache"))
    counts, analysis = (local_path(r) for r in (neurons_1m.COUNTS, neurons_1m.ANALYSIS))
    _accept(write_10x(counts, CELLS, GENES))
    table = "Barcode,Cluster\n" + "".join(f"{i:016d}-1,{1 + i % 3}\n" for i in range(CELLS))
    member = tarfile.TarInfo("analysis/clustering/graphclust/clusters.csv")
    member.size = len(table)
    with tarfile.open(analysis, "w:gz") as archive:
        archive.addfile(member, io.BytesIO(table.encode()))
    _accept(analysis)
    suite = make_suite(
        {
            "name": "neurons",
            "datasets": [{"name": "neurons_1m", "sizes": [1_000, "all"]}],
            "pipelines": ["pca(solver='gram')", "autoencoder(depth=2, width=32, max_steps=200)"],
            "repeats": 1,
            "n_components": 5,
            "scored": 200,
            "background": 1_000,
            "threads": 2,
        }
    )
    records = run_suite(suite, tmp_path / "out", registry=discover())
    assert [r.reason for r in records if r.status != "ok"] == []
    largest = [r for r in records if r.spec.size > 1_000]
    assert len(largest) == 2
    assert min(r.spec.size for r in largest) > 1_290_000
    for record in largest:
        assert record.dataset_info.n_cells == CELLS
        assert record.dataset_info.provenance == "computed"
        assert record.peak_rss_bytes is not None
        assert record.peak_rss_bytes < 3 * 2**30
        # Three groups of cells, in three clusters: they can be told apart.
        assert record.scores["knn_probe_balanced_accuracy"] > 0.9
    assert np.isfinite(api.load(tmp_path / "out")["fit_s"]).all()
    assert "1,306,127" in api.report(tmp_path / "out").read_text(encoding="utf-8")
