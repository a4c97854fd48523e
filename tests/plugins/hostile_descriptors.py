"""Hostile to omicsbench: methods that write where they should not, without end, or close it."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import socket
import struct
import sys
import tempfile
from multiprocessing import shared_memory
from pathlib import Path

from hostility import in_fit, on_output

LIMIT = 256  # descriptors that are looked at


def _others():
    """Descriptors that the method did not open: those above standard error."""
    for number in range(3, LIMIT):
        with contextlib.suppress(OSError):
            os.fstat(number)
            yield number


def _pipes():
    """Those of them into which one can write, and that are no files."""
    for number in _others():
        path = str(Path(f"/proc/self/fd/{number}").readlink())
        if path.startswith(("pipe:", "socket:")):
            yield number


def _write(number, text):
    with contextlib.suppress(OSError):
        os.set_blocking(number, False)
        os.write(number, text)


@in_fit("crashed")
def closes_everything(X):
    """Closes all descriptors."""
    os.closerange(0, LIMIT)


@in_fit("ok")
def closes_what_is_standard(X):
    """Closes standard input, output and error."""
    os.closerange(0, 3)


@in_fit("ok")
def closes_what_python_prints_to(X):
    """Closes the objects that Python prints to."""
    sys.stdout.close()
    sys.stderr.close()


@in_fit("ok")
def prints_to_nothing(X):
    """Takes away what Python prints to."""
    sys.stdout = sys.stderr = None


@in_fit("crashed", "harness's own pipe")
def writes_garbage_everywhere(X):
    """Writes garbage into all pipes that it finds."""
    for number in _pipes():
        _write(number, b"\xff\x00garbage\n" * 100)


@in_fit("crashed", "harness's own pipe")
def writes_a_number_everywhere(X):
    """Writes the length of a message of 2**63 bytes into all pipes."""
    for number in _pipes():
        _write(number, struct.pack("<Q", 1 << 63) + struct.pack(">Q", 1 << 63))


@in_fit("crashed", "harness's own pipe")
def writes_lines_everywhere(X):
    """Writes what messages once looked like into all pipes."""
    forged = json.dumps({"event": "record", "record": {"key": "../../x", "status": "ok"}})
    for number in _pipes():
        _write(number, f"{forged}\n".encode())


@in_fit("crashed")
def replaces_everything(X):
    """Puts /dev/null in the place of all descriptors."""
    null = os.open(os.devnull, os.O_RDWR)
    for number in list(_others()):
        os.dup2(null, number)


@in_fit("crashed")
def replaces_everything_by_files(X):
    """Puts a file in the place of all descriptors."""
    with tempfile.TemporaryFile() as file:
        for number in list(_others()):
            if number != file.fileno():
                os.dup2(file.fileno(), number)


@in_fit("crashed")
def reads_what_is_meant_for_others(X):
    """Takes from all pipes what is in them, and makes them wait."""
    for number in _pipes():
        with contextlib.suppress(OSError):
            os.set_blocking(number, True)
            socket.socket(fileno=os.dup(number)).shutdown(socket.SHUT_RDWR)
    for number in _pipes():
        os.close(number)


@in_fit("ok")
def prints_what_looks_like_a_record(X):
    """Prints what could be taken for a message."""
    print('{"event": "record"}', flush=True)


@in_fit("ok")
def prints_500_mb(X):
    """Prints 500 MB."""
    block = b"all work and no play\n" * 50_000
    for _ in range(500):
        os.write(1, block)


@in_fit("crashed", "exit code 9: the end")
def prints_500_mb_and_exits(X):
    """Prints 500 MB and exits."""
    prints_500_mb_now()
    os._exit(9)


def prints_500_mb_now():
    block = b"all work and no play\n" * 50_000
    for _ in range(500):
        os.write(1, block)
    os.write(1, b"\nthe end\n")


@in_fit("crashed", "exit code 10")
def prints_one_line_of_100_mb(X):
    """Prints a line of 100 MB and exits."""
    for _ in range(100):
        os.write(1, b"x" * 1_000_000)
    os._exit(10)


@in_fit("crashed", "exit code 11")
def prints_bytes(X):
    """Prints all bytes there are, and exits."""
    os.write(1, bytes(range(256)) * 100)
    os._exit(11)


@in_fit("crashed", "exit code 12")
def prints_escapes(X):
    """Prints what turns terminals and pages upside down, and exits."""
    os.write(1, b"\x1b]0;owned\x07\x1b[2J\r\0\xe2\x80\xae<script>alert(1)</script>")
    os._exit(12)


@in_fit("ok")
def leaves_a_big_file(X):
    """Leaves 300 MB in the folder for temporary files."""
    with tempfile.NamedTemporaryFile(delete=False) as file:
        for _ in range(300):
            file.write(bytes(1_000_000))


@in_fit("ok")
def leaves_many_files(X):
    """Leaves ten thousand files, of which none may be read by others."""
    folder = Path(tempfile.mkdtemp())
    for number in range(10_000):
        (folder / str(number)).touch(mode=0)
    folder.chmod(0)


@in_fit("ok")
def leaves_links(X):
    """Leaves links to what is none of its business."""
    folder = Path(tempfile.mkdtemp())
    (folder / "root").symlink_to("/")
    (folder / "home").symlink_to(Path.home())
    (folder / "round").symlink_to(folder)


@in_fit("ok|error", then="ok|error")
def opens_all_it_can(X):
    """Opens descriptors until there are no more, and keeps them."""
    global kept
    resource.setrlimit(resource.RLIMIT_NOFILE, (LIMIT, LIMIT))
    kept = []
    with contextlib.suppress(OSError):
        while True:
            kept.append(os.open(os.devnull, os.O_RDONLY))


@in_fit("ok")
def leaves_shared_memory(X):
    """Leaves a segment of shared memory, of which Python keeps a record."""
    segment = shared_memory.SharedMemory(create=True, size=1 << 20)
    segment.buf[0] = 1


@in_fit("error|crashed|invalid_output", then="error|crashed|invalid_output|ok")
def may_write_no_byte(X):
    """Forbids itself to write files, for good."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


@on_output("ok")
def listens(Z):
    """Leaves a server behind."""
    global server
    server = socket.create_server(("127.0.0.1", 0))
    return Z
