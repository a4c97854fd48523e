"""The report of predictions and of joint embeddings: what is drawn, what is said, what is left."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import builders
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from omicsbench.metrics.base import METRICS, Metric
from omicsbench.records.analysis import Analysis
from omicsbench.records.facts import ModalityFacts
from omicsbench.records.spec import Phases, RunRecord, RunSpec, Status
from omicsbench.reporting import answer, style, write_report
from omicsbench.reporting.at_largest import absent, at_largest
from omicsbench.reporting.predictions import histograms, posterior_table
from omicsbench.verdict.judge import verdicts

Visit = Callable[[Path, int], tuple[Any, list[str]]]

SIZES = (50, 200, 800)
REPEATS = 5
EVIL = "<script>alert(1)</script>"
# Metrics of these tasks: direction and group, and whether secondary.
PREDICTED = {
    "balanced_accuracy": ("max", "classes", False),
    "log_loss": ("min", "calibration", False),
    "calibration_error": ("min", "calibration", False),
    "macro_f1": ("max", "classes", True),
}
PARTS = {
    "modality_recall": ("max", ("rna", "protein")),
    "modality_balance": ("max", ("rna", "protein")),
    "cross_modal_r2": ("max", ("protein",)),
    "cross_modal_spearman": ("max", ("protein",)),
    "foscttm": ("min", ("rna > protein",)),
}
# pipeline: family, accuracy at the smallest size, gain per decade, how overconfident, samples
PREDICTORS: dict[str, tuple[str, float, float, float, int]] = {
    "logistic_regression(C=1.0)": ("simple", 0.70, 0.08, 0.02, 0),
    "boosted_trees(n_estimators=100)": ("simple", 0.62, 0.11, 0.10, 0),
    "nearest_neighbours(n_neighbors=15)": ("simple", 0.60, 0.08, -0.05, 0),
    "net_classifier(depth=2)": ("deep", 0.55, 0.15, 0.15, 0),
    "bayesian_net(guide='normal')": ("deep", 0.54, 0.15, 0.01, 60),
    "ensemble_net(n_members=5)": ("deep", 0.56, 0.15, 0.04, 5),
    "majority_class": ("control", 0.10, 0.0, 0.0, 0),
}
JOINT: dict[str, tuple[str, int, float, float]] = {
    "joint_pca(n_components=10)": ("simple", 10, 0.40, 0.03),
    "factor_model(n_components=10)": ("simple", 10, 0.41, 0.04),
    "joint_autoencoder(n_components=10)": ("deep", 10, 0.30, 0.09),
    "joint_vae(n_components=10)": ("deep", 10, 0.28, 0.10),
    "random_space(n_components=10)": ("control", 10, 0.02, 0.0),
    "joint_vae(n_components=10) > map(n_components=2)": ("deep", 2, 0.22, 0.05),
    "joint_pca(n_components=10) > map(n_components=2)": ("simple", 2, 0.24, 0.03),
}
INFO: dict[str, Any] = {
    "summary": "Made up for the tests.",
    "source": "https://doi.org/10.1/x",
    "licence": "CC0",
    "values": "counts",
    "label": "cell_type",
    "n_cells": 5000,
    "n_features": 20_000,
    "label_names": ["B cells", "T cells", "Monocytes"],
    "notes": [],
    "kind": "real",
    "omics": True,
    "provenance": "sorted",
}
MODALITIES = {
    "rna": {"values": "counts", "n_features": 20_000, "n_selected": 2000},
    "protein": {"values": "counts", "n_features": 188, "n_selected": 188},
}
ENVIRONMENT = {"omicsbench": "0.1.0", "python": "3.11", "cpu": "Some CPU", "packages": {}}


@pytest.fixture(scope="module", autouse=True)
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


def spec(task: str, dataset: str, pipeline: str, size: int, repeat: int, **more: Any) -> RunSpec:
    return builders.spec(
        task=task,
        dataset=dataset,
        dataset_id=dataset,
        pipeline=pipeline,
        size=size,
        repeat=repeat,
        threads=2,
        seed=repeat,
        features=2000,
        scored=1000,
        background=1000,
        metrics=(),
        **more,
    )


def ended(pipeline: str, size: int, repeat: int) -> tuple[Status, str | None]:
    """The deepest net times out at the largest size, the trees crash once."""
    if size == SIZES[-1] and "depth=2" in pipeline:
        return Status.TIMEOUT, "longer than 600 s"
    if size == SIZES[0] and "trees" in pipeline and repeat == 1:
        return Status.CRASHED, f"signal 11 {EVIL}"
    return Status.OK, None


def curves(
    rng: np.random.Generator, level: float, over: float, samples: int, held_out: bool
) -> dict[str, dict[str, list[float]]]:
    """The curves of one repeat: 1,000 rows whose confidence is too high by ``over``."""
    top = np.clip(rng.beta(8 * level + 0.5, 8 * (1 - level) + 0.5, 1000), 0.2, 0.9999)
    right = rng.random(1000) < np.clip(top - over, 0, 1)
    place = np.minimum((top * 15).astype(int), 14)
    used = np.unique(place)
    order = np.argsort(-top)
    kept = [(i + 1) / 20 for i in range(20)]
    made: dict[str, dict[str, list[float]]] = {
        "reliability": {
            "confidence": [float(top[place == b].mean()) for b in used],
            "accuracy": [float(right[place == b].mean()) for b in used],
            "rows": [float((place == b).sum()) for b in used],
        },
        "coverage": {
            "coverage": kept,
            "accuracy": [float(right[order[: int(1000 * c)]].mean()) for c in kept],
        },
    }
    if samples:
        made["posterior"] = {"accuracy": rng.normal(level - 0.02, 0.012, samples).tolist()}
    if held_out:
        centres = (np.arange(20) + 0.5) / 20
        edges = np.linspace(0, 1, 21)
        made["uncertainty"] = {
            "entropy": centres.tolist(),
            "known": (np.histogram(rng.beta(1.2, 6, 900), edges)[0] / 900).tolist(),
            "held_out": (np.histogram(rng.beta(3 - 10 * over, 3, 100), edges)[0] / 100).tolist(),
        }
    return made


def predicted(dataset: str = "blood_cells", held_out: str | None = None) -> list[RunRecord]:
    """Records of task predict on one data set, or on it without a class."""
    rng = np.random.default_rng(len(dataset))
    name = f"{dataset} (held out: {held_out})" if held_out else dataset
    info = INFO | {"name": name} | ({"held_out": held_out} if held_out else {})
    records = []
    for repeat in range(REPEATS):
        for size in SIZES:
            draw = rng.normal(0, 0.008)
            for pipeline, (family, start, gain, over, samples) in PREDICTORS.items():
                level = start + gain * np.log10(size / SIZES[0]) + draw + rng.normal(0, 0.004)
                of = spec("predict", name, pipeline, size, repeat)
                status, reason = ended(pipeline, size, repeat)
                fine = status is Status.OK

                def scores(level: float = level, over: float = over) -> dict[str, float]:
                    return {
                        "balanced_accuracy": level,
                        "log_loss": 1.5 - level,
                        "calibration_error": abs(over) + rng.uniform(0, 0.01),
                        "macro_f1": level - 0.01,
                    }

                test = scores()
                units = (level + rng.normal(0, 0.02, 20)).tolist()
                records.append(
                    builders.record(
                        of,
                        family=family,
                        status=status,
                        reason=reason,
                        scores=test if fine else {},
                        validation=scores() if fine else {},
                        scores_se={"balanced_accuracy": 0.01} if fine else {},
                        scores_by_unit={"balanced_accuracy": units} if fine else {},
                        unit="groups of cells",
                        curves=curves(rng, level, over, samples, bool(held_out)) if fine else {},
                        phases=Phases(fit_s=0.01 * size * rng.uniform(0.9, 1.1)),
                        peak_rss_bytes=4 * 10**8,
                        dataset_info=info,
                        environment=ENVIRONMENT,
                        suite="demo",
                        started_at=f"2025-03-{repeat + 1:02d}T00:00:00Z",
                    )
                )
    return records


def joint(dataset: str = "citeseq", folder: Path | None = None) -> list[RunRecord]:
    """Records of task integrate: two modalities, of which the deep side keeps the second better."""
    rng = np.random.default_rng(1)
    info = INFO | {"name": dataset, "modalities": MODALITIES}
    records = []
    for repeat in range(REPEATS):
        for size in SIZES:
            draw = rng.normal(0, 0.006)
            for pipeline, (family, dim, start, gain) in JOINT.items():
                level = start + gain * np.log10(size / SIZES[0]) + draw + rng.normal(0, 0.004)
                keep = dim == 2 and repeat == 0 and folder is not None
                of = spec("integrate", dataset, pipeline, size, repeat, keep_embedding=keep)
                tilt = 0.1 if family == "deep" else -0.05
                share = 0.5 - tilt + rng.normal(0, 0.01)
                parts = {
                    "modality_recall": {"rna": level - tilt, "protein": level + tilt},
                    "modality_balance": {"rna": share, "protein": 1 - share},
                    "cross_modal_r2": {"protein": level - 0.1},
                    "cross_modal_spearman": {"protein": level},
                    "foscttm": {"rna > protein": 0.5 - level},
                }
                if family == "control" or dim == 2:
                    parts = {m: parts[m] for m in ("modality_recall", "modality_balance")}
                means = {m: float(np.mean(list(of_m.values()))) for m, of_m in parts.items()}
                if keep and folder is not None:
                    (folder / "embeddings").mkdir(parents=True, exist_ok=True)
                    Z = rng.normal(size=(300, 2)).astype(np.float32)
                    np.save(folder / "embeddings" / f"{of.key}.npy", Z)
                records.append(
                    builders.record(
                        of,
                        family=family,
                        status=Status.OK,
                        output_dim=dim,
                        scores=means,
                        validation=means,
                        parts=parts,
                        phases=Phases(fit_s=0.02 * size * rng.uniform(0.9, 1.1)),
                        peak_rss_bytes=5 * 10**8,
                        dataset_info=info,
                        environment=ENVIRONMENT,
                        suite="demo",
                        started_at=f"2025-03-{repeat + 1:02d}T00:00:00Z",
                        embedding=f"embeddings/{of.key}.npy" if keep else None,
                    )
                )
    return records


def embedded(dataset: str = "blood_cells") -> list[RunRecord]:
    """Records of task embed on a data set that predictions have too."""
    rng = np.random.default_rng(2)
    records = []
    for family, pipeline, start, gain in (
        ("simple", "pca(n_components=10)", 0.4, 0.02),
        ("deep", "deep_space(10)", 0.2, 0.2),
    ):
        for repeat in range(REPEATS):
            for size in SIZES:
                level = start + gain * np.log10(size / SIZES[0]) + rng.normal(0, 0.005)
                of = spec("embed", dataset, pipeline, size, repeat)
                scores = {"knn_recall": level, "reconstruction_r2": level}
                records.append(
                    builders.record(
                        of,
                        family=family,
                        status=Status.OK,
                        output_dim=10,
                        scores=scores,
                        validation=scores,
                        phases=Phases(fit_s=0.1),
                        peak_rss_bytes=4 * 10**8,
                        dataset_info=INFO | {"name": dataset},
                        environment=ENVIRONMENT,
                        suite="demo",
                        started_at="2025-03-01",
                    )
                )
    return records


class _Text(HTMLParser):
    """What a reader sees, and the ids on the way."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.shown, self.ids, self._quiet = "", set[str](), False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids.add(dict(attrs).get("id") or "")
        self._quiet = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._quiet = False

    def handle_data(self, data: str) -> None:
        self.shown += "" if self._quiet else data


