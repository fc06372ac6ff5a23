"""Several runs at the same time: a client hears all of each of its own, whatever happens in others meanwhile."""

import asyncio
import json
from types import SimpleNamespace

import pytest
from aiohttp import WSMsgType

from execution.events import (
    Executing,
    ExecutionInterrupted,
    ExecutionStart,
    ExecutionSuccess,
    NodeProgress,
    ProgressState,
)
from execution.subscription import Hub as Events
from web.server.hub import Client, Hub
from web.server.whole_progress import FREE

TAKES_CHANGES = {"type": "feature_flags", "data": {"supports_progress_changes": True}}


class Engine:
    """What a hub asks of an engine; as many prompts run as a test begins."""

    def __init__(self):
        self.events = Events()
        self.subscribe = self.events.subscribe
        self.at = {}

    def queue_remaining(self):
        return len(self.at)

    def running(self):
        return dict(self.at)

    def begin(self, prompt, client, node="1"):
        self.at[prompt] = node
        self.events.publish(ExecutionStart(prompt_id=prompt, timestamp=0), client)

    def progress(self, prompt, client, node, state="running"):
        told = NodeProgress(value=0, max=1, state=state, node_id=node, prompt_id=prompt, display_node_id=node)
        self.events.publish(ProgressState(prompt_id=prompt, nodes={node: told}), client)

    def end(self, prompt, client):
        del self.at[prompt]
        self.events.publish(ExecutionSuccess(prompt_id=prompt, timestamp=0), client)
        self.events.publish(Executing(prompt_id=prompt, node=None), client)


class Socket:
    """Its client says a few things at first, and keeps what it is told."""

    def __init__(self, says):
        self._says = [json.dumps(one) for one in says]
        self.has_said_all = asyncio.Event()
        self.told = []

    def __aiter__(self):
        return self

    async def __anext__(self):
        if self._says:
            return SimpleNamespace(type=WSMsgType.TEXT, data=self._says.pop(0))
        self.has_said_all.set()
        return await asyncio.Future()

    async def send_str(self, text):
        self.told.append(json.loads(text))


class Listener:
    """A client that is served until it has heard everything."""

    def __init__(self, hub, engine, name, says):
        self._engine = engine
        self.socket = Socket(says)
        self.client = Client(name, self.socket, "")
        self._served = asyncio.create_task(hub.serve(engine, self.client, None))

    async def heard(self, kind):
        """The data of all messages of one kind. Nothing happens any more after this."""
        self._engine.events.close()
        await self._served
        return [message["data"] for message in self.socket.told if message["type"] == kind]


@pytest.fixture
def engine():
    return Engine()


@pytest.fixture
def hub(engine):
    hub = Hub({})
    engine.events.observe(hub.note)
    return hub


@pytest.fixture
def connect(hub, engine):
    async def connect(name, *says):
        listener = Listener(hub, engine, name, says)
        await listener.socket.has_said_all.wait()
        return listener

    return connect


def ids(messages):
    return [message["prompt_id"] for message in messages]


async def test_a_client_that_comes_hears_at_which_node_each_of_its_runs_is(engine, connect) -> None:
    engine.begin("a", "me", node="3")
    engine.begin("b", "other", node="4")
    engine.begin("c", "me", node="5")
    engine.begin("d", "me", node="")
    listener = await connect("me")
    assert await listener.heard("executing") == [{"node": "3", "prompt_id": "a"}, {"node": "5", "prompt_id": "c"}]


async def test_of_a_single_run_it_hears_as_from_comfyui(engine, connect) -> None:
    engine.begin("a", "me", node="3")
    engine.begin("b", "other", node="4")
    listener = await connect("me")
    assert await listener.heard("executing") == [{"node": "3"}]


async def test_runs_that_are_interleaved_are_told_to_their_own_clients_alone(engine, connect) -> None:
    mine, other = await connect("me"), await connect("other")
    engine.begin("a", "me")
    engine.begin("b", "other")
    engine.begin("c", "me")
    for prompt, client in (("b", "other"), ("a", "me"), ("c", "me")):
        engine.end(prompt, client)
    assert ids(await mine.heard("execution_start")) == ["a", "c"]
    assert ids(await mine.heard("executing")) == ["a", "c"]
    assert ids(await other.heard("execution_success")) == ["b"]


