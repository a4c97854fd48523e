"""The Python interface: what the command line does, for notebooks and scripts."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from inspect import currentframe
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from omicsbench.errors import OmicsbenchError
from omicsbench.inputs import arguments
from omicsbench.inputs.arguments import PathLike, as_path, maybe_path
from omicsbench.inputs.given import OPTIONS, name_in_caller, own_data
from omicsbench.planning.offline import usable
from omicsbench.planning.suite import Suite, changed, load_suite
from omicsbench.planning.suite import adapted as adapted
from omicsbench.plugin import Values
from omicsbench.reading.own import OwnData
from omicsbench.records.remote import pull as pull
from omicsbench.records.remote import push as push
from omicsbench.registry.discover import Registry, discover
from omicsbench.running.embed import embed as embed

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import pandas as pd
    from anndata import AnnData
    from numpy.typing import NDArray
    from scipy import sparse

    from omicsbench.planning.estimated import SuiteEstimate
    from omicsbench.planning.inspection import Inspection
    from omicsbench.records.packing import Packed
    from omicsbench.records.results import Results
    from omicsbench.reporting import Report
    from omicsbench.reporting.notebook import Verdicts
    from omicsbench.running.runner import Cluster, Observer
    from omicsbench.tracking.compare import Comparison
    from omicsbench.tracking.follow import History
    from omicsbench.tracking.noise_floor import Calibration

    Matrix: TypeAlias = AnnData | pd.DataFrame | NDArray[Any] | sparse.spmatrix | sparse.sparray


def run(
    suite: str | Suite = "quick",
    *,
    data: PathLike | Matrix | OwnData | Sequence[OwnData] | None = None,
    label: str | None = None,
    values: Values | None = None,
    unit: str | None = None,
    name: str | None = None,
    methods: Sequence[str] = (),
    out: PathLike | None = None,
    mirror: str | None = None,
    plugins: Sequence[PathLike] = (),
    executor: Executor | Cluster | str | None = None,
    profile: PathLike | None = None,
    isolate_runs: bool = False,
    retry: bool = False,
    force: bool = False,
    offline: bool = False,
    command: str | None = None,
    observer: Observer | None = None,
    progress: bool | None = None,
    **changes: Any,
) -> Results:
    """Run a suite, or resume it; returns the tidy table of its runs, as :func:`load` does.

    What was read of each data set is printed in one line, to stderr, before the first run.

    Raises OmicsbenchError with one sentence for anything unknown or unusable, also if another
    process fills ``out``, or a planned run has no record at the end.

    Parameters
    ----------
    suite : name, path of a TOML file, or a :class:`~omicsbench.planning.suite.Suite`.
    data : the user's own data in place of the suite's data sets: path of a file or folder,
        ``AnnData``, matrix or DataFrame, or several paths or ``OwnData``. It is not changed.
    label : obs column with the labels of ``data``; label metrics are skipped without it.
    values : what ``data`` hold, as of ``--values``, where it cannot be told from them.
    unit : obs column of ``data`` with the donors or batches: the unit of sampling error.
    name : what results call ``data``: its file's name, ``uns["name"]``, the variable, or ``adata``.
    methods : pipelines added to the suite's.
    out : results folder, ``results/<suite>`` or ``results/<name of data>`` by default.
    mirror : address (``s3://bucket/prefix``) that records are fetched from, and put to once stored.
    plugins : folders of the user's own methods, data sets and metrics.
    executor : runs the pipelines: ``"slurm"``, ``"dask://HOST:PORT"`` or an executor; by default
        local processes. ``profile`` is a TOML file with the settings of the cluster.
    isolate_runs : a fresh process for every run, not only for every pipeline.
    retry, force : do failed runs again; run what is predicted to exceed its limits too.
    offline : leave out data sets of the suite that are not downloaded yet.
    command : what the report names as the call, in place of this one.
    observer : told how the suite goes on.
    progress : a bar; by default in notebooks and terminals, where there is no ``observer``.
    changes : suite entries to replace, such as ``repeats=10`` or ``sizes=[100, "all"]``, and those
        of its table ``analysis``, such as ``margins={"knn_recall": 0.02}``; and the other options
        of ``data``, as the command line has them: ``layer``, ``modality``, ``transpose``,
        ``exclude``, ``features_like``, ``genome``, ``feature_type``, ``keep_na``, ``scale``,
        ``batch``, ``target`` and ``provenance``.
    """
    from omicsbench.clusters.executors import opened
    from omicsbench.records.results import results_of
    from omicsbench.running.called import as_python
    from omicsbench.running.job import Manner
    from omicsbench.running.mirror import mirrored
    from omicsbench.running.runner import run_suite
    from omicsbench.running.watching import watched

    arguments.require_lists(methods=methods, plugins=plugins)
    chosen = _suite(suite)
    stated = {"label": label, "values": values, "unit": unit, "name": name}
    stated |= {key: changes.pop(key) for key in OPTIONS if key in changes}
    own = own_data(data, stated, name_in_caller(data, currentframe()))
    changes = {key: value for key, value in changes.items() if value is not None}
    call = {**stated, "methods": list(methods) or None, **changes}
    chosen = adapted(chosen, own, methods, changes)
    target, registry = maybe_path(out) or default_folder(chosen, own), _registry(plugins)
    tell = partial(print, file=sys.stderr)
    watching, cluster = watched(observer, progress), opened(executor, maybe_path(profile))
    with watching as bar, cluster as elsewhere, mirrored(mirror, target, bar, tell) as told:
        records = run_suite(
            usable(chosen, registry, tell, offline),
            target,
            registry=registry,
            own_data=own,
            executor=elsewhere,
            manner=Manner(isolate_runs, retry, force),
            command=command or as_python(chosen.name, data, call, target),
            observer=told or bar,
            tell=tell,
        )
    return results_of({record.key: record for record in records}.values(), target)


def inspect(
    data: PathLike | Matrix | OwnData, *, all_modalities: bool = False, **options: Any
) -> Inspection:
    """Tell what would be decided of ``data``, why, and which option changes it; nothing is run.

    ``data`` and ``options`` are as of :func:`run`; ``all_modalities`` reads them all, as suites of
    integration do. Data that are refused are no error: ``refused`` of the result says why.
    """
    from omicsbench.inputs import source
    from omicsbench.planning.inspection import inspected

    given = own_data(data, options, name_in_caller(data, currentframe()))
    if len(given) != 1:
        raise OmicsbenchError(f"inspect takes one data set, and {len(given)} are given.")
    return inspected(given[0].title, lambda: source.own(given[0], all_modalities))


def estimate(
    suite: str | Suite = "quick",
    *,
    results: PathLike | None = None,
    plugins: Sequence[PathLike] = (),
) -> pd.DataFrame:
    """What a suite will take, from the runs already stored: what ``omicsbench plan`` prints.

    One row per (data set, pipeline, size): repeats, done, todo, and of one run ``wall_s``,
    ``peak_rss_bytes`` and ``disk_bytes``, each with the ends of its 95 % interval, missing where
    nothing is stored to predict from. Totals lie in ``attrs["total"]``. Nothing is run; ``suite``,
    ``results`` and ``plugins`` are as of :func:`plan`.
    """
    from omicsbench.planning.estimated import as_table

    return as_table(plan(suite, results=results, plugins=plugins))


def plan(
    suite: str | Suite = "quick",
    *,
    results: PathLike | None = None,
    plugins: Sequence[PathLike] = (),
) -> SuiteEstimate:
    """What a suite will take, as ``omicsbench plan`` prints it. Nothing is run or prepared.

    Parameters
    ----------
    suite, plugins : as of :func:`run`.
    results : folder of the stored runs to predict from, ``results/<suite>`` by default.
    """
    from omicsbench.planning.estimate import look_ahead

    registry, tell = _registry(plugins), partial(print, file=sys.stderr)
    chosen = usable(_suite(suite), registry, tell, offline=False)
    return look_ahead(chosen, registry, maybe_path(results) or default_folder(chosen))


def _suite(suite: str | Suite) -> Suite:
    return suite if isinstance(suite, Suite) else load_suite(arguments.as_text("suite", suite))


def _registry(plugins: Sequence[PathLike]) -> Registry:
    return discover([as_path(folder) for folder in plugins])


def default_folder(suite: Suite, own: Sequence[OwnData] = ()) -> Path:
    """Where results go if nobody says: named after the user's data, otherwise the suite."""
    return Path("results") / (own[0].stem if own else suite.name)


def load(folder: PathLike, *, every: bool = False) -> Results:
    """The stored runs as a tidy table: one row per (run, part, metric).

    Runs without a score (failed, skipped) have one row, with the cause in ``reason``. The runs
    are those of the suite as it was last run; with ``every`` all that the folder holds.
    """
    from omicsbench.records.planned import planned_records
    from omicsbench.records.results import results_of
    from omicsbench.records.store import read_records

    source = as_path(folder)
    return results_of(read_records(source) if every else planned_records(source)[0], source)


def verdicts(folder: PathLike) -> Verdicts:
    """What the analysis says of each (data set, metric, deep pipeline, simple side) in a folder."""
    from omicsbench.records.planned import planned_records, read_analysis
    from omicsbench.reporting.notebook import Verdicts
    from omicsbench.verdict.judge import verdicts as judge

    return Verdicts(judge(planned_records(as_path(folder))[0], read_analysis(as_path(folder))))


def pack(folder: PathLike) -> Packed:
    """Pack the stored runs for keeping: ``records.jsonl`` in place of one file a run.

    A packed folder resumes. Raises StoreError if a record cannot be read; nothing is changed then.
    """
    from omicsbench.records.packing import pack as pack_records

    return pack_records(as_path(folder))


def report(folder: PathLike, out: PathLike | None = None) -> Path:
    """Write the HTML report, and its tables as CSV and Markdown; returns the report's path.

    Needs the stored records only. ``out`` is ``<folder>/report.html`` by default.
    """
    return report_of(folder, out).page


def report_of(folder: PathLike, out: PathLike | None = None) -> Report:
    """As :func:`report`; returns the sentences of its answer too."""
    from omicsbench.records.planned import planned_records, read_analysis, read_plan
    from omicsbench.registry.cited import declared
    from omicsbench.reporting import write_report

    source = as_path(folder)
    plan = read_plan(source)
    records, missing, others = planned_records(source)
    return write_report(
        records,
        source,
        maybe_path(out) or source / "report.html",
        analysis=read_analysis(source),
        command=plan.command,
        missing=missing,
        others=others,
        methods=declared({r.spec.pipeline for r in records}) | plan.methods,
    )


def answer(folder: PathLike) -> list[str]:
    """The verdicts of a results ``folder`` in a few sentences of plain words."""
    from omicsbench.records.planned import planned_records
    from omicsbench.reporting import answer as words

    return words(verdicts(folder), planned_records(as_path(folder))[0])


def compare(
    base: PathLike, head: PathLike, *, suite: str = "ci", noise: PathLike | None = None
) -> Comparison:
    """What became worse from one set of stored runs of a suite to another.

    Raises OmicsbenchError for what is neither a folder nor a revision.

    Parameters
    ----------
    base, head : results folder, or ``REVISION[:FOLDER]`` of git where one is committed.
    suite : of a revision without a folder: ``results/<suite>``.
    noise : what :func:`calibrate` wrote; ``noise.json`` in ``base`` by default.
    """
    from omicsbench.reporting.notebook import shown
    from omicsbench.tracking.sides import compare_stored

    return shown(compare_stored(os.fspath(base), os.fspath(head), suite, maybe_path(noise)))


def calibrate(
    suite: str | Suite = "ci",
    *,
    sets: int = 10,
    out: PathLike | None = None,
    noise: PathLike | None = None,
    plugins: Sequence[PathLike] = (),
    observer: Observer | None = None,
    tell: Callable[[str], None] = lambda step: None,
) -> Calibration:
    """Run a suite against itself: the rate of false alarms, and the noise floor, as a file.

    Every two of the sets of runs are compared. The same call resumes.

    Parameters
    ----------
    suite, plugins, observer : as of :func:`run`; ``tell`` is called with a line for each set.
    sets : times that the suite is run, at least 4.
    out : folder, ``results/calibration/<suite>`` by default.
    noise : where the noise floor is written, ``noise.json`` in ``out`` by default.
    """
    from omicsbench.records.planned import planned_records
    from omicsbench.running.runner import run_suite
    from omicsbench.tracking.compare import Strictness
    from omicsbench.tracking.noise_floor import NOISE_FILE, calibration, enough, write_noise

    enough(sets)
    chosen, registry = _suite(suite), _registry(plugins)
    folder = maybe_path(out) or Path("results") / "calibration" / chosen.name
    places = [folder / f"{number:02d}" for number in range(sets)]
    for place in places:
        tell(f"{place}:")
        said = tell if place is places[0] else None  # of the data, once
        run_suite(chosen, place, registry=registry, observer=observer, tell=said)
    runs = [planned_records(place)[0] for place in places]
    found = calibration(runs, Strictness(chosen.analysis.tolerances))
    return write_noise(found, maybe_path(noise) or folder / NOISE_FILE)


def history(
    file: PathLike,
    *,
    add: Sequence[PathLike] = (),
    revision: str | None = None,
    out: PathLike | None = None,
) -> History:
    """Keep one summary a revision, and tell what changed, and since when.

    Parameters
    ----------
    file : history file, one line of JSON for each revision, suite and machine.
    add : results folders to add to it; shards of one suite go together.
    revision : commit of what is added, in place of the recorded one.
    out : HTML page of the trends; none is written by default.
    """
    from omicsbench.reporting.history_page import write_history
    from omicsbench.tracking.follow import follow

    page = maybe_path(out)
    if page and page.suffix != ".html":
        raise OmicsbenchError(f"Cannot write {page}: name an .html file.")
    found = follow(as_path(file), [as_path(folder) for folder in add], revision)
    if page:
        write_history(found.trends, page)
    return found


def ab(
    base: str,
    head: str,
    *,
    suite: str | Suite = "ci",
    samples: int | None = None,
    methods: Sequence[str] = (),
    only: bool = False,
    plugins: PathLike | None = None,
    out: PathLike | None = None,
    noise: PathLike | None = None,
    tell: Callable[[str], None] = lambda step: None,
) -> Comparison:
    """Run two revisions of the repository here in turn; what looks worse is run again.

    Parameters
    ----------
    base, head : commits, tags or branches, or checkouts such as ``.``.
    suite : as of :func:`run`.
    samples : repeats of each side; those of the suite by default, at least 6.
    methods : pipelines added to the suite's; with ``only`` they alone are run.
    plugins : folder of this repository with methods and data sets, taken from each revision.
    out : folder of the samples, ``results/ab/<base>..<head>`` by default; the same call resumes.
    noise : what :func:`calibrate` wrote.
    tell : called with each step that takes a while.
    """
    from omicsbench.reporting.notebook import shown
    from omicsbench.revisions.trial import compare_revisions

    if only and not methods:
        raise OmicsbenchError("There is no method to run alone; name one (--method).")
    chosen = _suite(suite)
    if methods:
        pipelines = [*(() if only else chosen.pipelines), *methods]
        chosen = changed(chosen, {"pipelines": pipelines})
    paths = {"plugins": maybe_path(plugins), "out": maybe_path(out), "noise": maybe_path(noise)}
    return shown(compare_revisions(base, head, chosen, samples=samples, tell=tell, **paths))
