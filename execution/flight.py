"""A node between its start and its end."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import msgspec

from execution import loop
from execution.graph import GraphNode
from execution.invocation import Arguments
from execution.results import Returned


class Clock(msgspec.Struct):
    """How long a node was at work; not while it waits for nodes that it asked for or stands for."""

    spent: float = 0.0
    since: float | None = None

    def resume(self) -> None:
        if self.since is None:
            self.since = time.perf_counter()

    def pause(self) -> None:
        self.spent, self.since = self.seconds, None

    @property
    def seconds(self) -> float:
        return self.spent + (time.perf_counter() - self.since if self.since is not None else 0.0)


class Flight(msgspec.Struct):
    """What the calls of a node returned so far, or the `tasks` that they have become, and the nodes it stands for."""

    node: GraphNode
    clock: Clock = msgspec.field(default_factory=Clock)
    arguments: Arguments = {}
    outcomes: list[Any] = []
    tasks: list[asyncio.Task[Any]] = []
    calls: list[Returned] | None = None
    behind: list[str] = []

    @property
    def has_begun(self) -> bool:
        return bool(self.outcomes) or self.calls is not None

    @property
    def is_settled(self) -> bool:
        """Have all tasks ended, or one of them badly?"""
        return all(task.done() for task in self.tasks) or any(
            task.done() and (task.cancelled() or task.exception()) for task in self.tasks
        )

    def returned(self) -> list[Any]:
        """What the calls returned. Raises what the first one that failed raised."""
        for task in self.tasks:
            if task.cancelled():
                raise RuntimeError(f"{self.node.title} cancelled itself")
            if task.done():
                loop.result(task)
        return [one.result() if isinstance(one, asyncio.Task) else one for one in self.outcomes]
