"""What this machine has for a suite, and what will be left out on it, with the reason."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from omicsbench.inputs.cache import cache_folder
from omicsbench.inputs.fetch import local_path
from omicsbench.planning.estimated import disk_free
from omicsbench.records import environment
from omicsbench.records.environment import THREAD_VARIABLES
from omicsbench.records.facts import Environment
from omicsbench.registry.discover import Entry, Registry, device_present, unavailable

GIB = 2.0**30
LITTLE_DISK, LITTLE_MEMORY = 5 * GIB, 4 * GIB  # below, suites of minutes may not go through


@dataclass(frozen=True)
class Health:
    """What was found: ``facts`` in words, by name; ``skipped`` the reason, by what is left out.

    ``warnings`` are sentences: what is amiss, and what to do.
    """

    environment: Environment
    facts: dict[str, str]
    skipped: dict[str, str]
    not_downloaded: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    broken: dict[str, str] = field(default_factory=dict)


def health(registry: Registry, results: Path, variables: Mapping[str, str]) -> Health:
    """Look at this machine; ``variables`` are those of its environment.

    Loads the numerical libraries, and torch where it is installed: seconds.
    """
    torch = _torch()
    here = environment.describe()
    free = {"results": disk_free(results), "cache": disk_free(cache_folder()), "temporary": _tmp()}
    facts = {
        "omicsbench": " ".join(filter(None, (here.omicsbench, here.git))),
        "python": f"{here.python} on {here.platform}",
        "processor": f"{here.cpu or platform.machine()}, {here.cores} cores that may be used",
        "memory": f"{here.ram_bytes / GIB:.1f} GiB, {_memory_free() / GIB:.1f} free",
        "threads": ", ".join(f"{name} {n}" for name, n in sorted(here.threads.items())) or "none",
        "BLAS": ", ".join(here.blas) or "not known",
        "torch": torch,
        "GPU": here.gpu or "none: runs are on the processor",
        "disk": ", ".join(f"{size / GIB:.1f} GiB free for {name}" for name, size in free.items()),
        "cache": str(cache_folder()),
    }
    return Health(
        here,
        facts,
        dict(_left_out(registry)),
        tuple(name for name, e in sorted(registry.datasets.items()) if not _downloaded(e)),
        tuple(_warnings(here, free, variables)),
        {str(path): reason for path, reason in registry.broken.items()},
    )


def _torch() -> str:
    """Its version, loaded so that it can be asked for a GPU."""
    if importlib.util.find_spec("torch") is None:
        return "not installed: networks are skipped"
    try:
        import torch
    except (ImportError, OSError) as error:  # a library of it that does not fit this machine
        return f"cannot be loaded: {error}"
    return str(torch.__version__)


def _tmp() -> int:
    return shutil.disk_usage(tempfile.gettempdir()).free


def _memory_free() -> int:
    import psutil

    return min(int(psutil.virtual_memory().available), environment.ram_bytes())


def _left_out(registry: Registry) -> Iterator[tuple[str, str]]:
    tables: Sequence[tuple[str, Mapping[str, Entry[Any]]]] = (
        ("method", registry.methods),
        ("data set", registry.datasets),
    )
    for kind, entries in tables:
        for name, entry in sorted(entries.items()):
            if reason := unavailable(entry.info, entry.make):
                yield f"{kind} {name}", reason


def _downloaded(entry: Entry[Any]) -> bool:
    return all(local_path(file).is_file() for file in entry.info.remote)


def _warnings(
    here: Environment, free: Mapping[str, int], variables: Mapping[str, str]
) -> Iterator[str]:
    for name, size in free.items():
        if size < LITTLE_DISK:
            yield f"Only {size / GIB:.1f} GiB of disk are free for {name}; free some."
    if here.ram_bytes < LITTLE_MEMORY:
        yield (
            f"{here.ram_bytes / GIB:.1f} GiB of memory are little; runs that need more are "
            "recorded as out of memory, so start with small --sizes."
        )
    stated = [name for name in THREAD_VARIABLES if variables.get(name)]
    if stated:
        yield (
            f"{', '.join(stated)} is set; it holds for this process alone, runs have the threads "
            "of --threads."
        )
    if device_present("cuda") and here.gpu is None:
        yield (
            "There is an NVIDIA device that torch does not see; install a build of torch with "
            "CUDA, or use --device cpu."
        )
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    if load > here.cores / 2:
        yield (
            f"Other work keeps {load:.1f} of {here.cores} cores busy; times measured now are not "
            "those of a quiet machine."
        )
