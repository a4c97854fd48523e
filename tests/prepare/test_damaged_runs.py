"""Real runs on prepared data in which a byte was changed: their scores never change in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

import omicsbench
from omicsbench.records import store
from users import as_second, give_to_first, two_users

SUITE = {
    "pipelines": ["pca(2)"],
    "datasets": [{"name": "khan_srbct"}],
    "sizes": ["all"],
    "repeats": 2,
    "features": 50,
}
RUN = "import omicsbench\nomicsbench.run('quick', out={out!r}, **{suite!r})"

pytestmark = pytest.mark.slow


def scores(out: Path) -> dict[tuple[str, int], dict[str, float]]:
    records = store.read_records(out)
    assert all(record.status == "ok" for record in records)
    return {(record.key, record.spec.repeat): dict(record.scores) for record in records}


@pytest.fixture
def first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, int], dict]:
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path / "cache"))
    omicsbench.run("quick", out=tmp_path / "first", **SUITE)
    return scores(tmp_path / "first")


def test_a_changed_byte_changes_no_score(
    tmp_path: Path, first: dict, capsys: pytest.CaptureFixture[str]
) -> None:
    (home,) = (tmp_path / "cache").glob("prepared-*")
    folders = sorted(home.iterdir())
    assert len(folders) == 2, "one of each repeat of a cohort"
    names = {path.relative_to(folders[0]) for path in folders[0].rglob("*.*") if path.is_file()}
    for at, name in enumerate(sorted(names)):
        for folder in folders:
            data = bytearray((folder / name).read_bytes())
            data[len(data) // 2] ^= 1 << at % 8
            (folder / name).write_bytes(data)
        omicsbench.run("quick", out=tmp_path / str(at), **SUITE)
        assert capsys.readouterr().err.count("is damaged") == 2, name
        assert scores(tmp_path / str(at)) == first, name


@two_users
def test_a_second_user_runs_on_what_the_first_has_prepared(tmp_path: Path, first: dict) -> None:
    give_to_first(tmp_path / "cache")
    out = tmp_path / "second"
    done = as_second(RUN.format(out=str(out), suite=SUITE), tmp_path / "cache", tmp_path / "home")
    assert done.returncode == 0, done.stderr
    assert scores(out) == first
    assert not list((tmp_path / "home").glob("omicsbench/prepared-*"))
