"""What a report's methods and data are to be cited as: BibTeX of what they declare."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:)(10\.[\d.]+/\S+)")
ESCAPED = {sign: f"\\{sign}" for sign in "&%$#_{}"}
ESCAPED |= {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


@dataclass(frozen=True)
class Cited:
    """A method or data set: its name, what it is in one line, and the source that it declares."""

    name: str
    what: str  # method or data set
    summary: str
    source: str


def bibtex(cited: Iterable[Cited]) -> str:
    """One entry each, by name; empty without any.

    An entry holds what is declared and no more: with a DOI, a reference manager finds the rest.
    """
    keys: dict[str, int] = {}
    entries = []
    for one in sorted(cited, key=lambda one: (one.what, one.name)):
        key = re.sub(r"\W+", "_", one.name, flags=re.ASCII).strip("_") or "unnamed"
        keys[key] = keys.get(key, 0) + 1
        fields = {"title": _text(f"{one.name}: {one.summary}" if one.summary else one.name)}
        fields |= _source(one.source)
        fields["note"] = f"{one.what} of a report by omicsbench"
        body = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
        entries.append(f"@misc{{{key}{f'_{keys[key]}' if keys[key] > 1 else ''},\n{body}\n}}\n")
    return "\n".join(entries)


def _source(source: str) -> dict[str, str]:
    found = DOI.match(source)
    if found:
        return {"doi": _link(found[1]), "url": _link(source)}
    if source.startswith(("https://", "http://")):
        return {"url": _link(source)}
    return {"howpublished": _text(source)} if source else {}


def _link(text: str) -> str:
    """An address, without what would end its field."""
    return re.sub(r"[{}\s\\]", "", text)


def _text(text: str) -> str:
    return "".join(ESCAPED.get(sign, sign) for sign in " ".join(text.split()))
