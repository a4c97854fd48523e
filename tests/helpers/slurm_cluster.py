"""A real SLURM on this machine alone: one controller, one node, no accounting and no munge."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

DAEMONS = ("slurmctld", "slurmd")
START_S = 180.0
CONFIG = """
ClusterName=one
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/none
CredType=cred/none
StateSaveLocation={place}/state
SlurmdSpoolDir={place}/spool
SlurmctldPidFile={place}/slurmctld.pid
SlurmdPidFile={place}/slurmd.pid
SlurmctldLogFile={place}/slurmctld.log
SlurmdLogFile={place}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=batch_sched_delay=1,sched_interval=2
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=64000 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


@contextmanager
def slurm_in(place: Path, cpus: int = 4) -> Iterator[dict[str, str]]:
    """SLURM with its files in ``place``; what the environment of its users must hold."""
    missing = [name for name in (*DAEMONS, "sbatch", "squeue") if not shutil.which(name, path=PATH)]
    if missing:
        pytest.skip(f"SLURM is not installed: no {', '.join(missing)}")
    config = place / "slurm.conf"
    for folder in ("state", "spool"):
        (place / folder).mkdir()
    controller, node = _free_ports()
    config.write_text(
        CONFIG.format(
            host=socket.gethostname().split(".")[0],
            cpus=cpus,
            place=place,
            user=getpass.getuser(),
            controller=controller,
            node=node,
        )
    )
    variables = {"SLURM_CONF": str(config), "PATH": PATH}
    running: list[subprocess.Popen[bytes]] = []
    try:
        for name in DAEMONS:
            with (place / f"{name}.out").open("wb") as said:
                process = subprocess.Popen(
                    [shutil.which(name, path=PATH) or name, "-D"],
                    env=os.environ | variables,
                    stdout=said,
                    stderr=said,
                )
            running.append(process)
        _until_idle(variables, place)
        yield variables
    finally:
        for process in reversed(running):
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
            process.wait()


PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"  # where daemons often are


def _free_ports() -> tuple[int, int]:
    """Two that differ."""
    with socket.socket() as one, socket.socket() as other:
        for own in (one, other):
            own.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1]), int(other.getsockname()[1])


def _until_idle(variables: dict[str, str], place: Path) -> None:
    """Wait for the node; what SLURM said fails the test if it does not come."""
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        said = subprocess.run(
            ["sinfo", "--noheader", "--format=%T"],
            env=os.environ | variables,
            capture_output=True,
            text=True,
            check=False,
        )
        if said.stdout.strip() == "idle":
            return
        time.sleep(0.5)
    logs = " ".join(path.read_text()[-300:] for path in sorted(place.glob("*.out")))
    pytest.fail(f"SLURM does not start here: {logs.strip()[-300:] or said.stderr.strip()}")


def jobs_of(out: Path) -> list[psutil.Process]:
    """The processes on nodes that do loads of a results folder."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            words = process.cmdline()
            # srun, which waits for it, has its words too.
            python = words[:1] and Path(words[0]).name.startswith("python")
            if python and "submitit.core._submit" in words and words[-1].startswith(str(out)):
                found.append(process)
    return found
