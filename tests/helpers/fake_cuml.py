"""RAPIDS cuML, stood in for where there is none."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest


def cuml_has(monkeypatch: pytest.MonkeyPatch, name: str, of: type) -> None:
    """Let ``from cuml.manifold import NAME`` give this class."""
    module = ModuleType("cuml.manifold")
    setattr(module, name, of)
    monkeypatch.setitem(sys.modules, "cuml", ModuleType("cuml"))
    monkeypatch.setitem(sys.modules, "cuml.manifold", module)
