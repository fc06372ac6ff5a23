"""Two prompts that run at the same time, on a server with two workers: everybody sees and stops their own."""

import asyncio
from collections import defaultdict
from dataclasses import replace

import pytest

from execution.engine import Engine
from execution.events import Executing, ExecutionInterrupted, ExecutionStart
from execution.worker import WorkerSettings
from execution.workers.in_process import InProcessWorker
from tests.waiting import until
from web.server.access.accounts import Token, read_accounts, write_accounts
from web.server.app import make_app


class Holding(InProcessWorker):
    """Every prompt stays at its node 1 until it is interrupted."""

    def __init__(self, settings):
        super().__init__(settings)
        self._stopped = defaultdict(asyncio.Event)

    async def run(self, job):
        id = job.prompt_id
        yield [ExecutionStart(prompt_id=id, timestamp=0), Executing(prompt_id=id, node="1", display_node="1")]
        await self._stopped[id].wait()
        yield [
            ExecutionInterrupted(prompt_id=id, node_id="1", node_type="FakeText", executed=[], timestamp=0),
            Executing(prompt_id=id, node=None),
        ]

    async def interrupt(self, prompt_id):
        self._stopped[prompt_id].set()


class Second(Holding):
    """Has nothing to prepare: the first one knows the nodes."""

    async def start(self):
        pass


@pytest.fixture
async def engine(folders):
    settings = WorkerSettings(base=str(folders.base), packages=())
    engine = Engine(folders, worker=Holding(settings), more_workers=[Second(settings)])
    await engine.start()
    yield engine
    await engine.close()


async def submit(client, graph, headers=None, **request):
    answer = await client.post("/prompt", json={"prompt": graph(), **request}, headers=headers)
    return (await answer.json())["prompt_id"]


async def queue(client, headers=None):
    """The ids of what runs and of what waits."""
    found = await (await client.get("/queue", headers=headers)).json()
    return [[item[1] for item in found[part]] for part in ("queue_running", "queue_pending")]


async def runs(engine, *ids):
    async def are_at_work():
        return engine.running() == dict.fromkeys(ids, "1")

    await until(are_at_work)


async def test_both_are_in_the_queue_and_either_can_be_stopped(client, engine, graph) -> None:
    one, other, third = [await submit(client, graph) for _ in range(3)]
    await runs(engine, one, other)
    assert await queue(client) == [[one, other], [third]]
    await client.post("/interrupt", json={"prompt_id": other})
    await runs(engine, one, third)
    await client.post("/interrupt")
    await runs(engine)


async def test_jobs_are_cancelled_together_whether_they_run_or_wait(client, engine, graph) -> None:
    ids = [await submit(client, graph) for _ in range(4)]
    await runs(engine, *ids[:2])
    listed = await (await client.get("/api/jobs?status=in_progress")).json()
    assert {job["id"] for job in listed["jobs"]} == set(ids[:2])
    answer = await client.post("/api/jobs/cancel", json={"job_ids": ids[:3]})
    assert await answer.json() == {"cancelled": True}
    await runs(engine, ids[3])
    answer = await client.post(f"/api/jobs/{ids[3]}/cancel")
    assert await answer.json() == {"cancelled": True}
    await runs(engine)


@pytest.fixture
async def guarded(engine, folders, settings, aiohttp_client):
    """A client of a server with users."""
    settings = replace(settings, wants_token=True, token="the-owners-token", multi_user=True)
    return await aiohttp_client(make_app(engine, folders, settings))


@pytest.fixture
def users(folders):
    """What two users say who they are with."""
    path = folders.user / "accounts.json"
    accounts, headers = read_accounts(path), {}
    for name in ("ada", "bob"):
        accounts.add_user(name, "correct horse", admin=False)
        token = accounts.add_token(name, Token(hash="", user=name))
        headers[name] = {"Authorization": f"Bearer {token}"}
    write_accounts(path, accounts)
    return headers


async def test_a_user_sees_and_stops_only_her_own(guarded, engine, graph, users) -> None:
    hers, his = [await submit(guarded, graph, headers=users[name]) for name in ("ada", "bob")]
    await runs(engine, hers, his)
    assert await queue(guarded, users["ada"]) == [[hers], []]
    await guarded.post("/interrupt", json={"prompt_id": hers}, headers=users["bob"])
    cancelled = await guarded.post("/api/jobs/cancel", json={"job_ids": [hers]}, headers=users["bob"])
    assert await cancelled.json() == {"cancelled": False}
    await guarded.post("/interrupt", headers=users["bob"])
    await runs(engine, hers)
    await guarded.post("/interrupt", headers=users["ada"])
    await runs(engine)


async def test_each_client_hears_of_its_own_and_is_greeted_with_all_of_them(client, engine, graph) -> None:
    mine = [await submit(client, graph, client_id="me") for _ in range(2)]
    await runs(engine, *mine)
    async with client.ws_connect("/ws?clientId=me") as socket:
        status, *greeting = [await socket.receive_json() for _ in range(3)]
        assert status["type"] == "status"
        assert {message["data"]["prompt_id"]: message["data"]["node"] for message in greeting} == engine.running()
        await client.post("/interrupt", json={"prompt_id": mine[1]})
        while (message := await socket.receive_json())["type"] == "status":
            pass
        assert (message["type"], message["data"]["prompt_id"]) == ("execution_interrupted", mine[1])
