"""Arrays that a worker hands over for scoring are read as they were written, run after run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from omicsbench.running.handover import Outputs


def test_what_was_written_is_read(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    Z, by_one = (
        {"test": rng.normal(size=(5, 2))},
        {"rna": np.ones((5, 2)), "atac": np.zeros((5, 2))},
    )
    given = Outputs(Z, {"test": {"samples": rng.normal(size=(3, 5, 2)), "one": by_one}})
    found = Outputs.read(tmp_path, given.write(tmp_path))
    np.testing.assert_array_equal(found.Z["test"], Z["test"])
    np.testing.assert_array_equal(
        found.answers["test"]["samples"], given.answers["test"]["samples"]
    )
    for name, values in by_one.items():
        np.testing.assert_array_equal(found.answers["test"]["one"][name], values)


def test_the_next_run_leaves_what_was_read_of_the_last_as_it_was(tmp_path: Path) -> None:
    """And what lies in the place of a file, such as a link, is not written into."""
    first = Outputs.read(tmp_path, Outputs({"test": np.ones((4, 2))}).write(tmp_path))
    (tmp_path / "elsewhere").write_text("of somebody else", encoding="utf-8")
    Outputs({"test": np.zeros((4, 2))}).write(tmp_path)
    assert (first.Z["test"] == 1).all()
    (tmp_path / "output-0.npy").unlink()
    (tmp_path / "output-0.npy").symlink_to(tmp_path / "elsewhere")
    Outputs({"test": np.zeros((4, 2))}).write(tmp_path)
    assert (tmp_path / "elsewhere").read_text(encoding="utf-8") == "of somebody else"


def test_no_file_outside_is_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no file of outputs"):
        Outputs.read(tmp_path, [["../output-0.npy", "test"]])
