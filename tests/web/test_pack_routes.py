"""Routes of packs answer at the server's own address, behind its checks, with whatever they answer."""

import asyncio
import json
import struct
import sys
from dataclasses import replace

import aiohttp
import pytest
from aiohttp import WSMsgType
from yarl import URL

from comfy_core.folders import Folders
from execution.engine import Engine
from execution.worker import WorkerSettings
from execution.workers.in_process import InProcessWorker
from execution.workers.subprocess import SubprocessWorker
from tests.waiting import PATIENCE_SECONDS
from web.server.app import make_app


@pytest.mark.parametrize("prefix", ["", "/api"])
async def test_status_headers_query_and_json(client, prefix) -> None:
    answer = await client.get(f"{prefix}/routed/hello/a%20b?x=1&y=%C3%A4")
    assert (answer.status, answer.headers["X-Pack"]) == (200, "1")
    assert await answer.json() == {"hello": "a b", "query": {"x": "1", "y": "ä"}}


async def test_a_name_in_an_address_may_hold_a_slash(client) -> None:
    """As Custom-Scripts asks for `/pysssss/view/loras%2Fa.png`."""
    answer = await client.get(URL("/routed/hello/loras%2Fdeep%2Fa%20b", encoded=True))
    assert (await answer.json())["hello"] == "loras/deep/a b"
    assert (await client.get("/routed/hello/loras/deep")).status == 404


async def test_a_body_goes_there_and_back(client) -> None:
    body = bytes(range(256)) * 3000
    answer = await client.post("/routed/echo", data=body, headers={"Content-Type": "application/x-own"})
    assert (answer.status, answer.content_type, await answer.read()) == (201, "application/x-own", body)


async def test_a_body_that_is_too_large_is_refused(client) -> None:
    async def endless():
        for _ in range(200):
            yield b"x" * 10_000

    assert (await client.post("/routed/echo", data=endless())).status == 413


async def test_forms_and_files(client) -> None:
    form = aiohttp.FormData({"kind": "mask"})
    form.add_field("image", b"pixels", filename="a.png")
    assert await (await client.post("/routed/upload", data=form)).json() == {"kind": "mask", "image": "a.png"}


@pytest.mark.parametrize("prefix", ["", "/api"])
async def test_a_websocket_speaks_both_ways_until_one_side_ends_it(client, prefix) -> None:
    async with client.ws_connect(f"{prefix}/routed/talk?x=1", protocols=["own"]) as socket:
        assert socket.protocol == "own"
        await socket.send_str("hello")
        assert await socket.receive_json(timeout=PATIENCE_SECONDS) == {"said": "hello", "query": {"x": "1"}}
        await socket.send_bytes(b"abc" * 100_000)
        assert await socket.receive_bytes(timeout=PATIENCE_SECONDS) == b"cba" * 100_000
        await socket.send_str("bye")
        await socket.receive(timeout=PATIENCE_SECONDS)
        assert socket.close_code == 4001
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await client.ws_connect(f"{prefix}/routed/talk", headers={"Origin": "http://evil.example"})
    assert refusal.value.status == 403


async def test_a_route_that_is_no_websocket_says_so(client) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await client.ws_connect("/routed/hello/x")
    assert refusal.value.status == 400


async def test_an_answer_that_comes_in_pieces(client) -> None:
    assert await (await client.get("/routed/stream")).read() == b"piece 0;piece 1;piece 2;"


async def test_an_answer_that_breaks_off_is_not_taken_for_a_whole_one(client) -> None:
    answer = await client.get("/routed/die")
    with pytest.raises(aiohttp.ClientError):
        await answer.read()
    assert (await client.get("/routed/hello/x")).status == 200


async def test_what_opens_the_server_is_not_shown_to_packs(client) -> None:
    sent = {"Cookie": "session=secret", "Authorization": "Bearer secret", "X-Own": "1"}
    seen = await (await client.get("/routed/headers", headers={"X-Own": "1", "Cookie": "session=secret"})).json()
    assert seen["X-Own"] == "1"
    assert "secret" not in json.dumps(seen)
    assert {name.lower() for name in seen}.isdisjoint({name.lower() for name in sent} - {"x-own"})


async def test_a_route_that_fails_says_so(client) -> None:
    assert (await client.get("/routed/fail")).status == 500


@pytest.mark.parametrize(("method", "path"), [("GET", "/routed"), ("GET", "/routed/hello"), ("POST", "/routed/stream")])
async def test_what_no_pack_has_is_not_there(client, method, path) -> None:
    assert (await client.request(method, path)).status == 404


async def test_the_servers_own_routes_come_first(client) -> None:
    assert "FakeText" in await (await client.get("/object_info")).json()


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}])
async def test_other_sites_do_not_reach_packs(client, headers) -> None:
    assert (await client.get("/routed/hello/x", headers=headers)).status == 403


async def test_a_server_that_wants_a_token_wants_it_here_too(engine, folders, settings, aiohttp_client) -> None:
    client = await aiohttp_client(make_app(engine, folders, replace(settings, wants_token=True, token="sesame")))
    assert (await client.get("/routed/hello/x")).status == 401
    shown = {"Authorization": "Bearer sesame"}
    assert (await client.get("/routed/hello/x", headers=shown)).status == 200


async def test_only_the_server_reaches_the_worker(client, engine) -> None:
    services = await engine.pack_services()
    async with aiohttp.ClientSession() as stranger:
        answer = await stranger.get(f"{services.address}/routed/hello/x")
        assert answer.status == 403


