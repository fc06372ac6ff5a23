"""What every worker can do, wherever it lives. A worker owns a device, the loaded nodes and the output cache.

Homes: `execution.workers.in_process` (a thread of this process; tests and `run`), `execution.workers.subprocess`
(a process of its own; the default). Both are thin: the work is done by `execution.workers.core`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from typing import Any

import msgspec

from comfy_core.folders import CHECKOUT
from execution.events import AnyEvent
from execution.validate import Validation
from nodes.schema import NodeSchema


class WorkerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker must know to start.

    `base` and `output` are the folders of `comfy_core.folders.Folders`. `options` goes to
    `comfy_core.memory.devices.configure`. `cache_bytes` is the budget of the output cache; 0 means a quarter of the
    machine's memory. `packages` are the Python packages whose modules are searched for nodes.
    """

    base: str = str(CHECKOUT)
    output: str = ""
    cpu: bool = False
    verbose: bool = False
    cache_bytes: int = 0
    packages: tuple[str, ...] = ("nodes",)
    options: dict[str, Any] = {}


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One validated prompt on its way to a worker. `outputs` are the ids of the output nodes to run.

    `attempt` counts from 1; what an earlier one left for it is in `folder`. That need not exist: whoever writes there
    makes it, and it is deleted when the job has ended. An empty `folder`: nothing is to be kept.
    """

    prompt_id: str
    prompt: dict[str, Any]
    outputs: list[str]
    extra_data: dict[str, Any] = {}
    attempt: int = 1
    folder: str = ""


class WorkerFailed(Exception):
    """The worker cannot start. The text is one sentence with the reason, fit for the person who waits."""


class Worker(ABC):
    """One place where prompts are executed, one at a time."""

    @abstractmethod
    async def start(self) -> None:
        """Return when the worker can run jobs. Raises WorkerFailed; calling it again tries again."""

    @abstractmethod
    async def catalogue(self) -> list[NodeSchema]:
        """The schemas of all nodes the worker has loaded. Raises WorkerFailed when it is not up."""

    @abstractmethod
    def run(self, job: Job) -> AsyncGenerator[AnyEvent, None]:
        """Execute a job. Exactly one terminal event comes, then `Executing(node=None)`, whatever happens inside."""

    async def check(self, prompt: dict[str, Any], targets: Any = None) -> Validation | None:
        """Validate with the nodes' code at hand: their own checks, their inputs as they are now. None: cannot tell."""
        return None

    @abstractmethod
    async def interrupt(self, prompt_id: str) -> None:
        """Stop that job if it is the one that runs; otherwise nothing happens."""

    @abstractmethod
    async def free(self, unload_models: bool, free_memory: bool) -> None:
        """After the current job: move models off the device, and with `free_memory` also drop all cached outputs."""

    @abstractmethod
    async def stats(self) -> dict[str, Any]:
        """`{"devices": [...], "pytorch_version": str}` in the shape of /system_stats; `{}` while the worker is down."""

    @abstractmethod
    async def close(self) -> None:
        """End the worker; a job that runs is abandoned."""
