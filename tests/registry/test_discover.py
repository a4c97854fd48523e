"""Methods and data sets are found as files; broken and duplicate ones are told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from omicsbench.cli import listing as catalogue
from omicsbench.cli.templates import write_template
from omicsbench.contract.checks import check_path, check_registry
from omicsbench.errors import OmicsbenchError, RegistryError
from omicsbench.metrics import METRICS
from omicsbench.planning.suite import load_suite, make_suite, suites
from omicsbench.plugin import MethodInfo
from omicsbench.registry.discover import Entry, declared_in, discover, unavailable
from short_fits import shorten

HEAVY = ("torch", "sklearn", "scanpy", "anndata", "umap", "openTSNE", "scipy", "pandas", "numba")
REGISTRY = discover()


def test_the_projects_own_files_are_all_sound() -> None:
    assert REGISTRY.broken == {}
    assert {"pca", "tsne", "umap", "autoencoder"} <= REGISTRY.methods.keys()
    assert {"pbmc68k", "scmark_immune", "linear_control"} <= REGISTRY.datasets.keys()


@pytest.mark.parametrize("kind", ["methods", "datasets", "metrics", "suites"])
def test_listing_imports_nothing_heavy(kind: str) -> None:
    # A suite is read as what it is, checked; names are listed without that.
    heavy = HEAVY if kind == "suites" else (*HEAVY, "pydantic")
    code = (
        "import sys; from omicsbench.cli.listing import listing; "
        f"assert listing({kind!r}); print([m for m in {heavy!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", [*REGISTRY.methods, *REGISTRY.datasets, *METRICS, *suites()])
def test_everything_listed_can_be_shown(name: str) -> None:
    text = catalogue.details(name)
    assert name in text
    assert len(text.splitlines()) > 4


@pytest.mark.parametrize("name", list(suites()))
def test_suites_name_only_what_there_is(name: str) -> None:
    from omicsbench.planning.contestants import resolve_metrics, resolve_pipelines
    from omicsbench.registry.calls import parse_call

    suite = load_suite(name)
    assert suite.name == name
    assert suite.summary
    resolve_pipelines(suite, REGISTRY)
    resolve_metrics(suite, REGISTRY)
    for choice in suite.datasets:
        call = parse_call(choice.name)
        call.bind(REGISTRY.dataset(call.name).make)


@pytest.mark.parametrize("name", [n for n in REGISTRY.methods if n != "umap"])
def test_methods_keep_the_contract(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from omicsbench.contract.checks import check_method

    shorten(monkeypatch, REGISTRY.method(name).make)
    checks = list(check_method(REGISTRY.method(name), REGISTRY))
    assert checks
    assert [c for c in checks if c.problem] == []


@pytest.mark.slow
def test_all_plugins_keep_the_contract() -> None:
    assert [c for c in check_registry(REGISTRY) if c.problem] == []


@pytest.mark.parametrize("kind", ["method", "count_method", "regressor", "dataset"])
def test_templates_pass_the_checks(tmp_path: Path, kind: str) -> None:
    path = write_template(kind, "my_own", tmp_path)
    checks = check_path(path)
    assert len(checks) >= 3
    assert [c for c in checks if c.problem] == []
    with pytest.raises(OmicsbenchError, match="there already"):
        write_template(kind, "my_own", tmp_path)
    with pytest.raises(OmicsbenchError, match="not a name"):
        write_template(kind, "My-Own", tmp_path)


def test_checks_find_what_is_wrong(bad_plugins: Path, tmp_path: Path) -> None:
    code = (bad_plugins / "bad.py").read_text()
    start = code.index('@declare("hangs")')
    end = code.index('@declare("raises")')
    (tmp_path / "bad.py").write_text(code[:start] + code[end:])  # those that end the process
    problems = {(c.subject, c.rule): c.problem for c in check_path(tmp_path) if c.problem}
    assert any(s == "returns_nan" and "non-finite" in p for (s, _), p in problems.items())
    assert any(s == "wrong_shape" and "must return" in p for (s, _), p in problems.items())
    assert any(s == "raises" and "no such luck" in p for (s, _), p in problems.items())
    assert not any(s == "good" for s, _ in problems)
    skipped = {c.subject: c.skipped for c in check_path(tmp_path) if c.skipped}
    assert "no_such_module_anywhere" in skipped["never_here"]


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("        self.mean_ = X.mean(0)\n        X[:] = 0\n        return self", "unchanged"),
        ("        self.mean_ = np.random.rand(X.shape[1]) * 9\n        return self", "equal seeds"),
        ("        self.f = lambda: 1\n        self.mean_ = 0\n        return self", "pickling"),
    ],
)
def test_checks_find_broken_promises(tmp_path: Path, code: str, rule: str) -> None:
    (tmp_path / "m.py").write_text(
        "import numpy as np\nfrom omicsbench.plugin import method\n"
        "@method(name='m', family='simple', summary='x', source='x')\n"
        "class M:\n    '''Doc.'''\n"
        "    def __init__(self, n_components: int | None = None):\n"
        "        self.n_components = n_components\n"
        f"    def fit(self, X):\n{code}\n"
        "    def transform(self, X):\n"
        "        return (X - self.mean_)[:, : self.n_components].astype('float32')\n"
    )
    problems = [c.rule for c in check_path(tmp_path / "m.py") if c.problem]
    assert any(rule in p for p in problems), problems


def test_a_broken_file_is_reported_and_the_others_work(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("import no_such_thing_at_all, omicsbench")
    write_template("method", "fine", tmp_path)
    registry = discover([tmp_path])
    assert "fine" in registry.methods
    (reason,) = registry.broken.values()
    assert "no_such_thing_at_all" in reason
    assert "broken.py" in catalogue.listing("methods", [tmp_path])
    with pytest.raises(RegistryError, match=r"broken\.py cannot be used"):
        registry.method("broken")


def test_a_taken_name_is_found_by_check(tmp_path: Path) -> None:
    problems = [c.problem for c in check_path(write_template("method", "pca", tmp_path))]
    assert any("declares 'pca' already" in str(p) for p in problems)


def test_files_that_exit_or_have_nothing_to_do_with_us(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    (tmp_path / "script.py").write_text(f"open({str(mark)!r}, 'w')")
    (tmp_path / "exits.py").write_text("import sys  # omicsbench\nsys.exit('bye')")
    registry = discover([tmp_path])
    assert not mark.exists(), "a script that lies there is not run"
    assert "bye" in registry.broken[tmp_path / "exits.py"]


def test_duplicate_names_are_an_error_that_names_both_files(tmp_path: Path) -> None:
    write_template("method", "pca", tmp_path)
    with pytest.raises(RegistryError, match=r"pca\.py and .*pca\.py"):
        discover([tmp_path])


def test_entry_points_bring_other_peoples_methods(tmp_path: Path) -> None:
    package = tmp_path / "site" / "their_methods"
    write_template("method", "theirs", package)
    (package / "__init__.py").write_text("raise RuntimeError('never imported')")
    info = tmp_path / "site" / "their_methods-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-methods\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[omicsbench.plugins]\ntheirs = their_methods\n")
    code = (
        "from omicsbench.registry.discover import discover; print('theirs' in discover().methods)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(tmp_path / "site"), "PATH": ""},
    )
    assert done.stdout.strip() == "True"


def test_what_cannot_run_here_is_listed_with_the_reason(bad_plugins: Path) -> None:
    info = MethodInfo("x", "deep", "x", "x", devices=("cuda",))
    from omicsbench.registry.discover import device_present

    if not device_present("cuda"):
        assert unavailable(info) == "no cuda device on this machine"
    line = next(
        line
        for line in catalogue.listing("methods", [bad_plugins]).splitlines()
        if line.startswith("never_here")
    )
    assert "cannot run here: needs the module no_such_module_anywhere" in line


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"pipelines": []}, "pipelines"),
        ({"pipelines": ["pca"], "repeat": 3}, "did you mean repeats"),
        ({"pipelines": ["pca"], "repeats": 0}, "repeats"),
        ({"pipelines": ["pca"], "datasets": [{"name": "x", "sizes": [1]}]}, "sizes"),
        ({"pipelines": ["pca"], "datasets": [{"name": "x", "size": [10]}]}, "did you mean sizes"),
        ({"pipelines": ["pca"], "name": "a/b"}, "name"),
    ],
)
def test_a_wrong_suite_is_refused_with_the_entry_named(
    content: dict[str, object], message: str
) -> None:
    with pytest.raises(RegistryError, match=message):
        make_suite({"name": "s", **content})


def test_suites_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="did you mean quick"):
        load_suite("quikc")
    with pytest.raises(RegistryError, match="no suite file"):
        load_suite(str(tmp_path / "none.toml"))
    (tmp_path / "bad.toml").write_text("pipelines = [")
    with pytest.raises(RegistryError, match="not valid TOML"):
        load_suite(str(tmp_path / "bad.toml"))


def test_an_edit_to_a_helper_file_is_an_edit_to_the_method(tmp_path: Path) -> None:
    path = write_template("method", "mine", tmp_path)
    path.write_text("from . import _helper\n" + path.read_text())
    (tmp_path / "_helper.py").write_text("from ._deeper import x")
    before = Entry(MethodInfo("mine", "simple", "x", "x"), dict, path).code_id
    (tmp_path / "_deeper.py").write_text("x = 1")
    after = Entry(MethodInfo("mine", "simple", "x", "x"), dict, path).code_id
    (tmp_path / "_unrelated.py").write_text("x = 1")
    assert before != after == Entry(MethodInfo("mine", "simple", "x", "x"), dict, path).code_id


def test_what_a_file_declares_is_found_without_the_others(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from omicsbench.plugin import method\n"
        "@method(name='mine', family='simple', summary='x', source='x')\n"
        "class Mine:\n    '''x'''\n"
    )
    (tmp_path / "other.py").write_text("raise SystemExit  # omicsbench\n")
    packaged = discover().method("pca").path
    found = declared_in([tmp_path / "mine.py", packaged])
    assert found.methods.keys() == {"mine", "pca"}
    assert found.method("pca").make is discover().method("pca").make
    with pytest.raises(RegistryError, match=r"other\.py cannot be used: SystemExit"):
        declared_in([tmp_path / "other.py"])
