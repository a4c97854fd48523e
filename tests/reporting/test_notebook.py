"""What a notebook shows of verdicts and comparisons."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo import DATASETS, EVIL, JUDGED, demo
from omicsbench.reporting.notebook import SHOWN, Verdicts, shown
from omicsbench.tracking.compare import compare_records
from omicsbench.verdict.judge import verdicts


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    records = demo(tmp_path_factory.mktemp("demo"), {f"blood {EVIL}": DATASETS["blood_cells"]})
    return Verdicts(verdicts(records, JUDGED))


def test_verdicts_show_the_counted_ones_as_a_table(found: Verdicts) -> None:
    html = found._repr_html_()
    counted = [v for v in found if v.best and v.against == "best_simple" and not v.is_control]
    counted = [v for v in counted if not v.scored_by.secondary]
    assert f"{len(found):,} verdicts, {len(counted):,} of them counted" in html
    assert html.count("<tr>") == 1 + min(len(counted), SHOWN)
    ahead = next(v for v in counted if v.n_star)
    assert f"<td>{ahead.n_star:,} ({ahead.ends[0]} to {ahead.ends[1]})</td>" in html
    assert "▲ deep ahead" in html
    assert len(found.to_frame()) == len(found)


def test_names_are_escaped(found: Verdicts) -> None:
    assert EVIL not in found._repr_html_()
    assert "&lt;script&gt;" in found._repr_html_()
    assert EVIL not in found[0]._repr_html_()


def test_nothing_to_tell_is_told() -> None:
    assert "0 verdicts" in Verdicts()._repr_html_()


def test_a_comparison_shows_its_outcome_and_what_became_worse(tmp_path: Path) -> None:
    base = demo(tmp_path, {f"blood {EVIL}": DATASETS["blood_cells"]})
    later = {"started_at": "2026-01-01T00:00:00Z"}
    worse = [
        r.model_copy(update={"scores": {m: 0.5 * v for m, v in r.scores.items()}, **later})
        for r in base
    ]
    same = [r.model_copy(update=later) for r in base]
    comparison = shown(compare_records(base, worse))
    html = comparison._repr_html_()
    assert "<strong>REGRESSION" in html
    parts = [html.index(f"<p>{title}</p>") for title in ("Regressions", "Improvements")]
    assert html[parts[0] : parts[1]].count("<tr>") == SHOWN + 1
    assert f"and {len(comparison.regressions) - SHOWN:,} more" in html
    assert EVIL not in html
    assert "nothing" not in shown(compare_records(base, same))._repr_html_().lower()
