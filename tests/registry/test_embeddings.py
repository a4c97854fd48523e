"""What a pipeline states of an embedding that was computed elsewhere."""

from __future__ import annotations

import pytest

from omicsbench.errors import RegistryError
from omicsbench.registry.discover import discover
from omicsbench.registry.embeddings import NamedEmbedding
from omicsbench.registry.pipeline import resolve

REGISTRY = discover()


def test_it_is_a_deep_contestant_until_something_else_is_stated() -> None:
    plain = resolve("frozen('X_far')", REGISTRY, 10)
    assert plain.text == "frozen(key='X_far')"
    assert plain.embedding == NamedEmbedding("X_far", None, "unknown")
    assert (plain.family, plain.is_control, plain.contamination) == ("deep", False, "unknown")
    assert plain.output_dim is None, "it has its own dimension"
    reduced = resolve("frozen(path='a.parquet', family='simple') > pca", REGISTRY, 10)
    assert reduced.text == "frozen(path='a.parquet', family='simple') > pca(10)"
    assert reduced.embedding == NamedEmbedding(None, "a.parquet", "unknown")
    assert (reduced.family, reduced.output_dim) == ("simple", 10)
    assert resolve("frozen('X', family='control')", REGISTRY).family == "control"
    assert resolve("pca(10)", REGISTRY).embedding is None
    assert resolve("pca(10)", REGISTRY).contamination is None


def test_what_has_seen_the_data_is_a_control_and_another_pipeline() -> None:
    seen, unseen, unknown = (
        resolve(f"frozen('X_far'{stated}) > logistic_regression", REGISTRY, task="predict")
        for stated in (", contamination='seen'", ", contamination='unseen'", "")
    )
    assert [p.is_control for p in (seen, unseen, unknown)] == [True, False, False]
    assert [p.contamination for p in (seen, unseen, unknown)] == ["seen", "unseen", "unknown"]
    assert {p.family for p in (seen, unseen, unknown)} == {"deep"}
    assert len({p.text for p in (seen, unseen, unknown)}) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("frozen", "name one embedding, either key='X_name'"),
        ("frozen('X_far', path='a.parquet')", "name one embedding"),
        ("frozen(key=3)", "name one embedding"),
        ("frozen('')", "name one embedding"),
        ("frozen('X_far', family='large')", "family is one of simple, deep, control"),
        ("frozen('X_far', contamination=True)", "contamination is one of unknown, seen, unseen"),
        ("pca(5) > frozen('X_far')", "reads an embedding of the data; it can only come first"),
    ],
)
def test_what_states_no_embedding_is_refused(text: str, message: str) -> None:
    with pytest.raises(RegistryError, match=message):
        resolve(text, REGISTRY)