def read(page: Path) -> _Text:
    return _Text(page.read_text(encoding="utf-8"))


def drawn(page: Path) -> dict[str, Any]:
    """What the page hands to its script."""
    text = page.read_text(encoding="utf-8")
    start = text.index('id="data">') + len('id="data">')
    return dict(json.loads(text[start : text.index("</script>", start)]))


Made = tuple[list[RunRecord], Path]


@pytest.fixture(scope="module")
def prediction(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """One data set, and the same without a class."""
    folder = tmp_path_factory.mktemp("predict")
    records = predicted() + predicted(held_out="Monocytes")
    return records, write_report(records, folder, folder / "report.html", command="")


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
    )
    return records, page


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """All tasks in one folder; each of two data sets serves two of them."""
    folder = tmp_path_factory.mktemp("mixed")
    records = embedded() + predicted() + joint(folder=folder) + predicted("citeseq")
    return records, write_report(records, folder, folder / "report.html", command="")


def own(records: Sequence[RunRecord], pipeline: str) -> list[RunRecord]:
    """Runs of a pipeline at the largest size, on the first of the data sets."""
    return [
        r
        for r in records
        if (r.spec.pipeline, r.spec.size) == (pipeline, SIZES[-1])
        and r.spec.dataset == records[0].spec.dataset
    ]


