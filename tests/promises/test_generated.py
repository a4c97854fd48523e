"""Generated files: no traceback, no hang, and what is accepted is what the generator put in."""

from __future__ import annotations

import signal
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from typing import Any

import numpy as np
import pytest

from generated import KINDS, Example
from omicsbench.errors import DataError
from omicsbench.inputs.cells import Cells
from omicsbench.inputs.source import own

LIMIT_S = 60  # of one example: it takes less than one
FAST, SLOW = 25, 500  # examples of each kind


@contextmanager
def _no_hang() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TimeoutError(f"longer than {LIMIT_S} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(LIMIT_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _cells(example: Example) -> Cells | str:
    """What is read, or the sentence with which it is refused."""
    try:
        with _no_hang(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = own(example.own).cells
    except DataError as error:
        return str(error)
    assert isinstance(found, Cells)
    return found


def _wrong(example: Example, cells: Cells) -> str | None:
    """What of an accepted file is not as the generator knows."""
    account = cells.account
    said = " ".join([*cells.notes, *(d.decided for d in account.decisions)])
    known = example.labels
    if account.shape[0] != len(known):
        return f"{account.shape[0]} cells, not {len(known)}"
    if account.shape[1] != len(example.features):
        extra = [trap for trap in example.traps if trap not in said]
        return f"{account.shape[1]} features, not {len(example.features)}; unsaid: {extra}"
    if account.features != (example.features[0], example.features[-1]):
        return f"features {account.features}"
    names, codes = cells.label_names, cells.codes
    labels = (None,) * len(known)
    if codes is not None:
        labels = tuple(names[code] if code >= 0 else None for code in codes.tolist())
    if Counter(labels) != Counter(known):
        return f"labels {Counter(labels)}, not {Counter(known)}"
    if example.total is not None and cells.values == "counts":
        blocks: Any = [cells.matrix] if cells.stream is None else cells.stream.blocks()
        total = sum(float(block.sum(dtype=np.float64)) for block in blocks)
        if not np.isclose(total, example.total):
            return f"values add up to {total}, not {example.total}"
    return None


def _walk(kind: str, examples: int, folder: Path) -> None:
    wrong, accepted, refused = {}, 0, 0
    for seed in range(examples):
        place = folder / str(seed)
        place.mkdir()
        example = KINDS[kind](np.random.default_rng([seed, len(kind)]), place)
        cells = _cells(example)
        if isinstance(cells, str):
            refused += 1
            if example.plain:
                wrong[seed] = f"refused: {cells}"
            elif "\n" in cells or not cells.endswith("."):
                wrong[seed] = f"no sentence: {cells}"
        else:
            accepted += 1
            if problem := _wrong(example, cells):
                wrong[seed] = f"{problem} ({', '.join(example.traps)})"
        rmtree(place)
    shown = "\n".join(f"{kind} {seed}: {said}" for seed, said in list(wrong.items())[:20])
    assert not wrong, f"{len(wrong)} of {examples} are wrong:\n{shown}"
    assert accepted > examples / 2
    assert refused > 0 or kind in ("parquet", "mtx"), "traps are told or asked about"


@pytest.mark.parametrize("kind", KINDS)
def test_some_generated_files(kind: str, tmp_path: Path) -> None:
    _walk(kind, FAST, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_two_thousand_generated_files(kind: str, tmp_path: Path) -> None:
    assert SLOW * len(KINDS) >= 2_000
    _walk(kind, SLOW, tmp_path)
