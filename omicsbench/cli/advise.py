"""The command `advise`: what the committed evidence says of n samples of a kind of data."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from omicsbench.cli import own_options as own
from omicsbench.cli.options import WHAT
from omicsbench.errors import OmicsbenchError

if TYPE_CHECKING:
    from omicsbench.reading.own import OwnData


class Purpose(StrEnum):
    """The tasks that results are stored of."""

    EMBED = "embed"
    PREDICT = "predict"
    REGRESS = "regress"
    INTEGRATE = "integrate"
    BATCH = "batch"


def advise(
    file: Annotated[
        Path | None, typer.Argument(help="Your own file; its n and kind of data are read.")
    ] = None,
    n: Annotated[
        int | None,
        typer.Option("--n", min=2, help="Samples, without a file.", rich_help_panel=WHAT),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            help="What the data hold, without a file: counts, log, continuous ... (as --values).",
            rich_help_panel=WHAT,
        ),
    ] = None,
    purpose: Annotated[
        Purpose, typer.Option(help="What the data are for.", rich_help_panel=WHAT)
    ] = Purpose.EMBED,
    label: own.LabelOption = None,
    values: own.ValuesOption = None,
    target: own.TargetOption = None,
    batch: own.BatchOption = None,
    transpose: own.TransposeOption = False,
    measure: Annotated[
        bool,
        typer.Option("--measure", help="Run a small suite on your file too.", rich_help_panel=WHAT),
    ] = False,
    minutes: Annotated[
        float,
        typer.Option(
            min=0.1, help="With --measure: what the suite may take.", rich_help_panel=WHAT
        ),
    ] = 5.0,
) -> None:
    """Say which contestant to use, from which n deep learning pays, and what it costs."""
    from omicsbench.advice.advise import Question, advise
    from omicsbench.advice.evidence import carried

    if (file is None) == (n is None):
        raise OmicsbenchError("Name your file, or the number of samples by --n; one of the two.")
    if file is None:
        if measure:
            raise OmicsbenchError("--measure runs on your own data; name a file.")
        of_files = {"values": values, "label": label, "target": target, "batch": batch}
        stated = [name for name, given in of_files.items() if given is not None]
        if stated or transpose:
            name = (*stated, "transpose")[0]
            raise OmicsbenchError(f"--{name} is of a file; name one, or leave it out.")
        for part in kind.split(" + ") if kind else ():
            own.values_of(part, "--kind")
        question = Question(n or 0, purpose.value, kind)
    else:
        if kind:
            raise OmicsbenchError("--kind is for --n; of a file it is read (--values states it).")
        from omicsbench.reading.own import OwnData

        if measure and purpose is Purpose.BATCH and not batch:
            raise OmicsbenchError("--purpose batch --measure needs --batch COLUMN.")
        kept = own.values_of(values)
        data = OwnData(
            file, label=label, values=kept, target=target, batch=batch, transpose=transpose
        )
        cells, held = _counted(data, several=purpose is Purpose.INTEGRATE)
        question = Question(cells, purpose.value, held)
    found = advise(carried(), question)
    print(question)
    for sentence in found.sentences:
        print(f"- {sentence}")
    if measure:
        from omicsbench.cli.measuring import measured
        from omicsbench.cli.progress import called

        measured(data, question.n, purpose.value, minutes, called())


def _counted(data: OwnData, several: bool) -> tuple[int, str]:
    """Cells of a file, and what they hold."""
    from omicsbench.inputs import source

    read = source.own(data, several)
    print(read.line)
    cells = read.cells
    parts = list(cells.values()) if isinstance(cells, Mapping) else [cells]
    return parts[0].shape[0], " + ".join(part.values for part in parts)
