"""Where a run ran: hardware, libraries and thread counts, stored with every record."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import packages_distributions, version
from pathlib import Path

from omicsbench._version import __version__
from omicsbench.records.facts import Environment

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
LARGE_BLOCK = 8 << 20  # bytes: below 4,096 rows of 1,000 features, above a training batch
BASE = {  # distribution by module, of what the harness computes with or methods compile with
    "numpy": "numpy",
    "scipy": "scipy",
    "sklearn": "scikit-learn",
    "pandas": "pandas",
    "anndata": "anndata",
    "scanpy": "scanpy",
    "igraph": "igraph",
    "numba": "numba",
    "pynndescent": "pynndescent",
    "optuna": "optuna",
}
NO_LIBRARY = sys.stdlib_module_names | {"omicsbench"}


def cores() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def ram_bytes() -> int:
    """Memory of the machine, or of the container where it has a limit of its own."""
    import psutil

    total = int(psutil.virtual_memory().total)
    for file in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            total = min(total, int(Path(file).read_text()))
        except (OSError, ValueError):
            continue
    return total


def worker_environment(threads: int) -> dict[str, str]:
    """Environment variables of a worker: every library's thread count, and memory given back.

    glibc keeps freed blocks of up to 32 MB for later, and small blocks that outlive them may
    scatter them so that none fits: a process that needs 1 GB was seen at 9. With a fixed
    threshold, large blocks go back to the system, and the peak is what a method needs.
    """
    threaded = dict.fromkeys(THREAD_VARIABLES, str(threads))
    return {**threaded, "MALLOC_MMAP_THRESHOLD_": str(LARGE_BLOCK)}


def describe(jobs: int = 1) -> Environment:
    """The environment of this process. Call it where the methods run, after their imports.

    ``jobs`` is the number of pipelines that run at a time.
    """
    from threadpoolctl import threadpool_info

    pools = threadpool_info()
    return Environment(
        omicsbench=__version__,
        git=_git_revision(),
        python=platform.python_version(),
        platform=platform.platform(),
        cpu=_cpu(),
        cores=cores(),
        ram_bytes=ram_bytes(),
        gpu=_gpu(),
        tf32=_tf32(),
        blas=tuple(
            sorted(
                {
                    f"{pool['internal_api']} {pool.get('version') or ''}".strip()
                    for pool in pools
                    if pool["user_api"] == "blas"
                }
            )
        ),
        threads={pool["prefix"]: pool["num_threads"] for pool in pools},
        packages=packages(),
        jobs=jobs,
    )


def packages(modules: Iterable[str] = ()) -> dict[str, str]:
    """Version by distribution: of these modules (top-level names), and of ``BASE`` if loaded."""
    found = {of for name, of in BASE.items() if name in sys.modules}
    for name in set(modules) - NO_LIBRARY:
        found |= {BASE[name]} if name in BASE else set(distributions().get(name, ()))
    return {of: _version(of) for of in sorted(found, key=str.lower)}


_version = cache(version)  # it reads a file


@cache
def distributions() -> Mapping[str, list[str]]:
    """Distributions by module: half a second where hundreds are installed, so once a process."""
    return packages_distributions()


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _gpu() -> str | None:
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return None
    return str(torch.cuda.get_device_name())


def _tf32() -> bool | None:
    """Whether torch may round what it multiplies on the GPU to TF32."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return None
    return bool(torch.backends.cuda.matmul.allow_tf32 or torch.backends.cudnn.allow_tf32)


def _git_revision() -> str | None:
    """Revision of the checkout that runs, with ``-dirty`` if it was changed; None outside one."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return None
    try:
        found = subprocess.run(
            ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() or None
