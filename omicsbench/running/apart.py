"""What a method's code does to its process stays with the method: the harness computes as before.

A method may turn numpy's warnings into errors, or change folder, output, or torch's types. It finds
all that again at its next call of the same run; between its calls, and in the next run, the process
is as it was. Environment and global generators, with which the harness does not compute, are set
back before each run.
"""

from __future__ import annotations

import contextlib
import os
import random
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np


def _warnings() -> tuple[Any, ...]:
    return tuple(warnings.filters), warnings.showwarning


def _set_warnings(saved: tuple[Any, ...]) -> None:
    filters, warnings.showwarning = saved
    if tuple(warnings.filters) != filters:
        warnings.resetwarnings()  # also makes Python forget what it has decided by them
        warnings.filters[:] = filters  # type: ignore[index]


def _folder() -> str | None:
    with contextlib.suppress(OSError):  # it was deleted
        return os.getcwd()  # noqa: PTH109 (a path is dear, and read at each call of a method)
    return None


def _set_folder(saved: str | None) -> None:
    if saved is not None and saved != _folder():
        os.chdir(saved)


def _streams() -> tuple[Any, Any]:
    return sys.stdout, sys.stderr


def _set_streams(saved: tuple[Any, Any]) -> None:
    sys.stdout, sys.stderr = saved


def _torch() -> tuple[Any, bool] | None:
    torch: Any = sys.modules.get("torch")
    if not hasattr(torch, "is_grad_enabled"):  # not imported, or not yet whole
        return None
    return torch.get_default_dtype(), torch.is_grad_enabled()


def _set_torch(saved: tuple[Any, bool] | None) -> None:
    """``saved`` is None if it was imported since: then it had its defaults."""
    torch: Any = sys.modules.get("torch")
    if hasattr(torch, "set_grad_enabled"):
        dtype, grad = saved or (torch.float32, True)
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(grad)


# What the harness computes with: how it is read and set.
PARTS: tuple[tuple[Callable[[], Any], Callable[[Any], object]], ...] = (
    (np.geterr, lambda saved: np.seterr(**saved)),
    (sys.getrecursionlimit, sys.setrecursionlimit),
    (_warnings, _set_warnings),
    (_folder, _set_folder),
    (_streams, _set_streams),
    (_torch, _set_torch),
)


def _state() -> list[Any]:
    return [read() for read, _ in PARTS]


def _set(state: list[Any]) -> None:
    for (_, set_), saved in zip(PARTS, state, strict=True):
        set_(saved)


class _Method:
    """How the method's code left the process; one run is done at a time."""

    state: list[Any] | None = None
    imported: list[Any] | None = None  # as the import of its files left the process
    environment: dict[str, str] | None = None  # before its first run


def new_run(seed: int) -> None:
    """Forget what the method's code did to the process in earlier runs, but not when imported.

    Generators that it does not seed itself begin at ``seed``, whatever ran before.
    """
    _Method.state = _Method.imported
    if _Method.environment is None:
        _Method.environment = dict(os.environ)
    if os.environ != _Method.environment:
        os.environ.clear()
        os.environ.update(_Method.environment)
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 (what methods may use)
    torch: Any = sys.modules.get("torch")
    if hasattr(torch, "manual_seed"):
        torch.manual_seed(seed)


@contextlib.contextmanager
def methods_code() -> Iterator[None]:
    """Around each call of a method's code, and outside of the clock.

    A process that the method forked and that comes back from the call ends here.
    """
    ours, pid = _state(), os.getpid()
    _set(_Method.state or ours)
    try:
        yield
    finally:
        if os.getpid() != pid:
            os._exit(0)
        _Method.state = _state()
        _set(ours)


@contextlib.contextmanager
def methods_import() -> Iterator[None]:
    """Around the import of a method's files, which is its code too."""
    with methods_code():
        yield
    _Method.imported = _Method.state
