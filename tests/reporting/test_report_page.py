"""The report: self-contained, safe, complete, and drawn without errors in a browser."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import builders
import numpy as np
import pandas as pd
import pytest

from omicsbench.errors import OmicsbenchError
from omicsbench.metrics.base import METRICS
from omicsbench.records.analysis import Analysis
from omicsbench.records.spec import Cause, Phases, RunRecord, Status, Tuning
from omicsbench.reporting import answer, charts, style, tables, write_report
from omicsbench.reporting.gallery import galleries
from omicsbench.stats.correlated_t import Rope
from omicsbench.stats.extrapolate import extrapolate
from omicsbench.verdict.judge import verdicts
from omicsbench.verdict.verdict import Outcome

Visit = Callable[[Path, int], tuple[Any, list[str]]]
JUDGED = Analysis(reference="pca")
SIZES = (100, 300, 1000, 3000, 10_000)
REPEATS = 5
CLASSES = [f"type {i}" for i in range(18)]
EVIL = "<script>alert(1)</script>"
# pipeline: family, output_dim, score at n = 100, gain per decade, seconds at n = 100
PIPELINES: dict[str, tuple[str, int, float, float, float]] = {
    "pca(n_components=10)": ("simple", 10, 0.62, 0.02, 0.01),
    "factors(n_components=10)": ("simple", 10, 0.58, 0.03, 0.08),
    "autoencoder(n_components=10, depth=8)": ("deep", 10, 0.42, 0.16, 4.0),
    "variational(n_components=10)": ("deep", 10, 0.40, 0.08, 6.0),
    "random_embedding(n_components=10)": ("control", 10, 0.10, 0.0, 0.001),
    "pca(n_components=10) > neighbour_map": ("simple", 2, 0.55, 0.03, 1.0),
    "deep_map(n_components=2)": ("deep", 2, 0.40, 0.06, 5.0),
}
DATASETS: dict[str, dict[str, Any]] = {
    "blood_cells": {"kind": "real", "omics": True, "provenance": "author"},
    "cohort(n=12000)": {"kind": "real", "omics": True, "provenance": "computed"},
    "digits": {"kind": "real", "omics": False, "provenance": "author"},
    "linear_control(n=12000)": {"kind": "simulated", "omics": True, "provenance": "simulated"},
}


def demo(folder: Path, datasets: dict[str, dict[str, Any]] | None = None) -> list[RunRecord]:
    """Synthetic records: learning curves with noise, failures, and stored embeddings."""
    rng = np.random.default_rng(0)
    (folder / "embeddings").mkdir(parents=True, exist_ok=True)
    names = [m for m in METRICS if "macro" not in m and "transfer" not in m]
    records = []
    for shift, (dataset, given) in enumerate((datasets or DATASETS).items()):
        info = {
            "name": dataset,
            "summary": "Made up for the tests.",
            "source": "https://doi.org/10.1/x",
            "licence": "CC0",
            "values": "counts",
            "label": "cell_type",
            "n_cells": 15_000,
            "n_features": 20_000,
            "label_names": CLASSES,
            "notes": [],
        } | given
        for repeat in range(REPEATS):
            for size in SIZES:
                draw = rng.normal(0, 0.01)
                for pipeline, (family, dim, start, gain, cost) in PIPELINES.items():
                    decades = np.log10(size / 100)
                    level = start + (gain - 0.03 * shift * (family == "deep")) * decades + draw
                    status, reason = Status.OK, None
                    if "variational" in pipeline and size == SIZES[-1] and shift < 2:
                        status, reason = Status.TIMEOUT, "longer than 600 s"
                    if "factors" in pipeline and size == 300 and repeat == 1:
                        status, reason = Status.CRASHED, f"signal 11 {EVIL}"
                    if "deep_map" in pipeline and shift == 3:
                        status, reason = Status.SKIPPED, "needs module deep_maps"
                    fine = status is Status.OK
                    keep = fine and dim == 2 and repeat == 0
                    spec = builders.spec(
                        dataset=dataset,
                        dataset_id=dataset,
                        pipeline=pipeline,
                        size=size,
                        repeat=repeat,
                        threads=2,
                        seed=repeat,
                        features=2000,
                        scored=2000,
                        background=2000,
                        metrics=tuple(names),
                        keep_embedding=keep,
                    )

                    def scores(noise: float, level: float = level) -> dict[str, float]:
                        values = level + rng.normal(0, noise, len(names))
                        return {
                            m: float(v if METRICS[m].direction == "max" else 1 - v)
                            for m, v in zip(names, values, strict=True)
                        }

                    test = scores(0.008)
                    skipped = {}
                    if dim == 2:
                        for m in ("reconstruction_r2", "reconstruction_mse"):
                            del test[m]
                            skipped[m] = "the pipeline has no inverse_transform"
                    if keep:
                        codes = rng.integers(-1, len(CLASSES), 1500).astype(np.int32)
                        angle = 2 * np.pi * codes / len(CLASSES)
                        Z = np.c_[np.cos(angle), np.sin(angle)] * (1 + decades)
                        Z = (Z + rng.normal(0, 0.2, Z.shape)).astype(np.float32)
                        np.save(folder / "embeddings" / f"{spec.key}.npy", Z)
                        np.save(folder / "embeddings" / f"{spec.key}.labels.npy", codes)
                    records.append(
                        builders.record(
                            spec,
                            family=family,
                            status=status,
                            reason=reason,
                            output_dim=dim if fine else None,
                            scores=test if fine else {},
                            validation=scores(0.01) if fine else {},
                            skipped_metrics=skipped if fine else {},
                            phases=Phases(fit_s=cost * size / 100 * rng.uniform(0.8, 1.2)),
                            cpu_s=1.0,
                            peak_rss_bytes=int(4e8 + size * 2e4 * cost),
                            dataset_info=info,
                            environment=ENVIRONMENT,
                            suite="demo",
                            started_at=f"2025-03-{repeat + 1:02d}T00:00:00Z",
                            embedding=f"embeddings/{spec.key}.npy" if keep else None,
                        )
                    )
    return records


ENVIRONMENT: dict[str, Any] = {
    "omicsbench": "0.1.0",
    "git": None,
    "python": "3.11.2",
    "platform": "Linux-6.1-x86_64",
    "cpu": "Some CPU",
    "cores": 2,
    "ram_bytes": 24 * 2**30,
    "gpu": None,
    "blas": ["openblas 0.3"],
    "threads": {"libopenblas": 2},
    "packages": {"numpy": "2.4.6", "torch": "2.9"},
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[RunRecord], Path]:
    """Records of the demo and the page made of them."""
    folder = tmp_path_factory.mktemp("demo")
    records = demo(folder)
    command = "omicsbench run demo --out 'results/demo'"
    return records, write_report(
        records, folder, folder / "report.html", command=command, analysis=JUDGED
    )


@pytest.fixture(scope="module")
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
    return write_report(records, folder, folder / "out", command=EVIL, analysis=JUDGED)


class _Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._quiet = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._quiet = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._quiet = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self._quiet else data


def test_the_page_loads_nothing_and_stays_small(made: tuple[list[RunRecord], Path]) -> None:
    text = made[1].read_text(encoding="utf-8")
    assert len(text.encode()) < 4e6
    page = _Tags(text)
    assert not {"link", "iframe", "object", "base"} & {tag for tag, _ in page.tags}
    for tag, attributes in page.tags:
        for name in ("src", "href", "data", "srcset"):
            value = attributes.get(name) or ""
            assert tag == "a" or not value or value.startswith("data:"), (tag, value)
    style = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style


def test_no_text_of_a_record_becomes_markup(hostile: Path) -> None:
    text = hostile.read_text(encoding="utf-8")
    assert hostile.name == "index.html"
    assert "<script>alert(1)" not in text
    assert "</script><b>" not in text
    hrefs = [attributes.get("href") or "" for tag, attributes in _Tags(text).tags if tag == "a"]
    assert not any(href.startswith("javascript:") for href in hrefs)


def test_every_failure_is_shown(made: tuple[list[RunRecord], Path]) -> None:
    records, path = made
    failed = [r for r in records if r.status is not Status.OK]
    assert failed
    assert set(pd.read_csv(path.parent / "failures.csv")["key"]) == {r.key for r in failed}
    shown = _Tags(path.read_text(encoding="utf-8")).text
    for r in failed:
        assert r.status.value in shown
        assert r.reason in shown
    assert f"{len(failed)} without a result" in shown


def test_what_the_reader_must_know_is_said(made: tuple[list[RunRecord], Path]) -> None:
    records, path = made
    shown = _Tags(path.read_text(encoding="utf-8")).text
    for words in (
        "real omics",
        "simulated",
        "real, not omics",
        "labels: computed",
        "CC0",
        "omicsbench run demo --out 'results/demo'",
        "Some CPU",
        "torch 2.9",
        "the pipeline has no inverse_transform",
        *answer(verdicts(records, JUDGED), records),
        *(v.sentence for v in verdicts(records, JUDGED)),
    ):
        assert words in shown, words


def test_tables_hold_the_verdicts(made: tuple[list[RunRecord], Path]) -> None:
    records, path = made
    found = verdicts(records, JUDGED)
    table = pd.read_csv(path.parent / "verdicts.csv")
    assert list(table["sentence"]) == [v.sentence for v in found]
    assert list(table["outcome"]) == [v.outcome.value for v in found]
    assert list(table["n_star"].fillna(0)) == [v.n_star or 0 for v in found]
    assert list(table["standing"]) == [v.standing for v in found]
    assert list(table["best"]) == [v.best for v in found]
    text = (path.parent / "verdicts.md").read_text(encoding="utf-8")
    rows = text.partition("## Every verdict")[2].splitlines()
    body = [row for row in rows if row.startswith("|")][2:]
    assert len(body) == len(found)
    for row, v in zip(body, found, strict=True):
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert cells[5] == v.outcome.value.replace("_", "\\_")
        assert cells[6] == str(v.n_star or "")
    differences = pd.read_csv(path.parent / "differences.csv")
    assert len(differences) == sum(len(v.differences) for v in found)
    assert len(pd.read_csv(path.parent / "runs.csv")["key"].unique()) == len(records)


def test_the_same_records_make_the_same_page(
    made: tuple[list[RunRecord], Path], tmp_path: Path
) -> None:
    records, path = made
    command = "omicsbench run demo --out 'results/demo'"
    again = write_report(
        records[::-1], path.parent, tmp_path / "report.html", command=command, analysis=JUDGED
    )
    assert again.read_bytes() == path.read_bytes()


def test_missing_and_superseded_runs_are_said(tmp_path: Path) -> None:
    records = [r for r in demo(tmp_path) if r.spec.dataset == "digits"]
    old = records[0].model_copy(
        update={
            "spec": records[0].spec.model_copy(update={"pipeline_id": "0"}),
            "key": "old",
            "started_at": "2020",
        }
    )
    path = write_report(
        [*records, old], tmp_path, tmp_path / "a.html", command="", missing=7, analysis=JUDGED
    )
    shown = _Tags(path.read_text(encoding="utf-8")).text
    assert "7 planned runs have no record yet" in shown
    assert "1 runs of earlier versions" in shown


def test_a_report_of_failures_only(tmp_path: Path) -> None:
    fine = demo(tmp_path)[:20]
    failed = [
        r.model_copy(
            update={
                "status": Status.ERROR,
                "reason": "no disk",
                "scores": {},
                "validation": {},
                "output_dim": None,
                "embedding": None,
            }
        )
        for r in fine
    ]
    path = write_report(failed, tmp_path, tmp_path / "a.html", command="", analysis=JUDGED)
    assert "no comparison of a deep with a simple pipeline" in path.read_text(encoding="utf-8")
    with pytest.raises(OmicsbenchError, match="no run records"):
        write_report([], tmp_path, tmp_path / "b.html", command="")


def test_the_answer_counts_real_omics_headline_metrics_only(
    made: tuple[list[RunRecord], Path],
) -> None:
    records, _ = made
    found = verdicts(records, JUDGED)
    words = answer(found, records)
    real = [
        v
        for v in found
        if v.dataset in ("blood_cells", "cohort(n=12000)")
        and v.against == "best_simple"
        and v.best
        and not METRICS[v.metric].secondary
    ]
    ahead = sum(v.outcome.ahead for v in real)
    lost = sum(v.outcome is Outcome.NOT_REACHED for v in real)
    assert f"ahead in {ahead}, behind in" in words[0]
    assert f"of {len(real)} comparisons" in words[0]
    behind = sum(v.standing == "behind" for v in real)
    assert f"behind in {behind}, no better in {lost - behind} and undecided" in words[0]
    controls = next(sentence for sentence in words if "as controls" in sentence)
    assert "linear_control(n=12000) (simulated)" in controls
    assert "digits (real, not omics)" in controls
    assert any("No run finished" in t and "deep_map(n_components=2) on lin" in t for t in words)
    largest = max((v.largest, v.dataset) for v in real)[1]
    assert any(
        text.startswith(f"Median time of one run (fit, transform and any search) on {largest}")
        for text in words
    )
    no_claim = answer([], [r for r in records if r.spec.dataset == "digits"])
    assert "no answer" in no_claim[0]


def test_metrics_that_disagree_are_counted(made: tuple[list[RunRecord], Path]) -> None:
    records, _ = made
    won, lost = "knn_recall", "continuity"
    changed = [
        r.model_copy(update={"scores": r.scores | {won: 0.9, lost: 0.1}})
        if r.family == "deep" and r.status is Status.OK
        else r
        for r in records
    ]
    two = [v for v in verdicts(changed, JUDGED) if v.metric in (won, lost)]
    words = answer(two, changed)
    text = next(t for t in words if t.startswith("Metrics disagree"))
    assert text.startswith("Metrics disagree on 2 of 2 data sets; data sets disagree by 0 of 2")
    text = next(t for t in words if "mostly ahead by" in t)
    assert METRICS[won].title in text.split("mostly behind")[0]
    assert METRICS[lost].title in text.split("mostly behind")[1]


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[RunRecord], Path]:
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
    )
    return records, page


def test_tuned_runs_and_others_are_never_pooled(tuned: tuple[list[RunRecord], Path]) -> None:
    records, path = tuned
    label = "tuned by knn_recall in 9 trials"
    summary = pd.read_csv(path.parent / "summary.csv").fillna({"tuning": ""})
    assert set(summary["tuning"]) == {"", label}
    assert summary["repeats"].max() == REPEATS
    pca = summary[
        (summary["pipeline"] == "pca(n_components=10)")
        & (summary["size"] == 100)
        & (summary["metric"] == "knn_recall")
        & (summary["dataset"] == "digits")
    ]
    means = pca.set_index("tuning")["mean"]
    assert means[label] == pytest.approx(means[""] + 0.1)
    costs = pd.read_csv(path.parent / "costs.csv").fillna({"tuning": ""})
    assert set(costs.loc[costs["tuning"] == label, "tuning_s"]) == {100.0}
    total = costs["tuning_s"] + costs["fit_s"] + costs["transform_s"]
    assert np.allclose(total, costs["total_s"], rtol=0.05)
    shown = _Tags(path.read_text(encoding="utf-8")).text
    for words in (
        f"10-D, {label}",
        "10-D, at defaults",
        "at equal tuning budget",
        "cpu 0.36",
        "kNN recall 0.5",
        "could not be read on these machines",
    ):
        assert words in shown, words
    runs = pd.read_csv(path.parent / "runs.csv")
    assert set(runs["tuning"].dropna()) == {label}
    matched = pd.read_csv(path.parent / "matched.csv")
    assert set(matched["currency"]) == {"seconds", "price"}
    assert matched["deep"].str.contains(label).any()
    assert (
        pd.read_csv(path.parent / "verdicts.csv").query("metric == 'knn_recall'")["margin"] == 0.5
    ).all()
    assert len(records) == len(runs["key"].unique())


def test_the_page_shows_probabilities_of_folds_and_extrapolations(
    made: tuple[list[RunRecord], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records, _ = made
    beyond = extrapolate([100, 300, 1000, 3000], [-0.04, -0.03, -0.02, -0.01], 0.01)
    assert beyond
    found = verdicts(records, JUDGED)
    for v in found:
        object.__setattr__(v, "rope", Rope(0.125, 0.25, 0.625, 0.0, 1.0, 4))
        object.__setattr__(v, "extrapolation", beyond)
    monkeypatch.setattr("omicsbench.reporting.material.verdicts", lambda *_, **__: found)
    path = write_report(records, tmp_path, tmp_path / "report.html", command="", analysis=JUDGED)
    shown = _Tags(path.read_text(encoding="utf-8")).text
    for words in ("P(behind)", "62%", "secondary and no part of any verdict", beyond.sentence):
        assert words in shown, words
    table = pd.read_csv(tmp_path / "verdicts.csv")
    assert set(table["p_ahead"]) == {0.625}
    assert set(table["extrapolated"].dropna()) == ({beyond.root} - {None})


def test_styles_are_told_apart_without_colour() -> None:
    families = {f"{family} {i}": family for family in style.FAMILIES for i in range(5)}
    styles = style.styles(families)
    assert len({(s.color, s.shape, tuple(s.dash)) for s in styles.values()}) == len(styles)
    assert len({(s.shape, tuple(s.dash)) for s in styles.values()}) == len(styles)


def test_pareto_front_leaves_out_what_is_slower_and_worse(
    made: tuple[list[RunRecord], Path],
) -> None:
    rows = {"fast": (1.0, 0.5), "good": (5.0, 0.9), "bad": (6.0, 0.8), "control": (0.1, 1.0)}
    common = {
        "dataset": "d",
        "task": "embed",
        "device": "cpu",
        "tuning": "",
        "output_dim": 2,
        "size": 10,
    }
    scores = pd.DataFrame(
        common
        | {
            "pipeline": name,
            "family": "control" if name == "control" else "simple",
            "metric": "knn_recall",
            "mean": mean,
        }
        for name, (_, mean) in rows.items()
    )
    costs = scores.drop(columns=["metric", "mean"]).assign(total_s=[s for s, _ in rows.values()])
    found = charts.quality_time(scores, costs)
    assert set(found["pipeline"][found["front"]]) == {"fast", "good"}


def test_gallery_reads_only_its_own_folder(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    records = demo(folder)
    shown = galleries(records, folder)
    assert [g.dataset for g in shown] == sorted(DATASETS)
    assert all(
        p.startswith("data:image/png") for p in shown[0].rows["deep_map(n_components=2)"].values()
    )
    assert set(shown[-1].rows) == {"pca(n_components=10) > neighbour_map"}
    np.save(tmp_path / "secret.npy", np.zeros((5, 2), np.float32))
    outside = [r.model_copy(update={"embedding": "../secret.npy"}) for r in records if r.embedding]
    cells = {p for g in galleries(outside, folder) for row in g.rows.values() for p in row.values()}
    assert cells <= {"not kept", "not run"}


def test_score_table_gives_t_intervals(made: tuple[list[RunRecord], Path]) -> None:
    from scipy import stats

    table = pd.read_csv(made[1].parent / "summary.csv")
    row = table[(table["size"] == 100) & (table["metric"] == "knn_recall")].iloc[0]
    values = [
        r.scores["knn_recall"]
        for r in made[0]
        if (r.spec.dataset, r.spec.pipeline, r.spec.size) == (row["dataset"], row["pipeline"], 100)
    ]
    low, high = stats.t.interval(0.95, 4, np.mean(values), stats.sem(values))
    assert (row["low"], row["high"]) == pytest.approx((low, high))
    assert tables.grouped_failures(tables.failure_table([])).empty


COST = {
    "wall_s": 903.0,
    "wall_s_low": 612.0,
    "wall_s_high": 1440.0,
    "fit_s": 890.0,
    "fit_s_low": 600.0,
    "fit_s_high": 1400.0,
    "peak_rss_bytes": 3.1 * 2**30,
    "peak_rss_bytes_low": 2.0**31,
    "peak_rss_bytes_high": 2.0**32,
}
LEFT_OUT = "predicted to exceed its time limit of 600 s: about 900 s (610 to 1,400), from 3 sizes"


@pytest.fixture(scope="module")
def censored(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[RunRecord], Path]:
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
    )


def test_what_was_left_out_is_censored_with_its_predicted_cost(
    censored: tuple[list[RunRecord], Path], made: tuple[list[RunRecord], Path]
) -> None:
    records, path = censored
    shown = _Tags(path.read_text(encoding="utf-8")).text
    assert LEFT_OUT in shown
    assert "900 s (610 to 1,400), 3.1 GiB (2 to 4)" in shown
    assert "censored" in shown
    table = pd.read_csv(path.parent / "failures.csv")
    left = table[table["predicted_wall_s"].notna()]
    assert set(left["key"]) == {r.key for r in records if r.predicted}
    assert left["censored"].all()
    assert (left["predicted_peak_rss_bytes_high"] == 2**32).all()
    told = {r.key: r.status in (Status.TIMEOUT, Status.OUT_OF_MEMORY) for r in made[0]}
    failed = pd.read_csv(made[1].parent / "failures.csv")
    assert list(failed["censored"]) == [told[key] for key in failed["key"]]
    assert failed[failed["predicted_wall_s"].notna()]["censored"].all()
    assert failed["predicted_wall_s"].notna().any(), "what exceeded a limit is told with its cost"
    within = [r for r in made[0] if not told[r.key]]
    folder = made[1].parent / "within"
    plain = write_report(within, folder, folder / "report.html", command="", analysis=JUDGED)
    assert "Predicted cost" not in _Tags(plain.read_text(encoding="utf-8")).text


def test_a_size_left_out_is_not_shown_to_be_ahead(
    censored: tuple[list[RunRecord], Path],
) -> None:
    found = [v for v in verdicts(censored[0], JUDGED) if "variational" in v.deep]
    notes = {d.note for v in found for d in v.differences if d.use == "not_shown"}
    assert notes == {"deep runs ended as 5 skipped (predicted to exceed a limit)"}
    assert {d.size for v in found for d in v.differences if d.failed} == {SIZES[-1]}


def test_costs_by_size_where_one_cause_holds_for_several(tmp_path: Path) -> None:
    reason = "timeout already at the smaller size 1000"
    base = next(r for r in demo(tmp_path) if r.status is Status.TIMEOUT)
    late = [
        base.model_copy(
            update={
                "spec": base.spec.model_copy(update={"size": size}),
                "reason": reason,
                "cause": Cause.SMALLER_SIZE,
                "status": Status.SKIPPED,
                "predicted": COST | {"wall_s": cost},
                "key": str(size),
            }
        )
        for size, cost in ((3_000, 700.0), (10_000, 903.0))
    ]
    (row,) = tables.grouped_failures(tables.failure_table(late)).to_dict("records")
    assert row["censored"]
    assert row["sizes"] == "3,000, 10,000"
    assert row["predicted"].startswith("n = 3,000: 700 s (610 to 1,400), 3.1 GiB (2 to 4); n = 10")


def test_browser_draws_predicted_costs_hollow(
    open_report: Visit, censored: tuple[list[RunRecord], Path]
) -> None:
    page, wrong = open_report(censored[1], 1280)
    assert not wrong
    for kind in ("fit", "memory"):
        marks = page.locator(f".chart[data-kind={kind}] .mark-symbol path[fill=transparent]")
        assert marks.count() == 2, "one per data set on which a pipeline was left out"
    assert page.locator(".chart[data-kind=curve] .mark-symbol path[fill=transparent]").count() == 0


@pytest.mark.parametrize("width", [1280, 390])
def test_browser_shows_the_matrix_in_its_own_box(
    open_report: Visit, tuned: tuple[list[RunRecord], Path], width: int
) -> None:
    page, wrong = open_report(tuned[1], width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    cells = page.locator("table.overview .stand")
    assert cells.count() > 20
    words = {text.split()[1] for text in cells.all_inner_texts()}
    assert words <= {"ahead", "behind", "no", "undecided"}
    heads = page.locator("table.overview thead th").count()
    assert page.locator("table.overview tbody tr").first.locator("td").count() == heads - 1
    for option in ("price", "seconds"):
        page.select_option("[name=currency]", option)
        axis = {"price": "price of machine time", "seconds": "wall time, s"}[option]
        page.wait_for_function(
            "text => document.querySelector('.chart[data-kind=gain]').textContent.includes(text)",
            arg=f"budget: {axis}",
        )
    assert page.locator(".chart[data-kind=budget] .mark-line path").count() == 2
    assert not wrong


@pytest.mark.parametrize("width", [1280, 390])
def test_browser_draws_everything_offline(
    open_report: Visit, made: tuple[list[RunRecord], Path], width: int
) -> None:
    page, wrong = open_report(made[1], width)
    assert not wrong
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # Two in the explorer, two costs per data set, one per headline metric and output dimension.
    assert page.locator(".chart svg").count() > 2 + 2 * len(DATASETS) + 20
    assert page.locator("text=n* ").count() > 0
    said = page.locator(".plot").evaluate_all("all => all.map((p) => p.getAttribute('aria-label'))")
    assert all(said)
    assert not [words for words in said if "Vega" in words]


def test_browser_interaction(open_report: Visit, made: tuple[list[RunRecord], Path]) -> None:
    page, wrong = open_report(made[1], 1280)
    marks = "document.querySelectorAll('#explorer .chart:first-child .mark-line path').length"
    before = page.evaluate(marks)
    button = page.locator(".legend button", has_text="factors").first
    button.click()
    assert page.locator(".legend button[aria-pressed=false]", has_text="factors").count() == 2
    page.wait_for_function(f"{marks} === {before - 1}")
    page.select_option("[name=panel]", label="linear_control(n=12000) · 10-D")
    page.select_option("[name=metric]", "reconstruction_mse")
    assert "lower is better" in page.locator("#explorer figcaption").first.inner_text()
    page.locator("details.inner > summary", has_text="with their numbers").first.click()
    table = page.locator("table.verdicts").first
    every = table.locator("tbody tr:visible").count()
    page.locator(".filter-secondary").first.check()
    assert table.locator("tbody tr:visible").count() > every
    page.locator(".filter-outcome").first.select_option("ahead")
    shown = table.locator("tbody tr:visible")
    assert set(shown.evaluate_all("rows => rows.map((r) => r.dataset.outcome)")) == {"ahead"}
    heading = table.locator("th button", has_text="Difference")
    heading.click()
    values = shown.evaluate_all("rows => rows.map((row) => Number(row.cells[5].dataset.value))")
    assert values == sorted(values)
    assert not wrong


def test_browser_runs_no_text_of_a_record(open_report: Visit, hostile: Path) -> None:
    page, wrong = open_report(hostile, 390)
    assert not wrong
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_records_alone_make_the_report_on_a_machine_without_torch(tmp_path: Path) -> None:
    """What methods and tuning need is not there; the records of a real suite are."""
    stored = Path(__file__).parents[2] / "results" / "million"
    folder = tmp_path / "million"
    shutil.copytree(stored, folder, ignore=shutil.ignore_patterns("*.html", "*.csv", "*.md"))
    blocked = ("torch", "optuna", "openTSNE", "umap")
    code = (
        "import sys\n"
        f"for name in {blocked!r}: sys.modules[name] = None\n"
        "from omicsbench.cli.main import main\n"
        f"sys.argv = ['omicsbench', 'report', {str(folder)!r}]\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (folder / "verdicts.csv").is_file()
    assert "the best deep pipeline" in (folder / "report.html").read_text(encoding="utf-8")
