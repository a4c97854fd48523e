"""What pages are made from: the templates, styles and scripts that lie beside this file."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

LONG = 60_000  # characters of HTML


def environment() -> Environment:
    """The templates. Names from records are escaped, and what a page was not given is an error."""
    made = Environment(
        loader=PackageLoader("omicsbench.reporting", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"hashed": _hashed, "folded": folded}
    return made


def _hashed(text: str) -> Markup:
    """How a Content-Security-Policy names a style or script that may stand in the page."""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Markup(f"'sha256-{digest}'")  # noqa: S704 - of letters and digits


def inlined(*names: str) -> Markup:
    """Styles or scripts, one after the other, to stand in a page as they are."""
    here = files("omicsbench.reporting")
    text = "\n".join((here / name).read_text(encoding="utf-8") for name in names)
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


def packed(text: str) -> str:
    """Text, deflated, as Base64: what is asked for seldom and would be most of a page."""
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def folded(html: Markup, parts: int = 1) -> Markup:
    """A part of a page that is unfolded on demand, packed if all ``parts`` of its kind are long."""
    if len(html) * parts < LONG:
        return html
    return Markup('<div data-packed="{}"></div>').format(packed(html))


def data_script(name: str, value: Any) -> Markup:
    """An element from which the page's script reads a value by ``name``: JSON, packed if long."""
    text = _json(value)
    if len(text) < LONG:
        inside = _for_script(text)
        return Markup('<script type="application/json" id="{}">{}</script>').format(name, inside)
    return Markup('<script type="text/plain" id="{}">{}</script>').format(name, packed(text))


def script_json(value: Any) -> Markup:
    """JSON that cannot end a script element or open a comment in one."""
    return _for_script(_json(value))


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def _for_script(text: str) -> Markup:
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 - escaped just now
