"""Figures of the report in Python, as ``omicsbench.plot.curve(table, metric="ari")``.

Each function takes results: the table of ``omicsbench.run`` or ``omicsbench.load`` (or a part of
it; what is left out is not drawn), or a results folder. It gives a ``Figure``: a notebook shows it,
``spec`` is its Vega-Lite specification, ``table`` its numbers, ``save("curve.svg")`` writes it.

``terms`` name one figure of the kind: ``dataset``, ``metric``, ``output_dim``, ``task``,
``device``, ``tuning``, and of some kinds ``size``, ``pipeline`` or ``currency``. What has one value
need not be stated. OmicsbenchError where several figures are left, or none.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from omicsbench.errors import OmicsbenchError, unknown
from omicsbench.records.analysis import Analysis
from omicsbench.records.planned import planned_records, read_analysis
from omicsbench.records.results import Results
from omicsbench.reporting.figures import KINDS, Figure, Figures
from omicsbench.reporting.material import Material, gather
from omicsbench.reporting.more_figures import OTHERS
from omicsbench.reporting.paper_table import PaperTables, paper_tables

ResultsOrFolder = Results | str | os.PathLike[str]


def forest(results: ResultsOrFolder, **terms: Any) -> Figure:
    """Deep minus simple at the largest n by every metric that counts, in margins."""
    return _one("forest", results, terms)


def difference(results: ResultsOrFolder, **terms: Any) -> Figure:
    """Deep minus simple against n by every metric that counts, in margins, with n*."""
    return _one("difference", results, terms)


def ranks(results: ResultsOrFolder, **terms: Any) -> Figure:
    """Contestants by metric at one ``size``: means, coloured by rank; ties within the margin."""
    return _one("ranks", results, terms)


def picture(results: ResultsOrFolder, **terms: Any) -> Figure:
    """Test cells in two dimensions: of a ``pipeline`` at a ``size``, where they were kept."""
    return _one("picture", results, terms)


def training(results: ResultsOrFolder, **terms: Any) -> Figure:
    """All training cells of a ``pipeline`` in two dimensions, where very many were kept."""
    return _one("training", results, terms)


def samples(results: ResultsOrFolder, **terms: Any) -> Figure:
    """Samples from which on a contestant gains no more than the margin, by metric."""
    return _one("samples", results, terms)


def new_units(results: ResultsOrFolder, **terms: Any) -> Figure:
    """Scores on new cells and on a new ``unit``, such as a donor, by metric."""
    return _one("new_units", results, terms)


def variance(results: ResultsOrFolder, **terms: Any) -> Figure:
    """The parts of the variance of one run's score, by metric."""
    return _one("variance", results, terms)


def modalities(results: ResultsOrFolder, **terms: Any) -> Figure:
    """The share of each modality in the joint neighbours, by contestant."""
    return _one("modalities", results, terms)


def curve(results: ResultsOrFolder, **terms: Any) -> Figure:
    """Scores against n, the mean over repeats with its 95 % interval; n* is marked."""
    return _one("curve", results, terms)


def pareto(results: ResultsOrFolder, **terms: Any) -> Figure:
    """Scores at one ``size`` against the time of a run, with the Pareto front."""
    return _one("pareto", results, terms)


def budget(results: ResultsOrFolder, **terms: Any) -> Figure:
    """What the best deep and the best simple choice score for a budget of ``currency``."""
    return _one("budget", results, terms)


def gain(results: ResultsOrFolder, **terms: Any) -> Figure:
    """Deep minus simple at equal budget, with its 95 % interval."""
    return _one("gain", results, terms)


def fit(results: ResultsOrFolder, **terms: Any) -> Figure:
    """Seconds of a fit against n."""
    return _one("fit", results, terms)


def memory(results: ResultsOrFolder, **terms: Any) -> Figure:
    """Peak memory against n."""
    return _one("memory", results, terms)


def profile(results: ResultsOrFolder, **terms: Any) -> Figure:
    """The share of data sets on which a contestant is within so many margins of the best."""
    return _one("profile", results, terms)


def reliability(results: ResultsOrFolder, **terms: Any) -> Figure:
    """How often predictions of a ``pipeline`` are right, against their confidence."""
    return _one("reliability", results, terms)


def coverage(results: ResultsOrFolder, **terms: Any) -> Figure:
    """Accuracy on the surest share of the test rows, against that share."""
    return _one("coverage", results, terms)


def posterior(results: ResultsOrFolder, **terms: Any) -> Figure:
    """Balanced accuracy of each sample of the posterior of a ``pipeline``."""
    return _one("posterior", results, terms)


def uncertainty(results: ResultsOrFolder, **terms: Any) -> Figure:
    """Entropy of the predictions of a ``pipeline``, of known classes and of one held out."""
    return _one("uncertainty", results, terms)


def figures(results: ResultsOrFolder) -> Figures:
    """Every figure by its name, as ``omicsbench figure FOLDER`` lists them."""
    return Figures(_gathered(results)[0], _source(results)[0])


def table(results: ResultsOrFolder) -> PaperTables:
    """The scores at the largest n as tables for a paper: ``latex()``, ``markdown()``, ``csv()``."""
    return paper_tables(*_gathered(results))


def _gathered(results: ResultsOrFolder) -> tuple[Material, Analysis]:
    folder, keys = _source(results)
    records = planned_records(folder)[0]
    if keys is not None:
        records = [record for record in records if record.key in keys]
    if not records:
        raise OmicsbenchError(f"{folder} holds none of these runs; run a suite first.")
    analysis = read_analysis(folder)
    return gather(records, analysis), analysis


def _source(results: ResultsOrFolder) -> tuple[Path, set[str] | None]:
    """The folder of results, and the keys of the runs that are meant; None: all."""
    if isinstance(results, str | os.PathLike):
        return Path(results), None
    folder = getattr(results, "folder", None)
    if folder is None or not isinstance(results, Results) or "key" not in results:
        raise OmicsbenchError(
            f"results is a {type(results).__name__} that does not say where its runs are stored: "
            "give the table of omicsbench.run or omicsbench.load, or a results folder."
        )
    return folder, set(results["key"])


def _one(kind: str, results: ResultsOrFolder, terms: dict[str, Any]) -> Figure:
    """The one figure of a kind that agrees with all terms."""
    keys = OTHERS[kind] if kind in OTHERS else KINDS[kind].keys
    known = list(dict.fromkeys("output_dim" if key == "dim" else key for key in keys))
    for term in terms:
        if term not in known:
            raise OmicsbenchError(f"{kind}: {unknown('term', term, known)}")
    every = figures(results)
    left = every.terms(kind)
    if isinstance(results, Results) and "metric" in known:
        left = {name: of for name, of in left.items() if of["metric"] in set(results["metric"])}
    found = {name: of for name, of in left.items() if terms.items() <= of.items()}
    if len(found) == 1:
        return every[next(iter(found))]
    several = found or left
    values = {key: list(dict.fromkeys(of[key] for of in several.values())) for key in known}
    choice = [f"{key} ({', '.join(map(str, of))})" for key, of in values.items() if len(of) > 1]
    if found:
        raise OmicsbenchError(f"{kind} means {len(found)} figures: state {'; '.join(choice)}.")
    there = f"; there is {'; '.join(choice)}" if choice else ""
    raise OmicsbenchError(f"These results have no such {kind}{there}.")