def rows(page: Path, name: str, **given: str) -> pd.DataFrame:
    """Rows of a table beside the page, in which some columns have given values."""
    table = pd.read_csv(page.parent / f"{name}.csv")
    assert set(table["size"]) == {SIZES[-1]}
    for column, value in given.items():
        table = table[table[column] == value]
    return table


def test_bins_of_all_repeats_are_pooled_by_their_rows(prediction: Made) -> None:
    records, page = prediction
    pipeline = "boosted_trees(n_estimators=100)"
    pooled: dict[int, list[tuple[float, float, float]]] = {}
    for r in own(records, pipeline):
        of = r.curves["reliability"]
        for point in zip(of["rows"], of["confidence"], of["accuracy"], strict=True):
            pooled.setdefault(int(point[1] * 15), []).append(point)
    table = rows(page, "reliability", pipeline=pipeline, dataset="blood_cells").set_index("bin")
    assert set(table.index) == set(pooled)
    assert table["rows"].sum() == REPEATS * 1000
    for place, points in pooled.items():
        weights, confidence, accuracy = map(np.array, zip(*points, strict=True))
        found = table.loc[place]
        assert found["rows"] == weights.sum()
        assert found["confidence"] == pytest.approx(np.average(confidence, weights=weights))
        assert found["accuracy"] == pytest.approx(np.average(accuracy, weights=weights))
        assert found["accuracy_min"] == pytest.approx(accuracy.min())
        assert found["accuracy_max"] == pytest.approx(accuracy.max())
        assert found["repeats"] == len(points)
    right = np.average(table["accuracy"], weights=table["rows"])
    sure = np.average(table["confidence"], weights=table["rows"])
    assert f"mean confidence {sure:.2f}, accuracy {right:.2f}" in read(page).shown
    data = drawn(page)
    number = [style["name"] for style in data["styles"]].index(pipeline)
    shown = {
        round(c, 3): r
        for p, at, c, r in zip(
            *(data["reliability"][k] for k in ("pipeline", "place", "confidence", "rows")),
            strict=True,
        )
        if p == number and at == 0
    }
    assert shown == {
        round(float(f"{c:.5g}"), 3): r
        for c, r in zip(table["confidence"], table["rows"], strict=True)
    }


