"""The WebSocket: each client hears its own runs, in order, also after a break."""

import asyncio
import json
import struct

from aiohttp import WSCloseCode, WSMsgType

from tests.waiting import PATIENCE_SECONDS
from web.server.keys import HUB

STEPS = {
    "1": {"class_type": "FakeSteps", "inputs": {"count": 2, "seconds": 0.0}},
    "2": {"class_type": "FakeSave", "inputs": {"value": ["1", 0], "filename_prefix": "fake", "copies": 1}},
}
SLOW = {
    "1": {"class_type": "FakeSteps", "inputs": {"count": 100_000, "seconds": 0.02}},
    "2": {"class_type": "FakeSave", "inputs": {"value": ["1", 0], "filename_prefix": "fake", "copies": 1}},
}


async def heard(socket, last=lambda message: message["type"] == "executing" and message["data"]["node"] is None):
    """All frames up to the last one: JSON as dicts, previews as bytes."""
    frames = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        async for message in socket:
            if message.type is WSMsgType.BINARY:
                frames.append(message.data)
            else:
                frames.append(json.loads(message.data))
                if last(frames[-1]):
                    return frames
    raise AssertionError(f"the socket closed after {frames}")


def kinds(frames):
    return [frame["type"] for frame in frames if isinstance(frame, dict)]


async def test_the_first_frame_is_the_status_with_the_clients_id(client) -> None:
    for path in ("/ws?clientId=me", "/api/ws?clientId=me"):
        async with client.ws_connect(path) as socket:
            first = await socket.receive_json()
            assert first["type"] == "status"
            assert first["data"] == {"status": {"exec_info": {"queue_remaining": 0}}, "sid": "me"}
    async with client.ws_connect("/ws") as socket:
        assert len((await socket.receive_json())["data"]["sid"]) == 32


async def test_a_run_is_told_to_its_owner_in_order(client, post_prompt) -> None:
    async with client.ws_connect("/ws?clientId=me") as mine, client.ws_connect("/ws?clientId=other") as other:
        await mine.receive_json(), await other.receive_json()
        _, taken = await post_prompt(STEPS, client_id="me")
        frames = await heard(mine)
        events = [frame for frame in frames if isinstance(frame, dict) and frame["type"] != "status"]
        often = ("progress_state", "progress")
        start, end = ["execution_start", "execution_cached"], ["executed", "execution_success", "executing"]
        assert [event["type"] for event in events if event["type"] not in often] == [
            *start, "executing", "executing", *end
        ]  # fmt: skip
        assert {event["data"]["prompt_id"] for event in events} == {taken["prompt_id"]}
        steps = [frame["data"] for frame in frames if isinstance(frame, dict) and frame["type"] == "progress"]
        assert [(step["value"], step["max"], step["node"]) for step in steps] == [(1, 2, "1"), (2, 2, "1")]
        await other.send_str("bye")
        strangers = await heard(other, lambda frame: frame["data"]["status"]["exec_info"]["queue_remaining"] == 0)
        assert set(kinds(strangers)) == {"status"}


async def test_how_long_nodes_took_is_told_to_clients_that_know_of_it(client, post_prompt) -> None:
    async with client.ws_connect("/ws?clientId=me") as socket:
        await announce(socket, supports_progress_changes=True)
        await post_prompt(STEPS, client_id="me")
        frames = await heard(socket)
        timed = [frame["data"] for frame in frames if isinstance(frame, dict) and frame["type"] == "node_timing"]
        assert [one["node"] for one in timed] == ["1", "2"]


async def test_a_run_of_nobody_shows_only_its_progress(client, post_prompt) -> None:
    async with client.ws_connect("/ws?clientId=me") as socket:
        await socket.receive_json()
        await post_prompt(STEPS)
        await post_prompt(STEPS, client_id="me")
        frames = await heard(socket, lambda frame: frame["type"] == "execution_start")
        assert set(kinds(frames)) == {"status", "progress_state", "progress", "execution_start"}
        assert any(isinstance(frame, bytes) for frame in frames)


