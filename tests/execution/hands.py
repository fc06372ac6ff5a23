"""What statements about a running engine do to it."""

import asyncio

import pytest

from execution.engine import Rejected
from execution.events import TERMINAL


def prompt_of(node, class_type="FakeNumber", **inputs):
    return {"1": node(class_type, **inputs), "2": node("FakeShow", value=["1", 0])}


def holding(node):
    """A prompt that runs until it is interrupted."""
    return prompt_of(node, "FakeSlow", seconds=60)


async def end_of(events, prompt_id=None):
    async for envelope in events:
        if isinstance(envelope.event, TERMINAL) and prompt_id in (None, envelope.event.prompt_id):
            return envelope.event
    raise AssertionError("the run never ended")


async def run_to_the_end(engine, prompt, **request):
    with engine.subscribe() as events:
        submitted = await engine.submit({"prompt": prompt} | request)
        return await end_of(events, submitted.prompt_id)


async def has_started(engine):
    while not any(engine.running().values()):
        await asyncio.sleep(0.005)


async def notes_are_written(folders):
    """The worker writes what it learned of its first run after it told of the run's end."""
    while not all((folders.user / name).exists() for name in ("node_figures.json", "node_past.json")):
        await asyncio.sleep(0.005)


async def error_of(engine, request):
    with pytest.raises(Rejected) as refusal:
        await engine.submit(request)
    return refusal.value.error
