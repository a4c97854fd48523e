"""Hostile to omicsbench: methods that raise whatever can be raised."""

from __future__ import annotations

import asyncio

from hostility import Honest, expected, in_fit, on_output
from omicsbench.errors import StoreError


class Unearthly(BaseException):
    """No Exception."""


@expected("ok")
class HonestMethod(Honest):
    """Behaves: what all others are compared with."""


@in_fit("error", "ValueError: no such luck")
def raises(X):
    """Raises an ordinary exception."""
    raise ValueError("no such luck")


@on_output("error", "ValueError: too late")
def raises_late(Z):
    """Raises when all is fitted."""
    raise ValueError("too late")


@in_fit("error", "AssertionError: no message")
def raises_in_silence(X):
    """Raises without a word."""
    raise AssertionError


@in_fit("error", "StoreError: the disk is full")
def raises_store_error(X):
    """Raises what tells the harness that nothing can be stored."""
    raise StoreError("the disk is full")


@in_fit("error", "Unearthly: from below")
def raises_base_exception(X):
    """Raises what is no Exception."""
    raise Unearthly("from below")


@in_fit("error", "SystemExit: 74")
def raises_system_exit(X):
    """Asks Python to exit with the code by which workers once said that they cannot store."""
    raise SystemExit(74)


@in_fit("error", "SystemExit")
def raises_system_exit_0(X):
    """Asks Python to exit as if all were well."""
    raise SystemExit


@in_fit("error", "KeyboardInterrupt")
def raises_keyboard_interrupt(X):
    """As if the user had pressed Ctrl-C."""
    raise KeyboardInterrupt


@in_fit("error", "GeneratorExit")
def raises_generator_exit(X):
    """Raises what ends generators."""
    raise GeneratorExit


@in_fit("error", "StopIteration")
def raises_stop_iteration(X):
    """Raises what ends loops."""
    raise StopIteration


@in_fit("error", "CancelledError")
def raises_cancelled(X):
    """Raises what ends tasks of asyncio."""
    raise asyncio.CancelledError


@in_fit("error", "ExceptionGroup")
def raises_group(X):
    """Raises several at once."""
    raise BaseExceptionGroup("many", [ValueError("one"), SystemExit(2), KeyboardInterrupt()])


@in_fit("error", "RecursionError")
def recurses(X):
    """Calls itself without end."""
    recurses_again(X)


def recurses_again(X):
    recurses_again(X)


@in_fit("out_of_memory", "MemoryError", "skipped")
def raises_memory_error(X):
    """Tells of too little memory as Python does."""
    raise MemoryError("too little")


@in_fit("error", "Mute")
def raises_unspeakable(X):
    """Its exception raises when it is asked what is wrong."""

    class Mute(Exception):
        def __str__(self):
            raise RuntimeError("not a word")

        __repr__ = __str__

    raise Mute


@in_fit("error", "Exits")
def raises_what_exits(X):
    """Its exception leaves when it is asked what is wrong."""

    class Exits(Exception):
        def __str__(self):
            raise SystemExit(0)

    raise Exits


@in_fit("error", "Bytes")
def raises_bytes(X):
    """Its exception answers with bytes."""

    class Bytes(Exception):
        def __str__(self):
            return b"no text"

    raise Bytes


@in_fit("error", "ValueError")
def raises_surrogate(X):
    """Its message cannot be encoded: the name of a file that is no UTF-8."""
    raise ValueError("no file b\udcff\ud800.txt")


@in_fit("error", "ValueError")
def raises_controls(X):
    """Its message has NUL, escapes of terminals and line ends of all kinds."""
    raise ValueError("\0\x1b[2J\x07\r\n\x85\u2028\u202e<script>alert(1)</script>")


@in_fit("error", "ValueError: xxx")
def raises_at_length(X):
    """Its message has 100 MB."""
    raise ValueError("x" * 100_000_000)


@in_fit("error")
def raises_by_a_long_name(X):
    """The name of its exception has a million letters and a surrogate."""
    raise type("L" + "o" * 1_000_000 + "ng\udcff", (Exception,), {})("x")


@in_fit("error", "ValueError: round")
def raises_in_a_circle(X):
    """Its cause is its context is itself."""
    first, second = ValueError("round"), ValueError("and round")
    first.__cause__, second.__cause__ = second, first
    first.__context__, second.__context__ = second, first
    raise first


@in_fit("error", "UnicodeDecodeError")
def raises_with_parts(X):
    """Raises what cannot be made from its message alone."""
    b"\xff".decode()


@expected("error", "ValueError: never", then="error")
class RaisesWhenMade:
    """Its constructor raises."""

    def __init__(self, n_components: int | None = None) -> None:
        raise ValueError("never")

    def fit(self, X):
        return self

    def transform(self, X):
        return X


@expected("error", "AttributeError", then="error")
class HasNoTransform:
    """Lacks what it must have."""

    def __init__(self, n_components: int | None = None) -> None:
        self.n_components = n_components

    def fit(self, X):
        return self


@expected("error", "TypeError", then="error")
class TakesNoArgument:
    """Its fit takes no rows."""

    def __init__(self, n_components: int | None = None) -> None:
        self.n_components = n_components

    def fit(self):
        return self

    def transform(self):
        return None


@expected("skipped", "no_such_module_anywhere", then="skipped", needs=("no_such_module_anywhere",))
class NeedsWhatIsNotThere(TakesNoArgument):
    """Needs a module that is not installed."""
