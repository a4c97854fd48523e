"""The evidence that the package carries is that of the committed results."""

from __future__ import annotations

from pathlib import Path

import pytest

from omicsbench.advice.collect import collect
from omicsbench.advice.evidence import carried, is_evidence, outdated
from omicsbench.errors import StoreError

RESULTS = Path(__file__).parents[2] / "results"
COMMITTED = {path.name: path for path in sorted(RESULTS.iterdir()) if is_evidence(path)}
MAKE = "make it anew: python -m omicsbench.advice results/*"


def test_it_is_of_the_records_as_they_stand() -> None:
    assert outdated(carried(), COMMITTED) == [], MAKE


def test_a_record_that_changes_is_noticed(tmp_path: Path) -> None:
    other = {name: COMMITTED[name] for name in ("integrate", "million")}
    changed = tmp_path / "integrate"
    changed.mkdir()
    for path in COMMITTED["integrate"].glob("*.json*"):
        (changed / path.name).write_bytes(path.read_bytes() + b"\n")
    evidence = carried().model_copy(
        update={"sources": {name: carried().sources[name] for name in other}}
    )
    assert outdated(evidence, other) == []
    assert outdated(evidence, other | {"integrate": changed}) == ["integrate"]
    assert outdated(evidence, {"integrate": COMMITTED["integrate"]}) == ["million"]


@pytest.mark.slow
def test_made_anew_it_is_the_same() -> None:
    assert collect(list(COMMITTED.values())) == carried(), MAKE


def test_each_case_names_what_was_compared() -> None:
    for case in carried().cases:
        for size in case.sizes:
            assert size.seconds.keys() <= case.families.keys()
            named = {name for name in size.use.values() if name}
            assert named <= size.seconds.keys() | size.trained_on.keys()
        assert [size.n for size in case.sizes] == sorted(size.n for size in case.sizes)


def test_a_damaged_file_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "evidence.json"
    path.write_text('{"sources": 3}')
    with pytest.raises(StoreError, match="is damaged"):
        carried(path)
