"""The page, its files, and what is said about addresses that lead nowhere."""

import logging
import sys

import pytest

from tests.live_server import READY_SECONDS
from web.server.app import make_app
from web.server.settings import ServerSettings


async def test_the_page_and_its_assets(client) -> None:
    page = await client.get("/")
    assert (page.status, page.headers["Cache-Control"]) == (200, "no-cache")
    assert "<title>Easel</title>" in await page.text()
    asset = await client.get("/assets/main-1a2b.js")
    assert asset.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert asset.headers["Cache-Control"] == "no-cache"
    again = await client.get("/assets/main-1a2b.js", headers={"If-None-Match": asset.headers["ETag"]})
    assert again.status == 304


async def test_a_missing_editor_is_explained(engine, folders, tmp_path, aiohttp_client) -> None:
    client = await aiohttp_client(make_app(engine, folders, ServerSettings(dist=tmp_path / "none")))
    page = await client.get("/")
    assert (page.status, page.content_type) == (200, "text/html")
    assert "npm run build" in await page.text()


@pytest.mark.parametrize("path", ["/api/nowhere", "/nowhere", "/assets", "/..%2Fmain.py", "/%2e%2e/main.py", "/a%00b"])
async def test_addresses_that_lead_nowhere_answer_json(client, path) -> None:
    answer = await client.get(path)
    assert answer.status == 404
    assert (await answer.json())["error"]["message"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_writing_to_nowhere_is_not_found_either(client, method) -> None:
    answer = await client.request(method, "/api/nowhere", data=b"{}")
    assert (answer.status, (await answer.json())["error"]["type"]) == (404, "not_found")


async def test_heads_are_answered(client) -> None:
    for path in ("/", "/prompt", "/api/object_info"):
        answer = await client.head(path)
        assert (answer.status, await answer.read()) == (200, b"")


async def test_a_wrong_method_says_which_are_right(client) -> None:
    answer = await client.put("/prompt", data=b"{}")
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET,HEAD,POST"
    assert (await answer.json())["error"]["type"] == "method_not_allowed"


async def test_an_accident_is_logged_and_answered_without_its_details(client, engine, monkeypatch, caplog) -> None:
    def accident() -> int:
        raise KeyError("/secret/path")

    monkeypatch.setattr(engine, "queue_remaining", accident)
    with caplog.at_level(logging.ERROR):
        answer = await client.get("/prompt")
    assert answer.status == 500
    assert (await answer.json())["error"]["type"] == "internal_error"
    assert "/secret/path" not in await answer.text()
    assert "/secret/path" in caplog.text


def test_the_server_comes_up_without_torch() -> None:
    """In a process of its own, since other tests of this run may have imported it."""
    import subprocess

    code = """
import asyncio, sys, tempfile
from pathlib import Path
from aiohttp import ClientSession, web
from comfy_core.folders import Folders
from execution.engine import Engine
from execution.worker import WorkerSettings
from execution.workers.subprocess import SubprocessWorker
from web.server.app import make_app
from web.server.settings import ServerSettings

async def main(base):
    folders = Folders(base=base)
    engine = Engine(folders, worker=SubprocessWorker(WorkerSettings(base=base, packages=())))
    await engine.start()
    runner = web.AppRunner(make_app(engine, folders, ServerSettings()))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with ClientSession() as session:
        async with session.get(f"http://127.0.0.1:{runner.addresses[0][1]}/object_info") as answer:
            print(answer.status, await answer.text())
    await runner.cleanup()
    await engine.close()

with tempfile.TemporaryDirectory() as base:
    asyncio.run(main(base))
print("torch" in sys.modules, "numpy" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=READY_SECONDS)
    assert done.stdout.splitlines() == ["200 {}", "False False"], done.stderr
