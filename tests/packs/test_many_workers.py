"""The same graphs give the same, whether one process runs them one after the other or several run them at once."""

import asyncio
import random
from contextlib import AsyncExitStack, aclosing

from PIL import Image

from execution.cache.settings import CacheSettings
from execution.events import Executed, NodeTiming
from execution.worker import Job, WorkerSettings
from execution.workers.subprocess import SubprocessWorker
from tests.packs.conftest import PACKS

GRAPHS = 60
ran = {}
"""The nodes that ran the last time, by the number of their graph."""


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
    async with aclosing(worker.run(job)) as batches:
        heard = [event async for events in batches for event in events if isinstance(event, Executed | NodeTiming)]
    ran[number] = [event.node for event in heard if isinstance(event, NodeTiming)]
    heard = [event for event in heard if isinstance(event, Executed)]
    return {event.node: event.output for event in heard if event.node in prompt and event.node.startswith("show")}


async def results(base, graphs, count, **settings):
    """Each graph's outputs, from `count` worker processes that share the work."""
    found = [None] * len(graphs)
    ran.clear()
    async with AsyncExitStack() as stack:
        workers = [SubprocessWorker(WorkerSettings(base=str(base), packages=(), **settings)) for _ in range(count)]
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


def with_picture(prompt, color):
    return prompt | {"show picture": {"class_type": "FaultPicture", "inputs": {"value": color}}}


async def test_workers_that_share_a_disk_cache_and_an_output_folder_give_the_same_and_leave_nothing_half(tmp_path):
    (tmp_path / "custom_nodes").symlink_to(PACKS)
    chance = random.Random(11)
    plain = [graph(chance) for _ in range(12)] * 2  # each one twice, so that several compute the same at once
    alone = await results(tmp_path, plain, 1)
    graphs = [with_picture(one, color=1 + at % 12) for at, one in enumerate(plain)]
    shared = CacheSettings(disk=str(tmp_path / "cache"))
    for runs_anything in (True, False):  # the second time all is in the cache
        found = await results(tmp_path, graphs, 3, cache=shared)
        assert any(ran.values()) is runs_anything
        pictures = [one.pop("show picture")["images"][0] for one in found]
        assert found == alone
        for at, picture in enumerate(pictures):
            with Image.open(tmp_path / "output" / picture["filename"]) as image:
                assert image.convert("RGB").getpixel((15, 15)) == (0, 0, 1 + at % 12)
    there = sorted(path.name for path in (tmp_path / "output").iterdir())
    assert there == [f"picture_{number:05}_.png" for number in range(1, len(there) + 1)]
    assert {path.suffix for path in (tmp_path / "cache").rglob("*") if path.is_file()} <= {".json", ".safetensors"}
