"""What was done to other servers of this kind, done to ours; the names are those of the published incidents."""

import json
import re
import struct
import zlib
from dataclasses import replace
from urllib.parse import quote

import pytest
from aiohttp import WSServerHandshakeError

from tests.execution.hands import notes_are_written
from tests.web.hostile import LEADING_OUT
from web.server.access.rights import Right, right_needed

SECRET = "the secret of this machine"
DANGEROUS = {
    "a.html": b"<script>fetch('/queue')</script>",
    "a.HTM": b"<script>1</script>",
    "a.svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "a.xml": b"<?xml version='1.0'?><x xmlns='http://www.w3.org/1999/xhtml'><script>1</script></x>",
    "a.xhtml": b"<html xmlns='http://www.w3.org/1999/xhtml'><script>1</script></html>",
    "a.mhtml": b"MIME-Version: 1.0",
    "a.js": b"alert(1)",
    "a.css": b"*{}",
    "a.pdf": b"%PDF-1.4",
    "a.swf": b"FWS",
    "a": b"<script>1</script>",
    "a.png.html": b"<script>1</script>",
}


@pytest.fixture
def settings(settings):
    return replace(settings, assets=True)  # for more routes


@pytest.fixture
def secret(folders):
    """A file beside the folders that are served, and links that lead to it."""
    (folders.base / "secret.txt").write_text(SECRET)
    for folder in (folders.input, folders.output, folders.temp, folders.user / "default", folders.workflows):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "lnk").symlink_to(folders.base)
    return SECRET


async def test_no_name_leads_out_of_the_folders(client, folders, secret) -> None:
    """CVE-2026-56673, CVE-2026-56671, #12285: every route with a name in its path or its query, read off the router."""
    asked = 0
    for route in client.app.router.routes():
        if route.method != "GET" or right_needed(route.handler) is None:
            continue
        path = route.resource.canonical
        for name in LEADING_OUT:
            wanted = re.sub(r"{.*?}", quote(name, safe=""), path)
            query = dict.fromkeys(("filename", "subfolder", "dir", "path"), name)
            for params in ({}, query, {"filename": "secret.txt", "subfolder": name}):
                if path == "/ws" or (wanted == path and not params and name != LEADING_OUT[0]):
                    continue
                answer = await client.get(wanted, params=params, allow_redirects=False)
                assert SECRET.encode() not in await answer.read(), (wanted, params)
                assert answer.status < 500, (wanted, params)
                asked += 1
    assert asked > 1000


@pytest.mark.parametrize("name", LEADING_OUT)
async def test_no_upload_or_file_of_a_user_lands_elsewhere(client, folders, secret, name) -> None:
    """CVE-2024-21575: a name that an upload or a page chooses never writes outside, least of all among code."""
    before = {path for path in folders.base.rglob("*") if "custom_nodes" in path.parts or path.parent == folders.base}
    from aiohttp import FormData

    form = FormData()
    form.add_field("image", b"import os", filename="x.py")
    form.add_field("subfolder", name)
    await client.post("/upload/image", data=form)
    await client.post(f"/userdata/{quote(name, safe='')}", data=b"import os")
    await client.post(f"/userdata/a.json/move/{quote(name, safe='')}")
    after = {path for path in folders.base.rglob("*") if "custom_nodes" in path.parts or path.parent == folders.base}
    assert after - before <= {folders.user, folders.temp, folders.input, folders.output}
    assert (folders.base / "secret.txt").read_text() == SECRET


@pytest.mark.parametrize("name", DANGEROUS)
async def test_nothing_that_was_stored_runs_in_a_page(client, folders, name) -> None:
    """CVE-2026-56670, CVE-2026-56672, CVE-2024-10099, CVE-2025-6092: an allow-list decides what is shown in place."""
    folders.output.mkdir(parents=True, exist_ok=True)
    (folders.output / name).write_bytes(DANGEROUS[name])
    await client.post(f"/userdata/{name}", data=DANGEROUS[name])
    for answer in (await client.get("/view", params={"filename": name}), await client.get(f"/userdata/{name}")):
        assert answer.status == 200
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert not re.search("html|svg|xml|javascript|pdf", answer.content_type)


