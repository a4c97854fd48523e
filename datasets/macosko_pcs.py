"""50 principal components of 44,808 mouse retina cells, Macosko et al. 2015. Downloaded."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omicsbench.plugin import DataError, Remote, dataset

if TYPE_CHECKING:
    from anndata import AnnData

PICKLE = Remote(
    "https://file.biolab.si/opentsne/benchmark/macosko_2015.pkl.gz",
    digest="sha256:585850c1f766b5a351475a254e3e845a559c79a8e82ffd76580fadd47cc3aef0",
)
# All that a pickled array needs; numpy 2 has moved some of it.
ALLOWED = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
    *(
        (f"numpy.{core}.multiarray", name)
        for core in ("core", "_core")
        for name in ("_reconstruct", "scalar")
    ),
    *((f"numpy.{core}.numeric", "_frombuffer") for core in ("core", "_core")),
}


# Already reduced by PCA, so it says nothing of PCA against an autoencoder. The labels are
# clusters of these very components.
@dataset(
    name="macosko_pcs",
    summary="50 principal components of 44,808 mouse retina cells: to time embeddings, no more.",
    source="https://doi.org/10.1016/j.cell.2015.05.002",
    licence="not stated by the carrier (openTSNE's benchmark data)",
    values="continuous",
    label="CellType1",
    provenance="computed",
    scale=False,
    remote=(PICKLE,),
)
def load() -> AnnData:
    """X: dense (44808, 50), principal components. ``obs``: CellType1 and the finer CellType2.

    Already reduced: for timing t-SNE and UMAP only. The file is a pickle, which could
    run code when read: it is read only after its sha256 has been checked, and arrays only.
    """
    from omicsbench.plugin import fetch

    return _read(fetch(PICKLE))


class _Arrays(pickle.Unpickler):
    """Reads numpy arrays in dictionaries, and refuses everything else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in ALLOWED:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which is no array")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def _read(path: Path) -> AnnData:
    import gzip
    import zlib

    import anndata
    import numpy as np
    import pandas as pd

    try:
        with gzip.open(path) as stream:
            stored = _Arrays(stream).load()
        scores = np.asarray(stored["pca_50"], dtype=np.float32)
        kinds = {name: np.asarray(stored[name]).astype(str) for name in ("CellType1", "CellType2")}
    except (
        pickle.UnpicklingError,
        OSError,
        EOFError,
        zlib.error,
        LookupError,
        TypeError,
        ValueError,
    ) as error:
        raise DataError(
            f"{path} cannot be read ({error}): it is not the file of 50 components and two cell "
            "types; delete it and fetch it again."
        ) from error
    return anndata.AnnData(
        X=scores,
        obs=pd.DataFrame(kinds, index=[f"cell{i}" for i in range(len(scores))]),
        var=pd.DataFrame(index=[f"PC{j + 1}" for j in range(scores.shape[1])]),
    )
