"""From a pipeline's text to its stages: what is filled in, and what cannot stand where."""

from __future__ import annotations

import pytest

from omicsbench.errors import RegistryError
from omicsbench.registry.discover import discover
from omicsbench.registry.pipeline import resolve


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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mlp > pca(5)", "mlp gives no embedding; it can only come last."),
        ("pca(5) > cca(5)", "cca(5) takes several modalities; it can only come first."),
        ("cca(5) > mlp", "cca(5) > mlp: classes are predicted from one modality; leave one out."),
        ("pca(0)", "pca: n_components=0 is no number of dimensions; write pca(50)."),
    ],
)
def test_a_stage_that_cannot_stand_there_is_named(text: str, message: str) -> None:
    with pytest.raises(RegistryError) as error:
        resolve(text, discover(), 10)
    assert str(error.value) == message
