"""Reports of made-up records, made once for the tests of a file, or of all that only read them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from demo import (
    COST,
    DATASETS,
    EVIL,
    JUDGED,
    LEFT_OUT,
    Made,
    demo,
)
from demo_tasks import PARTS, PREDICTED, embedded, joint, predicted
from headlines import counted
from omicsbench.metrics.base import METRICS, Metric
from omicsbench.records.analysis import Analysis
from omicsbench.records.facts import ModalityFacts
from omicsbench.records.spec import Cause, RunRecord, Status, Tuning
from omicsbench.reporting import write_report


@pytest.fixture(scope="session", autouse=True)
def _headline() -> Iterator[None]:
    """A headline of many metrics."""
    with counted():
        yield


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Records of the demo and the page made of them."""
    folder = tmp_path_factory.mktemp("demo")
    records = demo(folder)
    command = "omicsbench run demo --out 'results/demo'"
    return records, write_report(
        records, folder, folder / "report.html", command=command, analysis=JUDGED
    ).page


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of records whose every text tries to run a script."""
    folder = tmp_path_factory.mktemp("hostile")
    info = {
        "kind": "real",
        "omics": True,
        "provenance": "author",
        "summary": EVIL,
        "source": "javascript:alert(1)",
        "licence": EVIL,
        "label": EVIL,
        "notes": [EVIL],
        "label_names": [EVIL] * 18,
    }
    records = demo(folder, {EVIL: info, "</script><b>": info})
    return write_report(records, folder, folder / "out", command=EVIL, analysis=JUDGED).page


@pytest.fixture(scope="session")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Two data sets of the demo, every contestant tuned too: better by 0.1, dearer by 100 s."""
    folder = tmp_path_factory.mktemp("tuned")
    written = demo(folder, {name: DATASETS[name] for name in ("blood_cells", "digits")})
    again = []
    for r in written:
        if r.family == "control":
            continue
        spec = r.spec.model_copy(
            update={"tuning": Tuning(trials=9, metric="knn_recall"), "keep_embedding": False}
        )
        better = {m: s + 0.1 for m, s in r.scores.items()}
        chosen = {m: s + 0.1 for m, s in r.validation.items()}
        phases = r.phases.model_copy(update={"tuning_s": 100.0})
        changes = {
            "spec": spec,
            "key": spec.key,
            "scores": better,
            "validation": chosen,
            "phases": phases,
            "embedding": None,
        }
        again.append(r.model_copy(update=changes))
    records = written + again
    page = write_report(
        records,
        folder,
        folder / "report.html",
        command="",
        analysis=Analysis(
            reference="pca", price_per_hour={"cpu": 0.36}, margins={"knn_recall": 0.5}
        ),
    ).page
    return records, page


@pytest.fixture(scope="session")
def censored(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The demo, in which what timed out was left out as predicted instead."""
    folder = tmp_path_factory.mktemp("censored")
    left_out = {
        "status": Status.SKIPPED,
        "reason": LEFT_OUT,
        "cause": Cause.PREDICTED,
        "predicted": COST,
    }
    records = [
        r.model_copy(update=left_out) if r.status is Status.TIMEOUT else r for r in demo(folder)
    ]
    return records, write_report(
        records, folder, folder / "report.html", command="", analysis=JUDGED
    ).page


@pytest.fixture(scope="module")
def known_metrics() -> Iterator[None]:
    """Stand-ins for those metrics of the two tasks that are not registered."""
    wanted = {name: given for name, given in PREDICTED.items() if name not in METRICS}
    joint = {name: (way, "modalities", False) for name, (way, _) in PARTS.items()}
    wanted |= {name: given for name, given in joint.items() if name not in METRICS}
    for name, (way, group, secondary) in wanted.items():
        METRICS[name] = Metric(
            name,
            name.replace("_", " ").capitalize(),
            (0.0, 1.0),
            way,
            "",
            group,  # type: ignore[arg-type]
            lambda: 0.0,
            (),
            0.01,
            secondary,
            ("predict" if name in PREDICTED else "integrate",),
        )
    yield
    for name in wanted:
        del METRICS[name]


@pytest.fixture(scope="module")
def prediction(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """One data set, and the same without a class."""
    folder = tmp_path_factory.mktemp("predict")
    records = predicted() + predicted(held_out="Monocytes")
    command = "omicsbench run demo"
    return records, write_report(records, folder, folder / "report.html", command=command).page


@pytest.fixture(scope="module")
def integration(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("integrate")
    records = joint(folder=folder)
    page = write_report(
        records,
        folder,
        folder / "report.html",
        command="",
        analysis=Analysis(reference="joint_pca(n_components=10)"),
    ).page
    return records, page


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """All tasks in one folder; each of two data sets serves two of them."""
    folder = tmp_path_factory.mktemp("mixed")
    records = embedded() + predicted() + joint(folder=folder) + predicted("citeseq")
    return records, write_report(records, folder, folder / "report.html", command="").page


@pytest.fixture(scope="module")
def hostile_tasks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of which every name tries to be markup."""
    folder = tmp_path_factory.mktemp("hostile_tasks")

    def renamed(r: RunRecord) -> RunRecord:
        new = r.spec.model_copy(update={"dataset": EVIL, "pipeline": f"{EVIL}\"'{r.spec.pipeline}"})
        info = r.dataset_info.model_copy(
            update={"held_out": EVIL, "modalities": {EVIL: ModalityFacts(values=EVIL)}}
        )
        parts = {m: {EVIL + name: v for name, v in of.items()} for m, of in r.parts.items()}
        return r.model_copy(
            update={"spec": new, "key": new.key, "dataset_info": info, "parts": parts}
        )

    records = [renamed(r) for r in predicted(held_out="B cells") + joint()]
    return write_report(records, folder, folder / "report.html", command=EVIL).page
