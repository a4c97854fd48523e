"""What fuzzing needs: absurd values put into stored content, the command line in this process."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from command import inside
from omicsbench.cli.exit_codes import ExitCode

DEEPEST = 8  # place that is spoiled
KNOWN = {code.value for code in ExitCode}


def _nested(depth: int) -> Any:
    made: Any = 0
    for _ in range(depth):
        made = [made]
    return made


SCALARS: list[Any] = [
    None,
    True,
    0,
    -1,
    10**15,
    2**63,
    10**400,
    1e-300,
    1e300,
    -1e300,
    1e999,
    float("nan"),
    "",
    "3",
    "yesterday",
    "../../x",
    "-x",
    "<script>alert(1)</script>",
    "a\u0000b",
    "\u202e\ufeff\u2028",
    "x" * 10_000,
    "\ud800",
    "embed",
    "cpu",
    "ok",
]
absurd = st.one_of(
    st.sampled_from(SCALARS),
    st.sampled_from([[], {}, [[]], {"": {}}, [None], [1e300, 1e300], {"a": [1, "b"]}]),
    st.just(_nested(150)),
    st.text(max_size=5),
    st.floats(),
    st.integers(),
)


def places(content: Any, under: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in nested content: keys and numbers that lead to it."""
    if under:
        yield under
    if len(under) > DEEPEST:
        return
    if isinstance(content, dict):
        for key, value in content.items():
            yield from places(value, (*under, key))
    elif isinstance(content, list):
        for number, value in enumerate(content[:3]):
            yield from places(value, (*under, number))


@st.composite
def spoiled(draw: st.DrawFn, text: str) -> Any:
    """The content of a JSON text in which one or two entries are absurd, or gone."""
    content = json.loads(text)
    for _ in range(draw(st.integers(1, 2))):
        *way, last = draw(st.sampled_from(sorted(places(content), key=repr)))
        holder = content
        for step in way:
            holder = holder[step]
        if draw(st.booleans()) and draw(st.booleans()):
            del holder[last]
        else:
            holder[last] = copy.deepcopy(draw(absurd))
    return content


def as_json(content: Any) -> bytes:
    """The text, with numbers that are infinite once they are read, and lone surrogates as such."""
    return json.dumps(content).replace("-Infinity", "-1e999").replace("Infinity", "1e999").encode()


@st.composite
def torn(draw: st.DrawFn, text: bytes) -> bytes:
    """A text in which a part is cut out, doubled or overwritten."""
    start = draw(st.integers(0, len(text)))
    stop = draw(st.integers(start, min(len(text), start + 200)))
    part = draw(st.one_of(st.binary(max_size=20), st.just(b""), st.just(2 * text[start:stop])))
    return text[:start] + part + text[stop:]


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    said: str


def call(*words: object) -> Done:
    """The command line in this process."""
    done = inside(*words)
    return Done(done.returncode, done.stdout, done.stderr)


def sound(done: Done) -> Done:
    """The call, if it ended in a known way and in words."""
    assert done.code in KNOWN, done
    if done.code == ExitCode.BAD_INPUT:
        assert len(done.said) > 10, done
    assert "Traceback" not in done.said
    return done


def files(folder: Path) -> dict[str, str]:
    """Digest of each file in a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
