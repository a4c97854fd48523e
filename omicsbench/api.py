"""The Python interface: what the command line does, for notebooks and scripts."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omicsbench.errors import OmicsbenchError
from omicsbench.inputs.source import OwnData
from omicsbench.planning.suite import Suite, load_suite, make_suite
from omicsbench.plugin import Values
from omicsbench.registry.discover import discover
from omicsbench.running.embed import embed as embed

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import pandas as pd
    from anndata import AnnData

    from omicsbench.running.runner import Observer
    from omicsbench.verdict.verdict import Verdict

PathLike = str | os.PathLike[str]


def run(
    suite: str | Suite = "quick",
    *,
    data: PathLike | AnnData | OwnData | Sequence[OwnData] | None = None,
    label: str | None = None,
    values: Values | None = None,
    unit: str | None = None,
    methods: Sequence[str] = (),
    out: PathLike | None = None,
    plugins: Sequence[PathLike] = (),
    executor: Executor | None = None,
    isolate_runs: bool = False,
    retry: bool = False,
    force: bool = False,
    command: str | None = None,
    observer: Observer | None = None,
    **changes: Any,
) -> pd.DataFrame:
    """Run a suite, or resume it; returns the tidy table that :func:`load` returns.

    Parameters
    ----------
    suite : name, path of a TOML file, or a :class:`~omicsbench.planning.suite.Suite`.
    data : the user's own data (file, ``AnnData``, or several) in place of the suite's data sets.
    label : obs column with the labels of ``data``; label metrics are skipped without it.
    values : ``counts``, ``log`` or ``continuous``, where it cannot be told from ``data``.
    unit : obs column of ``data`` with the donors or batches: the unit of sampling error.
    methods : pipelines added to the suite's.
    out : results folder, ``results/<suite>`` by default.
    force : run what is predicted to exceed its limits too.
    changes : suite entries to replace, such as ``repeats=10`` or ``sizes=[100, "all"]``.

    Raises OmicsbenchError with one sentence for anything unknown or unusable.
    """
    from omicsbench.running.runner import run_suite

    for name, given in (("methods", methods), ("plugins", plugins)):
        if isinstance(given, str):
            raise OmicsbenchError(f"{name} takes a list: {name}=[{given!r}].")
    chosen = load_suite(suite) if isinstance(suite, str) else suite
    with tempfile.TemporaryDirectory(prefix="omicsbench-data-") as folder:
        own = _own_data(data, label, values, unit, Path(folder))
        changes = {key: value for key, value in changes.items() if value is not None}
        if own:
            changes["datasets"] = ()
        if methods:
            changes.setdefault("pipelines", chosen.pipelines)
            changes["pipelines"] = (*changes["pipelines"], *methods)
        if changes:
            chosen = make_suite({**chosen.model_dump(exclude_unset=True), **changes}, chosen.name)
        target = Path(out) if out is not None else default_folder(chosen, own)
        run_suite(
            chosen,
            target,
            registry=discover([Path(p) for p in plugins]),
            own_data=own,
            executor=executor,
            isolate_runs=isolate_runs,
            retry=retry,
            force=force,
            command=command
            or _call(chosen.name, data, label, values, unit, methods, changes, target),
            observer=observer,
        )
    return load(target)


def estimate(
    suite: str | Suite = "quick",
    *,
    results: PathLike | None = None,
    plugins: Sequence[PathLike] = (),
) -> pd.DataFrame:
    """What a suite will take, from the runs already stored: what ``omicsbench plan`` prints.

    One row per (data set, pipeline, size): repeats, done, todo, and of one run ``wall_s``,
    ``peak_rss_bytes`` and ``disk_bytes``, each with the ends of its 95 % interval, missing where
    nothing is stored to predict from. Totals lie in ``attrs["total"]``. Nothing is run.
    """
    import pandas as pd

    from omicsbench.planning.estimate import flat, look_ahead

    chosen = load_suite(suite) if isinstance(suite, str) else suite
    folder = Path(results) if results is not None else default_folder(chosen)
    found = look_ahead(chosen, discover([Path(p) for p in plugins]), folder)
    table = pd.DataFrame([flat(row) for row in found.rows])
    table.attrs["total"] = vars(found.total)
    return table


def _call(
    suite: str,
    data: Any,
    label: Any,
    values: Any,
    unit: Any,
    methods: Any,
    changes: Any,
    out: Path,
) -> str:
    """The call that was made, as Python; an AnnData is shown by its shape."""
    given = {"label": label, "values": values, "unit": unit, "methods": list(methods) or None}
    given |= {k: v for k, v in changes.items() if k not in ("datasets", "pipelines")}
    if "pipelines" in changes and not methods:
        given["pipelines"] = list(changes["pipelines"])
    shown = data if data is None or isinstance(data, str) else f"<{type(data).__name__}>"
    if hasattr(data, "shape"):
        shown = f"<AnnData of {data.shape[0]} x {data.shape[1]}>"
    parts = [repr(suite)] + ([f"data={shown!r}"] if data is not None else [])
    parts += [f"{key}={value!r}" for key, value in given.items() if value is not None]
    return f"omicsbench.run({', '.join(parts)}, out={str(out)!r})"


def default_folder(suite: Suite, own: Sequence[OwnData] = ()) -> Path:
    """Where results go if nobody says: named after the user's data, otherwise the suite."""
    return Path("results") / (own[0].path.stem if own else suite.name)


