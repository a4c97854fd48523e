"""Every reader can use the page: axe-core finds nothing, wide and narrow, light and dark."""

from __future__ import annotations

import pytest

from axe import violations
from browser import Visit
from demo import Made


@pytest.mark.parametrize("width", [1440, 375])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_report: Visit, made: Made, width: int, scheme: str) -> None:
    page, wrong = open_report(made[1], width)
    page.emulate_media(color_scheme=scheme)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate("document.querySelector('#heat td button').click()")
    page.locator("#runs[open] tbody tr").first.wait_for()
    assert violations(page) == []
    assert not wrong


def test_axe_sees_what_is_wrong(visit: Visit, made: Made) -> None:
    page, _ = visit(made[1], 1440)
    page.evaluate(
        "document.querySelector('[name=dataset]').closest('label').replaceWith("
        "document.querySelector('[name=dataset]'))"
    )
    assert any(found.startswith("select-name") for found in violations(page))
