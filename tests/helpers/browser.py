"""Fixtures that open a page in a real browser, and tell everything that goes wrong in it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
Visit = Callable[[Path, int], tuple[Any, list[str]]]  # file, width in pixels: page, problems


def launched(chromium: Any, paths: Sequence[str]) -> Any:
    """The first of some browsers that starts; else the test is skipped with the reason."""
    from playwright.sync_api import Error

    if not paths:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} on PATH, none of playwright's own")
    reasons = []
    for path in paths:
        try:
            return chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        except Error as error:
            lines = error.message.splitlines()
            own = [line for line in lines if "[err]" in line]  # what the browser itself said
            reasons.append(f"{path}: {(own or lines)[0]}")
    pytest.skip(f"no browser starts: {'; '.join(reasons)}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium; the test is skipped where there is none that starts."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as running:
        own = running.chromium.executable_path
        started = launched(running.chromium, [p for p in map(shutil.which, [*NAMES, own]) if p])
        yield started
        started.close()


# A report's script waits for its numbers to be unpacked; other pages have none that waits.
READY = "!document.querySelector('script[type=module]') || Boolean(window.report)"


def until(page: Any, expression: str, seconds: float = 30.0) -> None:
    """Wait for an expression of the page to hold; its policy refuses Playwright's own polling."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"{expression} does not hold after {seconds:g} s"
        time.sleep(0.05)


@pytest.fixture
def visit(browser: Any) -> Iterator[Visit]:
    """Opens a page at a width without a network: the page, and everything that goes wrong."""
    opened = []

    def visit(path: Path, width: int) -> tuple[Any, list[str]]:
        # A page that still glides to where a link leads moves away beneath a click.
        page = browser.new_page(viewport={"width": width, "height": 900}, reduced_motion="reduce")
        opened.append(page)
        wrong: list[str] = []
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))

        def block(route: Any) -> None:
            url = route.request.url
            if url == path.as_uri() or url.startswith("data:"):
                route.continue_()
            else:
                wrong.append(f"requested {url}")
                route.abort()

        page.route("**/*", block)
        page.goto(path.as_uri())
        until(page, READY)
        return page, wrong

    yield visit
    for page in opened:
        page.close()


@pytest.fixture
def open_report(visit: Visit) -> Visit:
    """As `visit`, with all charts of a report drawn that are not hidden."""

    def open_report(path: Path, width: int) -> tuple[Any, list[str]]:
        page, wrong = visit(path, width)
        page.evaluate("document.getElementById('unfold').click()")
        until(
            page,
            "document.querySelectorAll('.chart:not([hidden])').length"
            " === document.querySelectorAll('.chart:not([hidden]) [data-drawn]').length",
        )
        return page, wrong

    return open_report
