"""Methods, data sets and metrics, found as files: in the package, in ``--plugins`` folders
and in the folders of packages that declare the entry-point group ``omicsbench.plugins``."""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
import inspect
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, TypeVar

from omicsbench.errors import RegistryError, unknown
from omicsbench.metrics import METRICS, Metric
from omicsbench.plugin import DatasetInfo, MethodInfo
from omicsbench.records.ids import digest

PACKAGE = Path(__file__).parents[1]
GPUS = ("cuda", "mps")  # the first that is there is the best
_Info = TypeVar("_Info", MethodInfo, DatasetInfo, Metric)


@dataclass(frozen=True)
class Entry(Generic[_Info]):
    """A registered method, data set or metric: its metadata, what it is made with, its file."""

    info: _Info
    make: Callable[..., Any]
    path: Path

    @property
    def code_id(self) -> str:
        """Hash of the source file and of those beside it that it imports, at any remove.

        An edited method is a different method, wherever it was edited.
        """
        files = source_files(self.path)
        parts = [name.name.encode() + files[name] for name in sorted(files)]
        return hashlib.sha256(b"".join(parts)).hexdigest()[:12]


@dataclass(frozen=True)
class Registry:
    """What can be named. ``broken`` maps a file to the reason it could not be read."""

    methods: dict[str, Entry[MethodInfo]] = field(default_factory=dict)
    datasets: dict[str, Entry[DatasetInfo]] = field(default_factory=dict)
    metrics: dict[str, Entry[Metric]] = field(default_factory=dict)
    broken: dict[Path, str] = field(default_factory=dict)
    plugins: tuple[Path, ...] = ()

    def method(self, name: str) -> Entry[MethodInfo]:
        if name not in self.methods:
            raise RegistryError(self.problem("method", name))
        return self.methods[name]

    def dataset(self, name: str) -> Entry[DatasetInfo]:
        if name not in self.datasets:
            raise RegistryError(self.problem("data set", name))
        return self.datasets[name]

    def metric(self, name: str) -> Entry[Metric]:
        if name not in self.metrics:
            raise RegistryError(self.problem("metric", name))
        return self.metrics[name]

    def metric_versions(self, names: Iterable[str]) -> dict[str, str]:
        """What defines these metrics besides their names, part of what defines a run's scores.

        Those of the package at their first version are left out: their names say all.
        """
        versions = {}
        for name in names:
            entry = self.metric(name)
            if name not in METRICS:
                versions[name] = digest([entry.info.version, entry.code_id])
            elif entry.info.version != "1":
                versions[name] = entry.info.version
        return versions

    def problem(self, what: str, name: str) -> str:
        """One sentence on why there is no such ``method``, ``data set`` or ``metric``."""
        tables: dict[str, Iterable[str]] = {
            "method": sorted(self.methods),
            "data set": sorted(self.datasets),
            "metric": self.metrics,
        }
        message = unknown(what, name, list(tables[what]))
        for path, reason in self.broken.items():
            if path.stem == name:
                message = f"{path} cannot be used: {reason}."
        return message


def source_files(path: Path) -> dict[Path, bytes]:
    """A source file and those beside it that it imports, at any remove, with their content."""
    found: dict[Path, bytes] = {}
    todo = [path]
    while todo:
        file = todo.pop()
        if file not in found and file.is_file():
            found[file] = file.read_bytes()
            todo += [file.with_name(f"{name}.py") for name in _imported(found[file])]
    return found


