"""One event loop for all runs of a thread: to make one anew costs more than a small graph."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Lasting:
    """A loop that is closed when the thread that has it is gone."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()

    def __del__(self) -> None:
        self.loop.close()


_thread = threading.local()


def run(work: Coroutine[Any, Any, T]) -> T:
    """As `asyncio.run`, on a loop that stays. Tasks that the work left behind are cancelled."""
    if not hasattr(_thread, "lasting"):
        _thread.lasting = _Lasting()
    loop = _thread.lasting.loop
    try:
        return loop.run_until_complete(work)
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
