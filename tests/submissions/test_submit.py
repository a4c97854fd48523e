"""Result sets of third parties: what fails, what is unverified, what is verified."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import builders
from command import inside
from omicsbench.errors import StoreError
from omicsbench.records import store
from omicsbench.records.packed import PACKED_FILE
from omicsbench.records.planned import write_plan
from omicsbench.records.spec import Cause, RunRecord, Status
from omicsbench.records.submission import (
    OWN_FILES,
    SUBMISSION_FILE,
    Submission,
    Trust,
    read_submission,
    trust,
)
from omicsbench.registry.discover import discover
from omicsbench.registry.pipeline import resolve
from omicsbench.submissions.submit import submit, verify

OURS = "random_projection(2)"
OWN = '''
import numpy as np
from omicsbench.plugin import method


@method(name="first_axes", family="simple", summary="The first k features.",
        source="https://example.org")
class FirstAxes:
    """Keeps the first columns."""

    def __init__(self, n_components: int | None = None) -> None:
        self.n_components = n_components

    def fit(self, X):
        return self

    def transform(self, X):
        return np.asarray(X[:, : self.n_components], dtype=np.float32)
'''
Made = Callable[..., Path]


def run(repeat: int = 0, pipeline: str = OURS, **changes: Any) -> RunRecord:
    known = discover(changes.pop("plugins", ()))
    more = changes.pop("spec", {})
    id_ = resolve(pipeline, known, task="embed").code_id
    told: dict[str, Any] = {
        "scores": {"knn_recall": 0.5},
        "environment": {"cpu": "a", "cores": 2, "git": "abc"},
        "output_dim": 2,
    }
    terms = {"pipeline": pipeline, "pipeline_id": id_, "repeat": repeat} | more
    return builders.record(builders.spec(**terms), **(told | changes))


@pytest.fixture
def made(tmp_path: Path) -> Made:
    def made(*records: RunRecord, name: str = "set", more: int = 0) -> Path:
        folder = store.open_folder(tmp_path / name)
        for record in records:
            store.write_record(folder, record)
        keys = [record.key for record in records] + [f"{i:016x}" for i in range(more)]
        write_plan(folder, json.dumps({"name": "s", "analysis": {}}), keys, "omicsbench run s")
        return folder

    return made


def problems(found: Submission) -> list[str]:
    return [check.problem for check in found.checks if check.problem]


def test_a_sound_set_is_packed_and_unverified(made: Made) -> None:
    folder = made(run(0), run(1))
    found = submit(folder, "somebody")
    assert problems(found) == []
    assert trust(folder) is Trust.UNVERIFIED
    assert read_submission(folder) == found
    assert (folder / PACKED_FILE).is_file()


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (run(spec={"protocol": 1}), "protocol 1"),
        (run(environment={}), "do not say where they ran"),
        (run(environment={"cpu": "a", "git": "abc-dirty"}), "no commit holds"),
        (run(scores={"knn_recall": 1.5}), "knn_recall 1.5"),
        (run(status=Status.ERROR, scores={}), "give no reason"),
        (run(spec={"pipeline_id": "0"}), "the code of random_projection(2)"),
        (run(spec={"pipeline": "nobody_knows(2)"}), "the code of nobody_knows(2)"),
    ],
)
def test_what_does_not_hold_fails(made: Made, record: RunRecord, said: str) -> None:
    folder = made(record)
    (problem,) = problems(submit(folder, "somebody"))
    assert said in problem
    assert trust(folder) is Trust.FAILED


def test_runs_that_were_left_out_are_noticed(made: Made) -> None:
    assert problems(submit(made(run(), more=3), "somebody")) == ["3 planned runs were not run"]
    left = {"status": Status.SKIPPED, "cause": Cause.SET_ASIDE, "reason": "set aside: dear"}
    aside = run(1, scores={}, **left)
    found = submit(made(run(), aside, name="aside"), "somebody")
    assert problems(found) == ["1 planned run was not run"]
    folder = made(run(), name="other")
    (folder / "plan.json").unlink()
    assert "no plan.json" in problems(submit(folder, "somebody"))[0]


def test_what_was_changed_after_the_checks_fails(made: Made) -> None:
    folder = made(run())
    submit(folder, "somebody")
    file = folder / PACKED_FILE
    file.write_text(file.read_text().replace('"knn_recall":0.5', '"knn_recall":0.9'))
    assert trust(folder) is Trust.FAILED


def test_own_methods_are_kept_and_checked(made: Made, tmp_path: Path) -> None:
    plugins = tmp_path / "mine"
    plugins.mkdir()
    (plugins / "first_axes.py").write_text(OWN)
    folder = made(run(pipeline="first_axes(2)", plugins=[plugins]))
    assert problems(submit(folder, "somebody", [plugins])) == []
    assert (folder / OWN_FILES / "first_axes.py").read_text() == OWN
    assert problems(submit(folder, "somebody")) == [], "the copy is enough"


def test_own_methods_that_break_the_contract_fail(made: Made, tmp_path: Path) -> None:
    broken = tmp_path / "half_axes.py"
    broken.write_text(OWN.replace("first_axes", "half_axes").replace("X[:, :", "X[::2, :"))
    said = " ".join(problems(submit(made(run()), "somebody", [broken])))
    assert "broken by half_axes" in said


def test_records_of_other_code_than_the_files_fail(made: Made, tmp_path: Path) -> None:
    (tmp_path / "last_axes.py").write_text(OWN.replace("first_axes", "last_axes"))
    other = run(spec={"pipeline": "last_axes(2)", "pipeline_id": "0"})
    (said,) = problems(submit(made(other), "somebody", [tmp_path / "last_axes.py"]))
    assert "the code of last_axes(2)" in said


def test_what_is_run_again_with_the_same_scores_is_verified(made: Made) -> None:
    folder = made(run(0), run(1))
    submit(folder, "somebody")
    other = {"cpu": "b", "cores": 8}
    again = made(run(1, environment=other, scores={"knn_recall": 0.501}), name="again")
    assert verify(folder, again).rerun is not None
    assert trust(folder) is Trust.VERIFIED


@pytest.mark.parametrize(
    ("again", "said"),
    [
        (run(0, scores={"knn_recall": 0.7}), "knn_recall 0.7 as submitted and 0.5 when run again"),
        (run(7), "holds no finished run of random_projection(2)"),
    ],
)
def test_other_scores_or_no_runs_verify_nothing(made: Made, again: RunRecord, said: str) -> None:
    folder = made(run(0, scores=again.scores))
    submit(folder, "somebody")
    mine = again if again.spec.repeat else run(0)
    with pytest.raises(StoreError) as caught:
        verify(folder, made(mine, name="again"))
    assert said in str(caught.value)
    assert trust(folder) is Trust.UNVERIFIED


def test_the_command_says_each_rule_and_what_to_do(made: Made) -> None:
    folder = made(run())
    done = inside("submit", folder, "--author", "A. Body")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("  ok  ") == 7
    assert "unverified" in done.stdout
    assert "pull request" in done.stdout
    done = inside("submit", folder, "--verify", made(run(), name="again"))
    assert "verified" in done.stdout
    failing = inside("submit", made(run(scores={"knn_recall": 7.0}), name="bad"), "--author", "A")
    assert failing.returncode == 1
    assert "FAIL" in failing.stdout


@pytest.mark.parametrize("words", [["nowhere", "--author", "A"], ["SET"], ["SET", "--verify", "x"]])
def test_errors_are_one_sentence(made: Made, words: list[str]) -> None:
    folder = made(run())
    done = inside("submit", *[folder if word == "SET" else word for word in words])
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def test_a_damaged_submission_is_told(made: Made) -> None:
    folder = made(run())
    (folder / SUBMISSION_FILE).write_text("[]")
    with pytest.raises(StoreError, match="is damaged"):
        trust(folder)


def test_a_set_does_not_verify_itself_and_loose_records_void_the_checks(made: Made) -> None:
    folder = made(run())
    submit(folder, "somebody")
    with pytest.raises(StoreError, match="is the submitted set itself"):
        verify(folder, folder)
    store.write_record(folder, run(scores={"knn_recall": 0.99}))
    assert trust(folder) is Trust.FAILED, "loose records win over those that were checked"
