"""The protocol as it was fixed before the runs: frozen.json, beside the records.

A suite and the rules by which it is judged, hashed. Committed before the runs, it lets anybody see
that neither was chosen by what came out; a report says in what the results deviate from it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from omicsbench._version import __version__
from omicsbench.errors import StoreError
from omicsbench.records import disk, reading
from omicsbench.records.facts import Moment
from omicsbench.records.ids import digest
from omicsbench.records.planned import Plan
from omicsbench.records.spec import RunRecord

FROZEN_FILE = "frozen.json"


class FrozenProtocol(BaseModel):
    """What was fixed: the suite with its analysis, contestants by the hash of their code, rules."""

    model_config = ConfigDict(frozen=True)

    at: Moment
    omicsbench: str = __version__
    suite: dict[str, Any]
    pipelines: dict[str, str]
    rules: dict[str, Any]
    hash: str = ""

    @property
    def own_hash(self) -> str:
        """16 hex digits of everything but the hash itself."""
        return digest(self.model_dump(mode="json", exclude={"hash"}))


def write_frozen(folder: Path, frozen: FrozenProtocol) -> FrozenProtocol:
    """Keep the protocol beside the records. Raises StoreError where one was frozen before."""
    path = folder / FROZEN_FILE
    if reading.is_file(path):
        raise StoreError(
            f"{path} is there already: a protocol is frozen once. Results of another protocol need "
            "a folder of their own."
        )
    sealed = frozen.model_copy(update={"hash": frozen.own_hash})
    text = json.dumps(sealed.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    disk.put(path, text.encode(errors="replace"))
    return sealed


def read_frozen(folder: Path) -> FrozenProtocol | None:
    """The frozen protocol, None without one. Raises StoreError for a file that holds none."""
    path = folder / FROZEN_FILE
    return reading.typed(FrozenProtocol, path, _damaged) if reading.is_file(path) else None


def _damaged(path: Path, problem: str) -> StoreError:
    return StoreError(f"{path} is damaged ({problem}); restore it from where it was committed.")


def deviations(
    frozen: FrozenProtocol, plan: Plan, records: Sequence[RunRecord], rules: Mapping[str, Any]
) -> list[str]:
    """In what the stored results differ from the frozen protocol, a phrase each."""
    said = []
    if frozen.hash != frozen.own_hash:
        said.append("the frozen file itself was edited after it was frozen")
    said += _changed("of the suite", frozen.suite, plan.suite)
    said += _changed("of the rules", frozen.rules, rules)
    early = sum(bool(r.started_at) and r.started_at < frozen.at for r in records)
    if early:
        said.append(f"{early:,} runs were started before it was frozen")
    ids: dict[str, set[str]] = {}
    for r in records:
        ids.setdefault(r.spec.pipeline, set()).add(r.spec.pipeline_id)
    for name, known in sorted(ids.items()):
        if name not in frozen.pipelines:
            said.append(f"{name} was no contestant")
        elif known != {frozen.pipelines[name]}:
            said.append(f"the code of {name} was changed")
    return said


def _changed(what: str, then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    names = sorted(n for n in then.keys() | now.keys() if then.get(n) != now.get(n))
    return [f"{name} {what} was changed" for name in names]