async def test_a_page_that_poses_as_a_picture_stays_one(client, folders) -> None:
    folders.output.mkdir(parents=True, exist_ok=True)
    (folders.output / "a.png").write_bytes(b"<html><script>alert(1)</script>")
    answer = await client.get("/view?filename=a.png")
    assert (answer.content_type, answer.headers["X-Content-Type-Options"]) == ("image/png", "nosniff")


BODIES = {
    "application/json": json.dumps({"clear": True}),
    "text/plain": json.dumps({"clear": True}),
    "application/x-www-form-urlencoded": "clear=true",
    "multipart/form-data; boundary=x": '--x\r\nContent-Disposition: form-data; name="clear"\r\n\r\ntrue\r\n--x--\r\n',
}
FOREIGN = [
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    {"Host": "evil.example", "Origin": "http://evil.example"},
    {"Host": "evil.example:8188"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
async def test_other_sites_and_rebound_names_change_nothing(client, headers) -> None:
    """CVE-2024-10481, GHSA-5xxr-jvhm-jxmj, DNS rebinding: every route that takes a write, with every kind of body."""
    for route in client.app.router.routes():
        if route.method not in ("POST", "PUT", "PATCH", "DELETE"):
            continue
        path = re.sub(r"{.*?}", "x", route.resource.canonical)
        for kind, body in BODIES.items():
            answer = await client.request(route.method, path, data=body, headers={**headers, "Content-Type": kind})
            assert answer.status == 403, (route.method, path, kind)
    with pytest.raises(WSServerHandshakeError):
        await client.ws_connect("/ws", headers=headers)


@pytest.mark.parametrize("kind", [kind for kind in BODIES if "json" not in kind and "plain" not in kind])
async def test_forms_of_browsers_are_no_json(client, kind) -> None:
    """A form is the one thing that any page can send; routes that take JSON do not take it from a browser."""
    headers = {"Content-Type": kind, "Sec-Fetch-Site": "same-site"}
    for path in ("/prompt", "/queue", "/history", "/free", "/interrupt", "/settings"):
        assert (await client.post(path, data=BODIES[kind], headers=headers)).status == 415, path


async def test_reading_changes_nothing(client, folders, post_prompt, graph, finished) -> None:
    """GET never changes state: after asking every address once, with words that would do harm, all is as it was."""
    status, taken = await post_prompt(graph())
    assert status == 200
    await finished(taken["prompt_id"])
    await client.post("/settings/theme", json="dark")
    harmful = {"clear": "true", "delete": taken["prompt_id"], "overwrite": "true", "value": "x", "enabled": "false"}

    def state():
        kept = [path for path in folders.base.rglob("*") if path.is_file() and ".db" not in path.name]
        return sorted((str(path), path.read_bytes()) for path in kept)

    await notes_are_written(folders)
    before, history = state(), await (await client.get("/history")).json()
    for route in client.app.router.routes():
        if route.method == "GET" and route.resource.canonical not in ("/ws", "/api/ws"):
            await client.get(re.sub(r"{.*?}", "theme", route.resource.canonical), params=harmful)
    assert state() == before
    assert await (await client.get("/history")).json() == history


async def test_the_socket_of_one_is_not_anothers(client) -> None:
    """A foreign page cannot listen in (CVE-2024-11045)."""
    for headers in FOREIGN:
        with pytest.raises(WSServerHandshakeError, match="403"):
            await client.ws_connect("/ws?clientId=me", headers=headers)


async def test_policy_is_out_of_every_routes_reach(client, folders) -> None:
    """CVE-2025-45076, CVE-2025-67303, CVE-2026-22777: what decides who gets in, no route reads or writes."""
    folders.user.mkdir(parents=True, exist_ok=True)
    (folders.user / "accounts.json").write_text('{"secret": "planted-%s"}' % ("ab" * 16))
    before = (folders.user / "accounts.json").read_bytes()
    for name in ("../accounts.json", "..%2faccounts.json", "accounts.json", "workflows/../../user/accounts.json"):
        for method, body in (("GET", None), ("POST", b"{}"), ("DELETE", None)):
            answer = await client.request(method, f"/userdata/{quote(name, safe='')}", data=body)
            assert b"planted" not in await answer.read()
    await client.post("/settings/x", json="a\r\nmode = off\0")
    assert (folders.user / "accounts.json").read_bytes() == before


async def test_secrets_in_a_request_reach_nothing_that_is_kept_or_told(client, folders, graph, finished) -> None:
    """Leaked keys: planted in a request, they are in no list, event, log, picture or file."""
    planted = "sk-planted-0123456789"
    extra = {"auth_token_comfy_org": planted, "api_key_comfy_org": planted}
    async with client.ws_connect("/ws?clientId=me") as socket:
        body = {"prompt": graph(), "client_id": "me", "extra_data": extra}
        answer = await client.post("/prompt", json=body, headers={"Authorization": f"Bearer {planted}"})
        taken = await answer.json()
        await finished(taken["prompt_id"])
        told = []
        while not socket.closed:
            message = await socket.receive()
            told.append(str(message.data))
            if '"node": null' in told[-1] or '"node":null' in told[-1]:
                break
    assert planted not in "".join(told)
    for path in ("/history", "/queue", "/api/jobs", f"/api/jobs/{taken['prompt_id']}", "/internal/logs", "/settings"):
        assert planted not in await (await client.get(path)).text(), path
    await notes_are_written(folders)
    for path in folders.base.rglob("*"):
        if path.is_file():
            assert planted.encode() not in path.read_bytes(), path


def png_of(width: int, height: int) -> bytes:
    """A PNG file of this size whose rows are all zero: small to send, huge to open."""

    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer, rows = zlib.compressobj(9), b""
    for _ in range(64):
        rows += packer.compress(bytes(1 + (width + 7) // 8))
    head = part(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + part(b"IDAT", rows + packer.flush()) + part(b"IEND", b"")


async def test_decompression_bombs_are_refused_before_they_are_opened(client, folders) -> None:
    folders.output.mkdir(parents=True, exist_ok=True)
    (folders.output / "bomb.png").write_bytes(png_of(50_000, 50_000))
    for query in ("preview=webp", "channel=a", "channel=rgb"):
        answer = await client.get(f"/view?filename=bomb.png&{query}")
        assert answer.status == 400, query
        assert "pixels" in (await answer.json())["error"]["message"]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("bomb.png", png_of(50_000, 50_000), "more pixels"),
        ("page.png", b"<script>alert(1)</script>", "holds a page"),
        ("drawing.JPG", b"\xef\xbb\xbf\n<svg xmlns='http://www.w3.org/2000/svg'/>", "holds a page"),
    ],
)
async def test_an_upload_is_judged_by_what_is_in_it(client, folders, name, content, why) -> None:
    from aiohttp import FormData

    form = FormData()
    form.add_field("image", content, filename=name)
    answer = await client.post("/upload/image", data=form)
    assert answer.status == 400
    assert why in (await answer.json())["error"]["message"]
    assert not (folders.input / name).exists()


async def test_names_without_end_are_refused(client) -> None:
    """CVE-2024-10821 and its like: a megabyte where a name is due, a form that is all boundary."""
    endless = "x" * 1_000_000
    assert (await client.post("/upload/image", data={"image": b"x", "subfolder": endless})).status in (400, 413)
    boundary = {"Content-Type": f"multipart/form-data; boundary={'-' * 900_000}"}
    assert (await client.post("/upload/image", data=b"-" * 1000, headers=boundary)).status in (400, 413, 431)
    assert (await client.post("/settings", json={endless: 1})).status in (200, 400, 413)


async def test_the_server_installs_and_fetches_nothing(client) -> None:
    """CVE-2024-21574, CVE-2024-12882, comfy_mtb #224: there is no such route to attack."""
    for path in (
        "/internal/models/download",
        "/customnode/install",
        "/manager/reboot",
        "/pip",
        "/customnode/install/pip",
    ):
        for method in ("GET", "POST"):
            assert (await client.request(method, path, json={"url": "http://127.0.0.1:1/x"})).status in (404, 405)


async def test_every_route_that_manages_the_server_is_for_its_manager(client) -> None:
    managing = {
        route.resource.canonical for route in client.app.router.routes() if right_needed(route.handler) is Right.MANAGE
    }
    assert {"/internal/logs", "/internal/logs/raw", "/internal/folder_paths", "/free", "/users"} <= managing
