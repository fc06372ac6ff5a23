"""The page speaks the language that is chosen, or the browser's; nodes and what is in them keep their names."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from playwright.sync_api import Page, expect

from tests.browser.hands import node
from tests.waiting import PATIENCE_SECONDS

GERMAN_MENU = ["Neuer Workflow", "Datei öffnen …", "Speichern", "Einstellungen"]


@pytest.fixture
def english_after(page: Page) -> Iterator[Page]:
    """The server keeps the language for everyone who comes next."""
    yield page
    page.request.post(f"{page.url}api/settings", data={"Comfy.Locale": "system"})


def expect_german(page: Page) -> None:
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_role("button", name="Ausführen", exact=True)).to_be_visible()
    page.get_by_role("button", name="Datei", exact=True).click()
    for words in GERMAN_MENU:
        expect(page.get_by_role("menuitem", name=words, exact=False).first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".status-count")).to_have_text("7 Nodes")


def test_a_language_is_chosen_holds_at_once_and_after_a_reload_and_is_left_again(english_after: Page):
    page = english_after
    page.keyboard.press("Control+,")
    page.get_by_role("dialog", name="Settings").get_by_label("Language").select_option("Deutsch")
    dialog = page.get_by_role("dialog", name="Einstellungen")
    expect(dialog.get_by_role("radio", name="Dunkel")).to_have_count(1)
    expect(dialog.get_by_label("Sprache")).to_have_value("de")
    page.keyboard.press("Escape")
    expect_german(page)
    page.wait_for_function("() => fetch('api/settings').then(a => a.json()).then(a => a['Comfy.Locale'] === 'de')")
    page.reload()
    expect_german(page)

    sampler = node(page, "3")
    expect(sampler.locator(".node-title")).to_contain_text("KSampler")
    for name in ("seed", "sampler_name", "denoise", "latent_image"):
        expect(sampler.get_by_text(name, exact=True).first).to_be_visible()
    expect(sampler.get_by_text("dpmpp_2m", exact=True)).to_be_visible()
    expect(node(page, "8").get_by_role("button", name="Einklappen")).to_have_count(1)

    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Befehlspalette").fill("aufräumen")
    expect(page.get_by_role("option", name="Aufräumen")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+,")
    page.get_by_label("Sprache").select_option("English")
    expect(page.get_by_role("dialog", name="Settings")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_visible()


@pytest.mark.parametrize(
    ("locale", "run"), [("ja-JP", "実行"), ("fr-CA", "Exécuter"), ("pt-PT", "Executar"), ("eo", "Run")]
)
def test_without_a_choice_it_is_the_browsers_or_english(browser, server: str, locale: str, run: str):
    context = browser.new_context(locale=locale)
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    page = context.new_page()
    page.goto(server)
    expect(page.get_by_role("button", name=run, exact=True)).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en" if run == "Run" else locale)
    context.close()