async def test_what_is_known_of_one_runs_nodes_outlasts_what_happens_in_another(engine, connect) -> None:
    listener = await connect("me")
    for prompt in ("a", "b"):
        engine.begin(prompt, "me")
    for node in ("1", "2", "3"):
        for prompt in ("a", "b"):
            engine.progress(prompt, "me", node)
    engine.end("a", "me")
    engine.progress("b", "me", "4")
    states = [(state["prompt_id"], list(state["nodes"])) for state in await listener.heard("progress_state")]
    assert states[-3:] == [("a", ["1", "2", "3"]), ("b", ["1", "2", "3"]), ("b", ["1", "2", "3", "4"])]


async def test_large_runs_that_are_interleaved_cost_in_proportion_to_their_nodes(engine, connect, monkeypatch) -> None:
    monkeypatch.setattr("web.server.whole_progress.time", SimpleNamespace(monotonic=lambda: 0.0))
    listener, size = await connect("me"), 800
    for prompt in ("a", "b"):
        engine.begin(prompt, "me")
    for number in range(size):
        for state in ("running", "finished"):
            for prompt in ("a", "b"):
                engine.progress(prompt, "me", str(number), state)
    for prompt in ("a", "b"):
        engine.end(prompt, "me")
    states = await listener.heard("progress_state")
    assert {state["prompt_id"]: len(state["nodes"]) for state in states} == {"a": size, "b": size}
    assert sum(len(state["nodes"]) for state in states) <= 2 * (FREE + 2 * size / 4 + size)


async def test_who_takes_changes_hears_first_how_far_each_of_its_runs_is(engine, connect) -> None:
    for prompt, client in (("a", "me"), ("b", "other"), ("c", "me"), ("d", "me")):
        engine.begin(prompt, client)
    for prompt, client in (("a", "me"), ("b", "other"), ("c", "me")):
        engine.progress(prompt, client, "1", "finished")
        engine.progress(prompt, client, "2")
    listener = await connect("me", TAKES_CHANGES)
    engine.progress("a", "me", "2", "finished")
    states = [(state["prompt_id"], list(state["nodes"])) for state in await listener.heard("progress_state")]
    assert states == [("a", ["1", "2"]), ("c", ["1", "2"]), ("a", ["2"])]


async def test_a_client_of_the_old_form_that_comes_in_the_middle_knows_what_went_before(engine, connect) -> None:
    for prompt in ("a", "b"):
        engine.begin(prompt, "me")
        engine.progress(prompt, "me", "1", "finished")
    listener = await connect("me")
    for prompt in ("b", "a"):
        engine.progress(prompt, "me", "2")
    states = [(state["prompt_id"], list(state["nodes"])) for state in await listener.heard("progress_state")]
    assert states == [("b", ["1", "2"]), ("a", ["1", "2"])]


@pytest.mark.parametrize("owner", ["me", "other", None])
async def test_what_is_known_of_a_run_goes_when_it_has_ended(engine, hub, connect, owner) -> None:
    engine.begin("before", owner)
    engine.progress("before", owner, "1")
    listener = await connect("me")
    for number in range(10):
        engine.begin(str(number), owner)
        engine.progress(str(number), owner, "1")
        engine.end(str(number), owner)
    engine.events.publish(ExecutionInterrupted(prompt_id="before", node_id="1", node_type="", executed=[], timestamp=0))
    await listener.heard("status")
    assert (hub._runs, listener.client.progress) == ({}, {})


async def test_a_run_that_begins_once_more_after_a_crash_is_known_until_its_end(engine, hub, connect) -> None:
    engine.begin("a", "me")
    engine.progress("a", "me", "1")
    engine.begin("a", "me")
    listener = await connect("me", TAKES_CHANGES)
    assert ids(await listener.heard("progress_state")) == ["a"]
    engine.end("a", "me")
    assert hub._runs == {}
