"""A process of the harness that does, when it is asked to, what a method might."""

import contextlib
import os
import subprocess
import sys
import time

from omicsbench.processes.serving import Served


def stray(channel):
    os.write(channel._out, b"hello")


def half_a_message(channel):
    os.write(channel._out, b"omb1")
    os._exit(0)


def everywhere(channel):
    for fd in range(3, 1_000):
        with contextlib.suppress(OSError):
            os.write(fd, b"x" * 100)


def closes_all(channel):
    os.closerange(0, 100)
    time.sleep(60)


def answers_twice(channel):
    channel.reply("done")
    channel.reply("done")


def forks(channel):
    """Both go on to answer."""
    os.fork()


def floods(channel):
    """Prints 300 MB and ends."""
    block = b"noise " * 10_000 + b"\n"
    for _ in range(5_000):
        os.write(1, block)
    os.write(1, b"the last \xff word\n")
    os._exit(5)


def closes_its_output_and_goes_on(channel):
    os.close(1)
    os.close(2)


def sleeps(channel):
    time.sleep(60)


def dies(channel):
    os.kill(os.getpid(), 9)


def _sleeper(**how):
    return subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"], **how)


def child(channel):
    _sleeper()


def child_in_its_own_session(channel):
    _sleeper(start_new_session=True)


def orphan(channel):
    """A daemon: its parent is gone, and it left the group."""
    if not os.fork():
        os.setsid()
        _sleeper()
        os._exit(0)
    os.wait()


def orphan_without_environment(channel):
    if not os.fork():
        os.setsid()
        _sleeper(env={})
        os._exit(0)
    os.wait()


def many(channel):
    for _ in range(30):
        if not os.fork():
            os.setsid()
            time.sleep(600)
            os._exit(0)


def replaced(channel):
    """A process that starts another and ends, and so on, a hundred times a second."""
    if os.fork():
        return
    os.setsid()
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if os.fork():
            os._exit(0)
        time.sleep(0.01)
    os._exit(0)


def idle_forks(channel):
    """Holds 200 MB, in common with five processes that do nothing."""
    global held
    held = bytearray(os.urandom(1 << 20) * 200)
    for _ in range(5):
        if not os.fork():
            time.sleep(600)
            os._exit(0)
    time.sleep(2)


def hungry_fork(channel):
    """A fork that takes 400 MB of its own."""
    if not os.fork():
        held = bytearray(os.urandom(1 << 20) * 400)
        time.sleep(600)
        os._exit(len(held))
    time.sleep(20)


def fills(channel):
    """Writes 100 MB at a time into temporary files, of which none has a name any more."""
    import tempfile

    kept = []
    while True:
        kept.append(tempfile.TemporaryFile())  # noqa: SIM115 (open as long as this process lives)
        kept[-1].write(bytes(100 << 20))
        kept[-1].flush()


if __name__ == "__main__":
    served = Served(sys.argv[1:])
    for request in served.channel.requests():
        globals()[request["do"]](served.channel)
        served.channel.reply("done", tmp=os.environ["TMPDIR"])
