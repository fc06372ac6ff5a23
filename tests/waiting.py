"""Waiting for what a thread or a process does, until it is done: a bound only matters when it never comes."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE_SECONDS = 90
"""Generous: a busy machine is slow, not wrong."""


def wait_until(condition: Callable[[], T]) -> T:
    """What the condition answers as soon as that is true."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not (found := condition()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)
    return found


async def until(condition: Callable[[], Awaitable[T]]) -> T:
    """The same for a condition that has to be awaited."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not (found := await condition()):
        assert time.monotonic() < end, "it never came"
        await asyncio.sleep(0.01)
    return found
