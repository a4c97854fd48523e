"""How a suite's runs are judged: one object for verdicts, comparisons and reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from omicsbench.records.spec import Device

Level = Annotated[float, Field(ge=0, le=1e9)]
# Of suites stored before there was a table `analysis`, where they named none.
FORMER_REFERENCE = "pca"


class Analysis(BaseModel):
    """The table ``[analysis]`` of a suite. Nothing in it changes a run, or what is stored of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reference: str = Field(
        default="",
        description="the fixed simple method of the verdict: a pipeline's text, or the name of its "
        "only stage; none, if not stated",
    )
    margins: dict[str, Level] = Field(
        default_factory=dict, description="of the verdict, by metric, in place of the metric's own"
    )
    tolerances: dict[str, Level] = Field(
        default_factory=dict,
        description="of `compare`, by metric, cost or kind (score, memory, time): the change that "
        "does not count, as a difference of scores and a share of costs",
    )
    price_per_hour: dict[Device, Level] = Field(
        default_factory=dict, description="by device, in whatever currency: cpu = 0.10"
    )
    counterparts: dict[str, str] = Field(
        default_factory=dict,
        description="of pipelines that run on another device alone: what does the same on the "
        "processor, each by its text",
    )


UNSTATED = Analysis()


def stored_analysis(suite: Mapping[str, Any]) -> Analysis:
    """The analysis of a suite as plan.json holds it.

    Before there was a table of this name, its entries stood in the suite itself, and a suite that
    named no reference had one. Raises pydantic's ValidationError for what it cannot be.
    """
    if "analysis" in suite:
        return Analysis.model_validate(suite["analysis"])
    flat = {name: suite[name] for name in Analysis.model_fields if name in suite}
    return Analysis.model_validate({"reference": FORMER_REFERENCE} | flat)
