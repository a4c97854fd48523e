"""Preparing streams: the same as in memory, in two passes, whole or not at all."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pytest
from scipy import sparse

from omicsbench.errors import DataError
from omicsbench.inputs.source import own, registered
from omicsbench.prepare.contents import LAYOUT
from omicsbench.prepare.mapped_rows import MappedCsr
from omicsbench.prepare.parts import NAMES, Handed
from omicsbench.prepare.prepared import Prepared, prepare
from omicsbench.reading.own import OwnData
from omicsbench.registry.discover import discover

CELLS, GENES = 1_500, 60
PLUGIN = '''
import time
import numpy as np
from scipy import sparse
from omicsbench.plugin import dataset
from omicsbench.stream import CellStream

@dataset(name="streamed", summary="Counts read by blocks, for a test.", source="https://example.org",
         licence="MIT", values="counts", kind="simulated", label="kind", provenance="simulated")
def load(n: int = 1500, rows: int = 100, spoil: str = "", wait: float = 0.0, empty: int = 0):
    """n cells in blocks of so many rows."""
    X = sparse.csr_matrix(np.load({path!r})[:n])
    if empty:
        X = sparse.csr_matrix(X.toarray() * (np.arange(n) % empty > 0)[:, None])

    def blocks():
        for start in range(0, n, rows):
            time.sleep(wait)
            block = X[start : start + rows].astype(np.float32)
            if spoil and start:
                block.data[3] = {{"nan": np.nan, "minus": -1, "half": 0.5}}.get(spoil, 1)
                if spoil == "narrow":
                    block = block[:, :5]
                if spoil == "short":
                    return
            yield block

    return CellStream((n, X.shape[1]), tuple(f"g{{j}}" for j in range(X.shape[1])), blocks,
                      labels=lambda: np.arange(n) % 3, label_names=("a", "b", "c"),
                      obsm={{"place": lambda: np.arange(n, dtype=np.float32)[:, None]}})
'''


@pytest.fixture
def counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path / "cache"))
    rng = np.random.default_rng(0)
    X = rng.poisson(rng.gamma(0.4, 1.0, (3, GENES))[np.arange(CELLS) % 3]).astype(np.float32)
    X[X.sum(axis=1) == 0, 0] = 1
    np.save(tmp_path / "counts.npy", X)
    (tmp_path / "plugins").mkdir()
    text = PLUGIN.format(path=str(tmp_path / "counts.npy"))
    (tmp_path / "plugins" / "streamed.py").write_text(text)
    return X


def made(tmp_path: Path, text: str, **more: Any) -> Prepared:
    source = registered(text, discover([tmp_path / "plugins"]))
    settings = {"seed": 0, "features": 25, "per_size": False}
    return prepare(source, [0], **settings | more)[0]


def arrays(prepared: Prepared) -> dict[str, np.ndarray]:
    """All that is stored, by the name of its file inside the folder."""
    return {
        path.relative_to(prepared.folder).as_posix(): np.load(path)
        for path in prepared.folder.rglob("*.npy")
    }


def cells(prepared: Prepared) -> np.ndarray:
    """The stored values of all cells, (n, p), put together from the parts."""
    made = np.zeros(prepared.contents.shape, dtype=np.float32)
    for name in NAMES:
        (part,) = prepared.matrices(name).values()
        rows = np.sort(getattr(prepared.split, name))
        made[rows] = part.X[:].toarray() if isinstance(part.X, MappedCsr) else part.X
    return made


def test_a_stream_is_prepared_as_the_same_cells_in_memory(
    tmp_path: Path, counts: np.ndarray
) -> None:
    stream = made(tmp_path, "streamed(rows=100)")
    other = made(tmp_path, "streamed(rows=731)")
    adata = anndata.AnnData(sparse.csr_matrix(counts))
    adata.obs["kind"] = np.array(["a", "b", "c"])[np.arange(CELLS) % 3]
    adata.write_h5ad(tmp_path / "own.h5ad")
    source = own(OwnData(tmp_path / "own.h5ad", label="kind"))
    held = prepare(source, [0], seed=0, features=25, per_size=False)[0]
    assert isinstance(held.matrices("train")[""].X, MappedCsr)
    first = arrays(stream)
    for prepared in (other, held):
        found = arrays(prepared)
        assert set(first) - set(found) <= {"scoring/obsm_place.npy"}
        for name in found:
            np.testing.assert_array_equal(first[name], found[name], err_msg=name)
    assert stream.facts.label_names == ("a", "b", "c")
    np.testing.assert_array_equal(np.ravel(stream.obsm("place")), np.arange(CELLS))


def test_what_is_stored_is_normalised_counts(tmp_path: Path, counts: np.ndarray) -> None:
    prepared = made(tmp_path, "streamed")
    train = prepared.matrices("train")[""]
    kept = train.features
    expected = np.log1p(counts / counts.sum(axis=1, keepdims=True) * 1e4)[:, kept]
    rows = np.array([0, 700, CELLS - 1])
    np.testing.assert_allclose(cells(prepared)[rows], expected[rows], rtol=1e-5)
    pool = np.concatenate([prepared.split.train, prepared.split.validation])
    np.testing.assert_allclose(train.scaler().mean, expected[pool].mean(0), rtol=1e-5)
    np.testing.assert_allclose(train.scaler().sd, expected[pool].std(0), rtol=1e-5)


def test_empty_cells_are_left_out_with_their_labels(tmp_path: Path, counts: np.ndarray) -> None:
    prepared = made(tmp_path, "streamed(empty=10)")
    full = np.arange(CELLS) % 10 > 0
    parts = [prepared.matrices(name)[""] for name in NAMES]
    assert prepared.contents.shape[0] == full.sum() == sum(map(len, parts))
    assert "150 cells without any value above zero" in " ".join(prepared.facts.notes)
    np.testing.assert_array_equal(prepared.labels, (np.arange(CELLS) % 3)[full])
    np.testing.assert_array_equal(np.ravel(prepared.obsm("place")), np.flatnonzero(full))


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(lambda meta: {k: v for k, v in meta.items() if k != "split"}, id="older"),
        pytest.param(lambda meta: meta | {"layout": 9}, id="newer"),
        pytest.param(lambda meta: meta | {"shape": "150 x 60"}, id="other"),
        pytest.param(lambda meta: [meta], id="no object"),
    ],
)
def test_what_another_version_has_prepared_is_made_anew(
    tmp_path: Path, counts: np.ndarray, other: Callable[[Any], Any]
) -> None:
    first = made(tmp_path, "streamed")
    path = first.folder / "meta.json"
    before = json.loads(path.read_text())
    path.write_text(json.dumps(other(before)))
    again = made(tmp_path, "streamed")
    assert again.folder == first.folder
    assert again.contents.shape == first.contents.shape
    assert json.loads(path.read_text()).keys() == before.keys()


def test_what_was_prepared_in_an_older_layout_is_left_alone(
    tmp_path: Path, counts: np.ndarray
) -> None:
    first = made(tmp_path, "streamed").folder
    older = tmp_path / "cache" / "prepared" / first.name
    shutil.copytree(first / "train", older)
    (older / "meta.json").write_text("{}")
    assert made(tmp_path, "streamed").folder == first
    assert (older / "meta.json").read_text() == "{}"


def test_the_rows_of_a_part_come_in_the_order_of_the_split(
    tmp_path: Path, counts: np.ndarray
) -> None:
    prepared = made(tmp_path, "streamed")
    stored, labels = cells(prepared), prepared.labels
    assert labels is not None
    for name in NAMES:
        part, rows = prepared.matrices(name)[""], getattr(prepared.split, name)
        order = np.arange(len(part)) if name == "train" else part.order
        np.testing.assert_array_equal(part.X[order].toarray(), stored[rows])
        np.testing.assert_array_equal(prepared.codes(name), labels[rows])


def test_what_is_handed_over_names_no_folder_but_its_own(
    tmp_path: Path, counts: np.ndarray
) -> None:
    """A process that is told of the training rows is told of no labels, and of no other rows."""
    prepared = made(tmp_path, "streamed")
    told = json.dumps(prepared.hand(["train"]).as_json())
    named = re.findall(r'"(/[^"]*)"', told)
    assert named == [str(prepared.folder / "train")]
    stored = {path.name for path in (prepared.folder / "train").rglob("*.npy")}
    learnt = ("features", "mean", "sd", "depth")
    assert stored == {f"{name}.npy" for name in ("data", "indices", "indptr", *learnt)}
    assert Handed.of_json(json.loads(told)) == prepared.hand(["train"])


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        ("nan", "NaN"),
        ("minus", "negative"),
        ("half", "fractions"),
        ("narrow", "60 features"),
        ("short", "gave 100 cells where it has 1,500"),
    ],
)
def test_a_bad_block_is_refused_and_leaves_nothing(
    tmp_path: Path, counts: np.ndarray, spoil: str, says: str
) -> None:
    with pytest.raises(DataError, match=says):
        made(tmp_path, f"streamed(spoil={spoil!r})")
    assert list((tmp_path / "cache" / f"prepared-{LAYOUT}").iterdir()) == []


def test_other_input_is_other_prepared_data(tmp_path: Path, counts: np.ndarray) -> None:
    first = made(tmp_path, "streamed")
    assert made(tmp_path, "streamed").folder == first.folder
    assert made(tmp_path, "streamed", features=20).folder != first.folder
    assert made(tmp_path, "streamed", seed=1).folder != first.folder
    file = tmp_path / "plugins" / "streamed.py"
    file.write_text(file.read_text() + "\n# edited\n")
    assert made(tmp_path, "streamed").folder != first.folder


CHILD = """
import sys
from collections.abc import Callable
from pathlib import Path
from omicsbench.prepare.prepared import prepare
from omicsbench.registry.discover import discover
from omicsbench.inputs.source import registered
source = registered(sys.argv[2], discover([Path(sys.argv[1])]))
print("ready", flush=True)
print(prepare(source, [0], seed=0, features=25, per_size=False)[0].folder, flush=True)
"""


def child(tmp_path: Path, text: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-P", "-c", CHILD, str(tmp_path / "plugins"), text]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_a_killed_process_leaves_nothing_that_is_used(tmp_path: Path, counts: np.ndarray) -> None:
    text = "streamed(wait=0.1)"
    process = child(tmp_path, text)
    folder = tmp_path / "cache" / f"prepared-{LAYOUT}"
    for _ in range(200):
        time.sleep(0.05)
        # In the second pass: the matrix is being written.
        if any(path.stat().st_size > 128 for path in folder.glob(".*/train/data.npy")):
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = list(folder.iterdir())
    assert left
    assert all(path.name.startswith(".") for path in left), "half-written under a hidden name only"
    prepared = made(tmp_path, "streamed(wait=0.0)")
    assert len(cells(prepared)) == CELLS


def test_processes_that_prepare_the_same_share_it(tmp_path: Path, counts: np.ndarray) -> None:
    processes = [child(tmp_path, "streamed(wait=0.02)") for _ in range(2)]
    folders = {process.communicate(timeout=60)[0].strip() for process in processes}
    assert [process.returncode for process in processes] == [0, 0]
    assert len(folders) == 1
    left = list((tmp_path / "cache" / f"prepared-{LAYOUT}").iterdir())
    assert [str(path) for path in left] == list(folders)


def test_a_damaged_folder_is_made_again(tmp_path: Path, counts: np.ndarray) -> None:
    prepared = made(tmp_path, "streamed")
    before = arrays(prepared)
    data = prepared.folder / "train" / "data.npy"
    data.write_bytes(data.read_bytes()[:1000])
    again = made(tmp_path, "streamed")
    assert again.folder == prepared.folder
    np.testing.assert_array_equal(arrays(again)["train/data.npy"], before["train/data.npy"])
