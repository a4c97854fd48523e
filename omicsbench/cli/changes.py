"""From options of `run` to the entries of a suite that they replace."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from omicsbench.errors import OmicsbenchError, unknown
from omicsbench.planning.suite import DatasetChoice, Suite
from omicsbench.records import reading

WORD = re.compile(r"[\w.:/-]+")  # a value that may stand without the quotes of TOML
NUMBER = re.compile(r"[0-9]{1,12}")


def suite_changes(
    suite: Suite,
    *,
    settings: Sequence[str],
    sizes: str | None,
    metrics: str | None,
    datasets: Sequence[str] | None,
    own_data: bool,
    **plain: Any,
) -> dict[str, Any]:
    """Entries of the suite that are to be replaced; an option goes before a setting.

    ``plain`` are entries under their own names, None where the option was not used.
    Raises OmicsbenchError for an option that cannot be read and a setting of no entry.
    """
    made = stated(settings, suite)
    made |= {name: value for name, value in plain.items() if value is not None}
    if sizes:
        parts = [part.strip() for part in sizes.split(",")]
        if any(part != "all" and not NUMBER.fullmatch(part) for part in parts):
            raise OmicsbenchError(f"--sizes {sizes}: write numbers and all, such as 50,200,all.")
        made["sizes"] = [part if part == "all" else int(part) for part in parts]
    if metrics:
        made["metrics"] = [name.strip() for name in metrics.split(",")]
    if (sizes or datasets) and not own_data:  # sizes of the option hold for every data set
        chosen = [c for name in datasets or () for c in _named(name, suite)] or suite.datasets
        made["datasets"] = [c.model_dump(exclude={"sizes"}, exclude_none=True) for c in chosen]
    return made


def _named(name: str, suite: Suite) -> Sequence[DatasetChoice]:
    """A data set that the suite names stays as it has it: its split, what is held out."""
    own = [choice for choice in suite.datasets if choice.name == name]
    return own or [DatasetChoice(name=name)]


def stated(settings: Sequence[str], suite: Suite) -> dict[str, Any]:
    """Entries from texts ``KEY=VALUE``; entries of a table join those that the suite states.

    VALUE is written as in TOML, where a word needs no quotes; a key of a table is written with a
    dot: ``tune.trials=30``. Raises OmicsbenchError for what is no entry of a suite.
    """
    made: dict[str, Any] = {}
    for text in settings:
        for key, value in _read(text).items():
            if key not in Suite.model_fields:
                raise OmicsbenchError(
                    f"--set {text}: {unknown('parameter', key, list(Suite.model_fields))}"
                )
            made[key] = _joined(made.get(key), value)
    tables = suite.model_dump(exclude_unset=True)
    return {key: _joined(tables.get(key), value) for key, value in made.items()}


def _read(text: str) -> dict[str, Any]:
    key, _, value = (part.strip() for part in text.partition("="))
    for written in (value, json.dumps(value) if WORD.fullmatch(value) else value):
        try:
            return reading.from_toml(f"{key} = {written}".encode(errors="backslashreplace"))
        except ValueError:
            continue
    raise OmicsbenchError(
        f"--set {text}: write KEY=VALUE, the value as in TOML, such as features=1000 or "
        "tune.trials=30."
    )


def _joined(old: Any, new: Any) -> Any:
    """Tables entry by entry; of anything else the new value."""
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return new
    return {**old, **{key: _joined(old.get(key), value) for key, value in new.items()}}
