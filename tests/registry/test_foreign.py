"""A class by import path that lacks what its task needs is refused before anything runs."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.utils import all_estimators

from command import inside
from omicsbench.errors import RegistryError
from omicsbench.registry.discover import Registry
from omicsbench.registry.pipeline import Stage, resolve

NOTHING = Registry()
SVC = "sklearn.svm:LinearSVC"


def stage(text: str, task: str | None = "predict", dimensions: int | None = 2) -> Stage:
    return resolve(text, NOTHING, dimensions, task=task).stages[-1]


def refused(text: str, task: str | None = "predict") -> str:
    with pytest.raises(RegistryError) as caught:
        stage(text, task)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


@pytest.mark.parametrize("text", [SVC, f"{SVC}(C=0.5)", "sklearn.svm:SVC"])
def test_scores_without_probabilities_are_refused_and_calibration_offered(text: str) -> None:
    said = refused(text)
    assert said.startswith(f"{text} has no predict_proba(), which the task predict needs; ")
    assert f"calibrated:{text} has" in said
    offered = stage(f"calibrated:{text}")
    assert offered.info.task == "predict"
    assert offered.text == f"calibrated:{text}"


def test_what_a_class_can_do_may_hang_on_its_parameters() -> None:
    assert "has no predict_proba" in refused("sklearn.linear_model:SGDClassifier")
    assert stage("sklearn.linear_model:SGDClassifier(loss='log_loss')").info.task == "predict"


@pytest.mark.parametrize(
    ("text", "task", "says"),
    [
        ("sklearn.linear_model:Ridge", "predict", "is a regressor, and the task predict needs"),
        ("sklearn.mixture:GaussianMixture", "predict", "is a density estimator"),
        ("sklearn.mixture:GaussianMixture", "embed", "has no transform()"),
        ("sklearn.decomposition:PCA", "predict", "has no predict_proba()"),
        ("calibrated:sklearn.linear_model:Ridge", "predict", "is a regressor"),
        ("calibrated:sklearn.decomposition:PCA", "predict", "nor a decision_function()"),
        ("sklearn.multiclass:OneVsRestClassifier", "predict", "cannot be made without estimator"),
        ("sklearn.manifold:TSNE", "embed", "has no transform()"),
        ("sklearn.cluster:DBSCAN", "embed", "has no transform()"),
        (SVC, "embed", "has no transform()"),
        ("sklearn.feature_selection:SelectFdr", "embed", "needs y in fit()"),
        ("sklearn.cross_decomposition:PLSRegression", "embed", "needs y in fit()"),
        ("sklearn.preprocessing:LabelEncoder", "embed", "takes other input than cells x features"),
        ("sklearn.svm:SVC(kernel='precomputed', probability=True)", "predict", "takes other input"),
        ("sklearn.feature_extraction.text:CountVectorizer", "embed", "takes other input"),
        ("collections:OrderedDict", "embed", "has no fit()"),
        ("collections:OrderedDict", "predict", "has no fit()"),
        ("collections:nothing", "predict", "Cannot import collections:nothing: AttributeError"),
        ("json:dumps", "predict", "is not a class"),
    ],
)
def test_each_says_what_is_missing(text: str, task: str, says: str) -> None:
    assert says in refused(text, task)


def test_a_class_that_can_do_both_does_what_the_task_asks() -> None:
    text = "sklearn.discriminant_analysis:LinearDiscriminantAnalysis"
    assert stage(text, "predict").info.task == "predict"
    assert "needs y in fit()" in refused(text, "embed")


CLASSES = """
class Base:
    def fit(self, X, y=None): return self
    def transform(self, X): return X
    def predict_proba(self, X): return X
class Dated(Base):
    def __init__(self, when, where="here"): pass
class Broken(Base):
    def __init__(self): raise OSError("no licence file\\nfound")
class Weighted(Base):
    def fit(self, X, y, weights): return self
class Blind(Base):
    def fit(self, X): return self
class Paired(Base):
    def transform(self, X, batch): return X
class Unfitted:
    def transform(self, X): return X
