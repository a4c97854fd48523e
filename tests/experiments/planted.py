"""Copies of omicsbench in which one method has been made worse on purpose, each in a known way.

Used by ``regressions_caught.py`` and ``regressions_ab.py``. A copy is a folder for ``PYTHONPATH``,
so that it runs with the libraries of this interpreter. As a command it changes the methods of a
checkout in place, for a commit to be judged:

    python tests/experiments/planted.py methods "slower by 20 %" tsne umap autoencoder
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Appended to a method's file; CLASS is its class. A share is that of the cost or of the rows.
PLANTS = {
    "slower by 20 %": """
import time as _time


def _planted(call):
    def slowed(self, *args):
        start = _time.perf_counter()
        out = call(self, *args)
        until = 1.2 * _time.perf_counter() - 0.2 * start
        while _time.perf_counter() < until:
            pass
        return out

    return slowed


CLASS.fit, CLASS.transform = _planted(CLASS.fit), _planted(CLASS.transform)
""",
    "30 % more memory": """
from omicsbench.running.measure import rss_bytes as _rss


def _planted(call):
    def hungry(self, *args):
        block = np.ones(int(0.3 * _rss()) // 8)
        out = call(self, *args)
        return out if block[-1] else None

    return hungry


CLASS.fit = _planted(CLASS.fit)
""",
    "accuracy down by 0.03": """
def _planted(call):
    def worse(self, X):
        Z = np.array(call(self, X))
        rng = np.random.default_rng(len(Z))
        lost = np.flatnonzero(rng.random(len(Z)) < SHARE)
        Z[lost] = Z[np.roll(lost, 1)] if len(lost) > 1 else Z[lost]
        return Z

    return worse


CLASS.transform = _planted(CLASS.transform)
""",
    "crashes": """
def _planted(self, *args):
    raise RuntimeError("planted")


CLASS.fit = _planted
""",
    "dies at n = 400": """
import os as _os


def _planted(call):
    def dies(self, X, *args):
        if X.shape[0] >= 400:
            _os.abort()
        return call(self, X, *args)

    return dies


CLASS.fit = _planted(CLASS.fit)
""",
    "returns the previous result": """
_kept = {}


def _planted(call):
    def stale(self, X):
        previous = _kept.get(X.shape)
        _kept[X.shape] = call(self, X)
        return _kept[X.shape] if previous is None else previous

    return stale


CLASS.transform = _planted(CLASS.transform)
""",
    "keeps its first model": """
_kept = {}


def _planted(call):
    def stale(self, X, *args):
        if X.shape[1] not in _kept:
            call(self, X, *args)
            _kept[X.shape[1]] = dict(self.__dict__)
        self.__dict__.update(_kept[X.shape[1]])
        return self

    return stale


CLASS.fit = _planted(CLASS.fit)
""",
}


def copy(folder: Path, plants: dict[str, str], share: float = 0.0) -> Path:
    """The package with ``plants`` (method: what is planted) in it, at ``folder``; returned."""
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "omicsbench", folder / "omicsbench", ignore=ignore)
    for part in ("methods", "datasets"):
        shutil.copytree(ROOT / part, folder / "omicsbench" / part, ignore=ignore)
    put(folder / "omicsbench" / "methods", plants, share)
    return folder


def put(methods: Path, plants: dict[str, str], share: float = 0.0) -> None:
    """Append what is planted to the files of a folder of methods."""
    for method, plant in plants.items():
        path = methods / f"{method}.py"
        text = path.read_text(encoding="utf-8")
        (name,) = re.findall(rf'name="{method}".*?^class (\w+)', text, re.S | re.M)
        code = PLANTS[plant].replace("CLASS", name).replace("SHARE", repr(share))
        if "import numpy as np" not in text:
            code = "\nimport numpy as np\n" + code
        path.write_text(f"{text}\n{code}", encoding="utf-8")


def run(code: Path, *arguments: str) -> None:
    """``omicsbench run`` of a copy; a suite in which all runs fail is as good as any."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "omicsbench", "run", *arguments, "--no-report"],
        env=os.environ | {"PYTHONPATH": str(code)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 1):
        raise SystemExit(f"{code.name}: {done.stderr or done.stdout}")


if __name__ == "__main__":
    put(Path(sys.argv[1]), dict.fromkeys(sys.argv[3:], sys.argv[2]))
