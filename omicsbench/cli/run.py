"""The command `run`: options to a suite's entries, and the run itself."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from omicsbench.cli import complete
from omicsbench.cli import own_options as own
from omicsbench.cli.ended import at_first, tell_ended, tell_so_far
from omicsbench.cli.exit_codes import ExitCode
from omicsbench.cli.options import (
    OUTPUT,
    SUITE,
    WHAT,
    Plugins,
    Quiet,
    Verbose,
    how_much,
)
from omicsbench.errors import OmicsbenchError

if TYPE_CHECKING:
    from omicsbench.planning.suite import Suite
    from omicsbench.running.runner import EndedRun

PAGE = "report.html"
MACHINE = "Limits and machine"  # a panel of --help
CLUSTER = "Cluster"


class Isolate(StrEnum):
    """What gets a fresh process."""

    PIPELINE = "pipeline"
    RUN = "run"


def run(
    suite: Annotated[str, SUITE] = "quick",
    data: Annotated[
        list[Path] | None,
        typer.Option(
            "--data",
            help="Your own file, in place of the suite's data sets: .h5ad, .zarr, 10x .h5 or its "
            "folder with matrix.mtx, .h5mu, .loom, .csv, .tsv, .txt, .gct, .parquet.",
            rich_help_panel=own.DATA,
        ),
    ] = None,
    label: own.LabelOption = None,
    values: own.ValuesOption = None,
    layer: own.LayerOption = None,
    modality: own.ModalityOption = None,
    scale: own.ScaleOption = True,
    provenance: own.ProvenanceOption = None,
    unit: own.UnitOption = None,
    batch: own.BatchOption = None,
    target: own.TargetOption = None,
    transpose: own.TransposeOption = False,
    exclude: own.ExcludeOption = None,
    features_like: own.FeaturesLikeOption = None,
    genome: own.GenomeOption = None,
    feature_type: own.FeatureTypeOption = None,
    keep_na: own.KeepNAOption = False,
    dataset: Annotated[
        list[str] | None,
        typer.Option(
            "--dataset",
            "-d",
            autocompletion=complete.datasets,
            help="Data set in place of the suite's, such as 'simulated_atlas(n=20000)'.",
            rich_help_panel=own.DATA,
        ),
    ] = None,
    method: Annotated[
        list[str] | None,
        typer.Option(
            "--method",
            "-m",
            autocompletion=complete.methods,
            help="Pipeline to add: a name, 'pca(50) > umap', or package.module:Class.",
            rich_help_panel=WHAT,
        ),
    ] = None,
    only: Annotated[
        bool,
        typer.Option("--only", help="Run the --method pipelines alone.", rich_help_panel=WHAT),
    ] = False,
    sizes: Annotated[
        str | None,
        typer.Option(
            help="Training sizes, such as 50,200,all, for every data set.", rich_help_panel=WHAT
        ),
    ] = None,
    repeats: Annotated[
        int | None, typer.Option(min=1, help="Draws of every size.", rich_help_panel=WHAT)
    ] = None,
    n_components: Annotated[
        int | None,
        typer.Option(
            min=1, help="Output dimension where a pipeline states none.", rich_help_panel=WHAT
        ),
    ] = None,
    features: Annotated[
        int | None,
        typer.Option(min=1, help="Most variable features to keep.", rich_help_panel=WHAT),
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(
            help="Metrics, separated by commas.",
            rich_help_panel=WHAT,
            autocompletion=complete.metrics,
        ),
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Any other entry of the suite, the value as in TOML: background=500, "
            "tune.trials=30.",
            rich_help_panel=WHAT,
        ),
    ] = None,
    plugins: Plugins = None,
    device: Annotated[
        str | None, typer.Option(help="cpu, cuda, mps, or auto.", rich_help_panel=MACHINE)
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads of each run.", rich_help_panel=MACHINE)
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Pipelines at a time; more than 1 disturbs timings.",
            rich_help_panel=MACHINE,
        ),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(help="Seconds for one run, and for its warm-up.", rich_help_panel=MACHINE),
    ] = None,
    warm_up_timeout: Annotated[
        float | None,
        typer.Option(
            help="Seconds for a warm-up, in which libraries compile: 300, or as --timeout where "
            "that is shorter.",
            rich_help_panel=MACHINE,
        ),
    ] = None,
    offline: Annotated[
        bool,
        typer.Option(
            "--offline",
            help="Leave out data sets that are not downloaded yet.",
            rich_help_panel=own.DATA,
        ),
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Run what is predicted to exceed its limits too.",
            rich_help_panel=MACHINE,
        ),
    ] = False,
    retry: Annotated[
        bool, typer.Option("--retry", help="Repeat runs that failed.", rich_help_panel=MACHINE)
    ] = False,
    set_aside: Annotated[
        str | None,
        typer.Option(
            "--set-aside",
            metavar="WHY",
            help="Run nothing; store each run that has no record yet as set aside, with this "
            "reason. The command without it does them.",
            rich_help_panel=WHAT,
        ),
    ] = None,
    isolate: Annotated[
        Isolate, typer.Option(help="What gets a fresh process.", rich_help_panel=MACHINE)
    ] = Isolate.PIPELINE,
    executor: Annotated[
        str,
        typer.Option(
            metavar="local|slurm|dask://HOST:PORT",
            help="Where the pipelines run: here, as SLURM job arrays, or by a Dask scheduler's "
            "workers.",
            rich_help_panel=CLUSTER,
        ),
    ] = "local",
    profile: Annotated[
        Path | None,
        typer.Option(
            help="TOML file with the settings of the cluster: partition, account, minutes a job.",
            rich_help_panel=CLUSTER,
        ),
    ] = None,
    collect: Annotated[
        bool,
        typer.Option(
            "--collect",
            help="Run nothing; report on what has come so far, while others still run.",
            rich_help_panel=CLUSTER,
        ),
    ] = False,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="I/N",
            help="One part of N of the runs, for job arrays; `merge` joins the parts.",
            rich_help_panel=CLUSTER,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Results folder (results/<suite>).", rich_help_panel=OUTPUT
        ),
    ] = None,
    mirror: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Where each record is put too, once it is stored, such as s3://bucket/prefix; "
            "what lies there is fetched first.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    report: Annotated[
        bool, typer.Option(help="Write the HTML report at the end.", rich_help_panel=OUTPUT)
    ] = True,
    first: Annotated[
        bool,
        typer.Option(
            "--first-look",
            help="A page of the smallest size first, where there is none yet; then the suite.",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run a suite on its data sets or on your own; the same command again resumes it."""
    from omicsbench import api
    from omicsbench.cli.changes import suite_changes
    from omicsbench.cli.progress import Progress, called, observing_signals
    from omicsbench.clusters.executors import opened
    from omicsbench.planning.first_look import first_look
    from omicsbench.planning.offline import usable
    from omicsbench.planning.shards import Shard
    from omicsbench.planning.suite import load_suite
    from omicsbench.registry.discover import discover
    from omicsbench.running.job import Manner
    from omicsbench.running.mirror import mirrored
    from omicsbench.running.runner import RunsMissing, complete

    chosen = load_suite(suite)
    if dataset and data:
        raise OmicsbenchError("--dataset names a registered data set, --data your file: give one.")
    if device == "auto" and executor != "local":
        raise OmicsbenchError(
            "--device auto looks at this machine; name that of the nodes: --device cuda."
        )
    told = own.told(
        label=label,
        values=values,
        layer=layer,
        modality=modality,
        scale=scale,
        provenance=provenance,
        unit=unit,
        batch=batch,
        target=target,
        transpose=transpose,
        exclude=exclude,
        features_like=features_like,
        genome=genome,
        feature_type=feature_type,
        keep_na=keep_na,
    )
    alone = not (first or collect or retry or force)
    if set_aside is not None and not (alone and set_aside.strip()):
        raise OmicsbenchError(
            "--set-aside WHY stores what was not run, with the reason, which may not be empty; it "
            "goes with none of --first-look, --collect, --retry and --force."
        )
    given = own.of_files(data or [], told)
    replaced = suite_changes(
        chosen,
        settings=setting or [],
        sizes=sizes,
        metrics=metrics,
        datasets=dataset,
        own_data=bool(given),
        repeats=repeats,
        n_components=n_components,
        features=features,
        device=device,
        threads=threads,
        jobs=jobs,
        timeout_s=timeout,
        warm_up_timeout_s=warm_up_timeout,
    )
    if only:
        if not method:
            raise OmicsbenchError("--only runs the pipelines of --method; name one.")
        fewer = {p: n for p, n in chosen.fewer_repeats.items() if p in method}
        replaced |= {"pipelines": method, "fewer_repeats": fewer}
        method = None
    share = Shard.parse(shard) if shard else None
    folder = out or api.default_folder(chosen, given)
    if share and not out:
        folder = folder.with_name(f"{folder.name}-{share}")
    if collect:
        if mirror:
            api.pull(mirror, folder)
        tell_so_far(folder, report)
        return
    progress = Progress(how_much(quiet, verbose), folder)
    missing: RunsMissing | None = None
    ended: Sequence[EndedRun] = ()
    with (
        observing_signals(),
        progress as observer,
        opened(executor, profile) as elsewhere,
        mirrored(mirror, folder, observer, observer.say) as mirroring,
    ):
        registry = discover(plugins or [])
        wanted = usable(
            api.adapted(chosen, given, method or (), replaced), registry, observer.say, offline
        )

        def done(part: Suite) -> Sequence[EndedRun]:
            return complete(
                part,
                folder,
                registry=registry,
                own_data=given,
                executor=elsewhere,
                manner=Manner(
                    isolate is Isolate.RUN, retry, force, " ".join((set_aside or "").split())
                ),
                shard=share,
                command=called("--set-aside"),
                observer=mirroring or observer,
                tell=observer.say,
            )

        try:
            if first and not share and not (folder / PAGE).exists():
                done(first_look(wanted))
                observer.say(at_first(api.report_of(folder)))
            ended = done(wanted)
        except RunsMissing as error:
            if not error.ended:
                raise
            missing, ended = error, error.ended
    if missing:
        print(f"omicsbench: {missing}", file=sys.stderr)
    if share:
        print(
            f"Part {share.number} of {share.of}, in {folder}; `omicsbench merge` joins the parts."
        )
    if ended or not share:
        some = share is not None or set_aside is not None
        tell_ended(folder, ended, report and not share, part=some)
    if missing or (mirroring and mirroring.problem):
        raise typer.Exit(ExitCode.FAILED)
