"""Energy counters, read from a tree like that of the kernel; clocks and peaks of a stood-in GPU."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from omicsbench.records import environment
from omicsbench.running import measure

RANGE = 262_143_328_850  # microjoules, as on many processors


def zone(root: Path, folder: str, name: str, energy: int | str, wrap: int = RANGE) -> Path:
    made = root / folder
    made.mkdir(parents=True, exist_ok=True)
    (made / "name").write_text(f"{name}\n")
    (made / "energy_uj").write_text(f"{energy}\n")
    (made / "max_energy_range_uj").write_text(f"{wrap}\n")
    return made


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Two packages with parts, the platform, and a second way to the first package."""
    (tmp_path / "intel-rapl").mkdir()
    zone(tmp_path, "intel-rapl:0", "package-0", 5_000_000)
    zone(tmp_path, "intel-rapl:1", "package-1", 7_000_000)
    zone(tmp_path, "intel-rapl:0:0", "core", 4_000_000)
    zone(tmp_path, "intel-rapl:0:1", "dram", 1_000_000)
    zone(tmp_path, "intel-rapl:2", "psys", 20_000_000)
    zone(tmp_path, "intel-rapl-mmio:0", "package-0", 5_000_000)
    return tmp_path


def test_only_whole_packages_are_read(tree: Path) -> None:
    assert measure.energy_counters(tree) == {
        "intel-rapl:0": (5_000_000, RANGE),
        "intel-rapl:1": (7_000_000, RANGE),
    }


def test_the_difference_is_that_of_all_packages_in_joules(tree: Path) -> None:
    before = measure.energy_counters(tree)
    zone(tree, "intel-rapl:0", "package-0", 8_500_000)
    zone(tree, "intel-rapl:1", "package-1", 7_250_000)
    assert measure.energy_joules(before, measure.energy_counters(tree)) == pytest.approx(3.75)
    assert measure.energy_joules(before, before) == 0


def test_a_counter_that_wrapped_is_set_right() -> None:
    before = {"a": (RANGE - 2_000_000, RANGE), "b": (1_000_000, RANGE)}
    after = {"a": (1_000_000, RANGE), "b": (1_500_000, RANGE)}
    assert measure.energy_joules(before, after) == pytest.approx(3.5)


def test_nothing_is_claimed_where_nothing_can_be_read(tree: Path, tmp_path: Path) -> None:
    known = measure.energy_counters(tree)
    assert measure.energy_counters(tmp_path / "nowhere") == {}
    assert measure.energy_joules({}, {}) is None
    assert measure.energy_joules(known, {}) is None
    # One package that may not be read spoils the sum; root may read anything, so it is gone.
    (tree / "intel-rapl:1" / "energy_uj").unlink()
    assert measure.energy_counters(tree) == {}
    zone(tree, "intel-rapl:1", "package-1", "garbage")
    assert measure.energy_counters(tree) == {}


def test_the_clock_holds_the_energy(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "POWERCAP", tree)
    with measure.clock() as elapsed:
        zone(tree, "intel-rapl:0", "package-0", 6_000_000)
        time.sleep(0.01)
    assert elapsed.energy_j == pytest.approx(1)
    assert elapsed.wall_s >= 0.01
    monkeypatch.setattr(measure, "synchronize", lambda device: None)
    with measure.clock("cuda") as elapsed:  # the energy of the GPU would be missing
        pass
    assert elapsed.energy_j is None
    monkeypatch.setattr(measure, "POWERCAP", tree / "nowhere")
    with measure.clock() as elapsed:
        pass
    assert elapsed.energy_j is None


def test_energy_adds_up_only_where_all_of_it_could_be_read() -> None:
    assert measure.joules(0.0, 1.5, 2.0) == 3.5
    assert measure.joules(0.0, None, 2.0) is None


def test_the_reference_is_timed_when_it_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    timings = iter([0.001, 0.002, 0.003])
    now = iter([0.0, 0.0, 0.5, 1.9, 2.1, 2.1, 4.0])
    monkeypatch.setattr(measure, "reference_s", lambda: next(timings))
    monkeypatch.setattr(measure.time, "monotonic", lambda: next(now))
    pace = measure.Pace()
    assert [pace.reference_s() for _ in range(5)] == [0.001, 0.001, 0.001, 0.002, 0.002]


class _Nvml:
    """Stands for NVIDIA's library: a counter that grows by 5 J a reading."""

    def __init__(self) -> None:
        self.millijoules = 0

    def nvmlInit(self) -> None:
        pass

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> str:
        assert uuid == "GPU-abc"
        return uuid

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: str) -> int:
        self.millijoules += 5_000
        return self.millijoules


def test_energy_of_a_gpu_is_added_to_that_of_the_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = pytest.importorskip("torch")
    zone(tmp_path, "intel-rapl:0", "package-0", 1_000_000)
    monkeypatch.setattr(measure, "POWERCAP", tmp_path)
    monkeypatch.setattr(measure, "synchronize", lambda device: None)
    monkeypatch.setitem(sys.modules, "pynvml", _Nvml())
    properties = SimpleNamespace(uuid="abc")
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: properties)
    with measure.clock("cuda") as elapsed:
        zone(tmp_path, "intel-rapl:0", "package-0", 3_000_000)
    assert elapsed.energy_j == pytest.approx(2 + 5)
    monkeypatch.setitem(sys.modules, "pynvml", None)
    with measure.clock("cuda") as elapsed:
        pass
    assert elapsed.energy_j is None, "a part is no measure of the whole"


class _Card:
    """Stands for torch's ``cuda``: work that is queued takes effect once it is waited for."""

    def __init__(self) -> None:
        self.queued_s, self.peak = 0.0, 7

    def synchronize(self) -> None:
        time.sleep(self.queued_s)
        self.queued_s = 0.0

    def reset_peak_memory_stats(self) -> None:
        self.peak = 0

    def max_memory_allocated(self) -> int:
        return self.peak


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> _Card:
    made = _Card()
    matmul, cudnn = SimpleNamespace(allow_tf32=False), SimpleNamespace(allow_tf32=True)
    backends = SimpleNamespace(cuda=SimpleNamespace(matmul=matmul), cudnn=cudnn)
    made.is_available = lambda: True  # type: ignore[attr-defined]
    torch = SimpleNamespace(cuda=made, backends=backends)
    monkeypatch.setitem(sys.modules, "torch", torch)
    return made


def test_work_queued_on_a_gpu_is_waited_for_before_either_clock(card: _Card) -> None:
    card.queued_s = 0.5  # from before: not of this block
    with measure.clock("cuda") as elapsed:
        card.queued_s = 0.1  # of this block, and not yet done at its end
    assert 0.1 <= elapsed.wall_s < 0.5
    with measure.clock("cpu") as elapsed:
        card.queued_s = 0.5
    assert elapsed.wall_s < 0.5, "a processor waits for nothing"


def test_peaks_of_a_gpu_are_of_what_follows_the_reset(card: _Card) -> None:
    measure.reset_peaks("cpu")
    assert (measure.peak_vram_bytes("cuda"), measure.peak_vram_bytes("cpu")) == (7, None)
    measure.reset_peaks("cuda")
    assert measure.peak_vram_bytes("cuda") == 0


@pytest.mark.usefixtures("card")
def test_it_is_told_whether_products_may_be_rounded_to_tf32() -> None:
    assert environment._tf32() is True
    torch = sys.modules["torch"]
    torch.backends.cudnn.allow_tf32 = False
    assert environment._tf32() is False
    torch.cuda.is_available = lambda: False  # type: ignore[method-assign]
    assert environment._tf32() is None
