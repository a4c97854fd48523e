"""Where a data set comes from: the registry or the user's own file, checked when loaded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from functools import cached_property, partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from omicsbench.errors import DataError, OmicsbenchError, RegistryError
from omicsbench.inputs.cells import Cells
from omicsbench.inputs.content import cells_digest
from omicsbench.inputs.fetch import fetch, known_sha256
from omicsbench.plugin import DatasetInfo, Values
from omicsbench.reading.formats import content_digest, file_digest, format_of
from omicsbench.reading.modalities import modality_values, read_modalities
from omicsbench.reading.obsm import obsm_of, read_obsm
from omicsbench.reading.own import READING_VERSION, OwnData
from omicsbench.reading.pairing import pair
from omicsbench.reading.readers import read
from omicsbench.records.environment import distributions
from omicsbench.records.facts import OWN_DATA
from omicsbench.registry.calls import call_text, parse_call
from omicsbench.registry.discover import Entry, Registry, unavailable
from omicsbench.stream import CellStream
from omicsbench.validation.account import line
from omicsbench.validation.check import check

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

HOLD_OUT_VERSION = 1  # raise it when something else is held out, or drawn otherwise
NO_SETTINGS = ("path", "held", "name")  # what does not change how data are read


@dataclass(frozen=True)
class Source:
    """A data set that can be prepared.

    Attributes
    ----------
    name : canonical text, as in records.
    title : its name in the line that says what was read.
    identify : gives a JSON-able value that changes whenever the data may change; brings files
        that have to be downloaded, as their checksums are part of it.
    describe : what records tell of the data set.
    scale : features are brought to unit variance.
    obsm : gives names of cells, and an entry of ``.obsm`` by its key. Raises DataError.
    in_memory : they are no file and not registered, so that ``identify`` is not of ``.obsm``.
    several : there are several modalities: ``cells`` is a dict of them, in their order.
    held_out : a class of which no cell is trained on; part of the name and of the identity.
    grouped : no unit is both trained and tested on; part of the name and of the identity.
    hold_out : molecules and features are held out of all methods; of name and identity too.
    """

    name: str
    title: str
    identify: Callable[[], Any]
    describe: dict[str, Any]
    scale: bool
    load: Callable[[], Cells | Mapping[str, Cells]]
    obsm: Callable[[str], tuple[pd.Index[str], Any]]
    in_memory: bool = False
    several: bool = False
    held_out: str | None = None
    grouped: bool = False
    hold_out: bool = False

    @property
    def slug(self) -> str:
        """The name as part of a file name."""
        return re.sub(r"[^A-Za-z0-9_.-]+", "_", self.name).strip("_")[:60] or "data"

    @cached_property
    def identity(self) -> Any:
        """What ``identify`` gives. Raises DataError if a file cannot be had."""
        known = self.identify()
        known = known if self.held_out is None else [known, "held out", self.held_out]
        known = [known, "hold-out", HOLD_OUT_VERSION] if self.hold_out else known
        return [known, "new units", self.describe["unit"]] if self.grouped else known

    @property
    def shape(self) -> tuple[int, int]:
        """Cells, before empty ones are left out, and features of all modalities."""
        cells = self.cells
        shapes = [c.shape for c in (cells.values() if isinstance(cells, Mapping) else [cells])]
        return shapes[0][0], sum(features for _, features in shapes)

    def without(self, held_out: str) -> Source:
        """The same data set, with one class held out of training."""
        name = f"{self.name} (held out: {held_out})"
        return replace(self, name=name, held_out=held_out)

    def holding_out(self) -> Source:
        """The same data set, with molecules and features held out of all methods."""
        return replace(self, name=f"{self.name} (hold-out)", hold_out=True)

    def of_new_units(self) -> Source:
        """The same data set, tested on units (donors, families) of which no cell is trained on.

        Raises RegistryError for a data set that states no unit.
        """
        unit = self.describe["unit"]
        if unit is None:
            raise RegistryError(
                f"{self.name} names no unit to split by; state its column, such as donor, by unit."
            )
        return replace(self, name=f"{self.name} (new {unit})", grouped=True)

    @cached_property
    def cells(self) -> Cells | Mapping[str, Cells]:
        """The data, loaded once and checked. Raises DataError if they cannot be used."""
        return self.load()

    @property
    def line(self) -> str:
        """What was read, in one line; loads the data."""
        cells = self.cells
        told = cells if isinstance(cells, Mapping) else {"": cells}
        described = self.describe | {
            "title": self.title,
            "held_out": self.held_out,
            "grouped": self.grouped,
            "hold_out": self.hold_out,
        }
        return line(described, {name: own.account for name, own in told.items()})


def registered(text: str, registry: Registry, unit: str | None = None) -> Source:
    """The source of a registered data set, named by a call such as ``linear_control(n=500)``.

    ``unit`` is one of its groups, to be its unit. Raises RegistryError if it is none of them.
    """
    call = parse_call(text)
    entry = registry.dataset(call.name)
    info = entry.info
    reason = unavailable(info)
    if reason:
        raise DataError(f"Data set {info.name} {reason}.")
    groups = [name for name in (info.unit, *info.groups) if name]
    if unit is not None and unit not in groups:
        named = f"its groups are {', '.join(groups)}" if groups else "it names no groups"
        raise RegistryError(f"{info.name} has no unit {unit!r}: {named}.")
    unit = unit or info.unit
    found = _Registered(text.strip(), entry, call.bind(entry.make), unit)
    name = call_text(info.name, found.params)
    return Source(
        name=name,
        title=name,
        identify=found.identify,
        describe={
            "name": info.name,
            "summary": info.summary,
            "source": info.source,
            "licence": info.licence,
            "kind": info.kind,
            "omics": info.omics,
            "label": info.label,
            "provenance": info.provenance,
            "unit": unit,
            "batch": info.batch,
            "target": info.target,
        },
        scale=info.scale,
        load=found.load,
        obsm=lambda key: obsm_of(found.loaded(), key, f"Data set {name}"),
        several=bool(info.modalities),
    )


@dataclass(frozen=True)
class _Registered:
    """A registered data set with its stated parameters, called ``name`` in what is said of it."""

    name: str
    entry: Entry[DatasetInfo]
    params: dict[str, Any]
    unit: str | None

    def identify(self) -> list[Any]:
        """What changes whenever the data may change; downloads what they are read from.

        Ids of stored runs are hashes of this list, so that a part which came later is in it only
        where a data set has it.
        """
        info = self.entry.info
        folder = self.entry.path.parent / "data"
        for remote in info.remote:
            fetch(remote)
        later: list[Any] = [
            self.unit,
            dict(info.modalities),
            [known_sha256(remote) for remote in info.remote],
            ["batch", info.batch] if info.batch else None,
            ["target", info.target] if info.target else None,
        ]
        return [
            info.name,
            self.params,
            info.version,
            self.entry.code_id,
            info.label,
            info.values,
            info.scale,
            [file_digest(folder / name) for name in info.files],
            [_version(module) for module in info.needs],
            *filter(None, later),
        ]

    def load(self) -> Cells | Mapping[str, Cells]:
        """The cells, checked. Raises DataError, naming the data set."""
        from anndata import AnnData

        info, loaded = self.entry.info, self.loaded()
        if info.modalities:
            modalities = dict(info.modalities)
            of_cells = (info.label, self.unit, info.batch, False)
            made = _checked_modalities(loaded, *of_cells, modalities, self.name)
            return {name: self._known(cells, loaded[name]) for name, cells in made.items()}
        beside = self.unit or info.batch or info.target
        if isinstance(loaded, CellStream) and beside:
            raise DataError(
                f"{self.name}: units, batches and targets are known of data held in memory only; "
                "declare none."
            )
        if isinstance(loaded, CellStream) and info.values:
            return Cells.streamed(loaded, info.values, self.name)
        if not isinstance(loaded, AnnData):
            kind = f"{type(loaded).__name__}, not an AnnData"
            raise DataError(f"{self.name} cannot be loaded: its loader gave {kind}.")
        try:
            columns = info.label, info.values, self.unit, False, info.batch, info.target
            return self._known(Cells.held(check(loaded, *columns)), loaded)
        except DataError as error:
            raise DataError(f"Data set {self.name}: {error}") from error

    def _known(self, cells: Cells, loaded: AnnData) -> Cells:
        """The cells with what is known of them where they are simulated."""
        return cells.simulated(loaded) if self.entry.info.kind == "simulated" else cells

    def loaded(self) -> Any:
        """What the loader returns."""
        try:
            return self.entry.make(**self.params)
        except OmicsbenchError:
            raise
        except (Exception, SystemExit) as error:  # a loader is anybody's code
            reason = f"{type(error).__name__}: {error}"
            raise DataError(f"{self.name} cannot be loaded: {reason}.") from error


def own(data: OwnData, several: bool = False) -> Source:
    """The source of a user's own file, of all its modalities where ``several``.

    Raises DataError if there is no such file.
    """
    path = data.path
    kind = None if data.held is not None else format_of(path)

    def load() -> Cells | Mapping[str, Cells]:
        if several:
            modalities = read_modalities(data)
            values = {m: modality_values(m, own) or data.values for m, own in modalities.items()}
            of_cells = (data.label, data.unit, data.batch, data.keep_na)
            return _checked_modalities(modalities, *of_cells, values, path.name)
        with _enough_memory(data.title):
            columns = data.label, data.values, data.unit, data.keep_na, data.batch, data.target
            return Cells.held(check(read(data), *columns))

    def identify() -> list[Any]:
        """What changes whenever the cells may be read otherwise."""
        if data.held is not None:
            with _enough_memory(data.title):
                return ["cells", cells_digest(read(data), data), settings]
        return ["file", content_digest(path, kind), settings]

    told = {f.name: getattr(data, f.name) for f in fields(data) if f.name not in NO_SETTINGS}
    settings = [READING_VERSION, told, several]
    return Source(
        name=data.called,
        title=data.title,
        identify=identify,
        describe={
            "name": data.title,
            "summary": OWN_DATA,
            "source": data.title,
            "licence": "",
            "kind": "real",
            "omics": True,
            "label": data.label,
            "provenance": data.provenance if data.label else None,
            "unit": data.unit,
            "batch": data.batch,
            "target": data.target,
        },
        scale=data.scale,
        load=load,
        obsm=partial(read_obsm, data),
        in_memory=data.held is not None,
        several=several,
    )


@contextmanager
def _enough_memory(title: str) -> Iterator[None]:
    try:
        yield
    except MemoryError as error:
        raise DataError(f"{title} does not fit in memory: give fewer cells or features.") from error


def _checked_modalities(
    loaded: Any,
    label: str | None,
    unit: str | None,
    batch: str | None,
    keep_na: bool,
    values: Mapping[str, Values | None],
    name: str,
) -> dict[str, Cells]:
    """Each modality checked, with the same cells in the same order."""
    found = getattr(loaded, "mod", loaded)  # a MuData holds them so
    if not isinstance(found, Mapping) or set(found) != set(values):
        raise DataError(f"{name}: expected the modalities {', '.join(values)}, by name.")
    made = {}
    for modality, adata in pair({m: found[m] for m in values}, label, unit, batch=batch).items():
        try:
            checked = check(adata, label, values[modality], unit, keep_na, batch)
            made[modality] = Cells.held(checked)
        except DataError as error:
            raise DataError(f"{name}, modality {modality}: {error}") from error
    return made


def _version(module: str) -> str:
    """Versions of the distributions that carry a module: a new release may carry other data."""
    return " ".join(version(name) for name in distributions().get(module.partition(".")[0], ()))
