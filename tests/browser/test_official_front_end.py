"""ComfyUI's own page on our server: the strictest client there is. It is installed as a package, and only served."""

from __future__ import annotations

import importlib.util
import json

import pytest

from tests.live_server import ROOT, serving
from tests.waiting import PATIENCE_SECONDS

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
if importlib.util.find_spec("comfyui_frontend_package") is None:
    pytest.skip("ComfyUI's front end is not installed: pip install comfyui-frontend-package", allow_module_level=True)

NOISE = (
    "status of 404",  # it asks for style sheets and lists that a user may or may not have
    "user.css",
    "graph accessed before initialization",
    "api.comfy.org",  # it calls home; our policy does not let it
    "status of 400",  # the broken graph of a test below …
    "PromptExecutionError",  # … and what the page says to it
)
WORKFLOW = json.loads((ROOT / "user_workflows" / "text_to_image.json").read_text())


@pytest.fixture(scope="module")
def official(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("official"), "--front-end", "official") as url:
        yield url


@pytest.fixture(scope="module")
def front_end(browser, official):
    """The page, once it has started; `page.answers` are (status, path, type) of all it asked the server."""
    context = browser.new_context(viewport={"width": 1600, "height": 900})
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    page = context.new_page()
    page.complaints, page.answers = [], []
    page.on("console", lambda message: page.complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.complaints.append(str(error)))

    def note(response):
        path = response.url.removeprefix(official)
        page.answers.append((response.status, path, response.headers.get("content-type", "")))

    page.on("response", note)
    page.goto(official)
    page.wait_for_function("window.app?.graph?.nodes && Object.keys(LiteGraph.registered_node_types).length > 10")
    yield page
    context.close()


def load(page, workflow) -> None:
    page.evaluate("workflow => window.app.loadGraphData(workflow)", workflow)
    page.wait_for_function("count => window.app.graph.nodes.length === count", arg=len(workflow["nodes"]))


def small(workflow, **widgets):
    """The workflow with fewer steps, so that the test is quick."""
    workflow = json.loads(json.dumps(workflow))
    sampler = next(node for node in workflow["nodes"] if node["type"] == "KSampler")
    sampler["widgets_values"][2] = 2
    return workflow


def test_every_node_of_ours_is_known_to_it(front_end, official) -> None:
    ours = front_end.evaluate("async () => Object.keys(await (await fetch('/api/object_info')).json())")
    known = set(front_end.evaluate("Object.keys(LiteGraph.registered_node_types)"))
    assert len(ours) > 30
    assert set(ours) <= known


def test_a_graph_runs_and_its_picture_shows(front_end) -> None:
    load(front_end, small(WORKFLOW))
    front_end.evaluate("window.app.queuePrompt(0, 1)")
    front_end.wait_for_function(
        "Object.values(window.app.nodeOutputs ?? {}).some(output => output?.images?.length)", timeout=240_000
    )
    front_end.wait_for_function("performance.getEntriesByType('resource').some(e => e.name.includes('/api/view'))")


def test_a_broken_graph_is_refused_with_words(front_end) -> None:
    broken = small(WORKFLOW)
    loader = next(node for node in broken["nodes"] if node["type"] == "CheckpointLoaderSimple")
    loader["widgets_values"][0] = "nowhere.safetensors"
    load(front_end, broken)
    front_end.evaluate("window.app.queuePrompt(0, 1).catch(() => {})")
    front_end.wait_for_function("JSON.stringify(window.app.lastNodeErrors ?? {}).includes('nowhere.safetensors')")
    front_end.keyboard.press("Escape")


def test_a_workflow_is_saved_and_opened_again(front_end) -> None:
    load(front_end, WORKFLOW)
    saved = front_end.evaluate(
        """async workflow => {
            const path = 'workflows/kept.json'
            await window.app.api.storeUserData(path, workflow, {overwrite: true, stringify: true, throwOnError: true})
            return await (await window.app.api.getUserData(path)).json()
        }""",
        WORKFLOW,
    )
    assert saved == WORKFLOW
    listed = front_end.evaluate("window.app.api.listUserDataFullInfo('workflows')")
    assert [entry["path"] for entry in listed] == ["kept.json"]


def test_a_picture_is_uploaded(front_end) -> None:
    name = front_end.evaluate(
        """async () => {
            const canvas = new OffscreenCanvas(8, 8)
            canvas.getContext('2d').fillRect(0, 0, 4, 4)
            const form = new FormData()
            form.append('image', new File([await canvas.convertToBlob()], 'dot.png', {type: 'image/png'}))
            const answer = await window.app.api.fetchApi('/upload/image', {method: 'POST', body: form})
            return (await answer.json()).name
        }"""
    )
    assert name == "dot.png"
    assert "dot.png [input]" in front_end.evaluate("async () => (await fetch('/internal/files/input')).json()")


def test_nodes_become_a_subgraph_that_still_runs(front_end) -> None:
    load(front_end, small(WORKFLOW))
    front_end.evaluate(
        """() => {
            const inner = window.app.graph.nodes.filter(n => ['KSampler', 'EmptyLatentImage'].includes(n.type))
            window.app.graph.convertToSubgraph(new Set(inner))
        }"""
    )
    front_end.wait_for_function("window.app.graph.subgraphs.size > 0")
    before = sum(path.startswith("/api/prompt") and status == 200 for status, path, _ in front_end.answers)
    done = "async () => (await (await fetch('/api/jobs?status=completed&limit=1')).json()).pagination.total"
    earlier = front_end.evaluate(done)
    front_end.evaluate("window.app.queuePrompt(0, 1)")
    front_end.wait_for_function(f"async earlier => (await ({done})()) > earlier", arg=earlier, timeout=240_000)
    assert sum(path.startswith("/api/prompt") and status == 200 for status, path, _ in front_end.answers) > before


def test_no_request_of_it_failed_and_it_complained_of_nothing(front_end) -> None:
    wrong = [answer for answer in front_end.answers if answer[0] >= 500]
    pages = [answer for answer in front_end.answers if answer[1].startswith("/api/") and "html" in answer[2]]
    assert not wrong
    assert not pages
    assert [text for text in front_end.complaints if not any(noise in text for noise in NOISE)] == []
