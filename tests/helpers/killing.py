"""Kill what belongs to a suite at random moments, resume it until it is done, and look for losses.

One campaign is one results folder, which begins empty and ends with all runs done.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from omicsbench.planning.suite import load_suite
from omicsbench.records import store
from omicsbench.records.spec import Status
from omicsbench.registry.discover import discover
from omicsbench.running.runner import run_suite
from watched import Watched

SUITE = """
name = "killed"
pipelines = ["pca", "steady", "with_child"]
repeats = 3
n_components = 2
metrics = ["knn_recall", "knn_transfer_balanced_accuracy"]
threads = 1
jobs = 2
[[datasets]]
name = "linear_control(n=300)"
sizes = [70, 100]
"""
RUNS = 3 * 3 * 2
TARGETS = {"driver": 5, "worker": 6, "scorer": 3, "child": 4, "group": 2}  # and how often, in turn
KILLS_A_CAMPAIGN = 10
# Seconds until a kill: of the driver from its start or the last kill, of others from when they are
# there, if they are there in time.
PAUSE_S = {"driver": 6.0, "group": 6.0, "worker": 2.5, "scorer": 2.5, "child": 0.3}
PATIENCE_S = 15.0
LIMIT_S = 300.0
REFUSED = 2  # exit code of a command that does nothing


@dataclass
class Tally:
    """What was done in a campaign, and what went wrong: all but ``kills`` must stay 0."""

    kills: Counter[str] = field(default_factory=Counter)
    starts: int = 0
    lost: int = 0
    doubled: int = 0
    changed: int = 0
    set_aside: int = 0
    orphans: int = 0
    temporary: int = 0
    unequal: int = 0
    tracebacks: int = 0

    WRONG = ("lost", "doubled", "changed", "set_aside", "orphans", "temporary", "unequal")

    @property
    def wrong(self) -> dict[str, int]:
        """What must not be, by name, where it was."""
        names = (*self.WRONG, "tracebacks")
        return {name: getattr(self, name) for name in names if getattr(self, name)}


class Campaign:
    """Starts of one suite in one folder; ``reference`` are the scores of an undisturbed one."""

    def __init__(self, folder: Path, plugins: Path, reference: dict[str, dict[str, float]]) -> None:
        self.folder, self.plugins, self.reference = folder, plugins, reference
        self.out = folder / "out"
        self.suite = folder / "killed.toml"
        assert folder.is_absolute(), "the suite is started in it"
        folder.mkdir(parents=True, exist_ok=True)
        self.suite.write_text(SUITE)
        self.tally = Tally()
        self.finished: dict[str, bytes] = {}  # records that were ok when they were last seen
        self.started: list[Watched] = []

    def start(self) -> Watched:
        words = ["--plugins", self.plugins, "--out", self.out, "--no-report"]
        self.started.append(Watched(self.folder, "run", self.suite, *words))
        self.tally.starts += 1
        return self.started[-1]

    def kill(self, wanted: int, chance: random.Random) -> None:
        """Start the suite as often as needed for so many kills."""
        while self.tally.kills.total() < wanted:
            driver = self.start()
            deadline = time.monotonic() + LIMIT_S
            while driver.process.poll() is None and self.tally.kills.total() < wanted:
                assert time.monotonic() < deadline, f"it goes on forever: {driver.words()[-2000:]}"
                if strike(driver, chance, self.tally.kills):
                    break
            else:
                driver.process.send_signal(signal.SIGTERM)
            code = driver.wait(60)
            assert code != REFUSED, driver.words()
            self.look(driver)
            if len(self.finished) == RUNS:
                self.begin_again()

    def look(self, driver: Watched) -> None:
        """Compare what is stored with what was there before."""
        self.tally.tracebacks += "Traceback" in driver.words()
        for key, before in self.finished.items():
            path = self.out / "runs" / f"{key}.json"
            if not path.exists():
                self.tally.lost += 1
            elif path.read_bytes() != before:
                self.tally.changed += 1
        for key, record in store.stored(self.out).items() if self.out.exists() else ():
            if record.status is Status.OK:
                self.finished[key] = (self.out / "runs" / f"{key}.json").read_bytes()

    def begin_again(self) -> None:
        """All is done before all kills were: check it, and start from nothing."""
        self.finish()
        shutil.rmtree(self.out)
        self.finished = {}

    def finish(self) -> None:
        """Let the suite end undisturbed, and check that nothing is missing or left."""
        driver = self.start()
        code = driver.wait(LIMIT_S)
        self.look(driver)
        records = store.stored(self.out)
        self.tally.set_aside += sum(r.status is not Status.OK for r in records.values()) + (
            code != 0
        )
        self.tally.lost += len(self.reference.keys() - records.keys())
        self.tally.doubled += len(records.keys() - self.reference.keys())
        self.tally.doubled += len(list((self.out / "runs").iterdir())) - len(records)
        self.tally.unequal += sum(
            key not in records or records[key].scores != scores
            for key, scores in self.reference.items()
        )
        self.tally.orphans += sum(len(one.left(2.0)) for one in self.started)
        self.tally.temporary += len(driver.files())
        for one in self.started:
            one.end()
        self.started = []


def strike(driver: Watched, chance: random.Random, kills: Counter[str]) -> bool:
    """Kill one of those that are there, at a random moment; whether the driver was among them."""
    target = chance.choices(list(TARGETS), list(TARGETS.values()))[0]
    deadline = time.monotonic() + PATIENCE_S
    aim = target if target in ("worker", "scorer", "child") else ""
    while aim and not _there(driver, aim):
        if driver.process.poll() is not None or time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    time.sleep(chance.uniform(0.0, PAUSE_S[target]))
    if driver.process.poll() is not None:
        return False
    if target == "driver":
        driver.process.send_signal(signal.SIGKILL)
    elif target == "group":
        os.killpg(driver.process.pid, signal.SIGTERM)
    else:
        with contextlib.suppress(IndexError, psutil.Error):  # it was faster
            chance.choice(_there(driver, target)).send_signal(signal.SIGKILL)
            kills[target] += 1
        return False
    kills[target] += 1
    return True


def _there(driver: Watched, kind: str) -> list[psutil.Process]:
    """The driver's living workers, its scorers, or what the methods have started."""
    found = []
    for process in driver.alive():
        with contextlib.suppress(psutil.Error):
            own, line = process.ppid() == driver.process.pid, " ".join(process.cmdline())
            is_a = "scorer" if "running.scorer" in line else "worker" if own else "child"
            found += [process] if is_a == kind else []
    return found


