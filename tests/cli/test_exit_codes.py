"""One table of exit codes: whole, told in the help, and the same in the docs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from command import inside
from omicsbench.cli.exit_codes import FOR_BISECT, OF_ALARM, ExitCode
from omicsbench.tracking.compare import Alarm

DOCS = Path(__file__).parents[2] / "docs"


def test_every_alarm_has_its_code() -> None:
    assert OF_ALARM.keys() == FOR_BISECT.keys() == set(Alarm)
    assert [OF_ALARM[a].value for a in Alarm] == [0, 1, 3, 4]
    assert [FOR_BISECT[a].value for a in Alarm] == [0, 1, 125, 1]
    assert all(code < 128 for code in FOR_BISECT.values()), "128 would end the search"


def test_every_code_says_what_it_means() -> None:
    assert [code.value for code in ExitCode] == [0, 1, 2, 3, 4, 125, 128, 130]
    assert all(len(code.meaning) > 10 for code in ExitCode)


@pytest.mark.parametrize("page", ["compare.md", "ab.md"])
def test_the_docs_know_no_other_code(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    table = text[text.index("| exit code |") :].split("\n\n")[0]
    codes = {int(code) for code in re.findall(r"\b\d+\b", table.replace("before 1", ""))}
    assert codes >= {0, 1, 2, 3, 4}
    assert codes <= {code.value for code in ExitCode}


@pytest.mark.parametrize("command", ["compare", "ab"])
def test_the_help_of_a_comparison_tells_the_codes(command: str) -> None:
    said = " ".join(inside(command, "--help").stdout.split())
    for code in (0, 1, 2, 3, 4):
        assert f"{code} {ExitCode(code).meaning}" in said
