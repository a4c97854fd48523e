"""What a run that does nothing costs here and in benchopt, measured in turn on one machine.

    python -m venv /tmp/other && /tmp/other/bin/pip install benchopt==1.10.0
    python tests/experiments/overhead_benchopt.py /tmp/other/bin/benchopt

Here a run is isolated, scored in another process and stored for good, one record a run. There it is
done in the process of the benchmark, and all results are stored at the end. Of both it is the
slope that is told, from few runs to many: what starts once costs nothing then. Processor time is
that of all processes together, and is what to look at on a machine that does other things too.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FEW, ROUNDS = 20, 5
MANY = (220, 1020)  # there, a run costs the more the more there are
HERE = """
import sys
from pathlib import Path
sys.path.insert(0, {asv!r})
from made_up import costless
records, _ = costless(Path({out!r}), {runs})
assert [r.status for r in records] == ["ok"] * {runs}
"""
FILES = {
    "objective.py": """
from benchopt import BaseObjective

class Objective(BaseObjective):
    name = "nothing"
    def set_data(self, X):
        self.X = X
    def get_one_result(self):
        return dict(Z=self.X[:, :2])
    def evaluate_result(self, Z):
        return dict(value=0.0)
    def get_objective(self):
        return dict(X=self.X)
""",
    "datasets/made_up.py": """
import numpy as np
from benchopt import BaseDataset

class Dataset(BaseDataset):
    name = "made_up"
    def get_data(self):
        return dict(X=np.random.default_rng(0).normal(size=(1000, 50)))
""",
    "solvers/nothing.py": """
from benchopt import BaseSolver

class Solver(BaseSolver):
    name = "nothing"
    sampling_strategy = "run_once"
    parameters = {{"number": list(range({runs}))}}
    def set_objective(self, X):
        self.X = X
    def run(self, _):
        self.Z = self.X[:, :2]
    def get_result(self):
        return dict(Z=self.Z)
""",
}


def here(folder: Path, runs: int) -> list[str]:
    """The command that does so many runs with omicsbench."""
    asv = Path(__file__).parents[1] / "asv"
    return [sys.executable, "-c", HERE.format(asv=str(asv), out=str(folder / "out"), runs=runs)]


def there(folder: Path, runs: int, program: str) -> list[str]:
    """The command that does so many runs with benchopt."""
    for name, code in FILES.items():
        file = folder / "nothing" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(code.format(runs=runs) if "{runs}" in code else code)
    quiet = ["--no-plot", "--no-html", "--no-display", "--no-cache"]
    return [program, "run", str(folder / "nothing"), "-n", "1", "-r", "1", *quiet]


def timed(command: list[str]) -> tuple[float, float]:
    """Wall and processor seconds of a command and of all that it starts."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command[0]} ended with {status}")
    return time.perf_counter() - start, used.ru_utime + used.ru_stime


def per_run(program: str | None, many: int) -> tuple[float, float]:
    """Wall and processor milliseconds of one run more, with benchopt where it is given."""
    spent = []
    for runs in (FEW, many):
        with tempfile.TemporaryDirectory() as folder:
            make = there(Path(folder), runs, program) if program else here(Path(folder), runs)
            spent.append(timed(make))
    (wall, cpu), (more_wall, more_cpu) = spent
    return 1e3 * (more_wall - wall) / (many - FEW), 1e3 * (more_cpu - cpu) / (many - FEW)


def main(program: str, many: int) -> None:
    print(f"from {FEW} to {many:,} runs:")
    found: dict[str, list[tuple[float, float]]] = {"omicsbench": [], "benchopt": []}
    for _ in range(ROUNDS):
        for name, rounds in found.items():
            rounds.append(per_run(program if name == "benchopt" else None, many))
    for name, rounds in found.items():
        for what, times in zip(("wall", "processor"), zip(*rounds, strict=True), strict=True):
            shown = ", ".join(f"{t:.1f}" for t in sorted(times))
            print(f"{name}, {what} ms a run: {shown}")


if __name__ == "__main__":
    for runs in MANY:
        main(sys.argv[1], runs)
