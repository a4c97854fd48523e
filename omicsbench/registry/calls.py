"""The language in which a contestant is named: ``pca(50) > tsne(perplexity=30)``.

A stage is a call: a registered name or an import path (``package.module:Class``), with
literal arguments. Data sets are named by the same kind of call: ``linear_control(n=3000)``.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from omicsbench.errors import RegistryError

CALIBRATED = "calibrated:"  # before an import path: its scores become probabilities
_CALL = re.compile(
    r"\s*(?P<name>(?:calibrated:(?=[^(]*:))?[A-Za-z_][\w.]*(?::[A-Za-z_]\w*)?)\s*(?P<args>\(.*\))?\s*",
    re.DOTALL,
)


@dataclass(frozen=True)
class Call:
    """A name with literal arguments, as the user wrote it."""

    name: str
    args: tuple[Any, ...] = ()
    kwargs: tuple[tuple[str, Any], ...] = ()

    def bind(self, function: Callable[..., Any]) -> dict[str, Any]:
        """Stated arguments by parameter name, in the order of ``function``'s signature.

        Raises RegistryError on an unknown, repeated or surplus argument.
        """
        parameters = {
            name: p
            for name, p in inspect.signature(function).parameters.items()
            if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
        }
        # A scikit-learn class may take its parameters by keyword only (PCA does not,
        # others do); the n-th stated value still means the n-th parameter.
        names = list(parameters)
        if len(self.args) > len(names):
            raise RegistryError(
                f"{self.name} takes at most {len(names)} arguments, {len(self.args)} given."
            )
        stated = dict(zip(names, self.args, strict=False))
        for key, value in self.kwargs:
            if key not in parameters:
                known = ", ".join(names) or "none"
                raise RegistryError(f"{self.name} has no parameter {key!r}; it has: {known}.")
            if key in stated:
                raise RegistryError(f"{self.name}: parameter {key!r} is given twice.")
            stated[key] = value
        return {name: stated[name] for name in names if name in stated}


def call_text(name: str, params: dict[str, Any], positional: int = 0) -> str:
    """Canonical text of a call: ``name(1, b='x')``, or the bare name without parameters.

    The first ``positional`` of the parameters are written without their names.
    """
    texts = [repr(v) if i < positional else f"{k}={v!r}" for i, (k, v) in enumerate(params.items())]
    return f"{name}({', '.join(texts)})" if texts else name


def parse_call(text: str) -> Call:
    """Read one call. Raises RegistryError if it is not of the form ``name(literals)``."""
    match = _CALL.fullmatch(text)
    if not match:
        raise RegistryError(f"Cannot read {text.strip()!r}: write a name or name(parameter=value).")
    try:
        node = ast.parse(f"f{match['args'] or '()'}", mode="eval").body
        if not isinstance(node, ast.Call):
            raise ValueError("not a call")
        args = tuple(ast.literal_eval(a) for a in node.args)
        if any(keyword.arg is None for keyword in node.keywords):
            raise ValueError("no unpacking")
        kwargs = tuple((str(k.arg), ast.literal_eval(k.value)) for k in node.keywords)
        for value in (*args, *dict(kwargs).values()):
            ast.literal_eval(repr(value))  # 1e999 is no literal once it is read
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError) as error:
        raise RegistryError(
            f"Cannot read the arguments of {text.strip()!r}: use literal values, "
            "for example pca(50) or autoencoder(depth=8)."
        ) from error
    return Call(match["name"], args, kwargs)


def parse_pipeline(text: str) -> tuple[Call, ...]:
    """Read ``stage > stage > ...``. A ``>`` inside quotes or parentheses is not a separator."""
    parts, depth, quote, current = [], 0, "", ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        else:
            depth += (character in "([{") - (character in ")]}")
        if character == ">" and not quote and depth == 0:
            parts.append(current)
            current = ""
        else:
            current += character
    parts.append(current)
    if not all(part.strip() for part in parts):
        raise RegistryError(f"Pipeline {text!r} has an empty stage; write a > b.")
    return tuple(parse_call(part) for part in parts)
