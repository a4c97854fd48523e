"""The sides of a comparison: folders, and what is committed at a revision."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from measured import base, head, moved
from omicsbench.errors import OmicsbenchError, StoreError
from omicsbench.records import store
from omicsbench.records.planned import write_plan
from omicsbench.records.spec import RunRecord
from omicsbench.tracking.compare import Alarm
from omicsbench.tracking.sides import compare_stored, read_side, strictness_of


@pytest.mark.parametrize("text", ["--output={}", "--output={}:results/ci", "-o{}", "-"])
def test_a_revision_is_never_an_option_of_git(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / "kept").write_text("precious")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OmicsbenchError, match="none begins with a hyphen"):
        read_side(text.format(tmp_path / "kept"), "ci")
    assert (tmp_path / "kept").read_text() == "precious"
    assert sorted(p.name for p in tmp_path.iterdir()) == [".git", "kept"]


def results(folder: Path, records: list[RunRecord], **analysis: object) -> Path:
    """A results folder as a suite leaves it; with a table ``analysis`` if one is given."""
    store.open_folder(folder)
    for record in records:
        store.write_record(folder, record)
    suite = {"name": "s", "pipelines": ["p"], "analysis": analysis} if analysis else {}
    write_plan(folder, json.dumps(suite), [r.key for r in records], "omicsbench run s")
    return folder


def commit(folder: Path) -> None:
    for words in (["add", "-A"], ["commit", "-q", "-m", "results"]):
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *words],
            cwd=folder,
            check=True,
        )


@pytest.fixture
def committed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository, as the working folder, with results of two suites committed in it."""
    results(tmp_path / "results" / "ci", base())
    results(tmp_path / "results" / "night", base()[:2])
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    commit(tmp_path)
    shutil.rmtree(tmp_path / "results")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_side_is_a_folder_or_one_committed_at_a_revision(committed: Path) -> None:
    at = read_side("HEAD", "ci")
    assert (at.name, len(at.records), at.noise) == ("HEAD", 5, {})
    assert len(read_side("HEAD", "night").records) == 2
    assert len(read_side("HEAD:results/night", "ci").records) == 2
    here = results(committed / "here", head())
    assert {r.key: r for r in read_side(str(here), "ci").records} == {r.key: r for r in head()}
    assert read_side(str(here), "ci").name == str(here)


def test_without_a_suite_it_is_that_of_the_gate(committed: Path) -> None:
    here = results(committed / "here", head(moved(knn_recall=-0.1)))
    assert compare_stored("HEAD", str(here)).pairs == 5


def test_a_link_out_of_a_committed_folder_is_told(tmp_path: Path, committed: Path) -> None:
    folder = results(committed / "results" / "ci", base())
    (folder / "data").symlink_to("/etc")
    commit(committed)
    with pytest.raises(OmicsbenchError, match=r"^HEAD holds what cannot be unpacked here \(.*data"):
        read_side("HEAD", "ci")


@pytest.mark.parametrize("folder", ["/etc", "../results", "results/../.."])
def test_a_committed_folder_lies_inside_the_one_you_are_in(committed: Path, folder: str) -> None:
    said = f"HEAD:{folder}: name the folder from where you are, and inside it, such as results/ci."
    with pytest.raises(OmicsbenchError) as error:
        read_side(f"HEAD:{folder}", "ci")
    assert str(error.value) == said


def test_what_is_no_side_is_told_with_the_reason_of_git(committed: Path) -> None:
    said = (
        r"^HEAD:gone is no results folder, and no git revision with gone committed in it "
        r"\(fatal: .*gone.*\)\. `omicsbench ab` runs two revisions\.$"
    )
    with pytest.raises(OmicsbenchError, match=said):
        read_side("HEAD:gone", "ci")
    with pytest.raises(OmicsbenchError, match="with results/ci committed in it"):
        read_side("nowhere", "ci")
    with pytest.raises(OmicsbenchError, match="-x is no results folder, and no git revision: none"):
        read_side("-x", "ci")


def test_a_folder_without_records_is_empty_and_a_damaged_one_is_not(tmp_path: Path) -> None:
    assert read_side(str(tmp_path), "ci").records == []
    folder = results(tmp_path / "run", base())
    next((folder / "runs").iterdir()).write_text("{")
    with pytest.raises(StoreError):
        read_side(str(folder), "ci")


def test_records_that_the_plan_leaves_out_are_on_no_side(tmp_path: Path) -> None:
    folder = results(tmp_path / "run", base())
    write_plan(folder, "{}", [r.key for r in base()[:2]], "")
    assert len(read_side(str(folder), "ci").records) == 2


def test_two_stored_sides_are_compared_under_their_names(tmp_path: Path) -> None:
    before = results(tmp_path / "a", base())
    after = results(tmp_path / "b", head(moved(knn_recall=-0.1)))
    found = compare_stored(str(before), str(after))
    assert (found.base, found.head) == (str(before), str(after))
    assert [c.quantity for c in found.regressions] == ["knn_recall"]
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(OmicsbenchError, match=f"^{empty} holds no run records; run the suite "):
        compare_stored(str(empty), str(after))
    assert compare_stored(str(before), str(empty)).alarm is Alarm.NOT_COMPARABLE


def test_the_noise_of_base_counts_unless_another_file_is_named(tmp_path: Path) -> None:
    before = results(tmp_path / "a", base())
    after = results(tmp_path / "b", head(moved(knn_recall=-0.1)))
    (before / "noise.json").write_text('{"floors": {"p": {"knn_recall": 0.2}}}')
    (after / "noise.json").write_text('{"floors": {"p": {"knn_recall": 0.3}}}')
    old, new = read_side(str(before), "ci"), read_side(str(after), "ci")
    assert old.noise == {"p": {"knn_recall": 0.2}}
    assert strictness_of(old, new).noise == old.noise
    named = tmp_path / "other.json"
    named.write_text('{"floors": {"p": {"knn_recall": 0.05}}}')
    assert strictness_of(old, new, named).noise == {"p": {"knn_recall": 0.05}}
    assert compare_stored(str(before), str(after)).alarm is Alarm.NONE
    assert compare_stored(str(before), str(after), noise=named).alarm is Alarm.REGRESSION
    assert not strictness_of(old, new).interleaved
    assert strictness_of(old, new, interleaved=True).interleaved


def test_tolerances_are_those_of_head_or_else_of_base(tmp_path: Path) -> None:
    stated = {"tolerances": {"knn_recall": 0.3, "memory": 0.5, "wall_s": 0.2}}
    before = read_side(str(results(tmp_path / "a", base(), **stated)), "ci")
    bare = read_side(str(results(tmp_path / "b", head())), "ci")
    own = read_side(str(results(tmp_path / "c", head(), tolerances={"score": 0.1})), "ci")
    assert strictness_of(before, bare).tolerances == stated["tolerances"]
    assert strictness_of(before, own).tolerances == {"score": 0.1}
    wrong = read_side(str(results(tmp_path / "d", head(), tolerances={"knn_recal": 0.1})), "ci")
    with pytest.raises(
        OmicsbenchError, match=r"^analysis.tolerances: Unknown quantity 'knn_recal'; "
    ):
        strictness_of(before, wrong)