def test_coverage_is_a_mean_with_its_interval(prediction: Made) -> None:
    records, page = prediction
    pipeline = "logistic_regression(C=1.0)"
    values = np.array([r.curves["coverage"]["accuracy"] for r in own(records, pipeline)])
    table = rows(page, "coverage", pipeline=pipeline, dataset="blood_cells")
    low, high = stats.t.interval(0.95, REPEATS - 1, values.mean(axis=0), stats.sem(values))
    assert table["coverage"].tolist() == pytest.approx(np.arange(1, 21) / 20)
    assert table["mean"].tolist() == pytest.approx(values.mean(axis=0))
    assert table["low"].tolist() == pytest.approx(low)
    assert table["high"].tolist() == pytest.approx(high)


def test_samples_of_all_repeats_stand_beside_the_mean_prediction(prediction: Made) -> None:
    records, page = prediction
    pipeline = "bayesian_net(guide='normal')"
    runs = own(records, pipeline)
    table = rows(page, "posterior", pipeline=pipeline, dataset="blood_cells")
    assert table["accuracy"].tolist() == pytest.approx(
        [a for r in runs for a in r.curves["posterior"]["accuracy"]]
    )
    assert list(table.groupby("repeat")["mean_prediction"].first()) == pytest.approx(
        [r.scores["balanced_accuracy"] for r in runs]
    )
    bars = histograms(posterior_table(at_largest(records, "predict")))
    shares = bars.groupby(["dataset", "pipeline"])["share"].sum()
    assert shares.tolist() == pytest.approx([1.0] * 4), "two with samples, on two data sets"
    mine = bars[(bars["pipeline"] == pipeline) & (bars["dataset"] == "blood_cells")]
    for bar in mine.itertuples():
        inside = table["accuracy"].between(bar.start, bar.end, inclusive="left")
        assert inside.sum() == bar.samples
    mean = np.mean([r.scores["balanced_accuracy"] for r in runs])
    assert "300 samples, 95 % of them in" in read(page).shown
    assert f"mean prediction {mean:.3f}" in read(page).shown


