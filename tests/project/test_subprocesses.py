"""No text from outside is an option of a program that is called: a file named so would be lost."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from command import inside
from omicsbench.errors import OmicsbenchError
from omicsbench.revisions.checkout import locate
from omicsbench.tracking import history
from omicsbench.tracking.sides import read_side
from repositories import repository

ROOT = Path(__file__).parents[2]
# Every place that starts a program, and what keeps texts of others from being its options.
CALLS = {
    "clusters/slurm.py": "no text but numbers of jobs that SLURM gave",
    "records/environment.py": "no text but a folder of its own",
    "revisions/build.py": "absolute paths, and names inside brackets after one",
    "revisions/checkout.py": "a revision that begins with a hyphen is refused; absolute paths",
    "revisions/trial.py": "absolute paths",
    "processes/child.py": "no text of others",
    "processes/guardian.py": "no text of others",
    "processes/serving.py": "itself, as it was called",
    "tracking/history.py": "--end-of-options",
    "tracking/sides.py": "a revision that begins with a hyphen is refused; --",
}
STARTS = {"run", "Popen", "call", "check_call", "check_output", "execv", "execve", "system"}
OPTIONS = ["-x", "--output=kept", "--remote=kept", "-o", "--exec=touch kept", "--", "-"]


def _starts_programs(path: Path) -> bool:
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in STARTS
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in ("subprocess", "os")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    )


def test_every_place_that_starts_a_program_is_known() -> None:
    for folder in ("methods", "datasets"):
        assert not [path for path in (ROOT / folder).glob("*.py") if _starts_programs(path)]
    package = ROOT / "omicsbench"
    found = {
        p.relative_to(package).as_posix() for p in package.rglob("*.py") if _starts_programs(p)
    }
    assert found == CALLS.keys()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository that one stands in, with a file that an option would write over."""
    folder = repository(tmp_path / "checkout", {"work": 1, "spoil": "pass"})
    (folder / "kept").write_text("kept")
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("text", OPTIONS)
def test_a_revision_is_no_option(checkout: Path, text: str) -> None:
    before = sorted(checkout.iterdir())
    for folder in ("", ":results/ci", ":--output=kept"):
        with pytest.raises(OmicsbenchError):
            read_side(text + folder, "ci")
    with pytest.raises(OmicsbenchError):
        locate(text, checkout)
    assert history._commit(text, checkout) is None
    assert (checkout / "kept").read_text() == "kept"
    assert sorted(checkout.iterdir()) == before


@pytest.mark.parametrize("folder", ["/etc", "../checkout/my", "my/../../checkout", ":(top)my"])
def test_a_committed_folder_lies_inside(checkout: Path, folder: str) -> None:
    with pytest.raises(OmicsbenchError):
        read_side(f"HEAD:{folder}", "ci")


def test_words_after_two_hyphens_are_none_either(checkout: Path) -> None:
    for words in (
        ("compare", "--", "--output=kept", "HEAD"),
        ("compare", "HEAD", "--", "--output=kept"),
        ("ab", "--suite", "ci", "--", "--output=kept", "HEAD"),
        ("history", "h.jsonl", "--add", ".", "--revision=--output=kept"),
    ):
        done = inside(*words)
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr
        assert (checkout / "kept").read_text() == "kept"


def test_a_cache_whose_name_is_an_option_is_a_folder(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from omicsbench.revisions.build import build

    monkeypatch.setenv("OMICSBENCH_CACHE", "-cache")
    built = build("HEAD", checkout, plugins=Path("my"))
    assert built.plugins is not None
    assert all(path.is_absolute() and path.is_dir() for path in (*built.paths, built.plugins))
