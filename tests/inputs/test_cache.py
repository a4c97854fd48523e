"""A cache of several users: who may read it uses it, and makes elsewhere what it lacks."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from file_server import CONTENT, Server, said
from omicsbench.errors import StoreError
from omicsbench.inputs import cache
from omicsbench.inputs.fetch import fetch
from omicsbench.plugin import Remote
from users import as_second, give_to_first, two_users

FETCH = "from omicsbench.inputs import fetch\nfrom omicsbench.plugin import Remote\n"
FETCH += "print(fetch.fetch(Remote({url!r})))\n"


@pytest.mark.parametrize("umask", [0o022, 0o027, 0o077])
def test_a_folder_is_for_whom_the_umask_says(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with cache.made_whole(tmp_path / "prepared" / "data") as folder:
            (folder / "part").mkdir()
            (folder / "part" / "X.npy").write_bytes(b"x")
    finally:
        os.umask(before)
    for path in [tmp_path / "prepared" / "data", *(tmp_path / "prepared" / "data").rglob("*")]:
        wanted = (0o777 if path.is_dir() else 0o666) & ~umask
        assert stat.S_IMODE(path.stat().st_mode) == wanted


@two_users
def test_a_second_user_reads_downloads_and_brings_what_is_missing_to_an_own_cache(
    server: Server, tmp_path: Path
) -> None:
    path = fetch(Remote(server.url), said.append)
    shared, home = tmp_path / "cache", tmp_path / "home"
    give_to_first(shared)
    done = as_second(FETCH.format(url=server.url), shared, home)
    assert done.stdout == f"{path}\n", done.stderr
    os.utime(path, (1, 1))  # its record is of no use any more, and cannot be written anew
    done = as_second(FETCH.format(url=server.url), shared, home)
    assert done.stdout == f"{path}\n", done.stderr
    assert len(server.asked) == 1
    other = server.url.replace("cells", "others")
    done = as_second(FETCH.format(url=other), shared, home)
    brought = home / "omicsbench" / "downloads" / "others.h5"
    assert done.stdout == f"{brought}\n", done.stderr
    assert brought.read_bytes() == CONTENT
    assert not (shared / "downloads" / "others.h5").exists()


@two_users
def test_what_another_user_has_begun_is_begun_anew(server: Server, tmp_path: Path) -> None:
    shared = tmp_path / "cache"
    (shared / "downloads").mkdir(parents=True)
    (shared / "downloads" / "cells.h5.part").write_bytes(CONTENT[:5000])
    (shared / "downloads" / "cells.h5.part.etag").write_text('"one"')
    (shared / "downloads" / ".cells.h5.lock").write_text("")
    give_to_first(shared)
    (shared / "downloads").chmod(0o777)
    done = as_second(FETCH.format(url=server.url), shared, tmp_path / "home")
    assert done.stdout == f"{shared / 'downloads' / 'cells.h5'}\n", done.stderr
    assert server.asked == [None]


def test_a_cache_that_is_written_to_is_the_only_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path / "cache"))
    assert cache.look_in("prepared") == [tmp_path / "cache" / "prepared"]
    (tmp_path / "cache").mkdir()
    assert cache.look_in("prepared") == [tmp_path / "cache" / "prepared"]
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path / "file"))
    with (
        pytest.raises(StoreError, match="OMICSBENCH_CACHE"),
        cache.made_whole(cache.made_in("prepared") / "data"),
    ):
        pytest.fail("begun")
