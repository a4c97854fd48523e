"""What every exit code of the command line means: the one table of them."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The codes; ``meaning`` is the table of the docs."""

    meaning: str

    def __new__(cls, code: int, meaning: str) -> ExitCode:
        made = int.__new__(cls, code)
        made._value_ = code
        made.meaning = meaning
        return made

    DONE = 0, "done; of a comparison: nothing became worse"
    FAILED = (
        1,
        "no run succeeded, one has no record or is not at its address, a check failed, or "
        "something became worse",
    )
    BAD_INPUT = 2, "bad input: one sentence says what is wrong and what to do"
    NOT_COMPARABLE = 3, "nothing comparable was measured"
    RUNS_LOST = 4, "runs lost: failed, missing or invalid, and done in the first revision"
    # `git bisect run` reads 0 as good, 125 as "cannot be told", 1 to 127 as bad, stops at 128.
    SKIP = 125, "ab --bisect: this revision cannot be told good or bad"
    ABORT = 128, "ab --bisect: stop, the command itself is wrong"
    STOPPED = 130, "stopped by the user"


# By the value of a comparison's `Alarm`, whose module is too heavy to import for `--help`.
OF_ALARM = {
    "none": ExitCode.DONE,
    "regression": ExitCode.FAILED,
    "nothing comparable was measured": ExitCode.NOT_COMPARABLE,
    "runs lost": ExitCode.RUNS_LOST,
}
FOR_BISECT = OF_ALARM | {
    "nothing comparable was measured": ExitCode.SKIP,
    "runs lost": ExitCode.FAILED,
}


def told(*codes: ExitCode) -> str:
    """Codes with their meaning, for the help of a command."""
    return "Exit codes: " + "; ".join(f"{code.value} {code.meaning}" for code in codes) + "."


OF_COMPARISON = told(
    ExitCode.DONE,
    ExitCode.FAILED,
    ExitCode.BAD_INPUT,
    ExitCode.NOT_COMPARABLE,
    ExitCode.RUNS_LOST,
)
