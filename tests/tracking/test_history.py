"""The history file keeps what was added; trends tell planted changes, and no others."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omicsbench.cli.main import app, main
from omicsbench.errors import StoreError
from omicsbench.records import disk, store
from omicsbench.records.spec import RunRecord, Status
from omicsbench.reporting.history_page import write_history
from omicsbench.stats.change_points import changes
from omicsbench.tracking import history
from omicsbench.tracking.history import HistoryEntry, entries, joined
from omicsbench.tracking.trends import Finding, Trends, trends

ROOT = Path(__file__).parents[2]
PIPELINES = ("class_prior", "logistic_regression", "mlp")
REVISIONS = 16
Visit = Callable[[Path, int], tuple[Any, list[str]]]


@pytest.fixture(scope="module")
def real() -> list[RunRecord]:
    """Stored runs of three pipelines on one data set: two sizes, five repeats."""
    found = [
        r
        for r in store.read_records(ROOT / "results" / "predict")
        if r.spec.dataset == "digits" and r.spec.pipeline in PIPELINES
    ]
    sizes = sorted({r.spec.size for r in found})[:2]
    return [r for r in found if r.spec.size in sizes]


def at(records: list[RunRecord], place: int, seed: int = 0, **changes: Any) -> list[RunRecord]:
    """The runs as they would be at another revision: named, dated, as noisy as a quiet machine."""
    rng = np.random.default_rng([seed, place])
    made = []
    for r in records:
        pace = float(rng.lognormal(0, 0.03))
        environment = r.environment.model_copy(
            update={"git": f"{place:012x}"} | changes.get("environment", {})
        )
        made.append(
            r.model_copy(
                update={
                    "environment": environment,
                    "suite": changes.get("suite", "ci"),
                    "started_at": f"2026-01-{place + 1:02d}T00:00:00+00:00",
                    "phases": r.phases.model_copy(update={"fit_s": r.phases.fit_s * pace + 0.05}),
                    "peak_rss_bytes": int((r.peak_rss_bytes or 0) * rng.normal(1, 0.002)),
                }
            )
        )
    return made


def worsen(
    records: list[RunRecord],
    pipeline: str,
    *,
    score: float = 0.0,
    memory: float = 1.0,
    time: float = 1.0,
    crash: bool = False,
) -> list[RunRecord]:
    """The runs with one pipeline made worse."""
    made = []
    for r in records:
        if r.spec.pipeline != pipeline:
            made.append(r)
            continue
        phases = r.phases.model_copy(
            update={"fit_s": r.phases.fit_s * time, "transform_s": r.phases.transform_s * time}
        )
        scores = {k: v - score if "accuracy" in k else v for k, v in r.scores.items()}
        update: dict[str, Any] = {
            "scores": scores,
            "phases": phases,
            "peak_rss_bytes": int((r.peak_rss_bytes or 0) * memory),
        }
        if crash:
            update |= {"status": Status.CRASHED, "reason": "killed by signal 11", "scores": {}}
        made.append(r.model_copy(update=update))
    return made


def grown(real: list[RunRecord], since: int, pipeline: str = "mlp", **worse: Any) -> Trends:
    """A history of revisions, made worse from one of them on."""
    made = []
    for place in range(REVISIONS):
        records = at(real, place)
        made += entries(worsen(records, pipeline, **worse) if place >= since else records)[0]
    return trends(joined(made))


def seen(found: Trends, quantity: str, kind: str = "step") -> list[Finding]:
    return [f for f in found.findings if f.quantity == quantity and f.kind == kind]


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


def test_nothing_changed_nothing_found(real: list[RunRecord]) -> None:
    assert grown(real, REVISIONS).findings == ()


@pytest.mark.parametrize(
    ("quantity", "worse", "size", "since"),
    [
        ("balanced_accuracy", {"score": 0.03}, -0.03, REVISIONS - 1),
        ("peak_rss_bytes", {"memory": 1.3}, 0.3, REVISIONS - 1),
        ("wall_s", {"time": 1.5}, 0.5, REVISIONS - 4),
    ],
)
def test_a_planted_step_is_found_with_its_range(
    real: list[RunRecord], quantity: str, worse: dict[str, Any], size: float, since: int
) -> None:
    found = grown(real, since, **worse)
    steps = seen(found, quantity)
    assert {(f.where[2], f.where[3]) for f in steps} == {("mlp", 50), ("mlp", 300)}
    for f in steps:
        assert (f.before, f.after, f.worse) == (since - 1, since, True)
        assert f.size == pytest.approx(size, abs=0.05)
        assert f.low <= f.size <= f.high
    assert all(f.where[2] == "mlp" for f in found.findings)


def test_an_improvement_is_told_as_one_and_comes_last(real: list[RunRecord]) -> None:
    found = grown(real, 8, memory=0.7)
    steps = seen(found, "peak_rss_bytes")
    assert len(steps) == 2
    assert not any(f.worse for f in steps)
    assert [f.worse for f in found.findings] == sorted((f.worse for f in found.findings), key=bool)


def test_failures_and_their_end_are_told(real: list[RunRecord]) -> None:
    crashed = [f for f in grown(real, 9, crash=True).findings if f.kind == "failing"]
    assert {(f.before, f.after, f.worse) for f in crashed} == {(8, 9, True)}
    assert {f.detail for f in crashed} == {"all ok, then 5 crashed"}
    made = [entries(worsen(at(real, i), "mlp", crash=i < 3))[0][0] for i in range(6)]
    mended = [f for f in trends(made).findings if f.kind == "failing"]
    assert {(f.before, f.after, f.worse) for f in mended} == {(2, 3, False)}


def test_a_repeat_that_fails_moves_no_mean(real: list[RunRecord]) -> None:
    """The mean of the other repeats is another number, and is not compared."""
    made = []
    for place in range(6):
        runs = at(real, place)
        if place == 5:
            runs = [
                r.model_copy(update={"status": Status.TIMEOUT, "scores": {}})
                if r.spec.repeat == 0
                else r
                for r in runs
            ]
        made += entries(runs)[0]
    found = trends(made).findings
    assert {f.kind for f in found} == {"failing"}
    assert {f.detail for f in found} == {"all ok, then 1 timeout"}


def test_what_vanishes_is_missing(real: list[RunRecord]) -> None:
    few = [r for r in real if r.spec.pipeline != "mlp"]
    made = [entries(at(few if place >= 2 else real, place))[0][0] for place in range(4)]
    gone = trends(made).findings
    assert {(f.kind, f.where[2], f.before, f.after) for f in gone} == {("missing", "mlp", 1, 2)}
    # Another suite that never had it is not to blame.
    made = [entries(at(few, i, suite="short") if i == 3 else at(real, i))[0][0] for i in range(4)]
    assert trends(made).findings == ()


def test_machines_are_never_joined_but_for_scores(real: list[RunRecord]) -> None:
    """A machine that is half as fast and hungrier is another machine, not a regression."""
    made = []
    for place in range(REVISIONS):
        other = place % 2
        runs = at(real, place, environment={"cpu": "slow"} if other else {})
        if other:
            for pipeline in PIPELINES:
                runs = worsen(runs, pipeline, time=2, memory=2)
        made += entries(runs)[0]
    found = trends(joined(made))
    assert found.findings == ()
    assert len(found.machines) == 2
    for s in found.series:
        costs = s.quantity in ("wall_s", "cpu_s", "peak_rss_bytes")
        assert bool(s.machine) == costs
        assert len(s.points) == (REVISIONS / 2 if costs else REVISIONS)


def test_other_data_begin_a_new_series(real: list[RunRecord]) -> None:
    made = []
    for place in range(6):
        runs = at(real, place)
        if place >= 3:
            for pipeline in PIPELINES:
                runs = worsen(runs, pipeline, score=0.2)
            runs = [
                r.model_copy(update={"spec": r.spec.model_copy(update={"dataset_id": "new"})})
                for r in runs
            ]
        made += entries(runs)[0]
    found = trends(made)
    assert found.findings == ()
    assert all({p.group for p in s.points} == {0, 1} for s in found.series)


def test_changed_libraries_are_named_beside_a_change(real: list[RunRecord]) -> None:
    made = []
    for place in range(6):
        runs = worsen(at(real, place), "mlp", score=0.05 if place >= 4 else 0)
        environment = runs[0].environment
        packages = environment.packages | ({"numpy": "99"} if place >= 4 else {})
        environment = environment.model_copy(update={"packages": packages})
        runs = [
            r.model_copy(
                update={"environment": r.environment.model_copy(update={"packages": packages})}
            )
            for r in runs
        ]
        made += entries(runs)[0]
    found = trends(made)
    assert found.findings
    assert all(f.libraries[0].endswith("→ 99") for f in found.findings)
    assert list(found.libraries[found.machines[0].id]) == [4]


# The search for changes, by itself


def test_a_slow_drift_is_noticed_that_no_two_neighbours_show() -> None:
    rng = np.random.default_rng(0)
    y = np.linspace(0, np.log(1.4), 40) + rng.normal(0, 0.04, 40)
    assert np.abs(np.diff(y)).max() < 0.2
    (drift,) = [c for c in changes(y, np.log(1.1)) if c.kind == "drift"]
    assert drift.low > np.log(1.1)
    exact = np.repeat(np.arange(8) * 0.004, 3)
    (drift,) = changes(exact, 0.01)
    assert (drift.kind, drift.before, drift.after) == ("drift", 2, 21)


def test_the_best_level_counts_not_the_first() -> None:
    """Better once, then worse again: the last is as the first, and still a loss."""
    steps = [0.5] * 5 + [0.505] * 2 + [0.513] * 5 + [0.507] * 3 + [0.5] * 5
    (drift,) = changes(steps, 0.01, best=1)
    assert (drift.kind, drift.before, drift.size) == ("drift", 11, pytest.approx(-0.013))


@given(
    level=st.floats(-5, 5), n=st.integers(2, 60), rise=st.floats(0.05, 3), cut=st.integers(1, 58)
)
def test_without_noise_exactly_the_step_is_found(
    level: float, n: int, rise: float, cut: int
) -> None:
    y = np.full(n, level)
    assert changes(y, 0.02) == []
    if 0 < cut < n and not cut == n - cut == 1:
        y[cut:] += rise
        (step,) = changes(y, 0.02)
        assert (step.kind, step.before, step.after) == ("step", cut - 1, cut)
        assert step.size == pytest.approx(rise)


@given(values=st.lists(st.floats(-10, 10), max_size=40), shift=st.floats(-3, 3))
def test_changes_depend_on_no_shift_and_lie_in_the_series(
    values: list[float], shift: float
) -> None:
    found = changes(np.round(values, 3), 0.1)
    for c in found:
        assert 0 <= c.before < c.after < len(values)
        assert abs(c.size) > 0.1
        assert c.low <= c.size <= c.high
    moved = changes(np.round(np.asarray(values) + round(shift, 3), 3), 0.1)
    assert [(c.kind, c.after) for c in moved] == [(c.kind, c.after) for c in found]


@pytest.fixture(scope="module")
def calibration() -> ModuleType:
    path = ROOT / "tests" / "experiments" / "history_calibration.py"
    spec = importlib.util.spec_from_file_location("history_calibration", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_false_alarms_are_rare(calibration: ModuleType) -> None:
    for kind in calibration.NOISES:
        rng = np.random.default_rng(7)
        rates = [
            calibration.false_alarms(calibration.omicsbench, rng, kind, n, 0.1, 100)
            for n in (10, 30, 100)
        ]
        assert np.mean(rates) <= 0.05, kind


def test_what_the_documents_promise_is_found(calibration: ModuleType) -> None:
    find = calibration.omicsbench
    rng = np.random.default_rng(8)
    assert calibration.found(find, rng, 0.2, 0.0, 30, 1, 20) == 1
    assert calibration.found(find, rng, 0.2, 0.02, 30, 3, 50) >= 0.95
    assert calibration.found(find, rng, 0.5, 0.1, 30, 5, 50) >= 0.95
    assert calibration.noticed(find, rng, 0.3, 0.05, 50) >= 0.95


# The command


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def call(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["omicsbench", "history", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return call


def stored(folder: Path, records: list[RunRecord]) -> Path:
    store.open_folder(folder)
    for r in records:
        store.write_record(folder, r)
    return folder


def test_the_command_adds_tells_and_draws(
    command: Any, real: list[RunRecord], tmp_path: Path
) -> None:
    real = [r for r in real if r.spec.size == 50 and r.spec.repeat < 2]
    file, page = tmp_path / "h.jsonl", tmp_path / "pages" / "h.html"
    folders = [
        stored(tmp_path / str(i), worsen(at(real, i), "mlp", score=0.05 if i == 3 else 0))
        for i in range(4)
    ]
    added = [part for folder in folders[:3] for part in ("--add", folder)]
    assert command(file, *added, "--out", page)[0] == 0
    code, out, _ = command(file, "--add", folders[3], "--out", page)
    assert code == 0
    assert f"Added {3:012x}, ci, 3 cells." in out
    assert "worse" in out
    assert f"{2:012x}..{3:012x}" in "".join(out.split())
    lines = file.read_text().splitlines()
    assert len(lines) == 4
    assert command(file, "--add", tmp_path / "0", "--out", page)[0] == 0
    assert file.read_text().splitlines() == lines

    text = page.read_text(encoding="utf-8")
    (data,) = [
        part.split("</script>")[0]
        for part in text.split('<script type="application/json" id="data">')[1:]
    ]
    content = json.loads(data)
    assert len(content["revisions"]) == 4
    changed = [s for s in content["series"] if s["changes"]]
    assert {s["pipeline"] for s in changed} == {"mlp"}
    assert "http-equiv" in text
    assert 'src="http' not in text


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_draws_its_trends_offline_and_leads_to_a_change(
    visit: Visit, real: list[RunRecord], tmp_path: Path, width: int
) -> None:
    path = write_history(grown(real, 12, time=1.5), tmp_path / "h.html")
    page, wrong = visit(path, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator("table.changes a").first.click()
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.wait_for_function(
        "document.querySelectorAll('#charts figure').length"
        " === document.querySelectorAll('#charts [data-drawn] svg').length"
    )
    first = page.locator("#charts figure").first
    assert "mlp" in first.locator("figcaption").inner_text()
    assert "between" in first.locator(".plot").get_attribute("aria-label")
    shown = page.locator("#charts figure").count()
    page.select_option("[name=pipeline]", "class_prior")
    assert page.locator("#charts figure", has_text="class_prior").count() > 0
    page.check("[name=changed]")
    assert page.locator("#charts figure").count() == 0
    assert "No trend" in page.locator("#found").inner_text()
    page.select_option("[name=pipeline]", "mlp")
    assert 0 < page.locator("#charts figure").count() <= shown
    assert not wrong


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["none.jsonl"], "begin one with --add"),
        (["h.jsonl", "--add", "nowhere"], "no results folder"),
        (["h.jsonl", "--revision", "v1"], "--add"),
        (["h.jsonl", "--out", "page.pdf"], "html"),
    ],
)
def test_bad_input_gets_one_sentence(
    command: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = command(*arguments)
    assert code == 2
    assert sentence in err
    assert len(err.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_the_command_is_registered() -> None:
    assert "history" in [c.callback.__name__ for c in app.registered_commands if c.callback]
