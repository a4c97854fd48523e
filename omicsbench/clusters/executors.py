"""Who runs the pipelines, by name: ``local``, ``slurm``, or the address of a Dask scheduler."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from omicsbench.clusters.profile import Profile, read_profile
from omicsbench.clusters.slurm import SlurmCluster
from omicsbench.errors import OmicsbenchError
from omicsbench.running.runner import Cluster

LOCAL, SLURM, DASK = "local", "slurm", "dask://"
ANSWER_S = 10  # that a Dask scheduler has to answer


def opened(
    executor: Executor | Cluster | str | None, profile: Path | None = None
) -> AbstractContextManager[Executor | Cluster | None]:
    """Who runs the pipelines, closed at the end of the context; None for this machine.

    ``executor`` is a name, or what is handed through as it is and left open.

    Raises OmicsbenchError for what runs nothing, a wrong profile, or a cluster that is not there.
    """
    settings = read_profile(profile) if profile else Profile()
    if profile and executor != SLURM:
        raise OmicsbenchError("--profile has the settings of --executor slurm; give both.")
    if executor is None or executor == LOCAL:
        return contextlib.nullcontext()
    if isinstance(executor, Executor | Cluster):
        return contextlib.nullcontext(executor)
    if executor == SLURM:
        return contextlib.closing(SlurmCluster(settings.slurm))
    if isinstance(executor, str) and executor.startswith(DASK):
        address = executor.removeprefix(DASK)
        return _dask(address if "://" in address else f"tcp://{address}")
    raise OmicsbenchError(
        f"Executor {executor!r} runs nothing; write local, slurm, or dask://HOST:PORT."
    )


@contextlib.contextmanager
def _dask(address: str) -> Iterator[Executor]:
    try:
        import distributed
    except ImportError:
        raise OmicsbenchError(
            "--executor dask://... needs the extra: pip install 'omicsbench[dask]'."
        ) from None
    # What it logs of a cluster that is lost would bury the sentence that says what became of it.
    for handler in logging.getLogger("distributed").handlers:
        handler.setLevel(logging.CRITICAL)
    connect: Any = distributed.Client
    try:
        client = connect(address, timeout=f"{ANSWER_S}s")
    except (OSError, ValueError) as error:
        raise OmicsbenchError(f"No Dask scheduler answers at {address}: {error}.") from error
    with client, client.get_executor(pure=False) as executor:
        yield executor
