"""Small files in place of downloads whose sha256 a data set states."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from typing import Any

import pytest

from downloads import module
from omicsbench.errors import DataError
from omicsbench.inputs.fetch import local_path
from omicsbench.plugin import Remote


def stand_in(monkeypatch: pytest.MonkeyPatch, name: str, files: Mapping[str, bytes]) -> None:
    """Put ``files``, by name, where the data set's downloads would lie, as if they were stated."""

    def placed(held: Any) -> Any:
        if isinstance(held, dict):
            return {key: placed(value) for key, value in held.items()}
        content = files[held.name]
        path = local_path(held)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        return dataclasses.replace(held, digest=f"sha256:{digest}")

    data = module(name)
    for attribute, held in list(vars(data).items()):
        each = held.values() if isinstance(held, dict) else [held]
        if not attribute.startswith("__") and each and all(isinstance(e, Remote) for e in each):
            monkeypatch.setattr(data, attribute, placed(held))


def refused(name: str, **parameters: Any) -> str:
    """The one sentence with which a data set is refused."""
    with pytest.raises(DataError) as caught:
        module(name).load(**parameters)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence
