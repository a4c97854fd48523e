"""From a pipeline's text to its stages: classes, metadata and stated parameters."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from omicsbench.errors import RegistryError
from omicsbench.plugin import SUPERVISED, Family, MethodInfo
from omicsbench.records.ids import digest
from omicsbench.records.spec import Contamination
from omicsbench.registry.calls import Call, call_text, parse_pipeline
from omicsbench.registry.discover import Registry
from omicsbench.registry.embeddings import NamedEmbedding, stated
from omicsbench.registry.foreign import ForeignRole, described, imported


@dataclass(frozen=True)
class Stage:
    """One method with its stated parameters."""

    text: str
    make: Any
    info: MethodInfo
    params: dict[str, Any]
    code_id: str
    path: Path | None = None  # of the file that declares it; None of an import path
    embedding: NamedEmbedding | None = None  # what it reads, where that was computed elsewhere

    def build(self, random_state: int, device: str, places: Any = None) -> Any:
        """A fresh, unfitted method; one that cannot use ``device`` works on the CPU.

        ``places`` (p,) are those of its features among the measured ones, where known.
        """
        known = self.parameters
        usable = device if device in self.info.devices else "cpu"
        extra = {"random_state": random_state, "device": usable, "places": places}
        given = {k: v for k, v in extra.items() if k in known and k not in self.params}
        return self.make(**self.params, **given)

    @cached_property
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """What it can be made with, by name: asked for each of a suite's runs."""
        return inspect.signature(self.make).parameters

    @property
    def n_components(self) -> int | None:
        """Output dimension, stated or by default; None if the method has no such parameter."""
        value = self.value("n_components")
        return value if isinstance(value, int) else None

    @property
    def is_control(self) -> bool:
        """Whether its parameters make it a control of its own family."""
        return any(self.value(name) == value for name, value in self.info.control_if)

    def value(self, name: str) -> Any:
        """A parameter's value, stated or by default; None if there is no such parameter."""
        parameter = self.parameters.get(name)
        return self.params.get(name, parameter.default if parameter else None)


@dataclass(frozen=True)
class Pipeline:
    """Stages in order; ``text`` is canonical: equal texts are equal pipelines."""

    stages: tuple[Stage, ...]

    @cached_property
    def text(self) -> str:
        return " > ".join(stage.text for stage in self.stages)

    @property
    def prefixes(self) -> tuple[str, ...]:
        """Canonical text of the first stage, of the first two, and so on."""
        texts = [stage.text for stage in self.stages]
        return tuple(" > ".join(texts[: i + 1]) for i in range(len(texts)))

    @property
    def family(self) -> Family:
        families = {stage.info.family for stage in self.stages}
        return "control" if "control" in families else "deep" if "deep" in families else "simple"

    @property
    def is_control(self) -> bool:
        return any(stage.is_control for stage in self.stages)

    @property
    def embedding(self) -> NamedEmbedding | None:
        """What its first stage reads, where that was computed elsewhere."""
        return self.stages[0].embedding

    @property
    def contamination(self) -> Contamination | None:
        """Whether what computed its embedding has seen the data; None where nothing did."""
        return self.embedding.contamination if self.embedding else None

    @property
    def task(self) -> str:
        """What it is for: to predict, if it ends so; to integrate or to be rid of batches, if any
        stage does; else to embed."""
        tasks = [stage.info.task for stage in self.stages]
        special = (task for task in ("integrate", "batch") if task in tasks)
        return tasks[-1] if tasks[-1] in SUPERVISED else next(special, "embed")

    @property
    def files(self) -> tuple[str, ...]:
        """The files that declare its methods."""
        return tuple(sorted({str(stage.path) for stage in self.stages if stage.path}))

    @property
    def invertible(self) -> bool:
        return all(stage.info.invertible for stage in self.stages)

    @property
    def sees(self) -> tuple[str, ...]:
        """Parts of whose rows it may see labels and targets: controls all, predictors train."""
        if any(stage.info.sees_labels for stage in self.stages):
            return ("train", "validation", "test")
        infos = [stage.info for stage in self.stages]
        learns = any(info.task in SUPERVISED or "labels" in info.uses for info in infos)
        return ("train",) if learns else ()

    @cached_property
    def code_id(self) -> str:
        return digest([[s.info.version, s.code_id] for s in self.stages])

    @property
    def output_dim(self) -> int | None:
        return self.stages[-1].n_components


