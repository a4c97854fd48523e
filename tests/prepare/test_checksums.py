"""A byte that was changed in prepared data is found, told, and made again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from omicsbench.inputs.source import registered
from omicsbench.prepare import checksums
from omicsbench.prepare.prepared import Prepared, prepare, verify
from omicsbench.registry.discover import discover
from users import as_second, give_to_first, two_users

DATA = "khan_srbct"


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path / "cache"))


def made(name: str = DATA) -> Prepared:
    return prepare(registered(name, discover()), [0], seed=0, features=20, per_size=False)[0]


def content(folder: Path, but: tuple[str, ...] = ("meta.json", "checksums.json")) -> dict[str, Any]:
    """Bytes of all files; the time it took to make them is another each time."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in but]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def flip(path: Path, place: int = -1) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_one_changed_byte_in_any_file_is_found_and_made_again(
    place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made().folder
    right = content(folder)
    names = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    assert len(names) > 10
    for name in names:
        size = (folder / name).stat().st_size
        flip(folder / name, {"first": 0, "middle": size // 2, "last": size - 1}[place])
        assert made().folder == folder
        said = capsys.readouterr().err
        assert said.startswith(f"What is prepared in {folder} is damaged (")
        assert said.count("\n") == 1
        assert content(folder) == right, name
    made()
    assert capsys.readouterr().err == ""
    assert [path.name for path in folder.parent.iterdir()] == [folder.name], "nothing else is left"


@pytest.mark.parametrize("name", ["meta.json", "checksums.json", "labels/all.npy"])
def test_a_missing_file_is_damage(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = made().folder
    right = content(folder)
    (folder / name).unlink()
    assert content(made().folder) == right
    assert f"{Path(name).name} is missing" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "[" * 100_000, "{}", '{"files": {}}', '{"files": 1e999}'])
def test_checksums_that_say_nothing_are_damage(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made().folder
    (folder / "checksums.json").write_text(text)
    assert made().folder == folder
    assert "is damaged" in capsys.readouterr().err


def test_a_file_too_many_is_damage_unless_it_is_hidden() -> None:
    folder = made().folder
    (folder / ".nfs0001").write_text("")
    assert checksums.damaged(folder) is None
    (folder / "train" / "depth.npy").write_text("")
    assert checksums.damaged(folder) == "is damaged (train/depth.npy is not of it)"


def test_of_a_large_file_the_ends_are_looked_at_and_in_time_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checksums, "BLOCK", 16)
    monkeypatch.setattr(checksums, "AT_OPENING", 4)
    folder = tmp_path / "large"
    folder.mkdir()
    file = folder / "data.npy"
    file.write_bytes(bytes(16 * 10 + 3))
    checksums.write(folder)
    assert checksums.damaged(folder) is None
    for place in (0, -1):
        flip(file, place)
        assert checksums.damaged(folder)
        flip(file, place)
    flip(file, 16 * 5)
    assert checksums.damaged(folder, every_block=True)
    assert any(checksums.damaged(folder) for _ in range(200)), "blocks are drawn anew each time"


def test_every_byte_is_verified_when_that_is_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = made().folder
    source = registered(DATA, discover())
    assert verify(source) == [folder]
    monkeypatch.setattr(checksums, "AT_OPENING", 0)
    flip(folder / "train" / "X.npy")
    assert verify(source) == []
    assert "train/X.npy is not what was written" in capsys.readouterr().err
    assert not folder.exists()


def test_several_that_find_the_same_damage_share_what_is_made_again() -> None:
    folder = made().folder
    right = content(folder)
    for _ in range(2):
        flip(folder / "train" / "X.npy")
        with ThreadPoolExecutor(4) as several:
            found = [several.submit(made) for _ in range(4)]
        assert {future.result().folder for future in found} == {folder}
        assert content(folder) == right
        assert [path.name for path in folder.parent.iterdir()] == [folder.name]


PREPARE = """
from omicsbench.inputs.source import registered
from omicsbench.prepare.prepared import prepare
from omicsbench.registry.discover import discover
source = registered("khan_srbct", discover())
for features in {features}:
    made = prepare(source, [0], seed=0, features=features, per_size=False)[0]
    print(made.folder)
"""


@two_users
def test_a_second_user_uses_what_the_first_has_prepared(tmp_path: Path) -> None:
    folder = made().folder
    right = content(folder)
    shared, home = tmp_path / "cache", tmp_path / "home"
    give_to_first(shared)
    done = as_second(PREPARE.format(features=[20, 30]), shared, home)
    used, made_anew = map(Path, done.stdout.split())
    assert used == folder, done.stderr
    assert made_anew.is_relative_to(home)
    assert [path.name for path in made_anew.parent.iterdir()] == [made_anew.name]
    flip(folder / "train" / "X.npy")
    give_to_first(shared)
    done = as_second(PREPARE.format(features=[20]), shared, home)
    own = Path(done.stdout.strip())
    assert own.is_relative_to(home), done.stderr
    assert done.stderr.startswith(f"What is prepared in {folder} is damaged")
    assert content(own) == right
    assert content(folder) != right, "what is the first one's is left to the first"


@two_users
def test_what_the_first_lets_nobody_read_is_left_alone(tmp_path: Path) -> None:
    folder = made().folder
    shared, home = tmp_path / "cache", tmp_path / "home"
    give_to_first(shared)
    folder.chmod(0o700)
    folder.parent.chmod(0o777)
    done = as_second(PREPARE.format(features=[20]), shared, home)
    assert done.stdout == ""
    assert f"StoreError: {folder} may not be read by you" in done.stderr
    assert checksums.damaged(folder) is None
    shared.chmod(0o700)
    done = as_second(PREPARE.format(features=[20]), shared, home)
    assert Path(done.stdout.strip()).is_relative_to(home), done.stderr