def test_a_held_out_class_is_named_and_its_uncertainty_shown(prediction: Made) -> None:
    records, page = prediction
    name = "blood_cells (held out: Monocytes)"
    runs = [
        r
        for r in records
        if r.spec.dataset == name
        and r.spec.size == SIZES[-1]
        and r.spec.pipeline == "ensemble_net(n_members=5)"
    ]
    table = rows(page, "uncertainty", pipeline=runs[0].spec.pipeline)
    assert set(table["dataset"]) == {name}
    for column in ("known", "held_out"):
        values = np.array([r.curves["uncertainty"][column] for r in runs])
        assert table[column].tolist() == pytest.approx(values.mean(axis=0))
        assert table[f"{column}_max"].tolist() == pytest.approx(values.max(axis=0))
    assert "Held out of training: Monocytes." in read(page).shown


def test_who_has_no_result_at_the_largest_size_is_said(prediction: Made) -> None:
    records, page = prediction
    assert "No result at this size: net_classifier(depth=2): 5 timeout." in read(page).shown
    left = [r for r in records if "trees" not in r.spec.pipeline or r.spec.size == SIZES[0]]
    missing = absent(left, at_largest(left, "predict"))
    place = ("blood_cells", "predict", "cpu", "")
    assert missing[place] == (
        "boosted_trees(n_estimators=100): not run; net_classifier(depth=2): 5 timeout"
    )


def test_parts_of_every_modality_are_told(integration: Made) -> None:
    records, page = integration
    table = rows(page, "modalities")
    text = read(page).shown
    for pipeline in ("joint_vae(n_components=10)", "factor_model(n_components=10)"):
        for metric, (_, modalities) in PARTS.items():
            for name in modalities:
                values = [r.parts[metric][name] for r in own(records, pipeline)]
                (row,) = table[
                    (table["pipeline"] == pipeline)
                    & (table["metric"] == metric)
                    & (table["modality"] == name)
                ].to_dict("records")
                low, high = stats.t.interval(0.95, 4, np.mean(values), stats.sem(values))
                assert row["mean"] == pytest.approx(np.mean(values))
                assert (row["low"], row["high"]) == pytest.approx((low, high))
                if metric == "modality_balance":
                    assert f"{row['mean']:.0%}" in text
                else:
                    assert (
                        f"{row['mean']:.3f}{low:.3f} to {high:.3f}".replace("-", "\u2212") in text
                    )
    assert "rna: counts, 20,000 features, 2,000 selected; protein" in text
    assert "10-D joint spaces" in text
    assert "2-D joint pictures" in text


def test_parts_of_a_metric_that_is_not_known_are_left_out(tmp_path: Path) -> None:
    records = [
        r.model_copy(update={"parts": r.parts | {"no_such_metric": {"rna": 0.1234}}})
        for r in joint()
    ]
    page = write_report(records, tmp_path, tmp_path / "a.html", command="")
    assert "no_such_metric" not in set(rows(page, "modalities")["metric"])
    assert "0.123" not in read(page).shown.partition("What the joint space")[2][:3000]
    bare = [r.model_copy(update={"parts": {"no_such_metric": {"rna": 0.1}}}) for r in records]
    page = write_report(bare, tmp_path, tmp_path / "bare" / "b.html", command="")
    assert "modalities" not in read(page).ids
    assert not (page.parent / "modalities.csv").exists()


DETAILS = ("reliability", "coverage", "posterior", "uncertainty", "modalities")


def test_what_there_is_not_is_not_shown(
    tmp_path: Path, prediction: Made, integration: Made
) -> None:
    plain = write_report(embedded(), tmp_path, tmp_path / "a.html", command="")
    assert not {"predictions", "modalities"} & read(plain).ids
    assert not any((tmp_path / f"{name}.csv").exists() for name in DETAILS)
    assert "modalities" not in read(prediction[1]).ids
    assert "predictions" not in read(integration[1]).ids
    for page, names in ((prediction[1], DETAILS[:4]), (integration[1], DETAILS[4:])):
        written = {path.stem for path in page.parent.glob("*.csv")} & set(DETAILS)
        assert written == set(names)
        assert all(f"{name}.csv" in read(page).shown for name in names)
    bare = [r.model_copy(update={"curves": {}}) for r in predicted()]
    assert (
        "predictions"
        not in read(write_report(bare, tmp_path, tmp_path / "b" / "b.html", command="")).ids
    )


def test_predictions_have_no_dimension(prediction: Made) -> None:
    page = prediction[1]
    text = read(page).shown
    assert not re.search(r"\b(None|nan|0-D)\b", text)
    assert "Class predictions" in text
    assert "The reference is" not in text, "none of these pipelines is the reference"
    panels = page.read_text(encoding="utf-8").partition('id="panels">')[2].partition("<")[0]
    assert {panel["dim"] for panel in json.loads(panels)} == {""}
    assert "blood_cells (held out: Monocytes)" in text