def resolve(
    text: str,
    registry: Registry,
    n_components: int | None = None,
    families: Mapping[str, Family] | None = None,
    task: str | None = None,
) -> Pipeline:
    """Look up every stage of a pipeline and bind its parameters.

    ``n_components`` is given to stages whose parameter of that name defaults to None, and to
    import paths that have one and state none.
    ``families`` tells the family of import paths that do not declare one. ``task`` is what the
    pipeline is for: of import paths that can do more, it tells what they are to do.
    Raises RegistryError for an unknown method or parameter, and for a class by import path that
    lacks what its task needs.
    """
    known, calls = families or {}, parse_pipeline(text)
    roles: list[ForeignRole | None] = [None if task is None else "embed"] * len(calls)
    if task == "predict":
        roles[-1] = "predict"
    elif task == "regress":
        roles[-1] = "regress"
    stages = [
        _stage(call, registry, n_components, known, role)
        for call, role in zip(calls, roles, strict=True)
    ]
    _check_order(stages, text)
    return Pipeline(tuple(stages))


def _stage(
    call: Call,
    registry: Registry,
    n_components: int | None,
    families: Mapping[str, Family],
    role: ForeignRole | None,
) -> Stage:
    """One stage: its class looked up, its output dimension filled in and checked."""
    foreign = ":" in call.name
    if foreign:
        make, code_id = imported(call.name)
        params = _with_dimension(call, make, n_components)
        info, path = described(call.name, make, params, families, role), None
    else:
        entry = registry.method(call.name)
        make, info, code_id, path = entry.make, entry.info, entry.code_id, entry.path
        params = _with_dimension(call, make, n_components)
    if not foreign and "n_components" in params and not _positive(params["n_components"]):
        raise RegistryError(
            f"{call.name}: n_components={params['n_components']!r} is no number of dimensions; "
            f"write {call.name}(50)."
        )
    # `pca(50)`, as people write it, where the dimension is the first parameter.
    leading = next(iter(inspect.signature(make).parameters), None)
    first = leading == "n_components" and "n_components" in params
    text = call_text(call.name, params, int(first))
    if info.reads != "embedding":
        return Stage(text, make, info, params, code_id, path)
    info, embedding = stated(text, info, make, params)
    return Stage(text, make, info, params, code_id, path, embedding)


def _with_dimension(call: Call, make: Any, n_components: int | None) -> dict[str, Any]:
    """The stated parameters, and the number of components where that is left to the suite."""
    params = call.bind(make)
    parameter = inspect.signature(make).parameters.get("n_components")
    if parameter is None or "n_components" in params:
        return params
    if n_components is None:
        if parameter.default is None:
            raise RegistryError(f"{call.name} needs a number of components: {call.name}(50).")
        return params
    # A class by import path has a default of its own, which would not be equal terms.
    left_open = parameter.default is None or ":" in call.name
    return {"n_components": n_components, **params} if left_open else params


def _check_order(stages: Sequence[Stage], text: str) -> None:
    """Raise RegistryError for a stage that cannot stand where it stands in pipeline ``text``."""
    for place, stage in enumerate(stages):
        if stage.info.task in SUPERVISED and stage is not stages[-1]:
            raise RegistryError(f"{stage.text} gives no embedding; it can only come last.")
        if stage.info.reads != "values" and place:
            what = "counts" if stage.info.reads == "counts" else "an embedding of the data"
            raise RegistryError(f"{stage.text} reads {what}; it can only come first.")
        if stage.info.task == "integrate" and place:
            raise RegistryError(f"{stage.text} takes several modalities; it can only come first.")
    if stages[0].info.task == "integrate" and stages[-1].info.task in SUPERVISED:
        what = "classes" if stages[-1].info.task == "predict" else "numbers"
        raise RegistryError(
            f"{text.strip()}: {what} are predicted from one modality; leave one out."
        )


def _positive(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
