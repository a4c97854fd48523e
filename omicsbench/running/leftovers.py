"""What a method leaves in its classes and modules, put back, so that no run hands on to another.

The warm-up sees rows of the very run that follows. A class that remembers them, or a module that
keeps a fitted model, would carry that over. Data are put back, and so are estimators that belong
to a class or module; what can be called (functions, classes, compiled kernels) is what a warm-up is
for, and stays.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from omicsbench.registry.discover import source_files

MISSING = object()
SCALARS = (type(None), bool, int, float, complex, str, bytes)
LARGEST = 1 << 20  # bytes of an array that is looked after


class Leftovers:
    """The state of all that methods are made of, as it is now."""

    def __init__(self, makes: Iterable[Any]) -> None:
        """``makes`` are the methods' classes; their modules and those beside them count too."""
        self._kept = [(place, _kept(place)) for place in _places(makes)]

    def put_back(self) -> list[str]:
        """Make everything what it was; the names of what had changed."""
        changed = []
        for place, kept in self._kept:
            for name in {*vars(place), *kept}:
                if not name.startswith("__") and _put_back(place, name, kept):
                    changed.append(f"{getattr(place, '__name__', type(place).__name__)}.{name}")
        return sorted(changed)


def _places(makes: Iterable[Any]) -> Iterator[Any]:
    """Modules, the classes they define, and estimators that these or the modules hold."""
    modules = {name: None for make in makes for name in _modules(make)}
    for module in map(sys.modules.get, modules):
        yield module
        classes = [
            value
            for value in vars(module).values()
            if isinstance(value, type) and value.__module__ in modules
        ]
        yield from classes
        for holder in (module, *classes):
            for value in vars(holder).values():
                if hasattr(value, "fit") and hasattr(value, "__dict__") and not callable(value):
                    yield value


def _modules(make: Any) -> Iterator[str]:
    """Names of the module that a method comes from, and of those beside it that it imports."""
    file = getattr(sys.modules.get(make.__module__), "__file__", None)
    files = {path.resolve() for path in source_files(Path(file))} if file else set()
    yield make.__module__
    for name, module in [*sys.modules.items()]:
        path = getattr(module, "__file__", None)
        if path and Path(path).name in {f.name for f in files} and Path(path).resolve() in files:
            yield name


def _kept(place: Any) -> dict[str, tuple[Any, Any]]:
    """Each value of a place, and a copy of it where it is data."""
    return {name: (value, _copy(value)) for name, value in vars(place).items()}


def _copy(value: Any) -> Any:
    try:
        return copy.deepcopy(value) if _is_data(value) else MISSING
    except RecursionError:  # data that hold themselves
        return MISSING


def _is_data(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_is_data, (*value, *value.values())))
    if isinstance(value, list | tuple | set | frozenset):
        return all(map(_is_data, value))
    if isinstance(value, np.ndarray):
        return value.dtype.kind != "O" and value.nbytes <= LARGEST
    return isinstance(value, SCALARS)


def _put_back(place: Any, name: str, kept: dict[str, tuple[Any, Any]]) -> bool:
    """Make one value what it was; whether it had changed."""
    now = vars(place).get(name, MISSING)
    was, copied = kept.get(name, (MISSING, MISSING))
    if now is was and (copied is MISSING or _equal(was, copied)):
        return False
    if now is not was and (callable(now) or isinstance(now, ModuleType)):
        return False
    if was is MISSING:
        delattr(place, name)
        return True
    if isinstance(was, dict):  # in place: other modules may hold the very same
        code = {key: value for key, value in was.items() if callable(value)}
        was.clear()
        was.update(copy.deepcopy(copied) | code)
    elif isinstance(was, set):
        was.clear()
        was.update(copied)
    elif isinstance(was, list):
        was[:] = copy.deepcopy(copied)
    elif isinstance(was, np.ndarray) and was.flags.writeable:
        was[...] = copied
    setattr(place, name, was)
    return True


def _equal(one: Any, other: Any) -> bool:
    """Whether data are the same, bit for bit; NaN equals NaN."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        data = {key: value for key, value in one.items() if not callable(value)}
        return list(data) == list(other) and all(_equal(data[key], other[key]) for key in data)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(_equal, one, other))
    if isinstance(one, np.ndarray):
        same = one.shape == other.shape and one.dtype == other.dtype
        return bool(same and one.tobytes() == other.tobytes())
    return bool(one == other or one != one)
