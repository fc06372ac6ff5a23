"""What axe-core finds wrong on the page and in whatever opens, in both themes."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from playwright.sync_api import Page, expect

from tests.browser.places import PLACES, built_in_panels, close_place, open_place

AXE = Path(__file__).parents[2] / "web/editor/node_modules/axe-core/axe.min.js"
THEMES = ("dark", "light")

needs_axe = pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: cd web/editor && npm ci")
pytestmark = needs_axe


def violations(page: Page, inside: str = "html") -> list[str]:
    """`rule: element` for each. What is evaluated from outside is not held up by the page's own policy."""
    run = "inside => axe.run({include: [inside]}, {resultTypes: ['violations']})"
    found = page.evaluate(run, inside)["violations"]
    return [f"{rule['id']}: {one['html'][:160]}" for rule in found for one in rule["nodes"]]


def load_axe(page: Page) -> None:
    """Without the canvases: axe takes what lies over the nodes for opaque, and would say nothing of their contrast."""
    page.evaluate(AXE.read_text())
    page.evaluate("""() => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync("canvas { visibility: hidden } .canvas { background-image: none !important }");
        document.adoptedStyleSheets.push(sheet);
    }""")


def set_theme(page: Page, theme: str) -> None:
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # colours half-way have no contrast to speak of
    expect(page.locator("html")).to_have_attribute("data-theme", theme)


def test_neither_the_graph_nor_whatever_opens_has_a_violation(scene: Page):
    load_axe(scene)
    wrong = {}
    for theme in THEMES:
        set_theme(scene, theme)
        wrong[theme, "the graph"] = violations(scene)
        for place in (*built_in_panels(), *PLACES):
            open_place(scene, place)
            wrong[theme, place.name] = violations(scene, place.shown)
            close_place(scene, place)
    assert {where: found for where, found in wrong.items() if found} == {}