"""


@pytest.fixture
def classes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    (tmp_path / "lab_classes.py").write_text(CLASSES)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "lab_classes"
    sys.modules.pop("lab_classes", None)


@pytest.mark.parametrize(
    ("name", "task", "says"),
    [
        ("Dated", "embed", "lab_classes:Dated cannot be made without when: write lab_classes:"),
        ("Broken", "predict", "cannot be made (OSError: no licence file found)."),
        ("Weighted", "predict", "needs weights in fit(), which is given X and y"),
        ("Weighted", "embed", "needs y and weights in fit(), which is given X alone"),
        ("Blind", "predict", "takes no labels in fit()"),
        ("Paired", "embed", "needs batch in transform(), which is given X"),
        ("Unfitted", "embed", "has no fit()"),
    ],
)
def test_classes_of_ones_own_too(classes: str, name: str, task: str, says: str) -> None:
    assert says in refused(f"{classes}:{name}", task)
    assert stage(f"{classes}:Dated(when=3)", "embed").params == {"when": 3}


def _data(rng: Any) -> tuple[Any, Any]:
    y = np.arange(60) % 3
    return rng.random((60, 12)) + y[:, None] * (np.arange(12) % 3 == 1), y


@pytest.mark.parametrize("text", [SVC, "sklearn.linear_model:RidgeClassifier"])
def test_calibrated_scores_are_probabilities_also_with_classes_of_one(text: str) -> None:
    X, y = _data(np.random.default_rng(0))
    y = y.copy()
    y[0] = 7
    model = stage(f"calibrated:{text}").build(0, "cpu")
    p = model.fit(X.astype(np.float32), y).predict_proba(X)
    assert model.classes_.tolist() == [0, 1, 2, 7]
    assert np.allclose(p.sum(axis=1), 1)
    assert p.min() >= 0
    assert np.allclose(p[:, 3], 1 / 60)
    assert (model.classes_[p.argmax(axis=1)] == y)[1:].mean() > 0.7
    again = stage(f"calibrated:{text}").build(0, "cpu").fit(X.astype(np.float32), y)
    assert np.array_equal(again.predict_proba(X), p), "the same seed, the same folds"


# What neither signatures nor tags tell: they are tried, and their runs tell why they failed.
UNTOLD = {
    "SelectKBest": "its test of features needs y",
    "SelectPercentile": "its test of features needs y",
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("task", ["embed", "predict"])
def test_every_class_of_scikit_learn_is_refused_or_does_its_task(task: str) -> None:
    X, y = _data(np.random.default_rng(1))
    wrong, done, sentences = {}, 0, []
    for name, cls in all_estimators():
        text = f"{cls.__module__}:{name}"
        try:
            found = stage(text, task)
        except RegistryError as error:
            sentences.append(str(error))
            continue
        if found.info.task != task:  # said by whoever knows the suite
            continue
        params = inspect.signature(cls).parameters
        model = cls(**found.params, **({"random_state": 0} if "random_state" in params else {}))
        try:
            fitted = model.fit(X, y) if task == "predict" else model.fit(X)
            made = fitted.predict_proba(X) if task == "predict" else fitted.transform(X)
            assert made.shape[0] == len(X)
            done += 1
        except Exception as error:
            wrong[name] = f"{type(error).__name__}: {error}"
    assert wrong.keys() <= UNTOLD.keys(), wrong
    assert done > 15
    assert all(said.endswith(".") and "\n" not in said for said in sentences)


def test_a_suite_is_refused_with_exit_code_2_and_the_offer_runs(tmp_path: Path) -> None:
    words = ["run", "predict", "--dataset", "khan_srbct", "--only", "--sizes", "30", "--repeats"]
    words += ["1", "--threads", "1", "--no-report", "--metrics", "balanced_accuracy"]
    words += ["--out", tmp_path / "out"]
    done = inside(*words, "-m", SVC)
    assert done.returncode == 2, done.stderr
    assert done.stderr.splitlines()[-1].startswith(f"omicsbench: {SVC} has no predict_proba()")
    assert not list((tmp_path / "out").glob("runs/*"))
    done = inside(*words, "-m", f"calibrated:{SVC}")
    assert done.returncode == 0, done.stderr
    assert "Runs: 1 ok" in done.stdout
