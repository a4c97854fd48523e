"""19,290 blood cells of two people on two days and at two times, Shaham et al. 2017. Downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from omicsbench.plugin import Remote, dataset

if TYPE_CHECKING:
    import numpy as np
    from anndata import AnnData
    from numpy.typing import NDArray

_BASE = (
    "https://raw.githubusercontent.com/ushaham/BatchEffectRemoval/"
    "89d13ab74076e10e1c99a31d9fe24572a983a850/Data/"
)
# Of each sample: sha256 of its cells and of their labels.
_DIGESTS = {
    "Person1Day1_baseline": (
        "6420db8fba69b62774c6e7a2669d9b7cbe8dd12553b752a6798bc2faa45b5d8c",
        "c891ddf3e57e4222ea92ccb2e4255dd5705ce7b9cf2c0138e8c3f4223e9881fc",
    ),
    "Person1Day1_3month": (
        "671a161efe364a9532e19e0db39afa94c37d969a7825b39379a1c85227fcc838",
        "b7d5a40863393e27031c011be3eb0c6c6ee085f487e7d34ebda27f5e5a51b176",
    ),
    "Person1Day2_baseline": (
        "a9710f0a9a0e3c996e1a741d7f7a35dafcfa805ab630c3259c06dfae73c50f96",
        "f6ba066bba6c1b934f0ac60475e1da8802b699994592aef200de66d751150df7",
    ),
    "Person1Day2_3month": (
        "46005dcc046963172fd567ef2dd7e170898c62efc6209fc19c890aafb983ddf9",
        "75a11a25918c21607fecdac3cbc840234c8f52b8893b22d805da66c6bb29388d",
    ),
    "Person2Day1_baseline": (
        "f24f6e9d910b5c0145712c5e03fc9c45908a846b265ccc97c424cf6743fe3d0b",
        "a7e2db04ad0544af72b8d6ef753a7aac01d64788321146fa3ca98f37e4299ce8",
    ),
    "Person2Day1_3month": (
        "295dc5789b4f11cd68373a6869db7377d57c7204da41c433f2063b4ecc1d590c",
        "6baced69fd341e6dd8b90132087b33773ad18f0d104e0d3968a7cc314d78a522",
    ),
    "Person2Day2_baseline": (
        "3363fb4cb8fe03ab9e36b8fcff305e13ae9a6e5baff55664b9e50778a3d01092",
        "2508fa38908dcf22b80f5f93a41dec58620ff1b54aa34e4e78e32130c7d3ca42",
    ),
    "Person2Day2_3month": (
        "3bb7fce48fd7e32e4295661eb9351295ce5cafcc02078adaf9e7e82701e0fe49",
        "9b4ef616e8fc1b6ec795f5173924253f022c45ab7a619ad1e56a53aa712a5883",
    ),
}
CELLS = {
    name: Remote(f"{_BASE}{name}.csv", digest=f"sha256:{digest}")
    for name, (digest, _) in _DIGESTS.items()
}
LABELS = {
    name: Remote(f"{_BASE}{name}_label.csv", digest=f"sha256:{digest}")
    for name, (_, digest) in _DIGESTS.items()
}
MARKERS = 25


@dataset(
    name="cytof_two_days",
    summary="25 markers of 19,290 blood cells, two people x two days of measurement x two times.",
    source="https://doi.org/10.1093/bioinformatics/btx196",
    licence="none stated by the carrier (ushaham/BatchEffectRemoval)",
    values="cytometry",
    label="cd8",
    provenance="author",
    unit="sample",
    groups=("person", "day", "time"),
    batch="day",
    remote=(*CELLS.values(), *LABELS.values()),
)
def load() -> AnnData:
    """X: dense (19290, 25), intensities of mass cytometry, 0 to 10,821, not transformed.

    ``obs``: cd8, yes or no, as the authors tell CD8 cells apart; person (2), day (2) of
    measurement on the same machine, time (baseline, 3month) and the sample, which is one of each.
    """
    from omicsbench.plugin import fetch, note

    adata = _joined({name: _read(fetch(CELLS[name]), fetch(LABELS[name])) for name in CELLS})
    note(
        adata,
        "Every person was measured on both days and at both times: days are batches, people and "
        "times are not.",
        "The carrier does not name the markers; they are numbered.",
        "There are two people: what holds for new people rests on very few.",
    )
    return adata


def _joined(samples: dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]) -> AnnData:
    """``samples`` : by name, (n, 25) intensities and (n,) 1 for a CD8 cell, else 0."""
    import anndata
    import numpy as np
    import pandas as pd

    told = []
    for name, (cells, _) in samples.items():
        who, time = name.split("_")
        person, day = who.removeprefix("Person").split("Day")
        of_all = {"person": person, "day": day, "time": time, "sample": name}
        told.append(pd.DataFrame(of_all, index=[f"{name}.{i}" for i in range(len(cells))]))
    obs = pd.concat(told)
    cd8 = np.concatenate([labels for _, labels in samples.values()])
    obs.insert(0, "cd8", np.where(cd8 == 1, "yes", "no"))
    X = np.concatenate([cells for cells, _ in samples.values()])
    return anndata.AnnData(X, obs, pd.DataFrame(index=[f"marker{j + 1}" for j in range(MARKERS)]))


def _read(cells: Path, labels: Path) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Tables without a header: 25 intensities a cell, and one label, 0 or 1."""
    import numpy as np
    import pandas as pd

    from omicsbench.datasets._paired import damaged

    read = []
    for path, width in ((cells, MARKERS), (labels, 1)):
        try:
            table = pd.read_csv(path, header=None).to_numpy(np.float32)
        except (OSError, ValueError) as error:
            raise damaged(path, str(error)) from error
        if table.shape[1] != width or not np.isfinite(table).all():
            raise damaged(path, f"it does not hold {width} numbers a cell")
        read.append(table)
    told = read[1][:, 0]
    if len(told) != len(read[0]) or not np.isin(told, (0, 1)).all():
        raise damaged(labels, "it does not tell yes or no of each cell")
    return read[0], told
