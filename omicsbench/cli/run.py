"""The command `run`: options to a suite's entries, the run itself, and what is printed after it."""

from __future__ import annotations

import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from omicsbench.cli.exit_codes import ExitCode
from omicsbench.errors import OmicsbenchError

CAUSES = 5  # reasons of failures and skips printed; the report has them all
Plugins = Annotated[
    list[Path] | None,
    typer.Option("--plugins", help="Folder of your own methods, data sets and metrics."),
]


class Isolate(StrEnum):
    """What gets a fresh process."""

    PIPELINE = "pipeline"
    RUN = "run"


def run(
    suite: Annotated[str, typer.Argument(help="Suite, by name or path of a TOML file.")] = "quick",
    data: Annotated[
        list[Path] | None,
        typer.Option(
            "--data",
            help="Your own file, in place of the suite's data sets: .h5ad, "
            "10x .h5, .h5mu, .csv, .tsv, .parquet.",
        ),
    ] = None,
    dataset: Annotated[
        list[str] | None,
        typer.Option(
            "--dataset",
            "-d",
            help="Data set in place of the suite's, such as 'simulated_atlas(n=20000)'.",
        ),
    ] = None,
    label: Annotated[
        str | None, typer.Option("--label", help="Column with the labels of --data.")
    ] = None,
    values: Annotated[
        str | None,
        typer.Option(
            "--values",
            help="What --data holds, where it cannot be told: counts, log "
            "(normalised) or continuous.",
        ),
    ] = None,
    layer: Annotated[str | None, typer.Option(help="Layer of an .h5ad to use.")] = None,
    modality: Annotated[str | None, typer.Option(help="Modality of an .h5mu to use.")] = None,
    scale: Annotated[
        bool, typer.Option(help="Bring the features of --data to unit variance.")
    ] = True,
    provenance: Annotated[
        str | None,
        typer.Option(
            "--label-provenance",
            help="Where the labels of --data come from: author, sorted, computed or simulated.",
        ),
    ] = None,
    unit: Annotated[
        str | None,
        typer.Option(
            "--unit",
            help="Column of --data with the donors or batches: the unit of "
            "sampling error over test cells.",
        ),
    ] = None,
    method: Annotated[
        list[str] | None,
        typer.Option(
            "--method",
            "-m",
            help="Pipeline to add: a name, 'pca(50) > umap', or package.module:Class.",
        ),
    ] = None,
    only: Annotated[bool, typer.Option("--only", help="Run the --method pipelines alone.")] = False,
    family: Annotated[
        list[str] | None,
        typer.Option("--family", help="package.module:Class=deep, for a class that does not say."),
    ] = None,
    sizes: Annotated[
        str | None, typer.Option(help="Training sizes, such as 50,200,all, for every data set.")
    ] = None,
    repeats: Annotated[int | None, typer.Option(min=1)] = None,
    n_components: Annotated[int | None, typer.Option(min=1, help="Latent size.")] = None,
    metrics: Annotated[str | None, typer.Option(help="Metrics, separated by commas.")] = None,
    tune_trials: Annotated[
        int | None, typer.Option(min=2, help="Run every pipeline tuned too, in so many trials.")
    ] = None,
    features: Annotated[int | None, typer.Option(min=1, help="Features selected.")] = None,
    features_per_size: Annotated[
        bool, typer.Option("--features-per-size", help="Select features on the n rows alone.")
    ] = False,
    seed: Annotated[int | None, typer.Option(min=0)] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda or mps.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads of each run.")] = None,
    timeout: Annotated[float | None, typer.Option(help="Seconds for one run.")] = None,
    memory_gb: Annotated[float | None, typer.Option(help="GiB of memory for one run.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Results folder (results/<suite>).")
    ] = None,
    plugins: Plugins = None,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="Pipelines at a time; more than 1 disturbs timings."),
    ] = None,
    dask: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler that runs the pipelines.")
    ] = None,
    isolate: Annotated[Isolate, typer.Option(help="What gets a fresh process.")] = Isolate.PIPELINE,
    retry: Annotated[bool, typer.Option("--retry", help="Repeat runs that failed.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Run what is predicted to exceed its limits too.")
    ] = False,
    report: Annotated[bool, typer.Option(help="Write the HTML report at the end.")] = True,
) -> None:
    """Run a suite on its data sets or on your own; the same command again resumes it."""
    from omicsbench import api
    from omicsbench.cli.progress import Progress, observing_signals
    from omicsbench.planning.suite import load_suite

    suite_changes = _changes(
        sizes=sizes,
        metrics=metrics,
        family=family,
        repeats=repeats,
        n_components=n_components,
        features=features,
        features_per_size=features_per_size or None,
        seed=seed,
        device=device,
        threads=threads,
        jobs=jobs,
        timeout_s=timeout,
        memory_gb=memory_gb,
    )
    chosen = load_suite(suite)
    if tune_trials:
        kept = chosen.tune.model_dump(include={"metric", "repeats"}) if chosen.tune else {}
        suite_changes["tune"] = kept | {"trials": tune_trials}
    if dataset and data:
        raise OmicsbenchError("--dataset names a registered data set, --data your file: give one.")
    if (sizes or dataset) and not data:
        names = dataset or [choice.name for choice in chosen.datasets]
        suite_changes["datasets"] = [{"name": name} for name in names]
    if only:
        if not method:
            raise OmicsbenchError("--only runs the pipelines of --method; name one.")
        suite_changes["pipelines"], method = method, None
    own = _own(data, label, values, layer, modality, scale, provenance, unit)
    target = out or api.default_folder(chosen, own)
    with observing_signals(), Progress() as observer, _dask(dask) as executor:
        table = api.run(
            chosen,
            data=own or None,
            label=None if own else label,
            methods=method or (),
            out=target,
            plugins=plugins or (),
            executor=executor,
            isolate_runs=isolate is Isolate.RUN,
            retry=retry,
            force=force,
            command=_command(),
            observer=observer,
            **suite_changes,
        )
    _finish(target, table, report)