def test_tasks_are_never_counted_together(mixed: Made) -> None:
    records, page = mixed
    found = verdicts(records)
    words = answer(found, records)
    assert {sentence.partition(": ")[0] for sentence in words} == {
        "Embedding",
        "Prediction",
        "Integration",
    }
    for task, head in (("predict", "Prediction"), ("integrate", "Integration")):
        alone = [r for r in records if r.spec.task == task]
        said = answer(verdicts(alone), alone)
        assert [w.removeprefix(f"{head}: ") for w in words if w.startswith(head)] == said
        assert all(sentence in read(page).shown for sentence in said)
    text = (page.parent / "verdicts.md").read_text(encoding="utf-8")
    for head in ("embedding", "prediction", "integration"):
        assert f"best simple pipeline: {head}\n" in text
    matrices = page.read_text(encoding="utf-8").partition('id="overview"')[2]
    first = matrices.partition("</table>")[0]
    assert METRICS["knn_recall"].title in first
    assert METRICS["log_loss"].title not in first
    assert "rna: counts" in read(page).shown, "told by one task of a data set that serves two"


def test_pipelines_of_one_task_look_different() -> None:
    styles = style.styles({f"net {i:02d}": "deep" for i in range(12)})
    assert len({(style.color, style.shape) for style in styles.values()}) == 12


def test_the_order_of_records_does_not_matter(mixed: Made, tmp_path: Path) -> None:
    records, page = mixed
    again = write_report(records[::-1], page.parent, tmp_path / "report.html", command="")
    assert again.read_bytes() == page.read_bytes()


def test_one_repeat_has_no_interval(tmp_path: Path) -> None:
    records = [r for r in predicted() + joint() if r.spec.repeat == 0]
    page = write_report(records, tmp_path, tmp_path / "report.html", command="")
    assert set(drawn(page)["coverage"]["low"]) == {None}
    assert not re.search(r"\bnan\b", read(page).shown)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of which every name tries to be markup."""
    folder = tmp_path_factory.mktemp("hostile")

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
    return write_report(records, folder, folder / "report.html", command=EVIL)


def test_no_name_becomes_markup(hostile: Path) -> None:
    text = hostile.read_text(encoding="utf-8")
    assert "<script>alert(1)" not in text
    assert EVIL in read(hostile).shown


@pytest.mark.parametrize("width", [1280, 390])
def test_browser_draws_all_tasks_within_its_width(
    open_report: Visit, mixed: Made, width: int
) -> None:
    page, wrong = open_report(mixed[1], width)
    assert not wrong
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    charts_of = page.locator("#predictions .chart[data-kind=reliability]:not([hidden])")
    assert charts_of.count() == 2 * 5, "all but the control and what timed out, on two data sets"
    points = charts_of.first.locator(".mark-symbol path").count()
    name = charts_of.first.get_attribute("data-pipeline")
    assert points == len(rows(mixed[1], "reliability", pipeline=name, dataset="blood_cells"))
    lines = page.locator("#predictions .chart[data-kind=coverage]").first
    assert lines.locator(".mark-line path").count() == 5
    bars = page.locator("#modalities .stack")
    assert bars.count() == len(JOINT)
    widths = bars.first.evaluate("bar => [...bar.children].map((part) => part.offsetWidth)")
    share = rows(mixed[1], "modalities", metric="modality_balance", modality="rna")
    first = share[share["pipeline"] == "factor_model(n_components=10)"]["mean"].item()
    assert widths[0] / sum(widths) == pytest.approx(first, abs=0.02)


def test_browser_shows_a_held_out_class_and_samples(open_report: Visit, prediction: Made) -> None:
    page, wrong = open_report(prediction[1], 390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator(".chart[data-kind=posterior] .mark-rule.role-mark line").count() == 4
    chart = page.locator(".chart[data-kind=uncertainty]:not([hidden])").first
    assert chart.locator(".mark-rect path").count() > 20
    control = page.locator(".chart[data-pipeline=majority_class][data-kind=reliability]").first
    assert control.is_hidden()
    page.locator("#predictions .legend button", has_text="majority_class").click()
    control.scroll_into_view_if_needed()
    control.locator("svg.marks").wait_for()
    assert not wrong


def test_browser_runs_no_name(open_report: Visit, hostile: Path) -> None:
    page, wrong = open_report(hostile, 390)
    assert not wrong
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