def _own_data(
    data: PathLike | AnnData | OwnData | Sequence[OwnData] | None,
    label: str | None,
    values: Values | None,
    unit: str | None,
    folder: Path,
) -> list[OwnData]:
    if data is None:
        for what, column in (("label", label), ("unit", unit)):
            if column is not None:
                raise OmicsbenchError(
                    f"A {what} belongs to your own data; name its file with --data."
                )
        return []
    if isinstance(data, OwnData):
        return [data]
    if isinstance(data, str | os.PathLike):
        return [OwnData(Path(data), label=label, values=values, unit=unit)]
    if hasattr(data, "write_h5ad"):
        path = _written(data, label, unit, folder)
        return [OwnData(path, label=label, values=values, unit=unit)]
    if isinstance(data, Sequence) and all(isinstance(one, OwnData) for one in data):
        return list(data)
    raise OmicsbenchError(
        f"data is a {type(data).__name__}; give a file's path, an AnnData, or OwnData objects."
    )


def _written(adata: AnnData, label: str | None, unit: str | None, folder: Path) -> Path:
    """The AnnData as a file, without what a run does not use and a file may not hold."""
    from anndata import AnnData

    wanted = list(dict.fromkeys(name for name in (label, unit) if name is not None))
    if set(wanted) <= set(adata.obs):
        obs = adata.obs[wanted]
    else:  # what there is, to be named in the refusal
        obs = adata.obs.select_dtypes(include=["category", "object", "string"]).astype(str)
    layers = {"counts": adata.layers["counts"]} if "counts" in adata.layers else {}
    uns: dict[str, Any] = {"log1p": {}} if "log1p" in adata.uns else {}
    path = folder / "data.h5ad"
    AnnData(adata.X, obs=obs, var=adata.var[[]], layers=layers, uns=uns).write_h5ad(path)
    return path


def load(folder: PathLike, *, every: bool = False) -> pd.DataFrame:
    """The stored runs as a tidy table: one row per (run, part, metric).

    Runs without a score (failed, skipped) have one row, with the cause in ``reason``. The runs
    are those of the suite as it was last run; with ``every`` all that the folder holds.
    """
    from omicsbench.records.planned import planned_records
    from omicsbench.records.store import read_records
    from omicsbench.records.table import tidy

    return tidy(read_records(Path(folder)) if every else planned_records(Path(folder))[0])


def verdicts(folder: PathLike) -> list[Verdict]:
    """What the analysis says of each (data set, metric, deep pipeline, simple side)."""
    from omicsbench.records.planned import planned_records
    from omicsbench.verdict.judge import verdicts as judge

    stored = _stored(Path(folder))
    return judge(
        planned_records(Path(folder))[0],
        reference=stored.get("reference", "pca"),
        margins=stored.get("margins"),
    )


def report(folder: PathLike, out: PathLike | None = None) -> Path:
    """Write the HTML report, and its tables as CSV and Markdown; returns the report's path.

    Needs the stored records only. ``out`` is ``<folder>/report.html`` by default.
    """
    from omicsbench.records.planned import planned_records, read_plan
    from omicsbench.reporting import write_report

    source = Path(folder)
    stored = _stored(source)
    records, missing, others = planned_records(source)
    return write_report(
        records,
        source,
        Path(out) if out is not None else source / "report.html",
        reference=stored.get("reference", "pca"),
        margins=stored.get("margins"),
        price_per_hour=stored.get("price_per_hour"),
        command=str(read_plan(source).get("command", "")),
        missing=missing,
        others=others,
    )


def _stored(folder: Path) -> dict[str, Any]:
    """The suite that was run, as far as it was not left at its defaults."""
    from omicsbench.records.planned import read_plan

    return dict(read_plan(folder).get("suite", {}))


def answer(folder: PathLike) -> list[str]:
    """The verdicts in a few sentences of plain words."""
    from omicsbench.records.planned import planned_records
    from omicsbench.reporting import answer as words

    return words(verdicts(folder), planned_records(Path(folder))[0])
