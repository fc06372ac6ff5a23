"""Other sites, rebound names and oversized requests are kept out; every answer carries its fences."""

from pathlib import Path

import pytest
from aiohttp import WSServerHandshakeError

from web.server.security import host_name, is_own_name
from web.server.settings import ServerSettings

LOOPBACK = ("127.0.0.1",)
EVERYWHERE = ("0.0.0.0", "::")


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("Localhost:8188", "localhost"),
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]:8188", "::1"),
        ("[::1]", "::1"),
        ("evil.example.", "evil.example"),
        ("a:b:80", "a:b"),
    ],
)
def test_host_names_are_read(host, name) -> None:
    assert host_name(host) == name


@pytest.mark.parametrize(
    ("listen", "name", "own"),
    [
        (LOOPBACK, "localhost", True),
        (LOOPBACK, "easel.localhost", True),
        (LOOPBACK, "127.0.0.1", True),
        (LOOPBACK, "127.8.8.8", True),
        (LOOPBACK, "::1", True),
        (LOOPBACK, "192.168.1.5", False),
        (LOOPBACK, "evil.example", False),
        (LOOPBACK, "localhost.evil.example", False),
        (("192.168.1.5",), "192.168.1.5", True),
        (("192.168.1.5", "studio.lan"), "studio.lan", True),
        (("192.168.1.5",), "studio.lan", False),
        (EVERYWHERE, "192.168.1.5", True),
        (EVERYWHERE, "fe80::1%eth0", True),
        (EVERYWHERE, "evil.example", False),
    ],
)
def test_which_names_are_this_servers(listen, name, own) -> None:
    assert is_own_name(name, ServerSettings(listen=listen, dist=Path())) is own


WRITES = [
    "/prompt", "/api/prompt", "/queue", "/history", "/interrupt", "/free", "/upload/image", "/settings",
    "/settings/x", "/userdata/x.json", "/userdata/a/move/b", "/convert", "/upload/mask", "/users",
    "/internal/logs/subscribe", "/api/jobs/cancel", "/api/jobs/x/cancel", "/login", "/logout",
]  # fmt: skip


@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Host": "127.0.0.1:8188", "Origin": "http://127.0.0.1:3000"},
        {"Host": "127.0.0.1:8188", "Origin": "http://localhost:8188"},
    ],
    ids=str,
)
async def test_other_sites_change_nothing(client, path, headers) -> None:
    answer = await client.post(path, data=b"{}", headers=headers)
    assert answer.status == 403
    assert (await answer.json())["error"]["message"]
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": "localhost:8188", "Origin": "http://localhost:8188"},
        {"Host": "localhost", "Origin": "http://localhost:8188"},
        {"Host": "[::1]:8188", "Origin": "http://[::1]:8188"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ],
    ids=str,
)
async def test_the_editor_itself_and_scripts_get_in(client, headers) -> None:
    assert (await client.post("/free", json={}, headers=headers)).status == 200


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}], ids=str
)
async def test_the_websocket_is_guarded_too(client, headers) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await client.ws_connect("/ws", headers=headers)
    assert refused.value.status == 403


async def test_a_link_on_another_site_may_open_the_page_and_nothing_else(client) -> None:
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert (await client.get("/", headers=followed)).status == 200
    assert (await client.get("/history", headers=followed)).status == 403
    assert (await client.get("/", headers=followed | {"Host": "evil.example"})).status == 403


@pytest.mark.parametrize("path", ["/", "/history", "/api/nowhere", "/assets/main-1a2b.js", "/view?filename=x"])
async def test_every_answer_is_fenced_in(client, path) -> None:
    headers = (await client.get(path)).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "script-src 'self';" in headers["Content-Security-Policy"]
    assert "frame-ancestors" in headers["Content-Security-Policy"]
    assert "aiohttp" not in headers.get("Server", "")
