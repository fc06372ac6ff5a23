"""What a pack has written about its nodes is read in the help pane; nothing in it runs or is fetched from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.hands import node, open_workflow
from tests.live_server import serving

PACK = """
WEB_DIRECTORY = "web"
class Blur:
    RETURN_TYPES = ("STRING",)
    FUNCTION = "run"
    CATEGORY = "docs"
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"text": ("STRING", {"default": ""})}}
    def run(self, text):
        return (text,)
class Sharpen(Blur): pass
class Silent(Blur): pass
NODE_CLASS_MAPPINGS = {"DocsBlur": Blur, "DocsSharpen": Sharpen, "DocsSilent": Silent}
"""
TEXT = """# Blur
Softens **edges**. See [the paper](https://example.org/paper) and [no](javascript:alert(1)).

| Radius | Effect |
|--|--|
| 2 | little |

![Before](before.png) ![Elsewhere](https://example.org/x.png)

<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    base = tmp_path_factory.mktemp("with-docs")
    docs: Path = base / "custom_nodes" / "docs pack" / "web" / "docs"
    (docs / "DocsSharpen").mkdir(parents=True)
    (docs.parents[1] / "__init__.py").write_text(PACK)
    (docs / "DocsBlur.md").write_text(TEXT)
    Image.new("RGB", (8, 8)).save(docs / "before.png")
    (docs / "DocsSharpen" / "en.md").write_text("Only in a folder of languages.")
    with serving(base) as url:
        yield url


def test_the_help_pane_shows_the_docs_of_a_pack_and_lets_nothing_in(page: Page):
    page.expected_errors.append("404")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    types = ("DocsBlur", "DocsSharpen", "DocsSilent")
    nodes = [{"id": i, "type": type, "pos": [260 * i, 0], "size": [220, 80]} for i, type in enumerate(types, 1)]
    open_workflow(page, {"nodes": nodes, "links": [], "version": 0.4})
    node(page, "1").locator(".node-title").click()
    page.keyboard.press("Control+Alt+h")
    docs = page.locator(".help .markdown")
    expect(docs.get_by_role("heading", name="Blur")).to_be_visible()
    expect(docs.get_by_role("cell", name="little")).to_be_visible()
    expect(docs.get_by_role("link", name="the paper")).to_have_attribute("href", "https://example.org/paper")
    expect(docs.get_by_role("img", name="Before")).to_have_js_property("naturalWidth", 8)
    expect(docs.get_by_role("img")).to_have_count(1)
    expect(docs.get_by_role("link", name="no", exact=True)).to_have_count(0)
    expect(docs).to_contain_text("<script>")
    expect(page.locator(".help")).to_contain_text("STRING")
    assert "owned" not in page.title()

    node(page, "2").locator(".node-title").click()
    expect(docs).to_have_text("Only in a folder of languages.")
    node(page, "3").locator(".node-title").click()
    expect(docs).to_have_count(0)
    assert [url for url in asked if "example.org" in url] == []
