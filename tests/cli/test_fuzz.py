"""Absurd files and words on the command line: no traceback, a known exit code, nothing harmed.

Each property is tried with a few examples, always the same ones; at length, with new ones, by
`make test-all`.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzzing import as_json, call, files, sound, spoiled, torn
from omicsbench.records import store
from omicsbench.records.planned import PLAN_FILE, write_plan
from omicsbench.tracking.noise_floor import NOISE_FILE

STORED = Path(__file__).parents[2] / "results" / "ci"
PIPELINES = ("pca(10)", "random_projection(10)", "autoencoder(10, depth=2, max_steps=300)")
LONGER = 10  # times as many examples, where time does not matter

SUITE = """\
repeats = 2
seed = 1
n_components = 3
pipelines = ["pca", "random_projection"]
metrics = ["knn_recall"]
features = 50
scored = 50
background = 60
timeout_s = 30.0
memory_gb = 1.0
threads = 1
[fewer_repeats]
pca = 1
[[datasets]]
name = "linear_control(n=300)"
sizes = [50, "all"]
[tune]
trials = 3
[analysis]
reference = "pca"
[analysis.tolerances]
time = 0.1
[analysis.price_per_hour]
cpu = 0.1
"""
# What TOML can say that no suite means.
WORDS = """
1e999 nan -1 0 true 99999999999999999999 2026-01-31 '' [] {} [[]] {a=1} [1,'all'] 'all' '3' 1e300
5e-324 0x7fffffffffffffff 'pca(' 'pca(1e999)' 'pca({[]:1})' 'linear_control(n=-1)' '-x' '../x'
'linear_control(n=10**9)' 'linear_control(n=99999999999999)' "\\ud800" 'a:b' 'os:system' 'cuda'
'knn_recall' 'predict'
"""


@cache
def _kept() -> Path:
    """A results folder with loose records of few runs, a plan and a noise floor."""
    folder = store.open_folder(Path(tempfile.mkdtemp(prefix="omicsbench-fuzz-")) / "kept")
    chosen = [
        r
        for r in store.read_records(STORED)
        if r.spec.pipeline in PIPELINES and r.spec.dataset == "digits" and r.spec.repeat < 3
    ]
    for record in chosen:
        store.write_record(folder, record)
    plan = json.loads((STORED / PLAN_FILE).read_bytes())
    write_plan(folder, json.dumps(plan["suite"]), [r.key for r in chosen], "omicsbench run ci")
    shutil.copy(STORED / NOISE_FILE, folder)
    return folder


@pytest.fixture(scope="module", autouse=True)
def _cleared() -> Iterator[None]:
    yield
    shutil.rmtree(_kept().parent)


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder with a copy of what is kept."""
    with tempfile.TemporaryDirectory(prefix="omicsbench-fuzz-") as place:
        yield Path(shutil.copytree(_kept(), Path(place) / "results"))


@st.composite
def _suites(draw: st.DrawFn) -> bytes:
    """A suite of which some entries are other than they should be."""
    lines = SUITE.splitlines()
    for _ in range(draw(st.integers(1, 2))):
        number = draw(st.integers(0, len(lines) - 1))
        name = lines[number].partition(" = ")[0]
        word = draw(st.sampled_from(WORDS.split()))
        lines[number] = draw(st.sampled_from([f"{name} = {word}", f"x{name} = 1", ""]))
    return "\n".join(lines).encode()


@given(text=st.one_of(_suites(), torn(SUITE.encode())))
def a_suite(text: bytes) -> None:
    """Planning an absurd suite says what is wrong with it."""
    with tempfile.TemporaryDirectory(prefix="omicsbench-fuzz-") as place:
        path = Path(place) / "mine.toml"
        path.write_bytes(text)
        assert sound(call("plan", path, "--results", Path(place) / "out")).code in (0, 2)
        assert path.read_bytes() == text


def _looked_at(folder: Path, spoilt: Path) -> None:
    """Everything that reads a results folder, of which one file is spoilt; none is changed."""
    before = files(folder)
    out = folder.parent
    for words in (
        ("export", folder, out / "runs.csv"),
        ("report", folder, "--out", out / "report.html"),
        ("compare", _kept(), folder),
        ("compare", folder, _kept()),
        ("history", out / "history.jsonl", "--add", folder, "--revision", "v1"),
        ("plan", "ci", "--results", folder),
        ("pack", folder),
    ):
        done = sound(call(*words))
        if done.code == 2 and words[0] != "plan":
            assert spoilt.name in done.said or folder.name in done.said, done
        if words[0] != "pack" or done.code:
            assert files(folder) == before


