"""The history file keeps what was added; trends tell planted changes, and no others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from histories import PIPELINES, ROOT, at, digits_runs, worsen
from omicsbench.errors import StoreError
from omicsbench.records import disk
from omicsbench.records.spec import RunRecord
from omicsbench.tracking import history
from omicsbench.tracking.history import HistoryEntry, entries, joined


@pytest.fixture(scope="module")
def real() -> list[RunRecord]:
    return digits_runs()


@pytest.fixture(scope="module")
def pool(real: list[RunRecord]) -> list[HistoryEntry]:
    """Entries of four revisions on two machines, one of them measured twice."""
    few = [r for r in real if r.spec.pipeline == "class_prior"]
    made = []
    for place in range(4):
        made += entries(at(few, place))[0]
        made += entries(at(few, place, environment={"cpu": "another"}))[0]
    (again,) = entries(worsen(at(few, 2), "class_prior", score=0.1))[0]
    return [*made, again.model_copy(update={"measured": "2026-02-01T00:00:00+00:00"})]


def test_an_entry_summarises_the_stored_runs(real: list[RunRecord]) -> None:
    (entry,), left_out = entries(at(real, 3))
    assert left_out == 0
    assert (entry.revision, entry.suite, entry.date_of) == ("000000000003", "ci", "run")
    assert len(entry.cells) == len(PIPELINES) * 2
    cell = next(c for c in entry.cells if c.pipeline == "mlp" and c.size == 50)
    runs = [r for r in real if r.spec.pipeline == "mlp" and r.spec.size == 50]
    own = [r.scores["balanced_accuracy"] for r in runs]
    assert cell.values["balanced_accuracy"].mean == pytest.approx(np.mean(own), rel=1e-5)
    assert cell.values["balanced_accuracy"].sd == pytest.approx(np.std(own, ddof=1), rel=1e-5)
    assert cell.values["balanced_accuracy"].n == len(runs) == len(cell.repeats)


def test_the_commit_of_the_repository_is_dated_and_counted(real: list[RunRecord]) -> None:
    """The stored runs name a commit of this repository."""
    (entry,), _ = entries(real, repository=ROOT)
    if history._git(ROOT, "rev-parse", "--verify", "-q", f"{entry.revision}^{{commit}}") is None:
        pytest.skip("the commit is not in this checkout")
    assert entry.date_of == "commit"
    assert entry.date < entry.measured
    whole = history._git(ROOT, "rev-parse", "--is-shallow-repository") == "false"
    assert (entry.commits is not None) == whole


def test_runs_of_no_commit_are_left_out_and_counted(real: list[RunRecord]) -> None:
    dirty = at(real[:4], 0, environment={"git": "0123456789ab-dirty"})
    unknown = at(real[4:6], 0, environment={"git": None})
    assert entries([*at(real, 1), *dirty, *unknown])[1] == 6
    with pytest.raises(StoreError, match=r"0123456789ab-dirty.*--revision"):
        entries(dirty)
    (named,), left_out = entries([*dirty, *unknown], revision="v2")
    assert (named.revision, left_out) == ("v2", 0)


def test_failures_are_counted_and_keep_their_cell(real: list[RunRecord]) -> None:
    (entry,), _ = entries(worsen(at(real, 0), "mlp", crash=True))
    (failed, *_) = [c for c in entry.cells if c.pipeline == "mlp"]
    assert failed.failed == {"crashed": 5}
    assert (failed.values, failed.repeats) == ({}, ())


def test_times_are_divided_by_the_reference_where_all_have_it(real: list[RunRecord]) -> None:
    def wall(references: list[float | None]) -> float:
        runs = [r for r in at(real, 0) if r.spec.pipeline == "mlp" and r.spec.size == 50]
        runs = [
            r.model_copy(update={"reference_s": s}) for r, s in zip(runs, references, strict=True)
        ]
        return entries(runs)[0][0].cells[0].values["wall_s"].mean

    raw = wall([None] * 5)
    assert wall([0.02] * 5) == pytest.approx(raw * history.REFERENCE_S / 0.02, rel=1e-4)
    assert wall([0.02, None, 0.02, 0.02, 0.02]) == raw


@given(data=st.data())
@settings(max_examples=50)
def test_order_and_repetition_of_adding_do_not_matter(
    pool: list[HistoryEntry], data: st.DataObject
) -> None:
    chosen = data.draw(st.lists(st.sampled_from(pool), min_size=1, max_size=20))
    whole = joined(chosen)
    one_by_one: list[HistoryEntry] = []
    for entry in data.draw(st.permutations(chosen)):
        one_by_one = joined([*one_by_one, entry])
    assert one_by_one == whole == joined([*whole, *chosen])
    assert len({e.key for e in whole}) == len(whole)
    assert [e.date for e in whole] == sorted(e.date for e in whole)


def test_the_file_reads_as_written_and_merges_by_lines(
    pool: list[HistoryEntry], tmp_path: Path
) -> None:
    ours, theirs, merged = (tmp_path / f"{name}.jsonl" for name in ("ours", "theirs", "merged"))
    history.write_entries(ours, pool[:6])
    history.write_entries(theirs, pool[3:])
    merged.write_text(theirs.read_text() + ours.read_text())  # what `merge=union` makes
    assert history.read_entries(merged) == joined(pool)
    assert len(ours.read_text().splitlines()) == 6
    # The remeasured revision replaced its line.
    assert len(history.read_entries(merged)) == len(pool) - 1


def test_a_write_that_fails_leaves_the_old_file(
    pool: list[HistoryEntry], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "h.jsonl"
    history.write_entries(path, pool[:1])
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk.os, "fsync", full)
    with pytest.raises(StoreError, match="disk is full"):
        history.write_entries(path, pool)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["h.jsonl"]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("{", "Line 2 .* delete the line"),
        ("[]", "Line 2 .* is no history entry"),
        ("<<<<<<< HEAD", "keep both sides of a merge"),
        ('{"schema_version": 99}', "schema 99"),
        ('{"schema_version": 1}', "Field required"),
    ],
)
def test_a_broken_line_is_named(
    pool: list[HistoryEntry], tmp_path: Path, line: str, sentence: str
) -> None:
    path = tmp_path / "h.jsonl"
    history.write_entries(path, pool[:1])
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(StoreError, match=sentence):
        history.read_entries(path)
