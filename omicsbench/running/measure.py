"""Clocks, energy counters and high-water marks around the process that runs a method."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

POWERCAP = Path("/sys/class/powercap")  # of Linux
FRESH_S = 2.0  # for which one timing of the reference computation tells the machine's speed
Counters = dict[str, tuple[int, int]]  # package: microjoules so far, and where they wrap to 0


@dataclass
class Elapsed:
    """Wall and CPU seconds of one timed block, filled in when it ends.

    ``energy_j`` is what the machine's processor packages took, and the GPU where one is used, in
    joules; None where a part of it cannot be read.
    """

    wall_s: float = 0.0
    cpu_s: float = 0.0
    energy_j: float | None = None


@contextmanager
def clock(device: str = "cpu") -> Iterator[Elapsed]:
    """Time a block: wall seconds and CPU seconds of all threads and finished children.

    Work queued on a GPU is waited for before either clock is read. Energy is recorded too, where
    it can be: see `energy_joules`.
    """
    elapsed = Elapsed()
    synchronize(device)
    energy = _counters(device)
    cpu, wall = _cpu_s(), time.perf_counter()
    yield elapsed
    synchronize(device)
    elapsed.wall_s = time.perf_counter() - wall
    elapsed.cpu_s = _cpu_s() - cpu
    elapsed.energy_j = energy_joules(energy, _counters(device))


def reference_s() -> float:
    """Wall seconds of a fixed computation of milliseconds, the best of three: the speed just now.

    Timed beside a run, it tells a slower method from a slower machine. A matrix product,
    transcendental functions, a sort and interpreted Python, in less than 2 MB.
    """
    rng = np.random.default_rng(0)
    A = rng.standard_normal((192, 192), dtype=np.float32)
    x = rng.random(30_000)
    best = np.inf
    for _ in range(3):
        B, start = A, time.perf_counter()
        for _ in range(8):
            B = np.tanh(B @ B.T / 192)
        np.sort(np.exp(x))
        sum(i * i for i in range(20_000))
        best = min(best, time.perf_counter() - start)
    return float(best)


class Pace:
    """How fast the machine is: the reference computation, timed when it is due.

    Timed beside each of many short runs, it would take longer than they do.
    """

    def __init__(self) -> None:
        self._seconds = 0.0
        self._until = -np.inf

    def reference_s(self) -> float:
        """Of the last ``FRESH_S`` seconds, timed anew if there is none."""
        if time.monotonic() > self._until:
            self._seconds = reference_s()
            self._until = time.monotonic() + FRESH_S
        return self._seconds


pace = Pace()  # of this process


def energy_counters(root: Path = POWERCAP) -> Counters:
    """The energy counters (RAPL) of all processor packages, by the name of their folder.

    Empty where there are none or they may not be read: since 2020 Linux keeps them to root,
    because they betray what other processes compute (CVE-2020-8694). Parts of a package (cores,
    memory controller) and the platform as a whole are left out, so that nothing counts twice.
    """
    found: Counters = {}
    try:
        for zone in sorted(root.glob("intel-rapl:*")):  # AMD's too, despite the name
            if (zone / "name").read_text(encoding="ascii").startswith("package"):
                used, wrap = (
                    int((zone / file).read_text(encoding="ascii"))
                    for file in ("energy_uj", "max_energy_range_uj")
                )
                found[zone.name] = used, wrap
    except (OSError, ValueError):  # part of the packages is no measure of the whole
        return {}
    return found


def gpu_counter() -> Counters:
    """The energy counter of the CUDA device in use, by its UUID; empty where it cannot be read.

    NVML has one from the Volta generation on, in millijoules since the driver was loaded; it is
    read by NVIDIA's ``pynvml``, where that is installed.
    """
    torch = sys.modules.get("torch")
    try:
        import pynvml

        here = torch.cuda.current_device() if torch else None
        uuid = f"GPU-{torch.cuda.get_device_properties(here).uuid}" if torch else ""
        pynvml.nvmlInit()
        used = pynvml.nvmlDeviceGetTotalEnergyConsumption(pynvml.nvmlDeviceGetHandleByUUID(uuid))
    except Exception:  # no library, no driver, no such counter: nothing is known
        return {}
    return {uuid: (1_000 * int(used), 2**64)}


def _counters(device: str) -> Counters:
    """All counters of what works on a device; empty where one of them cannot be read."""
    packages = energy_counters(POWERCAP)
    if device == "cpu" or not packages:
        return packages
    gpu = gpu_counter() if device == "cuda" else {}
    return packages | gpu if gpu else {}


def energy_joules(before: Counters, after: Counters) -> float | None:
    """Energy between two readings, in joules; None without the same packages in both.

    It is that of the whole machine's processors, not of this process: whatever else runs is in
    it, and so is what they take when idle. Memory and disks are not. A counter that wrapped
    around is set right, once: on many machines it does so after some 260 kJ, an hour at 70 W, and
    of a block that lasts longer whole rounds may be missing.
    """
    if not before or before.keys() != after.keys():
        return None
    used = 0
    for package, (start, _) in before.items():
        end, wrap = after[package]
        used += end - start if end >= start else end - start + wrap
    return used / 1e6


def joules(*parts: float | None) -> float | None:
    """The sum; None where one of them could not be read."""
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


def synchronize(device: str) -> None:
    """Wait for the GPU. Does nothing on a CPU or before torch has been imported."""
    torch = sys.modules.get("torch")
    if torch is None or device == "cpu":
        return
    (torch.cuda if device == "cuda" else torch.mps).synchronize()


def _cpu_s() -> float:
    """Of this process and of its finished children, in microseconds where the system counts so."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def reset_peaks(device: str) -> None:
    """Start the memory high-water marks anew, where the system can (Linux; CUDA)."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    if device == "cuda" and "torch" in sys.modules:
        sys.modules["torch"].cuda.reset_peak_memory_stats()


def rss_bytes() -> int:
    """Resident memory now."""
    import psutil

    return int(psutil.Process().memory_info().rss)


def peak_rss_bytes() -> int:
    """High-water mark of resident memory since the last reset (elsewhere: since the start)."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def peak_vram_bytes(device: str) -> int | None:
    """High-water mark of GPU memory since the last reset; None without CUDA."""
    if device != "cuda" or "torch" not in sys.modules:
        return None
    return int(sys.modules["torch"].cuda.max_memory_allocated())
