"""Licences as distributions declare them, each in its own way."""

from __future__ import annotations

import sys
from importlib.metadata import metadata
from pathlib import Path

import pytest

from omicsbench.records.environment import distributions
from omicsbench.site.licences import licences

TEXT = "Copyright (c) 2020 the authors\n        Redistribution and use are permitted."


MIT, BSD, APACHE = (
    f"Classifier: License :: OSI Approved :: {name}"
    for name in ("MIT License", "BSD License", "Apache Software License")
)
NO_LICENCE = ["Classifier: License :: OSI Approved", "Classifier: Programming Language :: C"]


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        (["License-Expression: MIT OR Apache-2.0", "License: other"], "MIT OR Apache-2.0"),
        (["License: BSD", BSD], "BSD"),
        ([f"License: {TEXT}", *NO_LICENCE, BSD], "BSD License"),
        (["License: UNKNOWN", MIT, APACHE], "MIT License or Apache Software License"),
        (NO_LICENCE, "(licence not stated)"),
    ],
)
def test_what_a_distribution_declares(
    declared: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tmp_path / "carrier-1.0.dist-info"
    made.mkdir()
    head = ["Metadata-Version: 2.4", "Name: carrier", "Version: 1.0"]
    (made / "METADATA").write_text("\n".join([*head, *declared]) + "\n")
    (made / "top_level.txt").write_text("carried\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    distributions.cache_clear()
    assert metadata("carrier")["Name"] == "carrier"
    found = licences(["carried", "nowhere"])
    distributions.cache_clear()
    assert found == f"carrier {told}; nowhere (not installed here)"
