"""What all charts of one report draw from: tables, looks and specifications."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from omicsbench.reporting import (
    charts,
    prediction_charts,
    rank_figure,
    ranking,
    standings,
    style,
    tables,
)
from omicsbench.reporting.material import Material
from omicsbench.reporting.page_data import (
    ChartNumbers,
    ChartTable,
    chart_tables,
    marked,
    within_range,
)
from omicsbench.reporting.panels import Panel, panels
from omicsbench.reporting.places import named_places


@dataclass(frozen=True)
class Sources:
    """``tables`` are what charts draw, ``specs`` their specifications without data, by kind."""

    codes: ChartNumbers
    panels: list[Panel]
    tables: list[ChartTable]
    specs: dict[str, Any]


def sources(material: Material) -> Sources:
    """Collect them: the page and every figure by itself draw from these."""
    records, found, metrics = material.records, material.verdicts, material.metrics
    scores = material.scores[material.scores["metric"].isin(list(metrics))]
    quality = charts.quality_time(scores, material.costs, metrics)
    controls = {r.spec.pipeline for r in records if r.is_control}
    within = ranking.margins(records, metrics, material.analysis)
    quality = quality.assign(rank=ranking.ranked(quality, controls, metrics, within))
    codes = ChartNumbers(named_places(records), style.styles_of(records), metrics)
    predicted = tables.prediction_table(records)
    stars = charts.stars(marked(found, codes.styles))
    return Sources(
        codes,
        panels(quality, found, codes.places, metrics),
        [
            *chart_tables(
                within_range(quality, metrics),
                material.costs,
                predicted,
                stars,
                ranking.failed_table(records),
            ),
            *prediction_charts.chart_tables(material.details),
            standings.profile_chart(material.how_many.standings),
        ],
        charts.specifications()
        | prediction_charts.specifications()
        | standings.specifications()
        | {"ranks": rank_figure.specification()},
    )