@st.composite
def _records(draw: st.DrawFn) -> bytes:
    text = sorted(_kept().glob("runs/*.json"))[draw(st.integers(0, 5))].read_bytes()
    return draw(st.one_of(spoiled(text).map(as_json), torn(text)))


@given(text=_records())
def a_record(text: bytes) -> None:
    """An absurd record is refused, or taken for what it says."""
    with _folder() as folder:
        path = store.loose_files(folder)[0]
        path.write_bytes(text)
        _looked_at(folder, path)


@given(data=st.data(), name=st.sampled_from([PLAN_FILE, NOISE_FILE]))
def what_lies_beside_them(data: st.DataObject, name: str) -> None:
    """An absurd plan or noise floor is refused, or taken for what it says."""
    text = (_kept() / name).read_bytes()
    with _folder() as folder:
        (folder / name).write_bytes(
            data.draw(st.one_of(spoiled(text).map(as_json), torn(text)), label="text")
        )
        _looked_at(folder, folder / name)


@cache
def _line() -> bytes:
    with _folder() as folder:
        path = folder / "history.jsonl"
        assert call("history", path, "--add", folder, "--revision", "v1").code == 0
        return path.read_bytes()


@given(text=st.deferred(lambda: st.one_of(spoiled(_line()).map(as_json), torn(_line()))))
def a_history(text: bytes) -> None:
    """A line of a history that is absurd is named, or drawn."""
    with tempfile.TemporaryDirectory(prefix="omicsbench-fuzz-") as place:
        path = Path(place) / "history.jsonl"
        path.write_bytes(_line() + text.replace(b"\n", b" ") + b"\n")
        before = path.read_bytes()
        sound(call("history", path))
        sound(call("history", path, "--add", _kept(), "--revision", "v2"))
        assert path.read_bytes() == before or b"v2" in path.read_bytes()


SAID = """
run plan report compare history export pack list show fetch prepare check new ab calibrate quick
ci methods pca digits --out --help --sizes --set --repeats --suite --noise --json --html --add
--plugins --method --only --dataset --data --label -- - -m HEAD HEAD:results --output=x --remote=x
0 -1 1e999 nan repeats=1e999 tune.trials=[[ x=y ../.. / /dev/null 99999999999999999999 pca( a:b
"""
words = st.one_of(
    st.sampled_from(SAID.split()), st.text(st.characters(blacklist_characters="\0"), max_size=6)
)
STARTS = ["plan", "report", "compare", "export", "pack", "show", "list", "history", "check", "new"]


@given(start=st.sampled_from(STARTS), more=st.lists(words, max_size=4))
def a_command_line(start: str, more: list[str]) -> None:
    """Whatever the words are, they end in a known way and harm no file."""
    with tempfile.TemporaryDirectory(prefix="omicsbench-fuzz-") as place:
        (Path(place) / "x").write_text("kept")
        with pytest.MonkeyPatch.context() as here:
            here.chdir(place)
            sound(call(start, *more))
        assert (Path(place) / "x").read_text() == "kept"


PROPERTIES: dict[Callable[..., Any], int] = {  # and how many examples are quickly tried
    a_suite: 15,
    a_record: 4,
    what_lies_beside_them: 4,
    a_history: 5,
    a_command_line: 20,
}


def _try(prop: Callable[..., Any], examples: int, anew: bool) -> None:
    health = [HealthCheck.too_slow, HealthCheck.data_too_large]
    settings(
        max_examples=examples, derandomize=not anew, deadline=None, suppress_health_check=health
    )(prop)()


@pytest.mark.parametrize("prop", PROPERTIES, ids=lambda p: p.__name__)
def test_fuzz(prop: Callable[..., Any]) -> None:
    _try(prop, PROPERTIES[prop], anew=False)


@pytest.mark.slow
@pytest.mark.parametrize("prop", PROPERTIES, ids=lambda p: p.__name__)
def test_fuzz_at_length(prop: Callable[..., Any]) -> None:
    _try(prop, LONGER * PROPERTIES[prop], anew=True)
