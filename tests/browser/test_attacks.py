"""Attacks that need a browser: stored pages that want to run, and pages of other sites that want to submit."""

from __future__ import annotations

import http.server
import json
import threading
import urllib.error
import urllib.request
from contextlib import suppress

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from playwright.sync_api import Error

from tests.waiting import PATIENCE_SECONDS

STORED = {
    "attack.html": b"<script>document.title='ran'; fetch('/queue')</script>",
    "attack.svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>document.title='ran'</script></svg>",
    "attack.xhtml": b"<html xmlns='http://www.w3.org/1999/xhtml'><script>document.title='ran'</script></html>",
    "attack.png": b"\x89PNG<html><script>document.title='ran'</script></html>",
}
FOREIGN_PAGE = """<!doctype html><title>foreign</title><script>
const body = JSON.stringify({prompt: {"1": {class_type: "EmptyLatentImage", inputs: {}}}})
const tried = []
async function attack(server) {
    for (const mode of ["cors", "no-cors"])
        for (const type of ["text/plain", "application/json"])
            tried.push(fetch(server + "/prompt", {method: "POST", mode, body, headers: {"Content-Type": type}})
                .then(answer => answer.type === "opaque" ? "opaque" : "read " + answer.status, () => "refused"))
    tried.push(fetch(server + "/queue").then(answer => answer.json()).then(() => "read", () => "refused"))
    tried.push(new Promise(done => {
        const socket = new WebSocket(server.replace("http", "ws") + "/ws")
        socket.onmessage = () => done("heard")
        socket.onerror = () => done("refused")
    }))
    return Promise.all(tried)
}
function form(server) {
    const form = document.createElement("form")
    form.action = server + "/queue"; form.method = "post"; form.enctype = "text/plain"; form.target = "frame"
    const input = document.createElement("input")
    input.name = '{"clear": true, "x": "'; input.value = '"}'
    form.append(input); document.body.append(form); form.submit()
}
</script><body><iframe name="frame"></iframe></body>"""


@pytest.fixture(scope="module")
def foreign():
    """Another site: a page on another port."""

    class Site(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(FOREIGN_PAGE.encode())

        def log_message(self, *words):
            pass

    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    yield f"http://localhost:{site.server_port}"
    site.shutdown()


@pytest.fixture
def tab(browser):
    context = browser.new_context()
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    yield context.new_page()
    context.close()


def store(server: str, name: str, data: bytes) -> None:
    request = urllib.request.Request(f"{server}/userdata/{name}", data=data, method="POST")
    urllib.request.urlopen(request, timeout=PATIENCE_SECONDS)
    boundary = "frontier"
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\n\r\n'
    body = head.encode() + data + f"\r\n--{boundary}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    with suppress(urllib.error.HTTPError):  # a page that is called a picture is refused
        urllib.request.urlopen(
            urllib.request.Request(f"{server}/upload/image", body, headers), timeout=PATIENCE_SECONDS
        )


@pytest.mark.parametrize("name", STORED)
def test_what_was_stored_does_not_run(tab, server, name) -> None:
    store(server, name, STORED[name])
    for address in (f"{server}/view?filename={name}&type=input", f"{server}/userdata/{name}"):
        with suppress(Error):  # a download is no page
            tab.goto(address)
        assert tab.title() != "ran", address
        page = f"<iframe src='{address}'></iframe><object data='{address}'></object><img src='{address}'>"
        tab.goto("about:blank")
        tab.set_content(page)
        tab.wait_for_timeout(200)
        assert all(frame.title() != "ran" for frame in tab.frames)


def test_a_page_of_another_site_neither_submits_nor_listens(tab, server, foreign) -> None:
    before = remaining(server)
    tab.goto(foreign)
    outcomes = tab.evaluate("server => attack(server)", server)
    assert "read" not in " ".join(outcomes)
    assert outcomes[-2:] == ["refused", "refused"]
    tab.evaluate("server => form(server)", server)
    tab.wait_for_timeout(300)
    assert remaining(server) == before
    with urllib.request.urlopen(f"{server}/api/jobs", timeout=PATIENCE_SECONDS) as answer:
        jobs = json.load(answer)["jobs"]
    assert [job for job in jobs if job["status"] == "pending"] == []


def remaining(server: str) -> int:
    with urllib.request.urlopen(f"{server}/prompt", timeout=PATIENCE_SECONDS) as answer:
        return json.load(answer)["exec_info"]["queue_remaining"]
