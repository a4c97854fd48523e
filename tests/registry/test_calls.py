"""The language of pipelines: reading, canonical text, errors that say what to do."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omicsbench.errors import RegistryError
from omicsbench.registry.calls import call_text, parse_call, parse_pipeline

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


def test_parse_call_keeps_literals() -> None:
    call = parse_call("f(1, 'a', x=[1, 2], y=(None, True))")
    assert call.args == (1, "a")
    assert dict(call.kwargs) == {"x": [1, 2], "y": (None, True)}
