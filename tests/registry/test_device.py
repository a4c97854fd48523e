"""Device `auto`: the GPU that torch can use, else the processor; a fake one where there is none."""

from __future__ import annotations

import pytest

from omicsbench.errors import RegistryError
from omicsbench.planning.suite import changed, load_suite
from omicsbench.registry import discover

torch = pytest.importorskip("torch")


def _machine(monkeypatch: pytest.MonkeyPatch, *present: str, usable: bool) -> None:
    monkeypatch.setattr(discover, "device_present", lambda device: device in (*present, "cpu"))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: usable and "cuda" in present)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: usable and "mps" in present)


@pytest.mark.parametrize(
    ("present", "usable", "expected"),
    [
        ((), True, "cpu"),
        (("cuda",), True, "cuda"),
        (("mps",), True, "mps"),
        (("cuda",), False, "cpu"),
    ],
)
def test_it_is_the_gpu_that_can_be_used(
    monkeypatch: pytest.MonkeyPatch, present: tuple[str, ...], usable: bool, expected: str
) -> None:
    _machine(monkeypatch, *present, usable=usable)
    assert discover.best_device() == expected
    assert changed(load_suite("quick"), {"device": "auto"}).device == expected


def test_another_word_is_refused() -> None:
    with pytest.raises(RegistryError, match="device"):
        changed(load_suite("quick"), {"device": "gpu"})
