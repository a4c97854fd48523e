"""Embed all cells of an AnnData, a file or a matrix with a pipeline."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from omicsbench._version import __version__
from omicsbench.errors import OmicsbenchError
from omicsbench.plugin import SUPERVISED, Values
from omicsbench.registry.discover import Registry, discover, unavailable
from omicsbench.registry.pipeline import Pipeline
from omicsbench.stream import Counts

if TYPE_CHECKING:
    from anndata import AnnData


def embed(
    data: Any,
    pipeline: str,
    *,
    n_components: int = 50,
    key: str | None = None,
    values: Values | None = None,
    features: int = 2_000,
    seed: int = 0,
    batch: str | None = None,
    registry: Registry | None = None,
) -> AnnData:
    """Embed all cells with a pipeline; the result lies in ``obsm[key]`` of what is returned.

    The cells are prepared as in a run (normalised, ``features`` genes, unit variance), all of
    them being training rows. Cells without counts get NaN. What it was made with lies in
    ``uns[key without X_]["params"]``; ``scanpy.pl.embedding(adata, basis=key)`` plots it.

    Raises OmicsbenchError, with one sentence, for data or a pipeline that cannot be used so.

    Parameters
    ----------
    data : an AnnData, which is returned; or a file's path, a matrix (cells in rows) or a
        DataFrame, from which an AnnData is made.
    pipeline : such as ``"pca(50) > umap"``; not a predictor, which gives no embedding.
    n_components : output dimension of stages that state none.
    key : ``X_<pipeline>`` by default, for example ``X_pca_umap``.
    values : what ``data`` hold, as of ``--values``, where it cannot be told from them.
    features : how many are selected, as in a run.
    seed : of methods that draw at random.
    batch : obs column with the batches, for methods that use them.
    registry : where methods are looked up, if not among those that come with omicsbench.
    """
    from omicsbench.inputs.arguments import as_text
    from omicsbench.inputs.embeddings import matched
    from omicsbench.inputs.given import as_anndata
    from omicsbench.prepare.features import select_rows
    from omicsbench.prepare.normalise import normalize
    from omicsbench.prepare.scaling import UNSCALED, Scaler
    from omicsbench.reading.obsm import read_obsm
    from omicsbench.reading.own import OwnData
    from omicsbench.reading.readers import read
    from omicsbench.registry.pipeline import resolve
    from omicsbench.validation.check import check

    made = resolve(
        as_text("pipeline", pipeline), registry or discover(), n_components, task="embed"
    )
    _refuse_task(made, pipeline)
    adata = as_anndata(data)
    cells = read(OwnData(Path("data"), held=adata, batch=batch))
    checked = check(cells, label=None, values=values, batch=batch)
    for stage in made.stages:
        if "batch" in stage.info.uses and batch is None:
            raise OmicsbenchError(f"{stage.text} uses batches: name their column with batch=.")
    X = normalize(checked.adata.X, checked.values)
    kept = select_rows(X, checked.values, features)
    Z: Any
    if made.stages[0].info.reads == "counts":
        _refuse_values(made, checked.values)
        Z = _counts(checked.adata.X, kept)
    elif made.embedding:
        held = partial(read_obsm, OwnData(Path("data"), held=adata))
        Z = matched(made.embedding, checked.adata.obs_names, held, "data")
    else:
        own = X[:, kept]
        Z = Scaler.fit(own, checked.values not in UNSCALED, checked.values).transform(own)
    _refuse_data(made, Z)
    for stage in made.stages:
        model = stage.build(seed, "cpu")
        if stage.info.reads == "values" and not stage.info.accepts_sparse:
            Z = Z if isinstance(Z, np.ndarray) else Z.toarray()
        beside = {"batch": checked.batches} if "batch" in stage.info.uses else {}
        model.fit(Z, **beside)
        Z = model.embedding_ if stage.info.keeps_embedding else model.transform(Z, **beside)
    whole = np.full((adata.n_obs, Z.shape[1]), np.nan, dtype=np.float32)
    whole[cells.obs_names.get_indexer(checked.adata.obs_names)] = Z
    key = key or default_key(pipeline)
    adata.obsm[key] = whole
    params = {
        "pipeline": pipeline,
        "n_components": n_components,
        "features": len(np.arange(X.shape[1])[kept]),
        "values": checked.values,
        "seed": seed,
        "omicsbench": __version__,
    }
    adata.uns[key.removeprefix("X_")] = {"params": params | ({"batch": batch} if batch else {})}
    return adata


def default_key(pipeline: str) -> str:
    """Where an embedding lies if nobody says: for example ``X_pca_umap``."""
    from omicsbench.registry.calls import parse_pipeline

    return "X_" + "_".join(call.name.rpartition(":")[2] for call in parse_pipeline(pipeline))


def _counts(X: Any, kept: Any) -> Counts:
    """The counts of all cells X (n, p), of some features."""
    own, totals = X[:, kept], np.asarray(X.sum(axis=1)).ravel()
    return Counts.held(own if isinstance(own, np.ndarray) else own.toarray(), totals)


def _refuse_values(pipeline: Pipeline, values: Values) -> None:
    """Raise OmicsbenchError for cells without counts, where a method reads them."""
    if values != "counts":
        raise OmicsbenchError(
            f"{pipeline.stages[0].text} reads counts, and the data hold {values} values; give raw "
            "counts."
        )


def _refuse_task(pipeline: Pipeline, text: str) -> None:
    """Raise OmicsbenchError for a pipeline that embeds no cells of one modality here."""
    for stage in pipeline.stages:
        if stage.info.task in SUPERVISED:
            what = "labels" if stage.info.task == "predict" else "numbers"
            raise OmicsbenchError(
                f"{text} predicts {what}, it gives no embedding; name a method of task embed."
            )
        if stage.info.task == "integrate":
            raise OmicsbenchError(
                f"{text} joins several modalities; name a method of task embed, which takes one."
            )
        if stage.info.sees_labels:
            raise OmicsbenchError(f"{text} needs labels; it is a control, not an embedding.")
        reason = unavailable(stage.info, stage.make)
        if reason is None and "cpu" not in stage.info.devices:
            reason = f"runs on {', '.join(stage.info.devices)} only, and cells are embedded on cpu"
        if reason:
            raise OmicsbenchError(f"{stage.text}: {reason}.")


def _refuse_data(pipeline: Pipeline, X: Any) -> None:
    """Raise OmicsbenchError for prepared cells X (n, p) that a stage cannot take."""
    n, p = X.shape
    for stage in pipeline.stages:
        d, image = stage.n_components, stage.value("image")
        first = stage is pipeline.stages[0]
        if d and (d >= n or (first and d > p)):
            raise OmicsbenchError(
                f"{stage.text}: {d} dimensions are too many for {n} cells and {p} features; "
                "state fewer, or give n_components."
            )
        if first and image is not None and math.prod(image) != p:
            shape = " x ".join(map(str, image))
            raise OmicsbenchError(f"{stage.text} takes images of {shape}, not {p} features.")
    if pipeline.stages[0].info.nonnegative and X.min() < 0:
        raise OmicsbenchError(
            f"{pipeline.stages[0].text} needs non-negative data, and these have negative values."
        )
