"""Whatever lies in place of a file of results or of the cache: told or mended, never believed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from damage import IN_PLACE, TEXTS, Damage, place
from omicsbench.planning.suite import Suite, make_suite
from omicsbench.records import store
from omicsbench.records.planned import PLAN_FILE
from omicsbench.records.spec import RunRecord, Status
from omicsbench.running.runner import run_suite
from watched import Watched

Tell = Callable[[str, str, str], None]
EVERY: dict[str, Damage | bytes] = {**IN_PLACE, **TEXTS}
SIZES = (50, 60, 70)


def _suite() -> Suite:
    return make_suite(
        {
            "name": "state",
            "pipelines": ["pca"],
            "repeats": 2,
            "n_components": 2,
            "datasets": [{"name": "linear_control(n=300)", "sizes": list(SIZES)}],
            "metrics": ["knn_recall"],
            "threads": 1,
        }
    )


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[RunRecord]]:
    out = tmp_path_factory.mktemp("done")
    return out, run_suite(_suite(), out)


@pytest.mark.slow
def test_damaged_results_are_told_or_mended(
    tmp_path: Path, done: tuple[Path, list[RunRecord]], tell: Tell
) -> None:
    """A record that cannot be read is done again; the others are kept as they are."""
    found, times = [], 0
    for name, damage in EVERY.items():
        for what in ("record", "plan"):
            out = tmp_path / f"{times}"
            shutil.copytree(done[0], out)
            path = out / PLAN_FILE if what == "plan" else store.loose_files(out)[2]
            place(path, damage)
            kept = {p: p.read_bytes() for p in store.loose_files(out) if p != path}
            page = ["report", out, "--out", tmp_path / "page.html"]
            for words in (page, ["export", out, tmp_path / "table.csv"]):
                found += [f"{name} for a {what}: {said}" for said in _sentence(tmp_path, *words)]
            again = _scores(out)
            if again is not None and again != [r.scores for r in done[1]]:
                found.append(f"{name} for a {what}: scores are others")
            if {p: p.read_bytes() for p in kept} != kept:
                found.append(f"{name} for a {what}: others were changed")
            shutil.rmtree(out)
            times += 1
    assert found == [], "\n".join(found)
    tell(
        "a record or plan replaced: by a pipe, a device, a link, a terabyte of zeros, damaged JSON",
        f"{times}",
        "`report` and `export` say one sentence, `run` does what is missing again and keeps the "
        "rest",
    )


def _sentence(folder: Path, *words: object) -> list[str]:
    command = Watched(folder, *words)
    code = command.wait(120)
    said = command.words()
    if code in (0, 2) and "Traceback" not in said:
        return []
    return [f"{words[0]} ends with {code}: {said[-500:]}"]


@pytest.mark.slow
def test_damaged_prepared_data_change_no_score(
    tmp_path: Path,
    done: tuple[Path, list[RunRecord]],
    monkeypatch: pytest.MonkeyPatch,
    tell: Tell,
) -> None:
    """What is prepared is made anew, or the suite says that it is damaged."""
    cache = tmp_path / "cache"
    monkeypatch.setenv("OMICSBENCH_CACHE", str(cache))
    assert _scores(tmp_path / "first") == [r.scores for r in done[1]]
    sound = tmp_path / "sound"
    shutil.copytree(cache, sound)
    files = sorted(p.relative_to(cache) for p in cache.rglob("*") if p.is_file())
    found = []
    for number, file in enumerate(files):
        for how in ("cut", "flipped", "gone"):
            shutil.rmtree(cache)
            shutil.copytree(sound, cache)
            _spoil(cache / file, how)
            scores = _scores(tmp_path / f"{number}-{how}")
            if scores is not None and scores != [r.scores for r in done[1]]:
                found.append(f"{file} {how}: scores are others")
    assert found == [], "\n".join(found)
    tell(
        "a file of prepared data cut, gone, or with a bit flipped in its middle",
        f"{3 * len(files)}",
        "made anew or told; no score is another",
    )


def _spoil(path: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "gone":
        path.unlink()
        return
    middle = len(content) // 2
    path.chmod(0o644)
    flipped = content[:middle] + bytes([content[middle] ^ 64]) + content[middle + 1 :]
    path.write_bytes(content[:middle] if how == "cut" else flipped)


def _scores(out: Path) -> list[dict[str, float]] | None:
    """Scores of the suite; None if it says, in a sentence, why it cannot run."""
    from omicsbench.errors import OmicsbenchError

    try:
        records = run_suite(_suite(), out)
    except OmicsbenchError:
        return None
    return [r.scores for r in records] if all(r.status is Status.OK for r in records) else None
