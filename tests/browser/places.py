"""Everything that opens over the graph or beside it, and how: for the tests that hold of all of it.

Panels are found where they are registered. What has no registry is listed here with the component that draws it, and a
test sees to it that no component is forgotten.
"""

from __future__ import annotations

import io
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from tests.browser.hands import open_workflow

SOURCE = Path(__file__).parents[2] / "web/editor/src"
HANDS = Path(__file__).with_suffix(".js")
SAVED = "api/userdata/workflows%2Fscene.json"


@dataclass(frozen=True)
class Place:
    """Steps for the hands in places.js. Between `open` and `close` there is what `shown` selects."""

    name: str
    source: str
    open: tuple[str, ...]
    shown: str
    close: tuple[str, ...]
    before: tuple[str, ...] = ()
    """What it is opened from is there `before` it is opened again and again, and goes `after` that."""
    after: tuple[str, ...] = ()


def button(name: str) -> str:
    return f'button[aria-label="{name}"]'


def node(id: str) -> str:
    return f'[data-node="{id}"] [data-node-root]'


def widget(id: str, name: str) -> str:
    return f'[data-node="{id}"] [data-widget="{name}"]'


def slot(id: str, title: str) -> str:
    return f'[data-node="{id}"] .slot[title^="{title}"]'


def in_menu(of: str, item: str) -> tuple[str, ...]:
    return f"rightClick {of}", f"click [role=menuitem] | {item}"


CLOSE, CANCEL = button("Close"), "button | Cancel"


def dialog(name: str, source: str, *open: str, way_out: str = CLOSE, **around: tuple[str, ...]) -> Place:
    shown = f'dialog[aria-label^="{name}"]'
    return Place(name, source, open, shown, (f"click {shown} {way_out}",), **around)


def choice(name: str, source: str, *open: str) -> Place:
    """A list to choose from by typing."""
    return Place(name, source, open, f'.popover:has([role=combobox][aria-label="{name}"])', ("press Escape",))


def menu(name: str, source: str, *open: str, **around: tuple[str, ...]) -> Place:
    return Place(f"{name} menu", source, open, f'[role=menu][aria-label^="{name}"]', ("press Escape",), **around)


def panel(title: str, *open: str) -> Place:
    shown = f'aside[aria-label="{title}"]'
    return Place(title, "app/OpenPanel.tsx", open, shown, (f"click {shown} .panel-title button",))


def within(panel: Place) -> dict[str, tuple[str, ...]]:
    return {"before": panel.open, "after": panel.close}


def on_rail(title: str) -> Place:
    return panel(title, f"click .rail {button(title)}")


def in_palette(title: str) -> Place:
    return panel(title, "press Ctrl+K", "see .filter-input", f"type {title}", "press Enter")


CONTEXT = "features/contextMenu/ContextMenu.tsx"
SAMPLER, PICTURE, PROMPT = node("5"), node("1"), widget("9", "text")
SUBGRAPH = "[data-node-root][data-status=subgraph]"
LINK = f"{slot('1', 'IMAGE')} ~ {slot('2', 'images')}"
REROUTE = f"{slot('1', 'IMAGE')} ~ {slot('3', 'images')}"
NOTHING = f"{node('2')} ~ {node('3')}"
OUTPUTS, WORKFLOWS, HISTORY = on_rail("Outputs"), on_rail("Workflows"), in_palette("Queue and history")
FIRST, SECOND = (f".gallery li:nth-child({i}) .gallery-open" for i in (1, 2))
CHOSEN = (f"ctrlClick {FIRST}", f"ctrlClick {SECOND}")