def _imported(code: bytes) -> set[str]:
    """Last part of every module name that a source file imports; none if it cannot be read."""
    found: set[str] = set()
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return found
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found |= {(node.module or "").rpartition(".")[2], *(a.name for a in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name.rpartition(".")[2] for alias in node.names}
    return found


def discover(plugins: Sequence[Path] = ()) -> Registry:
    """Read all plug-in files. A broken file is reported, a duplicate name is an error.

    Metrics are listed in the order in which run keys hold them: the package's own as it declares
    them, then the others by name, wherever they were found.
    """
    registry = Registry(plugins=tuple(Path(p).resolve() for p in plugins))
    for folder in registry.plugins:
        if not folder.is_dir():
            raise RegistryError(f"Plug-in folder {folder} does not exist; give a folder of files.")
    registry.metrics.update(_own_metrics())
    for path, name in _files(registry.plugins):
        add_file(registry, path, name)
    own = sorted(registry.metrics.keys() - METRICS.keys())
    return replace(registry, metrics={n: registry.metrics[n] for n in [*METRICS, *own]})


def _own_metrics() -> dict[str, Entry[Metric]]:
    """The package's own."""
    return {
        metric.name: Entry(
            metric, metric.function, Path(inspect.getsourcefile(metric.function) or "")
        )
        for metric in METRICS.values()
    }


def declared_in(files: Iterable[Path]) -> Registry:
    """What these files declare, and the package's metrics. No other file is imported.

    Raises RegistryError for a file that cannot be.
    """
    registry = Registry(metrics=_own_metrics())
    packaged = dict(_packaged())
    for path in files:
        if add_file(registry, path, packaged.get(path)) is None:
            raise RegistryError(f"{path} cannot be used: {registry.broken[path]}.")
    return registry


def add_file(registry: Registry, path: Path, module_name: str | None = None) -> ModuleType | None:
    """Register what one file declares; returns the module, None if the file is broken."""
    try:
        module = _load(path, module_name)
    except (Exception, SystemExit) as error:
        registry.broken[path] = f"{type(error).__name__}: {error}"
        return None
    for value in vars(module).values():
        info = getattr(value, "info", None)
        if getattr(value, "__module__", None) != module.__name__:
            continue
        if isinstance(info, MethodInfo):
            _add(registry.methods, Entry(info, value, path))
        elif isinstance(info, DatasetInfo):
            _add(registry.datasets, Entry(info, value, path))
        elif isinstance(info, Metric):
            _add(registry.metrics, Entry(info, value, path))
    return module


def _add(table: dict[str, Entry[_Info]], entry: Entry[_Info]) -> None:
    other = table.get(entry.info.name)
    if other is not None and other.path != entry.path:
        raise RegistryError(
            f"Two files declare {entry.info.name!r}: {other.path} and {entry.path}; rename one."
        )
    if other is not None:
        raise RegistryError(f"{entry.path} declares {entry.info.name!r} twice; rename one.")
    table[entry.info.name] = entry


def _packaged() -> Iterator[tuple[Path, str]]:
    """Files of the package's own methods and data sets, with the names of their modules."""
    for package in ("omicsbench.methods", "omicsbench.datasets"):
        spec = importlib.util.find_spec(package)
        for location in (spec.submodule_search_locations or ()) if spec else ():
            for path in _python_files(Path(location)):
                yield path, f"{package}.{path.stem}"


def _files(plugins: Sequence[Path]) -> Iterator[tuple[Path, str | None]]:
    yield from _packaged()
    for folder in (*plugins, *_entry_point_folders()):
        for path in _python_files(folder):
            # Importing runs a file: a script that happens to lie there is left alone.
            if b"omicsbench" in path.read_bytes():
                yield path, None


def _python_files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.glob("*.py") if p.is_file() and not p.name.startswith("_"))


def _entry_point_folders() -> Iterator[Path]:
    for point in entry_points(group="omicsbench.plugins"):
        try:
            spec = importlib.util.find_spec(point.module)
        except ImportError:
            continue
        if spec and spec.submodule_search_locations:
            yield from (Path(folder) for folder in spec.submodule_search_locations)


def _load(path: Path, name: str | None) -> ModuleType:
    if name is not None:
        return importlib.import_module(name)
    path = path.resolve()
    # One name per file, the same in every process, so that fitted stages can be unpickled.
    name = f"omicsbench_plugin_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}_{path.stem}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def unavailable(
    info: MethodInfo | DatasetInfo, make: Callable[..., Any] | None = None
) -> str | None:
    """Why it cannot run on this machine, None if it can. Imports nothing heavy.

    What it is made with, ``make``, may know of more that it lacks, by a function ``missing()``.
    """
    for module in info.needs:
        if importlib.util.find_spec(module.partition(".")[0]) is None:
            return f"needs the module {module}, which is not installed"
    devices = info.devices if isinstance(info, MethodInfo) else ("cpu",)
    if not any(device_present(device) for device in devices):
        return f"no {' or '.join(devices)} device on this machine"
    declared = hasattr(make, "info")  # of a class by import path the name may mean anything
    lacks: Callable[[], str | None] | None = getattr(make, "missing", None) if declared else None
    return lacks() if lacks else None


def device_present(device: str) -> bool:
    """Whether the machine has such a device, as far as can be told without its libraries.

    ``$OMICSBENCH_DEVICES`` names those of the nodes to which runs are sent, such as ``cuda``.
    """
    if device in os.environ.get("OMICSBENCH_DEVICES", "").split(","):
        return True
    if device == "cuda":
        return shutil.which("nvidia-smi") is not None or Path("/dev/nvidiactl").exists()
    if device == "mps":
        return sys.platform == "darwin"
    return device == "cpu"


def best_device() -> str:
    """The GPU of this machine if torch can use it, else ``cpu``."""
    present = [device for device in GPUS if device_present(device)]
    if not present or importlib.util.find_spec("torch") is None:
        return "cpu"
    import torch

    usable = {
        "cuda": bool(torch.cuda.is_available()),
        "mps": bool(torch.backends.mps.is_available()),
    }
    return next((device for device in present if usable[device]), "cpu")
