"""At the door: inputs that are easily read wrongly are read right, or refused with the reason.

Each runs through the command line, as a user would; a refusal is one sentence and exit code 2.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import door
from command import Cli, Done, call, inside
from omicsbench.reading.own import OwnData
from omicsbench.records.store import read_records

RUN = ["-m", "pca", "--only", "--sizes", "30", "--set", "n_components=5", "--set", "features=50"]
RUN += ["--repeats", "1", "--threads", "1", "--no-report", "--metrics", "knn_recall"]
# file, how it is written, label, what is said of it, and that it has so many features
READ: list[tuple[str, door.Write, str, tuple[str, ...], int]] = [
    ("numeric_id.csv", door.numeric_id, "diagnosis", ("cells named 1001, 1002, ...",), 60),
    ("leiden.csv", door.cluster_number, door.LABEL, ("left out: leiden",), 60),
    ("mito.csv", door.fraction_beside_counts, door.LABEL, ("left out: percent_mito",), 60),
    ("rsem.csv", door.estimated_counts, door.LABEL, ("fractional, dense", "normalised as"), 60),
    ("norm.h5ad", door.normalized_only, door.LABEL, ("normalized, dense", "no logarithm was"), 60),
    ("log2.h5ad", door.base_two, door.LABEL, ("log2, dense",), 60),
    ("log.h5ad", door.as_scanpy_logs, door.LABEL, ("log, dense",), 60),
    ("rma.csv", door.array_intensities, "diagnosis", ("continuous", "log intensities"), 150),
    ("bool.csv", door.truth_values, door.LABEL, ("taken as 1 and 0: GENE0, GENE1",), 60),
    ("decimal.parquet", door.decimals, door.LABEL, ("counts, dense",), 60),
    ("hash.tsv", door.comment_line, door.LABEL, ("comment lines",), 60),
    ("semicolon.csv", door.decimal_commas, door.LABEL, ("semicolon-separated, decimal comma",), 60),
    ("trailing.csv", door.trailing_commas, door.LABEL, ("empty last column is left out",), 60),
    ("scaled.h5ad", door.scaled, door.LABEL, ("scaled", "leak", "--layer raw"), 60),
]
REFUSED: list[tuple[str, door.Write, str | None, tuple[str, ...]]] = [
    ("genes.csv", door.genes_in_rows, None, ("features", "in rows", "Ensembl ids", "--transpose")),
    ("soupx.h5ad", door.corrected_counts, door.LABEL, ("Cannot tell", "--values fractional")),
    ("lod.csv", door.tokens, door.LABEL, ("'<LOD' 20 times", "GENE0, row cell000", "--exclude")),
    ("barnyard.h5", door.two_genomes, None, ("hg19, mm10", "--genome hg19")),
]


def run(cli: Cli, folder: Path, files: dict[str, door.Write], label: str | None) -> Done:
    folder.mkdir(exist_ok=True)
    words = ["--label", label] if label else []
    for name, write in files.items():
        write(folder / name)
        words += ["--data", str(folder / name)]
    return cli("run", *words, *RUN, "--out", folder / "out")


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Done, Path]]:
    """By label, one run over all files that have it (a run of each would take a minute)."""
    found = {}
    for label in {label for _, _, label, *_ in READ}:
        folder = tmp_path_factory.mktemp("door")
        files = {name: write for name, write, own, *_ in READ if own == label}
        files |= {"na.csv": door.na_classes} if label == door.LABEL else {}
        found[label] = run(call, folder, files, label), folder / "out"
    return found


@pytest.mark.parametrize(("name", "label", "says", "features"), [(n, *r) for n, _, *r in READ])
def test_it_is_read_right_and_said(
    read: dict[str, tuple[Done, Path]], name: str, label: str, says: tuple[str, ...], features: int
) -> None:
    done, out = read[label]
    assert done.returncode == 0, done.stderr
    (record,) = (r for r in read_records(out) if r.spec.dataset == name)
    facts = record.dataset_info
    assert record.status == "ok"
    assert (facts.n_cells, facts.n_features, len(facts.label_names)) == (90, features, 3)
    said = [line for line in done.stderr.splitlines() if line.startswith(f"{name}: ")]
    assert facts.line == said[0]
    for words in says:
        assert words in "\n".join(said)


@pytest.mark.parametrize(("name", "write", "label", "says"), REFUSED)
def test_it_is_refused_with_what_was_seen_and_what_settles_it(
    tmp_path: Path, name: str, write: door.Write, label: str | None, says: tuple[str, ...]
) -> None:
    done = run(inside, tmp_path, {name: write}, label)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    (sentence,) = (t for t in done.stderr.splitlines() if t.startswith("omicsbench: "))
    for words in says:
        assert words in sentence
    assert not list((tmp_path / "out").glob("runs/*"))


@pytest.mark.parametrize(
    ("name", "write", "label", "option", "features"),
    [
        ("genes.csv", door.genes_in_rows, None, ["--transpose"], 60),
        ("soupx.h5ad", door.corrected_counts, door.LABEL, ["--values", "fractional"], 60),
        ("lod.csv", door.tokens, door.LABEL, ["--exclude", "GENE?,GENE1?"], 40),
        ("barnyard.h5", door.two_genomes, None, ["--genome", "hg19"], 30),
        ("leiden.csv", door.cluster_number, door.LABEL, ["--features-like", "*"], 61),
        ("scaled.h5ad", door.scaled, door.LABEL, ["--layer", "raw"], 60),
    ],
)
def test_the_option_that_is_offered_settles_it(
    tmp_path: Path,
    name: str,
    write: door.Write,
    label: str | None,
    option: list[str],
    features: int,
) -> None:
    write(tmp_path / name)
    words = ["--label", label] if label else []
    done = inside("inspect", tmp_path / name, *words, *option)
    assert done.returncode == 0, done.stderr
    assert f"{name}: 90 cells x {features} features" in done.stdout


def test_texts_that_count_as_missing_are_said_and_kept_if_asked(
    read: dict[str, tuple[Done, Path]], tmp_path: Path
) -> None:
    done, out = read[door.LABEL]
    (record,) = (r for r in read_records(out) if r.spec.dataset == "na.csv")
    assert (done.returncode, record.status) == (0, "ok"), done.stderr
    said = "\n".join(line for line in done.stderr.splitlines() if line.startswith("na.csv: "))
    assert "label cell_type: 1 class, 60 cells without" in said
    assert "30 hold 'NA' and 30 hold 'None'; --keep-na makes classes of such texts" in said
    door.na_classes(tmp_path / "na.csv")
    kept = inside("inspect", tmp_path / "na.csv", "--label", door.LABEL, "--keep-na")
    assert kept.returncode == 0, kept.stderr
    assert "label cell_type: 3 classes; " in kept.stdout


def test_the_features_of_base_2_are_those_of_scanpy() -> None:
    """Of values that are logarithms of base 2, as of natural ones: the same genes are chosen."""
    from omicsbench.prepare.features import select_rows
    from omicsbench.prepare.normalise import normalize

    two = normalize(door.logged(2.0).astype(np.float32), "log2")
    natural = normalize(door.logged().astype(np.float32), "log")
    assert np.allclose(two, natural, rtol=1e-6)
    assert select_rows(two, "log2", 20).tolist() == select_rows(natural, "log", 20).tolist()


def test_the_most_variable_probes_of_an_array_are_chosen(tmp_path: Path) -> None:
    from omicsbench.inputs.source import own
    from omicsbench.prepare.features import select_rows

    door.array_intensities(tmp_path / "rma.csv")
    cells: Any = own(OwnData(tmp_path / "rma.csv", label="diagnosis")).cells
    variance = cells.matrix.var(axis=0)
    chosen = select_rows(cells.matrix, cells.values, 40)
    assert set(chosen.tolist()) == set(np.argsort(-variance)[:40].tolist())
