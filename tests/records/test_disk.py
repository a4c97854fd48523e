"""Files are written whole or not at all: on a full disk, by a killed process, through links."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from omicsbench.errors import StoreError
from omicsbench.records import disk

HOST = socket.gethostname()


def limited(code: str, *arguments: object, size: int = 100_000) -> subprocess.CompletedProcess[str]:
    """A process that can write no file larger than ``size``, as on a full disk; says its errors."""
    around = (
        "import resource, signal, sys\nfrom pathlib import Path\n"
        "from omicsbench.errors import OmicsbenchError\n"
        "from omicsbench.records import disk, store\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))\n"
        f"try:\n    {code}\nexcept OmicsbenchError as error: print(error)\n"
    )
    return subprocess.run(
        [sys.executable, "-P", "-c", around, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )


@pytest.mark.parametrize(
    "code",
    [
        "disk.write(Path(sys.argv[1]), b'x' * 200_000)",
        "store.write_text(Path(sys.argv[1]), 'x' * 200_000)",
        "import pandas as pd\n"
        "    with disk.whole(Path(sys.argv[1])) as file:\n"
        "        pd.DataFrame({'a': range(100_000)}).to_csv(file)",
        "import numpy as np, pandas as pd\n"
        "    with disk.whole(Path(sys.argv[1])) as file:\n"
        "        pd.DataFrame({'a': np.random.rand(100_000)}).to_parquet(file)",
    ],
)
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, code: str) -> None:
    file = tmp_path / "table"
    file.write_text("before")
    done = limited(code, file)
    assert done.stdout.startswith(f"Cannot write {file}: ")
    assert done.stdout.count("\n") == 1
    assert file.read_text() == "before"
    assert list(tmp_path.iterdir()) == [file], "nothing half-written is left"


def _stopped_writing(path: Path) -> None:
    with disk.whole(path) as file:
        file.write_text("half")
        raise KeyboardInterrupt


def test_whatever_goes_wrong_while_it_is_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        _stopped_writing(tmp_path / "deep" / "page")
    assert list((tmp_path / "deep").iterdir()) == []


def test_what_a_killed_process_left_goes_when_the_next_one_writes(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom omicsbench.records import disk\n"
        "with disk.whole(Path(sys.argv[1])) as file:\n"
        "    file.write_text('half')\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    file = tmp_path / "page.html"
    killed = subprocess.run([sys.executable, "-P", "-c", code, str(file)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert [path.suffix for path in tmp_path.iterdir()] == [".tmp"]
    with disk.whole(tmp_path / "other") as other:
        other.write_text("whole")
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_only_what_belongs_to_nobody_is_stale(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    kept = [
        f".a.{HOST}.{os.getpid()}.tmp",  # being written
        f".b.elsewhere.{dead.pid}.tmp",  # on another machine, perhaps being written
        f"c.{HOST}.{dead.pid}.tmp",
        ".hidden.tmp",
        ".profile",
    ]
    gone = [f".d.json.{HOST}.{dead.pid}.tmp", f".e.elsewhere.{os.getpid()}.tmp"]
    earlier = f".f.{HOST}.{os.getpid()}.tmp"  # of a process that had our number before
    for name in [*kept, *gone, earlier]:
        (tmp_path / name).write_text("x")
    long_ago = time.time() - 2 * disk.FOREIGN_S
    for name in (gone[1], earlier):
        os.utime(tmp_path / name, (long_ago, long_ago))
    disk.clear_stale(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(kept)
    disk.clear_stale(tmp_path / "not there")


def test_a_link_stays_a_link_and_a_pipe_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("before")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    disk.write(tmp_path / "link", b"after")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "after"
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", str(tmp_path / "pipe")], stdout=subprocess.PIPE) as reader:
        disk.write(tmp_path / "pipe", b"through")
        assert reader.communicate(timeout=30)[0] == b"through"
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    disk.write(Path("/dev/null"), b"gone")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_pipe_that_nobody_reads_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "READER_S", 0.1)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StoreError, match="a pipe that nobody reads; remove it"):
        disk.write(tmp_path / "pipe", b"new")
    assert (tmp_path / "pipe").is_fifo()


def test_files_are_for_whom_the_umask_says(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        disk.write(tmp_path / "file", b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640


@pytest.mark.parametrize("place", ["file/page", "x" * 300])
def test_a_place_that_is_none_is_one_sentence(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"^Cannot write .*\.$"), disk.whole(tmp_path / place):
        pytest.fail("begun")


def test_half_made_folders_of_the_dead_go_too(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    half = tmp_path / f".prepared.{HOST}.{dead.pid}.tmp"
    half.mkdir()
    (half / "part.npy").write_text("x")
    disk.clear_stale(tmp_path)
    assert not half.exists()


def test_clearing_never_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What may not be removed is left, and all else is removed."""
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    for name in "abcdef":
        (tmp_path / f".{name}.{HOST}.{dead.pid}.tmp").write_text("x")
    (tmp_path / f".g.{HOST}.{dead.pid}.tmp").mkdir()
    unlink = Path.unlink

    def refused(*arguments: object, **options: object) -> None:
        raise PermissionError

    def refused_of_a(path: Path, missing_ok: bool = False) -> None:
        if path.name.startswith(".a."):
            raise PermissionError
        unlink(path, missing_ok)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refused_of_a)
        patched.setattr(os, "rmdir", refused)
        disk.clear_stale(tmp_path)
        with pytest.raises(KeyboardInterrupt):
            _stopped_writing(tmp_path / "a")
    left = {path.name[:3] for path in tmp_path.glob(f".*.{dead.pid}.tmp")}
    assert left == {".a.", ".g."}


def test_which_place_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError) as error, disk.whole(tmp_path / "file" / "page"):
        pytest.fail("begun")
    said = f"Cannot write {tmp_path / 'file'}: a file is in the way; name another place."
    assert str(error.value) == f"{said} Finished runs are kept."
    gone = tmp_path / "gone" / "a.json"
    with pytest.raises(StoreError) as error:
        disk.write(gone, b"x")
    said = f"Cannot write {gone}: its folder was removed; run the same command again."
    assert str(error.value) == said


def test_a_folder_is_made_as_deep_as_it_must_be_and_may_be_there(tmp_path: Path) -> None:
    for text in ("first", "second"):
        with disk.whole(tmp_path / "a" / "b" / "c") as file:
            assert file.parent == tmp_path / "a" / "b"
            assert file.name.startswith(".c.")
            file.write_text(text)
        assert [path.name for path in file.parent.iterdir()] == ["c"]
        assert (tmp_path / "a" / "b" / "c").read_text() == text


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="no /dev/stdout on this system")
def test_what_is_written_to_stdout_goes_where_it_leads(tmp_path: Path) -> None:
    code = "from pathlib import Path; from omicsbench.records import disk\n"
    code += "disk.write(Path('/dev/stdout'), b'said')"
    with (tmp_path / "log").open("w") as log:
        before = os.fstat(log.fileno()).st_ino
        subprocess.run([sys.executable, "-P", "-c", code], stdout=log, check=True)
    assert (tmp_path / "log").read_text() == "said"
    assert (tmp_path / "log").stat().st_ino == before, "the file was not replaced by another"


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="no /dev/shm on this system")
def test_files_in_memory_are_written_whole_too() -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        with disk.whole(Path(folder) / "a") as file:
            file.write_text("x")
            assert not (Path(folder) / "a").exists()
        assert (Path(folder) / "a").read_text() == "x"
