"""What a method does to its process stays with the method, and what it remembers is put back."""

from __future__ import annotations

import os
import random
import sys
import types
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omicsbench.records.spec import RunRecord, Status
from omicsbench.registry.discover import discover
from omicsbench.running import apart
from omicsbench.running.leftovers import Leftovers
from omicsbench.running.runner import run_suite
from suites import tiny_suite


def _meddle(folder: Path) -> None:
    np.seterr(all="raise")
    warnings.simplefilter("error")
    sys.setrecursionlimit(5_000)
    sys.stdout = None  # type: ignore[assignment]
    os.chdir(folder)


def _seen() -> tuple[Any, ...]:
    filters = tuple(map(str, warnings.filters))
    return np.geterr(), filters, sys.getrecursionlimit(), sys.stdout, Path.cwd()


def test_the_harness_computes_as_before_and_the_method_finds_what_it_set(tmp_path: Path) -> None:
    before = _seen()
    apart.new_run(3)
    with apart.methods_code():
        _meddle(tmp_path)
        with pytest.raises(FloatingPointError):
            np.float32(1) / np.float32(0)
    assert _seen() == before
    with apart.methods_code():
        assert sys.stdout is None
        assert Path.cwd() == tmp_path
        with pytest.raises(UserWarning):
            warnings.warn("an error by now", stacklevel=1)
    assert _seen() == before
    apart.new_run(3)
    with apart.methods_code():
        assert _seen() == before


def test_global_generators_and_the_environment_are_those_of_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(apart._Method, "environment", None)
    drawn = []
    for seed in (3, 3, 4):
        apart.new_run(seed)
        assert "OF_AN_EARLIER_RUN" not in os.environ
        os.environ["OF_AN_EARLIER_RUN"] = "1"
        drawn.append((random.random(), np.random.random()))  # noqa: NPY002
    monkeypatch.delenv("OF_AN_EARLIER_RUN")
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Any:
    made: Any = types.ModuleType("made_up_module")
    made.CACHE = {"a": [1]}
    made.TABLE = np.array([1.0, np.nan])
    made.model = None
    monkeypatch.setitem(sys.modules, "made_up_module", made)
    monkeypatch.setitem(sys.modules, "made_up_neighbour", types.ModuleType("made_up_neighbour"))

    class Scaler:
        def fit(self, X: Any) -> None:
            self.mean_ = X

    class Method:
        seen: list[int] = []  # noqa: RUF012 (what is tested)
        scaler = Scaler()
        kernel = None

    Method.__module__ = Scaler.__module__ = "made_up_module"
    made.Method, made.Scaler = Method, Scaler
    return made


def test_data_are_put_back_where_they_were(module: Any) -> None:
    method, cache = module.Method, module.CACHE
    before = Leftovers([method])
    assert before.put_back() == []
    method.seen.append(1)
    method.model_ = object()
    method.scaler.fit(3)
    module.CACHE["b"] = 2
    module.model = method()
    module.TABLE[0] = 5
    assert before.put_back() == [
        "Method.model_",
        "Method.seen",
        "Scaler.mean_",
        "made_up_module.CACHE",
        "made_up_module.TABLE",
        "made_up_module.model",
    ]
    assert (method.seen, vars(method.scaler), module.model) == ([], {}, None)
    assert module.CACHE is cache, "other modules may hold the very same"
    assert cache == {"a": [1]}
    assert module.TABLE[0] == 1
    assert not hasattr(method, "model_")
    assert before.put_back() == []


def test_code_stays_as_it_is_what_a_warm_up_is_for(module: Any) -> None:
    before = Leftovers([module.Method])
    module.Method.kernel = staticmethod(len)
    module.CACHE["kernel"] = len
    module.lazily = np
    assert before.put_back() == []
    assert module.CACHE["kernel"] is len


METHODS = """
import warnings
import numpy as np
from omicsbench.plugin import method

class Base:
    seen = []
    def __init__(self, n_components: int | None = None):
        self.n_components = n_components
    def fit(self, X):
        return self
    def transform(self, X):
        return np.asarray(X[:, : self.n_components], dtype=np.float32)

@method(name="remembers", family="simple", summary="x", source="x")
class Remembers(Base):
    "Notes how many rows it has been fitted on."
    def fit(self, X):
        self.seen.append(len(X))
        self.fit_info_ = {"seen": list(self.seen)}
        return self

@method(name="strict", family="simple", summary="x", source="x")
class Strict(Base):
    "Makes every warning an error."
    def fit(self, X):
        np.seterr(all="raise")
        warnings.simplefilter("error")
        return self
"""


def test_no_run_hands_on_to_another_and_strictness_stays_with_the_method(tmp_path: Path) -> None:
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "mine.py").write_text(METHODS)
    suite = tiny_suite("remembers", "strict", timeout_s=60)
    records = run_suite(suite, tmp_path / "out", registry=discover([plugins]))
    assert [r.status for r in records] == [Status.OK] * 8, [r.reason for r in records]
    remembers = [r for r in records if r.fit_info]
    assert [_told(r) for r in remembers] == [{"seen": [r.spec.size]} for r in remembers]
    assert all("put back" in r.notes[0] and "Base.seen" in r.notes[0] for r in remembers)
    assert not any(r.notes for r in records if r not in remembers)


def test_what_an_import_does_is_there_for_the_method_and_for_nobody_else() -> None:
    before = np.geterr()
    try:
        with apart.methods_import():
            np.seterr(all="raise")
        assert np.geterr() == before
        for _ in range(2):
            apart.new_run(0)
            with apart.methods_code():
                assert set(np.geterr().values()) == {"raise"}
                np.seterr(all="ignore")
            assert np.geterr() == before
    finally:
        apart._Method.state = apart._Method.imported = None


def _told(record: RunRecord) -> dict[str, Any]:
    (told,) = record.fit_info.values()
    return dict(told)
