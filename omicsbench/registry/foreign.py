"""Classes by import path: what they take, by scikit-learn's tags, and what they lack for a task."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from omicsbench.errors import RegistryError
from omicsbench.plugin import Family, MethodInfo
from omicsbench.records.ids import digest
from omicsbench.registry.calibrated import Calibrated, calibrated
from omicsbench.registry.calls import CALIBRATED, call_text

ForeignRole = Literal["embed", "predict", "regress"]
OTHER_INPUT = "takes other input than cells x features"
OWN_CLASS = "wrap it in a class of your own"


def imported(path: str) -> tuple[Any, str]:
    """The class of an import path, and the hash of its code. Raises RegistryError."""
    wrapped = path.startswith(CALIBRATED)
    module_name, _, name = path.removeprefix(CALIBRATED).partition(":")
    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))
    try:
        make = getattr(importlib.import_module(module_name), name)
    except Exception as error:  # whatever the module does when it is imported
        raise RegistryError(f"Cannot import {path}: {type(error).__name__}: {error}.") from error
    if not inspect.isclass(make):
        raise RegistryError(f"{path} is not a class; name a scikit-learn-style class.")
    if not _has(make, "fit"):
        raise RegistryError(f"{path} has no fit(); name a scikit-learn-style class.")
    try:
        inspect.signature(make)
    except ValueError as error:  # compiled
        raise RegistryError(f"{path} does not tell its parameters; {OWN_CLASS}.") from error
    code_id = _code_id(make)
    return (
        (calibrated(make), digest([code_id, _code_id(Calibrated)])) if wrapped else (make, code_id)
    )


def described(
    path: str,
    make: Any,
    params: Mapping[str, Any],
    families: Mapping[str, Family],
    role: ForeignRole | None,
) -> MethodInfo:
    """Metadata of an imported class with these parameters, in this role; its own if it has any.

    Without a role it is the one that it can play. Raises RegistryError, in one sentence, for what
    it lacks.
    """
    declared = getattr(make, "info", None)
    if isinstance(declared, MethodInfo):
        return declared
    wrapped = path.startswith(CALIBRATED)
    model = _made(path, make.of if wrapped else make, params)
    text, tags = call_text(path, dict(params)), _tags(model)
    regresses = role == "regress" and not wrapped
    classifies = _has(model, "predict_proba") and _kind(tags) in (None, "classifier")
    predicts = wrapped or (classifies and (role == "predict" or not _has(model, "transform")))
    lacks = _lacks_to_predict if predicts or role == "predict" else _lacks_to_embed
    lacks = _lacks_to_regress if regresses else lacks
    if problem := lacks(text, model, tags):
        raise RegistryError(f"{text} {problem}.")
    package_version = _version(path.removeprefix(CALIBRATED))
    return MethodInfo(
        name="foreign",
        family=families.get(path, "simple"),
        summary=f"{path} {package_version}".strip(),
        source=f"import path {path}",
        task="regress" if regresses else "predict" if predicts else "embed",
        version=package_version or "1",
        accepts_sparse=bool(tags and tags.input_tags.sparse),
        nonnegative=bool(tags and tags.input_tags.positive_only),
        invertible=_has(model, "inverse_transform") and not (predicts or regresses),
    )


def _made(path: str, make: Any, params: Mapping[str, Any]) -> Any:
    """One of them, to be asked what it can do: that may hang on its parameters."""
    needed = [name for name in _needed(make) if name not in params]
    if needed:
        raise RegistryError(
            f"{path} cannot be made without {_listed(needed)}: write {path}({needed[0]}=...) if "
            f"that is a number or a text, else {OWN_CLASS}."
        )
    try:
        return make(**params)
    except Exception as error:
        said = " ".join(str(error).split()).rstrip(".")
        raise RegistryError(
            f"{call_text(path, dict(params))} cannot be made ({type(error).__name__}: {said})."
        ) from error


def _lacks_to_predict(text: str, model: Any, tags: Any) -> str | None:
    wrapped = text.startswith(CALIBRATED)
    kind = _kind(tags)
    if kind not in (None, "classifier"):
        return f"is a {kind.replace('_', ' ')}, and the task predict needs a classifier"
    if not _has(model, "predict_proba"):
        if not _has(model, "decision_function"):
            scores = ", nor a decision_function() to calibrate" if wrapped or kind else ""
            return f"has no predict_proba(), which the task predict needs{scores}"
        if not wrapped:
            return (
                "has no predict_proba(), which the task predict needs; "
                f"{CALIBRATED}{text} has, by sigmoids fitted to its scores by cross-validation"
            )
    return _lacks_to_learn(model, tags, "labels", "predict")


def _lacks_to_regress(text: str, model: Any, tags: Any) -> str | None:
    kind = _kind(tags)
    if kind not in (None, "regressor"):
        return f"is a {kind.replace('_', ' ')}, and the task regress needs a regressor"
    if not _has(model, "predict"):
        return "has no predict(), which the task regress needs"
    return _lacks_to_learn(model, tags, "numbers", "regress")


def _lacks_to_learn(model: Any, tags: Any, what: str, task: str) -> str | None:
    if _other_input(tags):
        return OTHER_INPUT
    more = _beyond(model.fit, 2)
    if more:
        return f"needs {_listed(more)} in fit(), which is given X and y; {OWN_CLASS}"
    if not _takes(model.fit, 2):
        return f"takes no {what} in fit(), which the task {task} gives as y"
    return None


def _lacks_to_embed(text: str, model: Any, tags: Any) -> str | None:
    if not _has(model, "transform"):
        return "has no transform(); a method must embed cells it has not seen"
    if _other_input(tags):
        return OTHER_INPUT
    needs_y = tags and tags.target_tags.required
    more = _beyond(model.fit, 1) or (["y"] if needs_y else [])
    if more:
        return (
            f"needs {_listed(more)} in fit(), which is given X alone, as labels never reach an "
            f"embedding; {OWN_CLASS}"
        )
    more = _beyond(model.transform, 1)
    return f"needs {_listed(more)} in transform(), which is given X; {OWN_CLASS}" if more else None


def _other_input(tags: Any) -> bool:
    """Whether it takes text, labels, or what lies between two cells."""
    return bool(tags and (tags.input_tags.pairwise or not tags.input_tags.two_d_array))


def _kind(tags: Any) -> str | None:
    """What scikit-learn calls it, such as ``classifier``."""
    return tags.estimator_type if tags else None


def _has(model: Any, name: str) -> bool:
    return callable(getattr(model, name, None))


def _needed(function: Callable[..., Any]) -> list[str]:
    """Parameters that must be given."""
    return [
        p.name
        for p in inspect.signature(function).parameters.values()
        if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]


def _beyond(method: Callable[..., Any], given: int) -> list[str]:
    """Parameters that must be given besides the first ``given``; none where it cannot be told."""
    try:
        first = list(inspect.signature(method).parameters)[:given]
        return [name for name in _needed(method) if name not in first]
    except (TypeError, ValueError):
        return []


def _takes(method: Callable[..., Any], given: int) -> bool:
    try:
        inspect.signature(method).bind(*[None] * given)
    except TypeError:
        return False
    except ValueError:  # of a compiled method nothing may be known
        pass
    return True


def _listed(names: list[str]) -> str:
    return " and ".join(names)


def _tags(model: Any) -> Any:
    if not hasattr(model, "__sklearn_tags__"):
        return None
    from sklearn.utils import get_tags

    try:
        return get_tags(model)
    except Exception:  # what it is made of has none: nothing can be asked of it
        return None


def _version(path: str) -> str:
    try:
        return version(path.partition(":")[0].partition(".")[0])
    except PackageNotFoundError:
        return ""


def _code_id(make: Any) -> str:
    try:
        file = inspect.getsourcefile(make)
    except TypeError:  # compiled
        file = None
    return digest(Path(file).read_text(encoding="utf-8")) if file else "built-in"
