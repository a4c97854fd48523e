"""What a worker hands over for scoring: arrays in files, read elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.prepare.mapped_array import mapped

Manifest = list[list[str]]  # of each array its file, the part, and what it is


@dataclass
class Outputs:
    """Outputs of a pipeline for each part, and by part what its models were asked besides."""

    Z: dict[str, NDArray[Any]]
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)

    def write(self, folder: Path) -> Manifest:
        """Leave the arrays in a folder, in place of what lies there under the same names."""
        folder.mkdir(parents=True, exist_ok=True)
        told: Manifest = []
        for place, values in _flat(self.Z, self.answers):
            file = f"output-{len(told)}.npy"
            # A file that is truncated is flushed by some file systems, which takes milliseconds.
            (folder / file).unlink(missing_ok=True)
            np.save(folder / file, values, allow_pickle=False)
            told.append([file, *place])
        return told

    @classmethod
    def read(cls, folder: Path, told: Manifest) -> Outputs:
        """What was written there. Raises OSError or ValueError if it cannot be read."""
        made = cls({})
        for file, part, *rest in told:
            if Path(file).name != file:
                raise ValueError(f"{file} is no file of outputs")
            values = mapped(folder / file)
            if not rest:
                made.Z[part] = values
                continue
            need, *modality = rest
            answers = made.answers.setdefault(part, {})
            if modality:
                answers.setdefault(need, {})[modality[0]] = values
            else:
                answers[need] = values
        return made


def _flat(
    Z: Mapping[str, Any], answers: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[list[str], NDArray[Any]]]:
    for part, values in Z.items():
        yield [part], values
    for part, told in answers.items():
        for need, values in told.items():
            if isinstance(values, dict):
                for modality, own in values.items():
                    yield [part, need, modality], own
            else:
                yield [part, need], values
