"""Embed all cells of an AnnData with a pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from omicsbench.errors import OmicsbenchError
from omicsbench.plugin import Values
from omicsbench.registry.discover import Registry, discover

if TYPE_CHECKING:
    from anndata import AnnData


def embed(
    adata: AnnData,
    pipeline: str,
    *,
    n_components: int = 50,
    key: str | None = None,
    values: Values | None = None,
    features: int = 2_000,
    seed: int = 0,
    registry: Registry | None = None,
) -> AnnData:
    """Embed all cells with a pipeline; the result lies in ``adata.obsm[key]``.

    The cells are prepared as in a run (normalised, ``features`` genes, unit variance), all of
    them being training rows. ``key`` is ``X_<pipeline>`` by default, for example ``X_pca_tsne``.
    Cells without counts get NaN. Returns ``adata``.

    ``n_components`` and ``seed`` are of the pipeline's methods; ``values`` says what the matrix
    holds (``counts``, ``log`` or ``continuous``) where that cannot be told; ``registry`` is of
    the methods that can be named.
    """
    from omicsbench.inputs.validation import check
    from omicsbench.prepare.features import select_rows
    from omicsbench.prepare.normalise import normalize
    from omicsbench.prepare.scaling import Scaler
    from omicsbench.registry.calls import parse_pipeline
    from omicsbench.registry.pipeline import resolve

    stages = resolve(pipeline, registry or discover(), n_components).stages
    if any(stage.info.sees_labels for stage in stages):
        raise OmicsbenchError(f"{pipeline} needs labels; it is a control, not an embedding.")
    checked = check(adata, label=None, values=values)
    X = normalize(checked.adata.X, checked.values)
    X = X[:, select_rows(X, checked.values, features)]
    Z: Any = Scaler.fit(X).transform(X)
    for stage in stages:
        model = stage.build(seed, "cpu")
        if not isinstance(Z, np.ndarray) and not stage.info.accepts_sparse:
            Z = Z.toarray()
        model.fit(Z)
        Z = model.embedding_ if stage.info.keeps_embedding else model.transform(Z)
    whole = np.full((adata.n_obs, Z.shape[1]), np.nan, dtype=np.float32)
    whole[adata.obs_names.get_indexer(checked.adata.obs_names)] = Z
    names = [call.name.rpartition(":")[2] for call in parse_pipeline(pipeline)]
    adata.obsm[key or "X_" + "_".join(names)] = whole
    return adata
