"""What the pipelines of one invocation share: fitted stages and gene-space neighbours.

The scratch folder is private to the invocation that made it and is deleted when it ends.
"""

from __future__ import annotations

import json
import pickle
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from shutil import rmtree
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.metrics import Neighbors


@dataclass(frozen=True)
class Cost:
    """What fitting and applying a stage took. Peaks are those of the process meanwhile."""

    fit_s: float = 0.0
    train_transform_s: float = 0.0
    transform_s: float = 0.0
    validation_s: float = 0.0
    cpu_s: float = 0.0
    train_transform_cpu_s: float = 0.0
    energy_j: float | None = 0.0  # fit and transform; None where it cannot be read
    train_transform_energy_j: float | None = 0.0
    peak_rss_bytes: int = 0
    peak_vram_bytes: int = 0


@dataclass(frozen=True)
class FittedStage:
    """A fitted stage: its output for each part of the rows, its model, its cost.

    ``model`` is None where the stage was fitted elsewhere and cannot be inverted.
    """

    Z: dict[str, NDArray[np.float32]]
    cost: Cost
    model: Any
    fit_info: dict[str, Any]
    reused: bool = False


def load_stage(folder: Path) -> FittedStage | None:
    """The stage that another pipeline left here, without its output; None if there is none."""
    try:
        saved = json.loads((folder / "stage.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    model = None
    with suppress(FileNotFoundError):
        # Written by this invocation, into a folder only its user can write: safe to load.
        model = pickle.loads((folder / "model.pickle").read_bytes())  # noqa: S301
    return FittedStage(
        Z={},
        cost=Cost(**saved["cost"]),
        model=model,
        fit_info=saved["fit_info"],
        reused=True,
    )


def load_part(folder: Path, part: str) -> NDArray[np.float32]:
    """The output for a part of the rows of the stage left here."""
    return np.load(folder / f"{part}.npy", allow_pickle=False)  # type: ignore[no-any-return]


def save_stage(folder: Path, stage: FittedStage, keep_model: bool) -> None:
    """Leave a stage for other pipelines; where that fails, each fits it for itself."""
    temporary = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        for part, Z in stage.Z.items():
            np.save(temporary / f"{part}.npy", Z, allow_pickle=False)
        if keep_model:
            (temporary / "model.pickle").write_bytes(pickle.dumps(stage.model))
        saved = {"cost": asdict(stage.cost), "fit_info": stage.fit_info}
        (temporary / "stage.json").write_text(json.dumps(saved), encoding="utf-8")
        temporary.rename(folder)
    except (OSError, pickle.PicklingError, AttributeError, TypeError, ValueError):
        rmtree(temporary, ignore_errors=True)


def shared_neighbors(path: Path, make: Callable[[], Neighbors]) -> Neighbors:
    """Neighbours from ``path``, made and left there by whoever comes first."""
    with suppress(FileNotFoundError):
        return Neighbors.load(path)
    found = make()
    with suppress(OSError):  # a full disk costs time, not the run
        found.save(path)
    return found