async def test_previews_come_plain_or_with_what_they_show(client, post_prompt) -> None:
    async with client.ws_connect("/ws?clientId=plain") as socket:
        await post_prompt(STEPS, client_id="plain")
        preview = next(frame for frame in await heard(socket) if isinstance(frame, bytes))
        assert struct.unpack(">II", preview[:8]) == (1, 1)
        assert preview[8:] == b"\xff\xd8\xff picture"
    async with client.ws_connect("/ws?clientId=rich") as socket:
        await socket.receive_json()
        await socket.send_json({"type": "feature_flags", "data": {"supports_preview_metadata": True}})
        answer = await socket.receive_json()
        assert answer == {"type": "feature_flags", "data": await (await client.get("/features")).json()}
        _, taken = await post_prompt(
            SLOW | {"1": {**SLOW["1"], "inputs": {"count": 3, "seconds": 0.0}}}, client_id="rich"
        )
        preview = next(frame for frame in await heard(socket) if isinstance(frame, bytes))
        event, length = struct.unpack(">II", preview[:8])
        about = json.loads(preview[8 : 8 + length])
        assert event == 4
        assert about == {
            "node_id": "1",
            "prompt_id": taken["prompt_id"],
            "display_node_id": "1",
            "parent_node_id": None,
            "real_node_id": "1",
            "image_type": "image/jpeg",
        }
        assert preview[8 + length :] == b"\xff\xd8\xff picture"


async def announce(socket, **features):
    """Say what the client understands, and hear what the server answers."""
    await socket.send_json({"type": "feature_flags", "data": features})
    while (message := await socket.receive_json())["type"] != "feature_flags":
        pass
    return message["data"]


def states(frames):
    """The progress messages: of each node its value and state."""
    told = [frame["data"]["nodes"] for frame in frames if isinstance(frame, dict) and frame["type"] == "progress_state"]
    return [{name: (node["value"], node["state"]) for name, node in nodes.items()} for nodes in told]


async def test_progress_is_told_as_the_state_of_all_nodes_or_as_changes(client, post_prompt) -> None:
    async with client.ws_connect("/ws?clientId=old") as socket:
        await post_prompt(STEPS, client_id="old")
        assert states(await heard(socket))[-1] == {"1": (2, "finished"), "2": (1, "finished")}
    async with client.ws_connect("/ws?clientId=new") as socket:
        features = await announce(socket, supports_progress_changes=True)
        assert features["supports_progress_changes"] is True
        await post_prompt(STEPS | {"1": {**STEPS["1"], "inputs": {"count": 1, "seconds": 0.0}}}, client_id="new")
        changes = states(await heard(socket))
        assert changes[0] == {"1": (0, "running")}
        assert changes[-2:] == [{"1": (1, "finished"), "2": (0, "running")}, {"2": (1, "finished")}]


async def test_messages_that_come_together_are_one_frame_to_those_who_take_lists(client, post_prompt) -> None:
    inputs = STEPS["2"]["inputs"]
    shows = {str(i): {**STEPS["2"], "inputs": {**inputs, "filename_prefix": str(i)}} for i in range(3, 40)}

    def messages(frame):
        return frame if isinstance(frame, list) else [frame]

    def over(frame):
        return any(one["type"] == "executing" and one["data"]["node"] is None for one in messages(frame))

    frames = {}
    for takes_lists in (False, True):
        async with client.ws_connect(f"/ws?clientId={takes_lists}") as socket:
            await announce(socket, supports_progress_changes=True, supports_message_lists=takes_lists)
            await post_prompt(STEPS | shows, client_id=str(takes_lists))
            frames[takes_lists] = await heard(socket, over)
    assert not any(isinstance(frame, list) for frame in frames[False])
    assert any(isinstance(frame, list) for frame in frames[True])
    said = [one for frame in frames[True] if not isinstance(frame, bytes) for one in messages(frame)]
    assert [one["seq"] for one in said] == sorted(one["seq"] for one in said)
    assert {one["data"]["node"] for one in said if one["type"] == "executed"} == {"2", *shows}


