"""Fixtures that all tests share; what they hold lies in plugins/ and helpers/."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import settings

from browser import browser, open_report, visit
from command import Cli, call

# Two test processes with two threads each wait for each other: small fits take up to 100 times as
# long. Read when a library is first imported, so set before any is.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Started in the background, or by nohup, they are ignored; tests of signals need them heard.
for number, heard in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGQUIT, signal.SIG_DFL),
    (signal.SIGHUP, signal.SIG_DFL),
):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, heard)

# A busy machine is no failure, and a failure should come back when the test is run again.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")

# Fixtures that lie in helpers/.
__all__ = ["browser", "open_report", "visit"]

PLUGINS = Path(__file__).parent / "plugins"


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are named by their argument: a packed file holds the second at which it was packed, and
    processes that share tests out refuse names that differ.
    """
    return argname if isinstance(val, bytes) else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was skipped is said, a line a reason: without a browser that is every test of a page."""
    skipped = Counter(one.longrepr[2] for one in terminalreporter.stats.get("skipped", ()))
    for reason, times in skipped.most_common():
        terminalreporter.write_line(f"{times} skipped: {reason.removeprefix('Skipped: ')}")


@pytest.fixture(scope="session", autouse=True)
def _private_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Prepared data of the tests never meets the user's."""
    os.environ["OMICSBENCH_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def bad_plugins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plug-in folder of methods that hang, crash, allocate, and one that is good."""
    folder = tmp_path_factory.mktemp("plugins")
    shutil.copy(PLUGINS / "bad.py", folder)
    return folder


@pytest.fixture(scope="session")
def tunable_plugins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plug-in folder of cheap methods with something to tune, and one without."""
    folder = tmp_path_factory.mktemp("tunable")
    shutil.copy(PLUGINS / "tunable.py", folder)
    return folder


@pytest.fixture
def cli() -> Cli:
    """Run the real command line in a process of its own."""
    return call


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Torch has one thread in every test, whatever a library of an earlier one has set."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.get_num_threads() != 1:
        torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def own_environment() -> None:
    """A run in this process finds the variables of its own test, not of the first that had one."""
    apart = sys.modules.get("omicsbench.running.apart")
    if apart is not None:
        apart._Method.environment = None
