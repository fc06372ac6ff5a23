"""The event loop of a thread that runs prompts. It turns only while somebody waits for what is async: to enter it costs
as much as a cached prompt, and to make one anew more than a small graph.

Nodes that are not async find it announced as the running one, as in ComfyUI since 0.3.45: `asyncio.create_task` and
`asyncio.get_running_loop` work there. Packs written before call `asyncio.run` or `run_until_complete` in such nodes,
and many were never mended; both work here too, since a loop that is only announced holds nobody up.
"""

from __future__ import annotations

import asyncio
import threading
from asyncio import events
from collections.abc import Awaitable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

SECONDS_TO_END = 1.0
_thread = threading.local()
_announced = events._get_running_loop


def _turning() -> asyncio.AbstractEventLoop | None:
    """The loop that turns in this thread: what asyncio has to ask before it lets another one turn there."""
    loop = _announced()
    return loop if loop is not None and loop.is_running() else None


class _Lasting:
    """A loop that is closed when the thread that has it is gone."""

    def __init__(self) -> None:
        events._get_running_loop = _turning
        self.loop = asyncio.new_event_loop()

    def __del__(self) -> None:
        self.loop.close()


class _Escaped(Exception):
    """Around what would end the event loop if a task of it raised that: SystemExit, KeyboardInterrupt."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(str(error))
        self.error = error


def lend() -> None:
    """Have code of others find the thread's loop where it looks for one, whatever other code did to it before."""
    loop = _loop()
    asyncio.set_event_loop(loop)
    events._set_running_loop(loop)


@contextmanager
def lent() -> Iterator[None]:
    """Lend it for a run. Tasks that the run leaves behind go on until they have to wait, and are cancelled.
    One that does not heed that is not waited for."""
    around = _announced()
    lend()
    try:
        yield
    finally:
        loop = _loop()
        if asyncio.all_tasks(loop):
            _end_tasks(loop)
        events._set_running_loop(around)


def start(awaitable: Awaitable[Any]) -> asyncio.Task[Any]:
    """A task that goes on whenever the loop turns; `result` gives what came of it."""
    return _loop().create_task(_finish(awaitable))


def result(task: asyncio.Task[Any]) -> Any:
    """What the awaitable of a task that is done returned. Raises what it raised."""
    try:
        return task.result()
    except _Escaped as escaped:
        raise escaped.error from None


def complete(awaitable: Awaitable[Any]) -> Any:
    """What it returns in the end; other tasks go on meanwhile. Raises what it raises."""
    task = start(awaitable)
    _loop().run_until_complete(asyncio.wait([task]))
    return result(task)


def turn() -> None:
    """Every task that can go on does so, as far as to its next `await`."""
    loop = _loop()
    loop.call_soon(loop.stop)
    loop.run_forever()


def wait(tasks: Collection[asyncio.Task[Any]], seconds: float) -> None:
    """Let all tasks go on until one of these is done, or for so long."""
    _loop().run_until_complete(asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED))


def _end_tasks(loop: asyncio.AbstractEventLoop) -> None:
    turn()
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.wait(left, timeout=SECONDS_TO_END))


def _loop() -> asyncio.AbstractEventLoop:
    if not hasattr(_thread, "lasting") or _thread.lasting.loop.is_closed():
        _thread.lasting = _Lasting()
    return _thread.lasting.loop


async def _finish(awaitable: Awaitable[Any]) -> Any:
    try:
        return await awaitable
    except (SystemExit, KeyboardInterrupt) as error:
        raise _Escaped(error) from error
