"""The command `workflow`: a suite in shards, as a job array, a Snakefile or a Nextflow script.

Each shard is a results folder of its own, which stays, and `omicsbench merge` joins them. What is
done is not done again: a job that died is sent once more. The scheduler is the site's own.
"""

from __future__ import annotations

import shlex
from enum import StrEnum
from pathlib import Path
from string import Template
from typing import Annotated

import typer

from omicsbench.cli.options import OUTPUT, SUITE
from omicsbench.cli.run import CLUSTER
from omicsbench.errors import OmicsbenchError
from omicsbench.records.store import holds_records, write_text

SBATCH = Template(
    """#!/bin/bash
# Suite $suite in $shards shards. Send it with:
#   sbatch --array=1-$shards --wait $file && omicsbench merge $folders/* --out results/$name
# Sent again, it goes on from what is done.
#SBATCH --job-name=omicsbench-$name
#SBATCH --cpus-per-task=$cores
#SBATCH --mem=${memory}G
#SBATCH --time=$minutes
#SBATCH --output=$name-%a.log
set -eu
omicsbench run $suite --shard "$$SLURM_ARRAY_TASK_ID/$shards" --out "$folders/$$SLURM_ARRAY_TASK_ID"
"""
)
SNAKEFILE = Template(
    """# Suite $suite in $shards shards: snakemake -s $file --cores 8, or with a profile.
# Sent again with --rerun-incomplete, it goes on from what is done.
SHARDS = range(1, $shards + 1)


rule all:
    input:
        "results/$name/report.html",


rule shard:
    output:
        touch("$folders/{i}.done"),
    threads: $cores
    resources:
        mem_mb=$memory * 1024,
        runtime=$minutes,
    shell:
        "omicsbench run $suite --shard {wildcards.i}/$shards --out $folders/{wildcards.i}"


rule merge:
    input:
        expand("$folders/{i}.done", i=SHARDS),
    output:
        "results/$name/plan.json",
    params:
        shards=expand("$folders/{i}", i=SHARDS),
    shell:
        "omicsbench merge {params.shards} --out results/$name"


rule report:
    input:
        "results/$name/plan.json",
    output:
        "results/$name/report.html",
    shell:
        "omicsbench report results/$name"
"""
)
NEXTFLOW = Template(
    """// Suite $suite in $shards shards: nextflow run $file -resume
process SHARD {
    cpus $cores
    memory '$memory GB'
    time '$minutes min'

    input:
    val i

    output:
    val i

    script:
    \"\"\"
    omicsbench run $suite --shard $${i}/$shards --out "$$launchDir/$folders/$${i}"
    \"\"\"
}

process MERGE {
    input:
    val shards

    script:
    \"\"\"
    omicsbench merge "$$launchDir/$folders"/* --out "$$launchDir/results/$name"
    omicsbench report "$$launchDir/results/$name"
    \"\"\"
}

workflow {
    MERGE(SHARD(Channel.of(1..$shards)).collect())
}
"""
)


class Engine(StrEnum):
    """What the workflow is written for."""

    SBATCH = "sbatch"
    SNAKEMAKE = "snakemake"
    NEXTFLOW = "nextflow"


TEMPLATES = {
    Engine.SBATCH: (SBATCH, "{suite}.sbatch"),
    Engine.SNAKEMAKE: (SNAKEFILE, "{suite}.smk"),
    Engine.NEXTFLOW: (NEXTFLOW, "{suite}.nf"),
}


def workflow(
    engine: Annotated[Engine, typer.Argument(help="For which engine.")],
    suite: Annotated[str, SUITE] = "quick",
    shards: Annotated[
        int,
        typer.Option(min=1, max=10_000, help="Jobs to share the runs.", rich_help_panel=CLUSTER),
    ] = 16,
    memory: Annotated[int, typer.Option(min=1, help="GB of a job.", rich_help_panel=CLUSTER)] = 8,
    minutes: Annotated[
        int, typer.Option(min=1, help="Minutes of a job.", rich_help_panel=CLUSTER)
    ] = 60,
    folder: Annotated[
        Path, typer.Option("--folder", help="Where to write the file.", rich_help_panel=OUTPUT)
    ] = Path(),
) -> None:
    """Write a short workflow that runs a suite in shards and merges them."""
    from omicsbench.planning.suite import load_suite, threads_of

    chosen = load_suite(suite)
    template, name = TEMPLATES[engine]
    merged = Path("results", chosen.name)
    if holds_records(merged):
        raise OmicsbenchError(f"{merged} holds records already, and merge writes there; move it.")
    path = folder / name.format(suite=chosen.name)
    if path.exists():
        raise OmicsbenchError(f"{path} exists already; choose another --folder.")
    write_text(
        path,
        template.substitute(
            suite=shlex.quote(str(Path(suite).resolve()) if suite.endswith(".toml") else suite),
            name=chosen.name,
            file=path.name,
            shards=shards,
            folders=f"results/{chosen.name}-shards",
            cores=chosen.jobs * threads_of(chosen),
            memory=memory,
            minutes=minutes,
        ),
    )
    print(f"Wrote {path}; how to send it stands in its first lines.")
    print(f"How long it takes and what memory it needs: omicsbench plan {suite}")
