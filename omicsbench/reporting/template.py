"""What pages are made from: the templates, styles and scripts that lie beside this file."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


def environment() -> Environment:
    """The templates. Names from records are escaped, and what a page was not given is an error."""
    made = Environment(
        loader=PackageLoader("omicsbench.reporting", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["hashed"] = _hashed
    return made


def _hashed(text: str) -> Markup:
    """How a Content-Security-Policy names a style or script that may stand in the page."""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Markup(f"'sha256-{digest}'")  # noqa: S704 - of letters and digits


def inlined(name: str) -> Markup:
    """A style or script, to stand in a page as it is."""
    text = (files("omicsbench.reporting") / name).read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704 - the package's own


# Expressions of charts are interpreted, not compiled, and no style is added: pages allow neither.
DRAW_CHART = """
window.drawChart = (place, specification) => vegaEmbed(place, specification, {
  actions: false, renderer: "svg", ast: true, defaultStyle: false,
  tooltip: { disableDefaultStyle: true },
});
"""


@cache
def chart_library() -> Markup:
    """The library that draws charts, as ``window.drawChart(place, specification)``."""
    import vl_convert

    library = vl_convert.javascript_bundle(DRAW_CHART)
    return Markup(library)  # noqa: S704 - the library's own


def script_json(value: Any) -> Markup:
    """JSON that cannot end a script element or open a comment in one."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 - escaped just now
