"""70,000 pictures of clothes: a control from outside omics, Xiao et al. 2017. Downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from omicsbench.plugin import Remote, dataset

if TYPE_CHECKING:
    import numpy as np
    from anndata import AnnData
    from numpy.typing import NDArray

_BASE = (
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/"
    "949006594cc2f804a93b9155849734564c3545ec/data/fashion/"
)
SIDE = 28
CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
PICTURES = {
    "train": Remote(
        _BASE + "train-images-idx3-ubyte.gz",
        digest="sha256:3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    ),
    "t10k": Remote(
        _BASE + "t10k-images-idx3-ubyte.gz",
        digest="sha256:346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    ),
}
LABELS = {
    "train": Remote(
        _BASE + "train-labels-idx1-ubyte.gz",
        digest="sha256:a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    ),
    "t10k": Remote(
        _BASE + "t10k-labels-idx1-ubyte.gz",
        digest="sha256:67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    ),
}


@dataset(
    name="fashion_mnist",
    summary="70,000 pictures of clothes x 784 pixels, 10 kinds: a control, not omics.",
    source="https://github.com/zalandoresearch/fashion-mnist",
    licence="MIT (Zalando)",
    values="continuous",
    label="kind",
    provenance="author",
    scale=False,
    omics=False,
    remote=(*PICTURES.values(), *LABELS.values()),
)
def load() -> AnnData:
    """X: dense (70000, 784), grey levels 0 to 255 of 28 x 28 pixels, row by row.

    ``obs["kind"]``: one of ten kinds of clothes; ``obs["part"]``: ``train`` (60,000) or ``t10k``
    (10,000), as published. Both parts are one data set here.
    """
    import anndata
    import numpy as np
    import pandas as pd

    from omicsbench.datasets._paired import damaged
    from omicsbench.plugin import fetch, note

    pictures, kinds, parts = [], [], []
    for part, remote in PICTURES.items():
        path = fetch(LABELS[part])
        pixels, codes = _read_idx(fetch(remote), (SIDE, SIDE)), _read_idx(path, ())
        if len(codes) != len(pixels) or codes.max(initial=0) >= len(CLASSES):
            raise damaged(path, "it does not hold one class, 0 to 9, a picture")
        pictures.append(pixels.reshape(len(pixels), -1).astype(np.float32))
        kinds.append(np.array(CLASSES)[codes])
        parts += [part] * len(pixels)
    places = [f"pixel_{i}_{j}" for i in range(SIDE) for j in range(SIDE)]
    names = [f"picture{i}" for i in range(len(parts))]
    adata = anndata.AnnData(
        X=np.concatenate(pictures),
        obs=pd.DataFrame({"kind": np.concatenate(kinds), "part": parts}, index=names),
        var=pd.DataFrame(index=places),
    )
    note(adata, "Training and test pictures as published are drawn anew: not its usual split.")
    return adata


def _read_idx(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """A file of the IDX format: (n, *shape) bytes. Raises DataError for another."""
    import gzip
    import zlib

    import numpy as np

    from omicsbench.datasets._paired import damaged

    try:
        with gzip.open(path) as packed:
            content = packed.read()
    except (OSError, EOFError, zlib.error) as error:
        raise damaged(path, str(error)) from error
    start = 4 + 4 * (1 + len(shape))
    sizes = np.frombuffer(content[4:start], dtype=">u4") if len(content) >= start else ()
    # Two zeros, 8 for bytes, the number of dimensions; then each dimension's size.
    if content[:4] != bytes([0, 0, 8, 1 + len(shape)]) or tuple(sizes[1:]) != shape:
        raise damaged(path, "it is no IDX file of bytes of this shape")
    if len(content) - start != np.prod(sizes, dtype=np.int64):
        raise damaged(path, "it ends too early, or too late")
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(-1, *shape)
