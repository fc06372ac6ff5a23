"""The same graphs give the same, whether one process runs them one after the other or several run them at once."""

import asyncio
import random
from contextlib import AsyncExitStack, aclosing

from execution.events import Executed
from execution.worker import Job, WorkerSettings
from execution.workers.subprocess import SubprocessWorker
from tests.packs.conftest import PACKS

GRAPHS = 60


def graph(chance):
    """Numbers added and doubled at random; every result is shown."""
    prompt = {"0": {"class_type": "ClassicNumber", "inputs": {"value": chance.randrange(100)}}}
    for number in range(1, chance.randrange(2, 25)):
        one, other = ([str(chance.randrange(number)), 0] for _ in range(2))
        adds = {"class_type": "ClassicAdd", "inputs": {"a": one, "b": other}}
        doubles = {"class_type": "ClassicDouble", "inputs": {"value": one}}
        prompt[str(number)] = chance.choice((adds, doubles))
    shown = {f"show {one}": {"class_type": "ClassicShowAll", "inputs": {"value": [one, 0]}} for one in prompt}
    return prompt | shown


async def outputs(worker, number, prompt):
    job = Job(prompt_id=str(number), prompt=prompt, outputs=[one for one in prompt if one.startswith("show")])
    async with aclosing(worker.run(job)) as events:
        heard = [event async for event in events if isinstance(event, Executed)]
    return {event.node: event.output for event in heard if event.node in prompt and event.node.startswith("show")}


async def results(base, graphs, count):
    """Each graph's outputs, from `count` worker processes that share the work."""
    found = [None] * len(graphs)
    async with AsyncExitStack() as stack:
        workers = [SubprocessWorker(WorkerSettings(base=str(base), packages=())) for _ in range(count)]
        for worker in workers:
            stack.push_async_callback(worker.close)
        await asyncio.gather(*(worker.start() for worker in workers))

        async def work(worker, numbers):
            for number in numbers:
                found[number] = await outputs(worker, number, graphs[number])

        shares = [range(place, len(graphs), count) for place in range(count)]
        await asyncio.gather(*map(work, workers, shares))
    return found


async def test_one_worker_and_three_give_the_same(tmp_path):
    (tmp_path / "custom_nodes").symlink_to(PACKS)
    chance = random.Random(7)
    graphs = [graph(chance) for _ in range(GRAPHS)]
    alone = await results(tmp_path, graphs, 1)
    assert all(alone)
    assert alone == await results(tmp_path, graphs, 3)