def _changes(
    *, sizes: str | None, metrics: str | None, family: list[str] | None, **plain: Any
) -> dict[str, Any]:
    """Entries of the suite that options replace."""
    changes = {name: value for name, value in plain.items() if value is not None}
    if sizes:
        parts = [part.strip() for part in sizes.split(",")]
        if any(part != "all" and not part.isdecimal() for part in parts):
            raise OmicsbenchError(f"--sizes {sizes}: write numbers and all, such as 50,200,all.")
        changes["sizes"] = [part if part == "all" else int(part) for part in parts]
    if metrics:
        changes["metrics"] = [name.strip() for name in metrics.split(",")]
    if family:
        pairs = [text.rpartition("=") for text in family]
        if not all(name and value for name, _, value in pairs):
            raise OmicsbenchError("--family takes package.module:Class=deep.")
        changes["families"] = {name: value for name, _, value in pairs}
    return changes


def _own(
    data: list[Path] | None,
    label: str | None,
    values: str | None,
    layer: str | None,
    modality: str | None,
    scale: bool,
    provenance: str | None,
    unit: str | None,
) -> list[Any]:
    from typing import get_args

    from omicsbench.inputs.source import OwnData
    from omicsbench.plugin import Provenance, Values

    options = {
        "--layer": layer,
        "--modality": modality,
        "--values": values,
        "--label-provenance": provenance,
        "--unit": unit,
        "--no-scale": None if scale else True,
    }
    stated = [name for name, value in options.items() if value is not None]
    if stated and not data:
        raise OmicsbenchError(f"{stated[0]} belongs to your own data; name its file with --data.")
    for option, value, known in (
        ("--values", values, get_args(Values)),
        ("--label-provenance", provenance, get_args(Provenance)),
    ):
        if value is not None and value not in known:
            raise OmicsbenchError(f"{option} {value!r} is none of {', '.join(known)}.")
    return [
        OwnData(path, label, values, layer, modality, scale, provenance, unit)  # type: ignore[arg-type]
        for path in data or ()
    ]


def _dask(address: str | None) -> Any:
    from contextlib import nullcontext

    if address is None:
        return nullcontext()
    try:
        import distributed
    except ImportError:
        raise OmicsbenchError("--dask needs the extra: pip install 'omicsbench[dask]'.") from None
    connect: Any = distributed.Client
    try:
        return connect(address, timeout="10s").get_executor(pure=False)
    except (OSError, ValueError) as error:
        raise OmicsbenchError(f"No Dask scheduler answers at {address}: {error}.") from error


def _command() -> str:
    return shlex.join(["omicsbench", *sys.argv[1:]])


def _finish(folder: Path, table: Any, report: bool) -> None:
    from omicsbench import api
    from omicsbench.records.spec import Cause

    runs = table.drop_duplicates("key")["status"].value_counts()
    print("Runs: " + ", ".join(f"{count} {status}" for status, count in runs.items()))
    causes = table.drop_duplicates("key").groupby(["status", "reason"]).size()
    for (status, reason), count in causes.sort_values(ascending=False).head(CAUSES).items():
        print(f"  {count} {status}: {reason}")
    if len(causes) > CAUSES:
        print(f"  and {len(causes) - CAUSES} other causes, in the report")
    if set(runs.index) - {"ok", "skipped"}:
        print("  --retry does failed runs again.")
    if (table["cause"] == Cause.PREDICTED).any():
        print("  --force runs what is predicted to exceed its limits.")
    if report:
        path = api.report(folder)
        print_answer(folder)
        print(f"Report: {path}")
    if "ok" not in runs:
        raise typer.Exit(ExitCode.FAILED)


def print_answer(folder: Path) -> None:
    from omicsbench import api

    for sentence in api.answer(folder):
        print(f"- {sentence}")
