"""A document of the repository as a page: links to other documents lead to the repository."""

from __future__ import annotations

import posixpath
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from omicsbench.errors import OmicsbenchError

HOME = "https://github.com/omicsbench/omicsbench/blob/main/"


def rendered(path: Path, place: str) -> Markup:
    """The HTML of a Markdown file that lies at ``place`` of the repository, such as ``docs``.

    HTML in it is shown, not taken; pictures are left out, with their description in their place.
    """
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise OmicsbenchError(f"{path} is no text in UTF-8.") from error
    tokens = reader.parse(text)
    for token in tokens:
        for child in token.children or ():
            _adapt(child, place)
    html = reader.renderer.render(tokens, reader.options, {})
    wide = html.replace("<table>", '<div class="scroll" tabindex="0"><table>')
    return Markup(wide.replace("</table>", "</table></div>"))  # noqa: S704 - html=False escapes


def _adapt(token: Token, place: str) -> None:
    if token.type == "link_open":
        target = str(token.attrs.get("href", ""))
        if not target.startswith(("http:", "https:", "#", "mailto:")):
            token.attrs["href"] = HOME + posixpath.normpath(posixpath.join(place, target))
    elif token.type == "image":
        token.type, token.tag = "text", ""