def undisturbed(folder: Path, plugins: Path) -> dict[str, dict[str, float]]:
    """Scores of the suite where nobody kills, by key."""
    campaign = Campaign(folder, plugins, {})
    suite = load_suite(str(campaign.suite))
    records = run_suite(suite, campaign.out, registry=discover([plugins]))
    assert {record.status for record in records} == {Status.OK}
    assert len(records) == RUNS
    return {record.key: record.scores for record in records}


def campaigns(folder: Path, plugins: Path, kills: int, seed: int) -> Tally:
    """So many kills, in campaigns of ``KILLS_A_CAMPAIGN``; their tallies are kept in ``folder``.

    Stopped and called again, it goes on with the next campaign.
    """
    log = folder / "kills.jsonl"
    reference = undisturbed(folder / "undisturbed", plugins)
    while (done := total(log)).kills.total() < kills:
        number = done.starts  # differs from campaign to campaign
        campaign = Campaign(folder / f"campaign-{number}", plugins, reference)
        wanted = min(KILLS_A_CAMPAIGN, kills - done.kills.total())
        campaign.kill(wanted, random.Random(seed + number))
        campaign.finish()
        with log.open("a") as stream:
            stream.write(json.dumps(vars(campaign.tally)) + "\n")
        if not campaign.tally.wrong:
            shutil.rmtree(campaign.folder)
    return done


def total(log: Path) -> Tally:
    """The sum of all campaigns of a log."""
    found = Tally()
    for line in log.read_text().splitlines() if log.exists() else ():
        for name, value in json.loads(line).items():
            if name == "kills":
                found.kills.update(value)
            else:
                setattr(found, name, getattr(found, name) + value)
    return found
