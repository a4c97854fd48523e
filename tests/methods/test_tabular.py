"""TabM, RealMLP and TabICL: what they learn, how they stop, and what they say when they cannot."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from threadpoolctl import threadpool_limits

from omicsbench.methods.realmlp import RealMlp
from omicsbench.methods.tabicl import WEIGHTS, TabIcl
from omicsbench.methods.tabm import TabmClassifier
from omicsbench.registry.discover import Entry, discover, unavailable

SHAPE = {"width": 32, "members": 4, "learning_rate": 1e-2}
SMALL: dict[str, Callable[..., Any]] = {
    "tabm": lambda **more: TabmClassifier(**{**SHAPE, "max_steps": 80, **more}),
    "realmlp": lambda **more: RealMlp(**{"width": 32, "epochs": 12, **more}),
    "tabicl": lambda **more: TabIcl(**{"ensemble": 2, **more}),
}
every = pytest.mark.parametrize("name", SMALL)


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    torch.set_num_threads(1)
    with threadpool_limits(1):
        yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of the Hugging Face hub with weights of TabICL that were never trained."""
    torch = pytest.importorskip("torch")
    model = pytest.importorskip("tabicl._model.tabicl")
    small = {"embed_dim": 16, "col_num_blocks": 1, "row_num_blocks": 1, "icl_num_blocks": 1}
    small |= {"col_nhead": 2, "row_nhead": 2, "icl_nhead": 2, "col_num_inds": 8, "row_num_cls": 2}
    folder = tmp_path_factory.mktemp("hub")
    file = folder / "models--jingang--TabICL" / "snapshots" / "abc" / WEIGHTS
    file.parent.mkdir(parents=True)
    torch.manual_seed(0)
    state = model.TabICL(**small).state_dict()
    torch.save({"config": small, "state_dict": state}, file)
    return folder


@pytest.fixture
def usable(name: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    info = discover().methods[name].info
    if reason := unavailable(info):
        pytest.skip(reason)
    if name == "tabicl":
        monkeypatch.setenv("HF_HUB_CACHE", str(request.getfixturevalue("hub")))


def groups(n: int, codes: tuple[int, ...] = (3, 7, 40)) -> tuple[np.ndarray, np.ndarray]:
    """Classes about their centres, all values far from zero."""
    centres = np.random.default_rng(5).normal(size=(len(codes), 12))
    X = centres[np.arange(n) % len(codes)] + np.random.default_rng(n).normal(0, 0.5, (n, 12)) + 4
    return X.astype(np.float32), np.asarray(codes)[np.arange(n) % len(codes)]


@every
@pytest.mark.usefixtures("usable")
def test_probabilities_of_the_classes_seen(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    X, y = groups(120)
    before = X.copy()
    model = SMALL[name]().fit(X[:90], y[:90])
    answer = model.predict_proba(X[90:])
    assert model.classes_.tolist() == [3, 7, 40]
    assert answer.shape == (30, 3)
    assert answer.dtype == np.float64
    np.testing.assert_allclose(answer.sum(axis=1), 1, atol=1e-9)
    if name != "tabicl":  # whose weights here know nothing
        right = model.classes_[answer.argmax(axis=1)] == y[90:]
        assert right.mean() > 0.9
    np.testing.assert_array_equal(X, before)
    again = SMALL[name]().fit(X[:90], y[:90])
    np.testing.assert_array_equal(again.predict_proba(X[90:]), answer)
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_allclose(copy.predict_proba(X[90:]), answer, atol=1e-6)
    assert json.loads(json.dumps(model.fit_info_)) == model.fit_info_
    assert "epoch" not in capfd.readouterr().err


@every
@pytest.mark.usefixtures("usable")
@pytest.mark.parametrize(
    "y",
    [np.r_[np.zeros(10, int), np.full(8, 4), 9, 11], np.arange(20), np.zeros(20, int)],
    ids=["single members", "all single", "one class"],
)
def test_twenty_rows(name: str, y: np.ndarray) -> None:
    if name == "tabicl" and len(set(y)) > 10:
        pytest.skip("more classes than these weights tell at once: the library splits them")
    short = {"tabm": {"max_steps": 12}, "realmlp": {"epochs": 2}}.get(name, {})
    model = SMALL[name](**short).fit(groups(20)[0], y)
    answer = model.predict_proba(groups(3)[0])
    assert answer.shape == (3, len(model.classes_)) == (3, len(set(y)))
    np.testing.assert_allclose(answer.sum(axis=1), 1, atol=1e-9)


def test_members_of_tabm_are_samples_and_read_sparse_rows() -> None:
    pytest.importorskip("tabm")
    X, y = groups(60)
    X[X < 4] = 0
    model = SMALL["tabm"](max_steps=30).fit(X, y)
    samples = model.sample_proba(X)
    assert samples.shape == (4, 60, 3)
    assert samples.std(axis=0).max() > 1e-4, "members differ"
    np.testing.assert_allclose(samples.mean(axis=0), model.predict_proba(X), atol=1e-12)
    sparse = SMALL["tabm"](max_steps=30).fit(sp.csr_matrix(X), y)
    np.testing.assert_allclose(sparse.sample_proba(sp.csr_matrix(X)), samples, atol=1e-4)


def test_few_rows_are_all_trained_on_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tabm")
    monkeypatch.setattr("omicsbench.methods._training.FEW", 500)
    X, y = groups(100)
    few, many = SMALL["tabm"](max_steps=20), SMALL["tabm"](max_steps=20)
    assert few.fit(X, y).fit_info_["refitted"]
    X, y = groups(600)
    assert not many.fit(X, y).fit_info_["refitted"]
    assert many.fit_info_["validation_rows"] == 120


def test_without_its_weights_tabicl_is_a_skip_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    reason = TabIcl.missing()
    assert reason is not None
    assert "hf download jingang/TabICL" in reason
    present = {"needs": (), "devices": ("cpu",)}
    info = type("Info", (), present)()
    assert unavailable(info, TabIcl) == reason
    entry: Entry[Any] = discover().methods["tabicl"]
    assert unavailable(entry.info, entry.make), "the module or its weights are missing"


@pytest.mark.parametrize("home", ["HF_HOME", "XDG_CACHE_HOME"])
def test_weights_are_found_wherever_the_cache_was_put(
    home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HF_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(home, str(tmp_path))
    hub = tmp_path / "hub" if home == "HF_HOME" else tmp_path / "huggingface" / "hub"
    file = hub / "models--jingang--TabICL" / "snapshots" / "abc" / WEIGHTS
    file.parent.mkdir(parents=True)
    assert TabIcl.missing()
    file.touch()
    assert TabIcl.missing() is None
