"""Downloads, against a real server on this machine that can misbehave in known ways."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pty
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from file_server import CONTENT, MD5, SHA256, Server, files, refused, said
from omicsbench.inputs import fetch as fetching
from omicsbench.inputs.fetch import downloads_folder, fetch, known_sha256, local_path
from omicsbench.plugin import Remote


@pytest.mark.parametrize("digest", [f"sha256:{SHA256}", f"md5:{MD5}", f"SHA256:{SHA256.upper()}"])
def test_a_file_is_downloaded_once_and_checked(server: Server, digest: str) -> None:
    remote = Remote(server.url, digest)
    path = fetch(remote, said.append)
    assert path == local_path(remote) == downloads_folder() / "cells.h5"
    assert path.read_bytes() == CONTENT
    assert known_sha256(remote) == SHA256
    assert fetch(remote, said.append) == path
    assert server.asked == [None], "one request for all"
    assert len(said) == 1
    assert server.url in said[0]
    assert files() == ["cells.h5", "cells.h5.sha256"], "nothing else is left"


def test_without_a_known_checksum_the_first_is_recorded_and_told(server: Server) -> None:
    remote = Remote(server.url)
    path = fetch(remote, said.append)
    assert "No checksum of cells.h5 is known" in said[-1]
    assert SHA256 in said[-1]
    record = path.with_name("cells.h5.sha256")
    assert record.read_text().splitlines()[-1] == f"{SHA256}  cells.h5"
    fetch(remote, said.append)
    assert len(said) == 2, "told once"
    path.write_bytes(CONTENT[:-1] + b"x")
    sentence = refused(remote)
    assert SHA256 in sentence
    assert "delete it" in sentence


def test_a_recorded_checksum_holds_for_a_second_download(server: Server) -> None:
    remote = Remote(server.url)
    fetch(remote, said.append).unlink()
    server.content = CONTENT[::-1]
    sentence = refused(remote)
    assert "changed since the first download" in sentence
    assert "cells.h5.sha256" in sentence
    assert files() == ["cells.h5.sha256"]
    (downloads_folder() / "cells.h5.sha256").unlink()
    assert fetch(remote, said.append).read_bytes() == CONTENT[::-1]


def test_the_hash_is_not_computed_again_unless_the_file_changed(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = fetch(Remote(server.url, f"sha256:{SHA256}"), said.append)
    hashed: list[Path] = []
    real = fetching._hash

    def counting(path: Path, algorithm: str) -> str:
        hashed.append(path)
        return real(path, algorithm)

    monkeypatch.setattr(fetching, "_hash", counting)
    fetch(Remote(server.url, f"sha256:{SHA256}"), said.append)
    assert hashed == []
    os.utime(path, (1, 1))
    fetch(Remote(server.url, f"sha256:{SHA256}"), said.append)
    assert hashed == [path]
    sentence = refused(Remote(server.url, "sha256:" + "0" * 64))
    assert "0" * 64 in sentence, "a data set that states another checksum is not believed"


def test_a_wrong_sha256_leaves_nothing(server: Server) -> None:
    server.content = CONTENT[:-1] + b"x"
    sentence = refused(Remote(server.url, f"sha256:{SHA256}"))
    assert SHA256 in sentence
    assert hashlib.sha256(server.content).hexdigest() in sentence
    assert "fetch again" in sentence
    assert files() == []
    server.content = CONTENT
    assert fetch(Remote(server.url, f"sha256:{SHA256}"), said.append).read_bytes() == CONTENT


def test_a_truncated_file_does_not_pass(server: Server) -> None:
    server.content = CONTENT[:1000]  # the server itself has no more
    assert "where" in refused(Remote(server.url, f"sha256:{SHA256}"))
    assert files() == []


def test_a_checksum_in_doubt_says_so_and_the_way_it_names_is_open(server: Server) -> None:
    remote = Remote(server.url, "md5:" + "0" * 32, note="nobody confirms that it is an md5.")
    sentence = refused(remote)
    assert f"has md5 {MD5} where {'0' * 32} is expected" in sentence
    assert "(nobody confirms that it is an md5)" in sentence
    assert SHA256 in sentence
    assert files() == ["cells.h5.rejected"], "4 GB are not thrown away for a checksum in doubt"
    kept, path = re.findall(r"move (\S+) to (\S+) and", sentence)[0]
    record = re.findall(r"into (\S+), which", sentence)[0]
    Path(kept).rename(path)
    assert "in doubt" not in refused(remote), "moving alone does not accept it"
    Path(record).write_text(SHA256 + "\n")
    assert fetch(remote, said.append).read_bytes() == CONTENT
    assert len(server.asked) == 1


def test_a_recorded_sha256_does_not_stand_in_for_a_stated_one(server: Server) -> None:
    server.content = b"not what was stated" * 9
    found = hashlib.sha256(server.content).hexdigest()
    downloads_folder().mkdir(parents=True)
    (downloads_folder() / "cells.h5").write_bytes(server.content)
    (downloads_folder() / "cells.h5.sha256").write_text(f"{found}  cells.h5\n")
    sentence = refused(Remote(server.url, f"sha256:{SHA256}"))
    assert SHA256 in sentence
    assert (downloads_folder() / "cells.h5").is_file(), "what the user brought is left alone"


def test_a_file_brought_by_other_means_is_checked_and_used(server: Server) -> None:
    downloads_folder().mkdir(parents=True)
    (downloads_folder() / "cells.h5").write_bytes(CONTENT)
    fetch(Remote(server.url, f"md5:{MD5}"), said.append)
    assert server.asked == []
    other = Remote("http://127.0.0.1:9/elsewhere/cells.h5")
    assert "has the same name" in refused(other)


def test_fetches_at_the_same_time_share_one_download(server: Server) -> None:
    server.pause_s = 0.01
    remote = Remote(server.url, f"sha256:{SHA256}")
    found: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: found.append(fetch(remote, said.append).read_bytes()))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [CONTENT] * 3
    assert server.asked == [None]
    assert any(sentence.startswith("Waiting for another download") for sentence in said)


def test_nonsense_is_refused(server: Server) -> None:
    assert "neither sha256" in refused(Remote(server.url, "crc:12"))
    fetch(Remote(server.url), said.append)
    (downloads_folder() / "cells.h5.sha256").write_text("<html>\n")
    assert "holds no sha256" in refused(Remote(server.url))


def test_a_cache_that_cannot_be_made_is_one_sentence(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path / "file" / "cache"))
    assert "OMICSBENCH_CACHE" in refused(Remote(server.url))


def test_a_terminal_shows_a_bar_and_a_file_shows_one_line(server: Server) -> None:
    server.pause_s = 0.02
    code = (
        "from omicsbench.inputs import fetch\nfrom omicsbench.plugin import Remote\n"
        f"fetch.fetch(Remote({server.url!r}, 'sha256:{SHA256}'))\n"
    )
    command = [sys.executable, "-P", "-c", code]
    terminal, end = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(command, stderr=end, env=environment) as child:
        os.close(end)
        shown = b""
        with contextlib.suppress(OSError):  # the end of a terminal is an error on Linux
            while piece := os.read(terminal, 1 << 16):
                shown += piece
    os.close(terminal)
    assert child.returncode == 0
    assert re.search(rb"[12]\.\d/3\.1 MB", shown), "how much has arrived"
    assert b"MB/s" in shown
    local_path(Remote(server.url)).unlink()
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr.splitlines() == [
        f"Downloading {server.url} to {local_path(Remote(server.url))}."
    ]
