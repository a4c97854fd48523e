"""Rates of sites over windows: an archive of tables, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from omicsbench.inputs.fetch import local_path
from omicsbench.reading.notes import NOTES
from paired_files import (
    WELLS,
    all_sites,
    dense,
    mean_rates,
    module,
    place,
    place_scnmt,
    refused,
    sites_of,
    text_of,
)


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path))


def test_rates_are_means_over_windows_of_the_same_cells() -> None:
    counts = place_scnmt()
    found = module("scnmt_mesc").load()
    np.testing.assert_array_equal(dense(found["rna"]), np.hstack([*counts.values()]).T)
    for shift, modality in enumerate(("methylation", "accessibility")):
        np.testing.assert_allclose(found[modality].X, mean_rates(shift), atol=1e-6)
        assert list(found[modality].var_names) == ["1:0-10000", "1:70000-80000", "X:30000-40000"]
    assert found["rna"].obs["culture"].value_counts().to_dict() == {"ESC": 14, "EB": 12}
    assert found["rna"].obs["culture"]["EB_P1B03"] == "EB"
    assert found["rna"].uns[NOTES][1] == "0.0% of methylation filled in with the cell's own mean."


def test_a_table_read_in_pieces_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    place_scnmt()
    whole = module("scnmt_mesc").load()
    monkeypatch.setattr(module("_paired"), "ROWS", 4)
    again = module("scnmt_mesc").load()
    for name, adata in whole.items():
        np.testing.assert_allclose(dense(adata), dense(again[name]), atol=1e-6)


def test_a_missing_rate_is_the_cells_own_mean_and_touches_no_other_cell() -> None:
    place_scnmt()
    before = module("scnmt_mesc").load()["methylation"]
    sites = all_sites()
    left = [*sites_of(2, 0)[:8], *sites_of(2, 0)[12:]]  # two sites in the middle window: too few
    sites["ESC_A02", "CpG-met"] = text_of(left)
    place_scnmt(sites)
    loaded = module("scnmt_mesc").load()
    after = loaded["methylation"]
    own = np.mean([rate for _, _, rate in left]) / 100
    assert after["ESC_A02"].X[0, 1] == pytest.approx(own)
    expected = before.X.copy()
    expected[2, 1] = own
    np.testing.assert_allclose(after.X, expected, atol=1e-6)
    assert loaded["rna"].uns[NOTES][1].startswith("1.3% of methylation")


def test_cells_and_windows_that_were_hardly_measured_are_left_out() -> None:
    sites = all_sites()
    del sites["ESC_A01", "GpC-acc"]  # not measured
    sites["ESC_A05", "CpG-met"] = "chr\tpos\trate\n1\t5\t100\n"  # an empty control
    sites["EBcontrol_P1D12", "CpG-met"] = "not\teven\na table"  # without counts: never read
    for i in range(6):  # a window of few cells, a chromosome and a scaffold that are left out
        more = [(c, 500_000 + j, 100.0) for j in range(6) for c in ("2", "Y", "GL456210.1")]
        sites[WELLS["EB"][i], "CpG-met"] += text_of(more, header=False)
    place_scnmt(sites)
    found = module("scnmt_mesc").load()
    for adata in found.values():
        assert adata.n_obs == 24
        assert not {"ESC_A01", "ESC_A05"} & set(adata.obs_names)
    assert found["methylation"].n_vars == 3
    assert found["rna"].uns[NOTES][0].startswith("2 of 26 cells left out")


def test_shares_are_taken_as_they_are() -> None:
    scaled = {key: re.sub(r"\t100\n", "\t1\n", text) for key, text in all_sites().items()}
    place_scnmt(scaled)
    found = module("scnmt_mesc").load()
    np.testing.assert_allclose(found["accessibility"].X, mean_rates(1), atol=1e-6)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("chr\tpos\trate\n1\t5\t250\n", "0 to 100"),
        ("chr\tpos\trate\n1\t5\tNA\n", "0 to 100"),
        ("chr\tpos\trate\n1\t5\thigh\n", "cannot be read"),
        ("chr\tpos\tmet_reads\tnonmet_reads\trate\n1\t5\t1\t0\t1\n", "3 columns"),
        ("", "3 columns"),
        ("1\t5\t100\n1\t-5\t0\n", "position"),
    ],
)
def test_a_table_of_sites_of_another_layout_is_refused(text: str, says: str) -> None:
    sites = all_sites()
    sites["ESC_A03", "GpC-acc"] = text
    place_scnmt(sites)
    sentence = refused("scnmt_mesc")
    assert says in sentence
    assert "ESC_A03_GpC-acc_processed.tsv.gz" in sentence


def test_a_broken_archive_is_refused() -> None:
    place_scnmt()
    remote = module("scnmt_mesc").SITES
    whole = local_path(remote).read_bytes()
    place(remote, whole[:2000])
    assert "GSE109262_RAW.tar" in refused("scnmt_mesc")
    place(remote, b"no archive")
    assert "cannot be read" in refused("scnmt_mesc")
    place_scnmt({("Other_A01", "CpG-met"): text_of(sites_of(1, 0))})
    assert "no cell has a table" in refused("scnmt_mesc")
