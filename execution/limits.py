"""How long a job, and each node in it, may take. What takes longer is stopped, and ends as failed with the reason."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from execution.events import AnyEvent, Executing, ExecutionError, ExecutionInterrupted, ExecutionStart, NodeTiming

FLAGS = {"JobTimeout": "--job-timeout", "NodeTimeout": "--node-timeout"}


@dataclass(frozen=True)
class Limits:
    """Seconds; 0 is no limit. `node` counts from when a node started or ended last."""

    job: float = 0.0
    node: float = 0.0

    def of(self, extra_data: dict[str, Any]) -> Limits:
        """What holds for a prompt that may bring limits of its own, `job_timeout` and `node_timeout`."""
        return Limits(extra_data.get("job_timeout", self.job), extra_data.get("node_timeout", self.node))


NO_LIMITS = Limits()


class Watch:
    """Hears the events of one run and calls `stop` when a limit is reached."""

    def __init__(self, limits: Limits, stop: Callable[[], None]) -> None:
        self._limits = limits
        self._stop = stop
        self._exceeded: tuple[str, float] | None = None
        self._job_timer: asyncio.TimerHandle | None = None
        self._node_timer: asyncio.TimerHandle | None = None

    def hear(self, event: AnyEvent) -> None:
        if isinstance(event, ExecutionStart):
            self._job_timer = self._timer("JobTimeout", self._limits.job)
        elif isinstance(event, (Executing, NodeTiming)):
            if self._node_timer is not None:
                self._node_timer.cancel()
            self._node_timer = self._timer("NodeTimeout", self._limits.node)

    def verdict(self, end: AnyEvent, where: str) -> AnyEvent:
        """A run that was stopped for taking too long has failed; `where` names the node it was at."""
        if self._exceeded is None or not isinstance(end, ExecutionInterrupted):
            return end
        reason, seconds = self._exceeded
        what = "The prompt took" if reason == "JobTimeout" else f"{where} took"
        at = f" at {where}" if reason == "JobTimeout" else ""
        return ExecutionError(
            prompt_id=end.prompt_id,
            node_id=end.node_id,
            node_type=end.node_type,
            exception_type=reason,
            exception_message=f"{what} longer than {seconds:g} s and was stopped{at}. {FLAGS[reason]} sets the limit.",
            executed=end.executed,
            timestamp=end.timestamp,
        )

    def close(self) -> None:
        for timer in (self._job_timer, self._node_timer):
            if timer is not None:
                timer.cancel()

    def _timer(self, reason: str, seconds: float) -> asyncio.TimerHandle | None:
        return asyncio.get_running_loop().call_later(seconds, self._expire, reason, seconds) if seconds else None

    def _expire(self, reason: str, seconds: float) -> None:
        if self._exceeded is None:
            self._exceeded = reason, seconds
            self._stop()
