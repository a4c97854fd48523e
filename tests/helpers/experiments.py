"""The scripts of tests/experiments, whose tables stand in the docs."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).parents[1] / "experiments"


def experiment(name: str) -> ModuleType:
    """A script as a module; scripts import each other, as they do when they are run."""
    if str(FOLDER) not in sys.path:
        sys.path.append(str(FOLDER))
    return importlib.import_module(name)