async def test_a_packs_message_outside_of_a_run_reaches_one_client_or_all(client) -> None:
    one, other = [await client.ws_connect(f"/ws?clientId={name}") for name in ("one", "other")]
    await client.get("/routed/say?sid=one")
    await client.get("/routed/say")

    async def notes(socket, count):
        found = []
        while len(found) < count:
            message = await socket.receive_json(timeout=PATIENCE_SECONDS)
            if message["type"] == "routed-note":
                found.append(message["data"])
        return found

    assert await notes(one, 2) == [{"n": 1}] * 2
    assert await notes(other, 1) == [{"n": 1}]


async def test_a_packs_bytes_outside_of_a_run_are_a_binary_frame(client) -> None:
    socket = await client.ws_connect("/ws?clientId=one")
    await client.get("/routed/frame")
    while (message := await socket.receive(timeout=PATIENCE_SECONDS)).type is not WSMsgType.BINARY:
        assert message.type is WSMsgType.TEXT
    assert message.data == struct.pack(">I", 70) + b"picture"


async def test_a_pack_may_rewrite_a_prompt_before_it_is_queued(engine, post_prompt, finished) -> None:
    await engine.pack_services()
    prompt = {
        "1": {"class_type": "FakeText", "inputs": {"text": "a", "seed": 0, "style": "plain", "removed": 1}},
        "2": {"class_type": "FakeSave", "inputs": {"value": ["1", 0], "filename_prefix": "a", "copies": 1}},
    }
    status, taken = await post_prompt(prompt, extra_data={"routed": True})
    assert status == 200, taken
    stored = (await finished(taken["prompt_id"]))["prompt"][2]
    assert stored["1"]["inputs"]["text"] == "rewritten"
    assert "removed" not in stored["1"]["inputs"]


async def test_inputs_that_change_are_read_anew(client, engine, monkeypatch) -> None:
    monkeypatch.setattr("execution.catalogue.SECONDS_BETWEEN_REFRESHES", -1)

    async def choices():
        answer = await client.get("/object_info/RoutedChanging")
        return (await answer.json())["RoutedChanging"]["input"]["required"]["choice"][0]

    first = await client.get("/object_info")
    assert await choices() == ["one"]
    same = await client.get("/object_info", headers={"If-None-Match": first.headers["ETag"]})
    assert same.status == 304
    sys.modules["custom_nodes.routed"].options.append("two")
    assert await choices() == ["one", "two"]
    now = await client.get("/object_info", headers={"If-None-Match": first.headers["ETag"]})
    assert now.status == 200


async def test_a_worker_in_a_process_of_its_own(tmp_path, folders, settings, aiohttp_client) -> None:
    """Its routes answer; when it is gone they say so; when it is back they answer again."""
    worker = SubprocessWorker(WorkerSettings(base=str(folders.base), packages=()))
    engine = Engine(folders, worker=worker)
    await engine.start()
    try:
        client = await aiohttp_client(make_app(engine, folders, settings))
        assert (await client.get("/routed/hello/x")).status == 200
        await client.get("/routed/say")
        worker._child._process.kill()
        await worker._child._end
        gone = await client.get("/routed/hello/x")
        assert gone.status == 503
        assert "restarting" in (await gone.json())["error"]["message"]
        await worker.start()
        assert (await client.get("/routed/hello/x")).status == 200
    finally:
        await engine.close()


async def test_before_the_engine_is_there_an_unknown_address_is_not_found_after_a_moment(
    tmp_path, settings, aiohttp_client, monkeypatch
) -> None:
    monkeypatch.setattr("web.server.routes.pack_routes.SECONDS_TO_COME_UP", 0.05)
    never = asyncio.get_running_loop().create_future()
    client = await aiohttp_client(make_app(never, Folders(base=tmp_path), settings))
    assert (await client.get("/nowhere")).status == 404


async def test_files_for_the_browser_that_only_the_packs_code_knows_of(tmp_path, settings, aiohttp_client) -> None:
    folders = Folders(base=tmp_path / "base")
    (folders.custom_nodes / "computed" / "web").mkdir(parents=True)
    (folders.custom_nodes / "computed" / "web" / "own.js").write_text("export {};")
    code = 'import os\nNODE_CLASS_MAPPINGS = {}\nWEB_DIRECTORY = os.path.join(".", "web")\n'
    (folders.custom_nodes / "computed" / "__init__.py").write_text(code)
    engine = Engine(folders, worker=InProcessWorker(WorkerSettings.at(folders, packages=())))
    await engine.start()
    try:
        await engine.pack_services()
        client = await aiohttp_client(make_app(engine, folders, settings))
        assert await (await client.get("/extensions")).json() == ["/extensions/computed/own.js"]
        answer = await client.get("/extensions/computed/own.js")
        assert (answer.status, await answer.text()) == (200, "export {};")
    finally:
        await engine.close()


async def test_nodes_of_classes_that_are_no_more_are_done_by_others(client, post_prompt, finished) -> None:
    (told,) = (await (await client.get("/node_replacements")).json())["OldText"]
    assert (told["new_node_id"], told["old_widget_ids"]) == ("FakeText", ["words"])
    assert (await (await client.get("/features")).json())["node_replacements"] is True
    old = {
        "1": {"class_type": "OldText", "inputs": {"words": "hello"}},
        "2": {"class_type": "FakeSave", "inputs": {"value": ["1", 2], "filename_prefix": "a", "copies": 1}},
    }
    status, taken = await post_prompt(old)
    assert (status, taken["node_errors"]) == (200, {})
    entry = await finished(taken["prompt_id"])
    assert entry["status"]["status_str"] == "success"
    assert entry["prompt"][2]["1"] == {
        "class_type": "FakeText",
        "inputs": {"text": "hello", "style": "fancy", "seed": 7},
    }
    assert entry["prompt"][2]["2"]["inputs"]["value"] == ["1", 0]