PLACES = (
    dialog("Settings", "features/settings/SettingsDialog.tsx", "press Ctrl+,"),
    dialog("Keyboard shortcuts", "features/shortcuts/ShortcutsDialog.tsx", "press F1"),
    dialog("Save workflow", "features/library/SaveDialog.tsx", "press Ctrl+Shift+S", way_out=CANCEL),
    Place(
        "Saved elsewhere",
        "features/library/ChangedDialog.tsx",
        (f"saveElsewhere {SAVED}", "press Ctrl+s"),
        'dialog[aria-label="Save workflow"]',
        ('click dialog[aria-label="Save workflow"] button | Cancel',),
        before=(*WORKFLOWS.open, "click .library-name | scene", "see .empty-hint", *WORKFLOWS.close),
        after=("press Alt+w", "miss .empty-hint"),
    ),
    dialog("Close workflow", "features/tabs/CloseDialog.tsx", "press Alt+W", way_out=CANCEL),
    dialog("Publish", "features/askText/AskText.tsx", *in_menu(f"{SUBGRAPH} header", "Publish"), way_out=CANCEL),
    dialog("What is missing", "features/missing/MissingDialog.tsx", "click .toast button | What to do"),
    dialog("LoadImage failed", "features/run/ErrorDialog.tsx", "click .history-message", **within(HISTORY)),
    dialog("scene.png", "features/lightbox/Lightbox.tsx", f"click {PICTURE} {button('Full screen')}"),
    Place(
        "About this file",
        "features/lightbox/InfoPanel.tsx",
        (f"click {PICTURE} {button('Full screen')}", f"click {button('About this file')}"),
        ".lightbox-info:has(dl)",
        (f"click {button('About this file')}", f"click .lightbox {CLOSE}", "miss .lightbox"),
    ),
    dialog(
        "easel-scene",
        "features/lightbox/Divider.tsx",
        f"click {button('Compare')}:enabled",
        "see .lightbox-divider",
        before=(*OUTPUTS.open, *CHOSEN),
        after=OUTPUTS.close,
    ),
    dialog(
        "Mask of", "features/painting/PaintEditor.tsx", f"click {PICTURE} {button('Edit mask')}", "see .paint-stage"
    ),
    dialog("Drawing", "features/painting/PaintEditor.tsx", f"click {widget('10', 'mask')} button", "see .paint-stage"),
    dialog("Camera", "nodes/widgets/CameraDialog.tsx", f"click {node('4')} .field-action"),
    choice("Command palette", "features/palette/Palette.tsx", "press Ctrl+K"),
    choice("Find node in workflow", "features/find/FindNode.tsx", "press Ctrl+F"),
    choice("Add node", "features/nodeSearch/NodeSearch.tsx", f"doubleClick {NOTHING}"),
    choice("Link", "features/chooseList/ChooseList.tsx", *in_menu(f"{SAMPLER} header", "Link with")),
    choice("sampler_name", "nodes/widgets/ComboWidget.tsx", f"click {widget('5', 'sampler_name')} .field-combo"),
    Place(
        "Names of embeddings",
        "nodes/widgets/NameList.tsx",
        (f"focus {PROMPT} textarea", "type embedding:in"),
        ".name-list",
        ("type a pear",),
    ),
    menu("Between runs, seed", "nodes/widgets/SeedControl.tsx", f"click {widget('5', 'seed')} .field-side"),
    menu("Ways to run", "features/run/RunButton.tsx", f"click {button('More ways to run')}"),
    menu("File", "app/TopBar.tsx", f"click {button('File')}"),
    menu("Tab", "features/tabs/TabBar.tsx", "rightClick [role=tab][aria-selected=true]"),
    menu("Workflow", "features/library/LibraryPanel.tsx", f"click {button('More about scene')}", **within(WORKFLOWS)),
    menu("easel-scene", "features/gallery/Grid.tsx", f"rightClick {FIRST}", **within(OUTPUTS)),
    menu("Node", CONTEXT, f"rightClick {SAMPLER} header"),
    menu("Colour of the node", CONTEXT, *in_menu(f"{SAMPLER} header", "Colour")),
    menu("Input", CONTEXT, f"rightClick {slot('5', 'model')}"),
    menu("Output", CONTEXT, f"rightClick {slot('1', 'IMAGE')}"),
    menu("Link", CONTEXT, f"rightClick {LINK}"),
    menu("Reroute", CONTEXT, f"rightClick {REROUTE}"),
    menu("Group", CONTEXT, "rightClick .group-title"),
    menu("Colour of the group", CONTEXT, *in_menu(".group-title", "Colour")),
    menu("Canvas", CONTEXT, f"rightClick {NOTHING}"),
    Place(
        "App mode",
        "features/appMode/AppView.tsx",
        ("press Ctrl+Alt+A",),
        ".app-view",
        (f"click {button('Back to the graph')}",),
    ),
    Place(
        "Inputs of the app",
        "features/appMode/ChooseFields.tsx",
        ("press Ctrl+Alt+A", f"click {button('Choose inputs')}"),
        ".app-order",
        (f"click {button('Back to the graph')}",),
    ),
    Place(
        "Subgraph",
        "features/subgraph/Breadcrumb.tsx",
        (f"click {SUBGRAPH} {button('Open subgraph')}", "see [data-node*='/'] [data-node-root]"),
        ".canvas-area:has(nav[aria-label=Subgraphs])",
        (f"click {button('Leave subgraph')}", f"see {PICTURE}"),
    ),
    Place(
        "Title of a node",
        "nodes/TitleInput.tsx",
        (f"focus {SAMPLER}", "press F2", f"focus {SAMPLER} header input"),
        f"{SAMPLER} header input",
        ("press Escape",),
    ),
    Place(
        "Copies of all nodes",
        "nodes/NodeLayer.tsx",
        ("focus .canvas", "press Ctrl+a", "press Ctrl+d"),
        ".world > [data-node]:nth-of-type(15)",
        ("press Ctrl+z",),
    ),
    Place(
        "View from far away",
        "canvas/farPainter.ts",
        ("press Ctrl+-",) * 8,
        ".canvas:not(:has([data-node-root]))",
        ("press Ctrl+0", f"see {PICTURE}"),
    ),
    Place("Minimap", "features/minimap/MinimapPanel.tsx", ("press Alt+m",), ".minimap", ("press Alt+m",)),
    Place(
        "Another tab",
        "features/tabs/TabBar.tsx",
        ("press Alt+n",),
        ".empty-hint",
        ("press Alt+w", f"see {PICTURE}"),
    ),
)