async def test_changes_begin_with_what_a_client_has_missed(client, post_prompt) -> None:
    async with client.ws_connect("/ws?clientId=me") as socket:
        await post_prompt(SLOW | {"3": {**SLOW["2"], "inputs": {**SLOW["2"]["inputs"], "copies": 2}}}, client_id="me")
        await heard(socket, lambda frame: frame["type"] == "progress")
    async with client.ws_connect("/ws?clientId=me") as socket:
        await announce(socket, supports_progress_changes=True)
        frames = await heard(socket, lambda frame: frame["type"] == "progress_state")  # previews may come before
        assert "1" in states(frames[-1:])[0]
        await client.post("/interrupt")


async def test_the_newest_socket_of_a_client_hears_also_when_the_old_one_closes(client, post_prompt) -> None:
    old = await client.ws_connect("/ws?clientId=me")
    await old.receive_json()
    new = await client.ws_connect("/ws?clientId=me")
    await new.receive_json()
    await old.close()
    await asyncio.sleep(0.05)
    await post_prompt(STEPS, client_id="me")
    assert "execution_success" in kinds(await heard(new))
    await new.close()


async def test_a_client_that_comes_back_hears_what_runs_and_what_it_missed(client, post_prompt) -> None:
    async with client.ws_connect("/ws?clientId=me") as socket:
        await post_prompt(SLOW, client_id="me")
        frames = await heard(socket, lambda frame: frame["type"] == "executing")
        (last,) = [frame["seq"] for frame in frames if isinstance(frame, dict) and frame["type"] == "execution_start"]
    async with client.ws_connect(f"/ws?clientId=me&since={last}") as socket:
        first, second = await socket.receive_json(), await socket.receive_json()
        assert first["data"]["sid"] == "me"
        assert second == {"type": "executing", "data": {"node": "1"}}
        await client.post("/interrupt")
        frames = await heard(socket)
        numbers = [frame["seq"] for frame in frames if isinstance(frame, dict)]
        assert numbers == sorted(set(numbers))
        assert numbers[0] > last
        assert kinds(frames)[0] == "execution_cached"
        assert "execution_interrupted" in kinds(frames)


async def test_nothing_a_client_says_breaks_its_socket(client, post_prompt) -> None:
    async with client.ws_connect("/ws?clientId=me") as socket:
        for nonsense in ("", "{", "[]", '{"type": 5}', '{"type": "feature_flags", "data": 3}', "[" * 5000):
            await socket.send_str(nonsense)
        await socket.send_bytes(b"\0\1")
        await post_prompt(STEPS, client_id="me")
        assert "execution_success" in kinds(await heard(socket))


async def test_a_client_that_never_reads_holds_nobody_up(client, post_prompt) -> None:
    deaf = [await client.ws_connect("/ws?clientId=me") for _ in range(5)]
    for socket in deaf:
        socket._response.connection.transport.pause_reading()
    async with client.ws_connect("/ws?clientId=me") as socket:
        await post_prompt(STEPS, client_id="me")
        assert "execution_success" in kinds(await heard(socket))
    for socket in deaf:
        socket._response.connection.transport.resume_reading()
        await socket.close()


async def test_a_client_that_takes_nothing_is_let_go_with_a_reason(client, post_prompt, monkeypatch) -> None:
    monkeypatch.setattr("web.server.hub.SEND_SECONDS", 0.2)
    async with client.ws_connect("/ws?clientId=me") as socket:
        await socket.receive_json()
        told = client.app[HUB]._clients["me"][0]

        async def never(frame):
            await asyncio.sleep(60)

        monkeypatch.setattr(told.socket, "send_str", never)
        await post_prompt(STEPS, client_id="me")
        farewell = await socket.receive()
        assert (farewell.data, farewell.extra) == (
            WSCloseCode.POLICY_VIOLATION,
            "too slow: it took nothing for a minute",
        )
    assert "me" not in client.app[HUB]._clients


async def test_since_must_be_a_number(client) -> None:
    assert (await client.get("/ws?since=x")).status == 400
