"""The language of pipelines: reading, canonical text, errors that say what to do."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omicsbench.errors import RegistryError
from omicsbench.registry.calls import call_text, parse_call, parse_pipeline
from omicsbench.registry.discover import discover
from omicsbench.registry.pipeline import resolve

NAMES = st.text(string.ascii_lowercase + "_", min_size=1, max_size=8).filter(str.isidentifier)
VALUES = st.one_of(
    st.integers(),
    st.booleans(),
    st.none(),
    st.text(max_size=12),
    st.floats(allow_nan=False, allow_infinity=False),
)


@given(st.lists(st.tuples(NAMES, st.dictionaries(NAMES, VALUES, max_size=3)), min_size=1))
def test_canonical_text_reads_back(stages: list[tuple[str, dict[str, Any]]]) -> None:
    text = " > ".join(call_text(name, params) for name, params in stages)
    calls = parse_pipeline(text)
    assert [(call.name, dict(call.kwargs)) for call in calls] == stages


@pytest.mark.parametrize(
    "text",
    ["", ">", "pca >", "> pca", "pca(", "pca(x y)", "pca(f())", "pca)(", "1pca", "f(**{})"],
)
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(RegistryError):
        parse_pipeline(text)


def test_a_separator_inside_a_string_is_none() -> None:
    assert len(parse_pipeline("a(x='>') > b")) == 2


def test_positional_and_named_parameters_are_the_same_pipeline() -> None:
    registry = discover()
    first = resolve("pca(50) > tsne", registry)
    second = resolve(" pca( n_components = 50 )>tsne ", registry)
    assert first.text == second.text == "pca(50) > tsne"
    assert first.family == "simple"
    assert resolve("autoencoder(5) > tsne", registry).family == "deep"


def test_the_suites_latent_size_fills_what_is_not_stated() -> None:
    registry = discover()
    assert resolve("pca > tsne", registry, 10).text == "pca(10) > tsne"
    assert resolve("pca(3)", registry, 10).text == "pca(3)"
    with pytest.raises(RegistryError, match=r"pca\(50\)"):
        resolve("pca", registry)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pcaa", "did you mean pca"),
        ("pca(50, depth=3)", "has no parameter 'depth'"),
        ("pca(50, n_components=3)", "given twice"),
        ("no.such.module:Thing", "Cannot import"),
        ("collections:OrderedDict", "has no fit"),
        ("os.path:join", "is not a class"),
    ],
)
def test_unknown_things_are_named(text: str, message: str) -> None:
    with pytest.raises(RegistryError, match=message):
        resolve(text, discover(), 10)


def test_a_scikit_learn_class_by_import_path() -> None:
    path = "sklearn.decomposition:TruncatedSVD"
    stage = resolve(f"{path}(n_components=4)", discover()).stages[0]
    assert stage.info.family == "simple"
    assert stage.info.accepts_sparse
    assert stage.info.invertible
    assert resolve(path, discover(), 4, {path: "deep"}).family == "deep"
    assert resolve(path, discover(), 4).output_dim == 4, "equal terms, whatever its own default"
    assert resolve("sklearn.decomposition:NMF", discover(), 4).stages[0].info.nonnegative


def test_parse_call_keeps_literals() -> None:
    call = parse_call("f(1, 'a', x=[1, 2], y=(None, True))")
    assert call.args == (1, "a")
    assert dict(call.kwargs) == {"x": [1, 2], "y": (None, True)}