def built_in_panels() -> list[Place]:
    """Those of the left side are on the rail; those of the right side are found in the palette by their names."""
    list = (SOURCE / "app/builtInPanels.ts").read_text()
    registered = re.findall(r'title: \(\) => t\("([^"]+)"\),\s+side: "(\w+)"', list)
    assert len(registered) == list.count("Content: ")
    return [on_rail(title) if side == "left" else in_palette(title) for title, side in registered]


def panels_of_packs(page: Page) -> list[Place]:
    rail = page.locator(".rail [aria-pressed]").evaluate_all("all => all.map(one => one.ariaLabel)")
    known = {place.name for place in built_in_panels()}
    return [on_rail(title) for title in rail if title not in known]


def openers() -> set[str]:
    """The components that open something over the page."""
    opens = re.compile(r"showModal\(|<Popover\b|<Menu\b|document\.body,")
    files = {path.relative_to(SOURCE).as_posix(): path.read_text() for path in SOURCE.rglob("*.tsx")}
    return {name for name, text in files.items() if opens.search(text) and not name.startswith("ui/")}


def act(page: Page, *steps: str) -> None:
    page.evaluate("steps => places.act(steps)", list(steps))


def open_place(page: Page, place: Place) -> None:
    page.evaluate("place => places.open(place)", asdict(place))


def close_place(page: Page, place: Place) -> None:
    page.evaluate("place => places.close(place)", asdict(place))


def again(page: Page, place: Place, times: int) -> None:
    page.evaluate("([place, times]) => places.again(place, times)", [asdict(place), times])


def take_up(page: Page) -> None:
    """Gives the page its hands. From outside, which its own policy does not hold up."""
    page.evaluate(HANDS.read_text())


