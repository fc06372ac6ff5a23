"""The client against a real server over the wire: runs, events, files, refusals, and connections that break."""

import asyncio
import json
import socket
import sys

import pytest

from easel_client import AsyncClient, Client, Event, Preview, Refused, Result, RunFailed, Unreachable
from easel_client.asynchronous import _changed
from easel_client.talk import read_binary
from execution.events import Preview as PreviewEvent
from web.server.frames import binary_frame

FAILING = {"1": {"class_type": "FakeFail", "inputs": {}}}


@pytest.fixture
async def address(client):
    """Of a server whose packs are loaded: what they do to the standard output in this process is over."""
    await client.get("/object_info")
    return str(client.make_url("")).rstrip("/")


@pytest.fixture
async def easel(address):
    async with AsyncClient(address) as easel:
        yield easel


async def test_a_run_gives_its_files(easel, graph, tmp_path) -> None:
    result = await easel.run(graph(copies=2), {"1.text": "hallo"})
    assert [file.node for file in result.files] == ["2", "2"]
    assert result.files[0].data.startswith(b"\x89PNG")
    assert result.files[0].save(tmp_path).read_bytes() == result.files[0].data
    assert result.files[1].save(tmp_path / "b.png").name == "b.png"


async def test_the_events_of_a_run_come_in_order_and_end_with_the_result(easel, graph) -> None:
    heard = [event async for event in easel.follow(graph())]
    types = [event.type for event in heard if isinstance(event, Event)]
    assert types.index("execution_start") < types.index("executed") < types.index("execution_success")
    assert isinstance(heard[-1], Result)


async def test_a_saved_workflow_runs_from_its_file(easel, workflow, tmp_path) -> None:
    path = tmp_path / "wf.json"
    path.write_text(json.dumps(workflow))
    result = await easel.run(path)
    assert len(result.files) == 1
    prompt, extra = (await easel.call("GET", f"/history/{result.prompt_id}"))[result.prompt_id]["prompt"][2:4]
    assert prompt["1"]["inputs"]["text"] == "hello"
    assert extra["extra_pnginfo"]["workflow"]["nodes"] == workflow["nodes"]


async def test_a_prompt_that_is_wrong_is_refused_in_words(easel, graph) -> None:
    with pytest.raises(Refused, match=r"node 1 \(FakeText\)") as refusal:
        await easel.run(graph(style="baroque"))
    assert refusal.value.status == 400
    assert "1" in refusal.value.node_errors


async def test_a_node_that_fails_fails_the_run(easel) -> None:
    with pytest.raises(RunFailed, match=r"node 1 \(FakeFail\): the value is no good; use another"):
        await easel.run(FAILING)


async def test_the_same_id_twice_is_one_job(easel, graph) -> None:
    id = "11111111-2222-4333-8444-555555555555"
    assert await easel.submit(graph(), prompt_id=id) == await easel.submit(graph(), prompt_id=id) == id


async def test_a_connection_that_breaks_is_made_again_and_nothing_is_missed(easel, graph, client) -> None:
    from web.server.keys import HUB

    heard = []
    async for event in easel.events(lambda: easel.submit(graph())):
        heard.append(event.type)
        if event.type == "execution_start":
            for socket in client.app[HUB]._clients[easel.client_id]:
                await socket.socket.close()
        if event.type == "execution_success":
            break
    assert heard.count("execution_start") == heard.count("executed") == 1


async def test_uploads_the_queue_and_the_rest(easel, tmp_path, graph) -> None:
    (tmp_path / "dot.txt").write_bytes(b"dot")
    assert await easel.upload(tmp_path / "dot.txt", "a.txt") == "a.txt"
    assert await easel.fetch("a.txt", type="input") == b"dot"
    assert await easel.queue() == {"queue_running": [], "queue_pending": []}
    assert "FakeText" in await easel.nodes()
    assert await easel.cancel("11111111-2222-4333-8444-555555555555") is False
    await easel.interrupt()
    with pytest.raises(Refused, match="has ended here"):
        await easel.result("nothing")
    with pytest.raises(Refused) as missing:
        await easel.fetch("nothing.png")
    assert missing.value.status == 404


async def test_the_waiting_client_does_the_same(address, graph) -> None:
    def work():
        with Client(address) as easel:
            result = easel.run(graph())
            heard = list(easel.follow(graph(text="other")))
            with pytest.raises(RunFailed):
                list(easel.follow(FAILING))
            return result, heard

    result, heard = await asyncio.to_thread(work)
    assert len(result.files) == 1
    assert isinstance(heard[-1], Result)
    with pytest.raises(RuntimeError, match="with block"):
        Client(address).queue()


async def test_where_nobody_answers() -> None:
    with socket.socket() as deaf:  # nobody else is given its port meanwhile
        deaf.bind(("127.0.0.1", 0))
        async with AsyncClient(f"http://127.0.0.1:{deaf.getsockname()[1]}") as easel:
            with pytest.raises(Unreachable, match="no server answers"):
                await easel.queue()


def test_changes_name_inputs_that_are_there() -> None:
    prompt = {"6": {"class_type": "X", "inputs": {"text": "a"}}}
    assert _changed(prompt, {"6.text": "b"})["6"]["inputs"] == {"text": "b"}
    assert prompt["6"]["inputs"] == {"text": "a"}
    with pytest.raises(ValueError, match="with a node out of: 6"):
        _changed(prompt, {"7.text": "b"})


@pytest.mark.parametrize("with_metadata", [True, False])
def test_previews_are_read_as_the_server_writes_them(with_metadata) -> None:
    sent = PreviewEvent(prompt_id="p", node="3", display_node="3", parent_node=None, real_node_id="3",
                        image_type="image/png", data=b"\x89PNG")  # fmt: skip
    event = read_binary(binary_frame(sent, with_metadata))
    assert isinstance(event, Preview)
    assert (event.image, event.image_type) == (b"\x89PNG", "image/png")
    assert event.prompt_id == ("p" if with_metadata else None)


async def test_the_command_line_runs_on_a_server(address, graph, tmp_path, monkeypatch) -> None:
    import main

    said = []  # the worker in this process puts back standard streams that pytest changes meanwhile

    def say(*words, file=None, **_):
        if file in (None, sys.stderr):  # the log prints its tracebacks elsewhere
            said.append(" ".join(map(str, words)))

    monkeypatch.setattr("builtins.print", say)
    (tmp_path / "wf.json").write_text(json.dumps(graph()))
    words = ["run", str(tmp_path / "wf.json"), "--server", address, "--set", "1.text=ab"]
    assert await asyncio.to_thread(main.main, [*words, "--out", str(tmp_path / "a.png")]) == 0
    assert said == [str(tmp_path / "a.png")]
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert await asyncio.to_thread(main.main, words) == 0
    assert said[-1].startswith("output/fake_")
    assert await asyncio.to_thread(main.main, [*words[:-1], "1.style=baroque"]) == 1
    assert "node 1 (FakeText)" in said[-1]
