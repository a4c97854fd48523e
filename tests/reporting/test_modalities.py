"""What the report shows of each modality of a joint embedding."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from demo import Made
from demo_tasks import (
    PARTS,
    joint,
    own,
    read,
    rows,
)
from omicsbench.reporting import write_report

pytestmark = pytest.mark.usefixtures("known_metrics")


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


def test_parts_of_classes_or_of_a_metric_that_is_not_known_are_left_out(tmp_path: Path) -> None:
    classes = {"knn_transfer_balanced_accuracy": {"B cells": 0.1234}}
    records = [
        r.model_copy(update={"parts": r.parts | classes | {"no_such_metric": {"rna": 0.1234}}})
        for r in joint()
    ]
    page = write_report(records, tmp_path, tmp_path / "a.html", command="").page
    assert not {"no_such_metric", *classes} & set(rows(page, "modalities")["metric"])
    assert "0.123" not in read(page).shown.partition("What the joint space")[2][:3000]
    bare = [r.model_copy(update={"parts": {"no_such_metric": {"rna": 0.1}}}) for r in records]
    page = write_report(bare, tmp_path, tmp_path / "bare" / "b.html", command="").page
    assert "modalities" not in read(page).ids
    assert not (page.parent / "modalities.csv").exists()