def set_scene(page: Page) -> list[str]:
    """A workflow with a bit of everything, results, a failed run, a saved workflow: all that the places open from.
    Answers the ids of the runs."""
    page.expected_errors += [
        "404",
        "412",
    ]  # nodes without documentation, models without a picture; what was saved elsewhere
    page.route("**/api/embeddings", lambda route: route.fulfill(json=["ink", "indigo"]))
    picture = io.BytesIO()
    Image.new("RGB", (96, 64), "#48637a").save(picture, "PNG")
    for name, content in (("scene.png", picture.getvalue()), ("broken.png", b"no picture at all")):
        file = {"name": name, "mimeType": "image/png", "buffer": content}
        page.request.post(f"{page.url}api/upload/image", multipart={"image": file, "overwrite": "true"})
    page.request.post(f"{page.url}{SAVED}?overwrite=true", data={"nodes": [], "links": []})
    runs = [run_of(page, name, i) for i, name in enumerate(("scene.png", "scene.png", "broken.png"))]
    open_workflow(page, workflow(), "scene")
    take_up(page)
    page.evaluate("navigator.mediaDevices.getUserMedia = async () => document.createElement('canvas').captureStream()")
    act(page, f"doubleClick {REROUTE}", f"focus {node('7')}", f"see {node('7')}[data-selected]", "press Ctrl+Shift+E")
    act(page, f"see {SUBGRAPH}", f"focus {SAMPLER}", f"see {SAMPLER}[data-selected]", f"see {node('11')} .box-area")
    return runs


def run_of(page: Page, picture: str, number: int) -> str:
    prompt = {
        "1": {"class_type": "LoadImage", "inputs": {"image": picture}},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": f"easel-scene-{number}"}},
    }
    return page.request.post(f"{page.url}api/prompt", data={"prompt": prompt}).json()["prompt_id"]


def clear_scene(page: Page, runs: list[str]) -> None:
    """The server goes on after a test: what it lists is as it was before."""
    page.request.delete(f"{page.url}{SAVED}")
    page.request.post(f"{page.url}api/history", data={"delete": runs})


def workflow() -> dict:
    nodes = [
        {"id": 1, "type": "LoadImage", "pos": [0, 0], "size": [280, 320], "widgets_values": ["scene.png", "image"],
         "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": [1, 2, 3]}, {"name": "MASK", "type": "MASK"}]},
        {"id": 2, "type": "PreviewImage", "pos": [420, 0], "size": [200, 120],
         "inputs": [{"name": "images", "type": "IMAGE", "link": 1}]},
        {"id": 3, "type": "PreviewImage", "pos": [420, 200], "size": [200, 120],
         "inputs": [{"name": "images", "type": "IMAGE", "link": 2}]},
        {"id": 4, "type": "WebcamCapture", "pos": [0, 380], "size": [280, 220]},
        {"id": 5, "type": "KSampler", "pos": [680, 0], "size": [280, 280],
         "widgets_values": [1, "fixed", 2, 7, "euler", "normal", 1]},
        {"id": 6, "type": "CheckpointLoaderSimple", "pos": [680, 380], "size": [280, 110],
         "widgets_values": ["sd/easel-starter.safetensors"]},
        {"id": 7, "type": "EmptyImage", "pos": [420, 440], "size": [200, 160]},
        {"id": 8, "type": "NotInstalled", "pos": [1000, 200], "size": [200, 80]},
        {"id": 9, "type": "CLIPTextEncode", "pos": [1000, 0], "size": [200, 140], "widgets_values": ["a pear"]},
        {"id": 10, "type": "Painter", "pos": [1000, 320], "size": [200, 0], "widgets_values": ["", 128, 64, "#000000"]},
        {"id": 11, "type": "ImageCropV2", "pos": [0, 640], "size": [280, 0],
         "inputs": [{"name": "image", "type": "IMAGE", "link": 3}]},
    ]  # fmt: skip
    links = [[1, 1, 0, 2, 0, "IMAGE"], [2, 1, 0, 3, 0, "IMAGE"], [3, 1, 0, 11, 0, "IMAGE"]]
    group = {"title": "Models", "bounding": [660, 320, 320, 190]}
    app = {"inputs": [[5, "seed"], [5, "sampler_name"], [9, "text"]], "outputs": [2]}
    return {"nodes": nodes, "links": links, "groups": [group], "extra": {"linearData": app}, "version": 0.4}
