"""Clocks and high-water marks of the process that runs a method."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Elapsed:
    """Wall and CPU seconds of one timed block, filled in when it ends."""

    wall_s: float = 0.0
    cpu_s: float = 0.0


@contextmanager
def clock(device: str = "cpu") -> Iterator[Elapsed]:
    """Time a block: wall seconds and CPU seconds of all threads and finished children.

    Work queued on a GPU is waited for before either clock is read.
    """
    elapsed = Elapsed()
    synchronize(device)
    cpu, wall = _cpu_s(), time.perf_counter()
    yield elapsed
    synchronize(device)
    elapsed.wall_s = time.perf_counter() - wall
    elapsed.cpu_s = _cpu_s() - cpu


def synchronize(device: str) -> None:
    """Wait for the GPU. Does nothing on a CPU or before torch has been imported."""
    torch = sys.modules.get("torch")
    if torch is None or device == "cpu":
        return
    (torch.cuda if device == "cuda" else torch.mps).synchronize()


def _cpu_s() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


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
