"""What every worker can do, wherever it lives. A worker owns a device, the loaded nodes and the output cache.

Homes: `execution.workers.in_process` (a thread of this process; tests and `run`), `execution.workers.subprocess`
(a process of its own; the default). Both are thin: the work is done by `execution.workers.core`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import msgspec

from comfy_core.folders import CHECKOUT, PLACES, ExtraFolder, Folders
from execution.cache import CacheSettings
from execution.events import AnyEvent
from execution.replacements import Replacement
from execution.validate import Validation
from nodes.schema import NodeSchema

Heard = Callable[[str, Any, str | None], None]
"""Takes a message of a pack's own: its kind, its data in JSON's types, the client it is for (None: all)."""


class WorkerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker must know to start.

    `base` and the others are the folders of `comfy_core.folders.Folders` (empty: in the base); `extra` are more folders
    of models as (kind, path, first). `options` goes to `comfy_core.memory.devices.configure`. `packages` are the Python
    packages whose modules are searched for nodes. Samplers write their progress down every `checkpoint_seconds` and
    every `checkpoint_steps` answers of a model; 0 is never. With `disable_metadata` saved files do not tell how
    they were made. `preview_method` is one of `comfy_core.preview_method.METHODS`. `arguments` are what packs may know
    of the command line (`comfy.cli_args`). `gpu` is the only one that a worker's process sees, see
    `execution.workers.gpus`; empty: it sees all.
    """

    base: str = str(CHECKOUT)
    output: str = ""
    input: str = ""
    temp: str = ""
    user: str = ""
    extra: tuple[tuple[str, str, bool], ...] = ()
    cpu: bool = False
    gpu: str = ""
    verbose: bool = False
    cache: CacheSettings = CacheSettings()
    packages: tuple[str, ...] = ("nodes",)
    checkpoint_seconds: float = 10.0
    checkpoint_steps: int = 0
    disable_metadata: bool = False
    preview_method: str = "auto"
    arguments: dict[str, Any] = {}
    options: dict[str, Any] = {}

    @classmethod
    def at(cls, folders: Folders, **more: Any) -> WorkerSettings:
        """Settings for a worker in these folders."""
        places: dict[str, Any] = {name: str(getattr(folders, name)) for name in ("base", *PLACES)}
        return cls(**places, extra=tuple((one.kind, str(one.path), one.first) for one in folders.extra), **more)

    @property
    def folders(self) -> Folders:
        places: dict[str, Any] = {name: Path(path) for name in PLACES if (path := getattr(self, name))}
        extra = tuple(ExtraFolder(kind, Path(path), first) for kind, path, first in self.extra)
        return Folders(base=Path(self.base), **places, extra=extra)


class ModelFolders(msgspec.Struct, frozen=True):
    """Where models of a kind are looked for, and how the names of their files end (nothing: in any way)."""

    folders: tuple[str, ...]
    endings: tuple[str, ...]


class PackServices(msgspec.Struct, frozen=True, kw_only=True):
    """What custom packs do besides nodes. Their routes are (method, pattern of paths); they are served at `address`, a
    Unix socket or a port of this machine, to whoever shows the `key`. `web` says where packs' files for the editor
    are, and `models` the kinds of models that are theirs or that they changed. `rewrites_prompts`: they want to see
    every prompt before it is queued. `replacements` stand in for classes that are no more.
    """

    routes: tuple[tuple[str, str], ...] = ()
    address: str = ""
    key: str = ""
    web: dict[str, str] = {}
    models: dict[str, ModelFolders] = {}
    rewrites_prompts: bool = False
    replacements: dict[str, list[Replacement]] = {}


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One validated prompt on its way to a worker. `outputs` are the ids of the output nodes to run.

    `attempt` counts from 1; what an earlier one left for it is in `folder`. That need not exist: whoever writes there
    makes it, and it is deleted when the job has ended. An empty `folder`: nothing is to be kept. With a `user`, what it
    writes goes into that user's folders. `place` is the file where to note the node at work (`execution.place`).
    `prompt_text` is the prompt as JSON, where it is at hand.
    """

    prompt_id: str
    prompt: dict[str, Any]
    outputs: list[str]
    extra_data: dict[str, Any] = {}
    attempt: int = 1
    folder: str = ""
    user: str = ""
    place: str = ""
    prompt_text: str = ""


class WorkerFailed(Exception):
    """The worker cannot start. The text is one sentence with the reason, fit for the person who waits."""


class WorkerCrashed(Exception):
    """The worker's process ended in a job, while `node` ran ("" before the first one). `manner` says how it ended."""

    def __init__(self, node: str, manner: str) -> None:
        super().__init__(f"The worker {manner}")
        self.node = node
        self.manner = manner


class Worker(ABC):
    """One place where prompts are executed, one at a time."""

    @abstractmethod
    async def start(self) -> None:
        """Return when the worker can run jobs. Raises WorkerFailed; calling it again tries again."""

    @abstractmethod
    async def catalogue(self) -> list[NodeSchema]:
        """The schemas of all nodes the worker has loaded. Raises WorkerFailed when it is not up."""

    @abstractmethod
    def run(self, job: Job) -> AsyncGenerator[list[AnyEvent], None]:
        """Execute a job. Its events come some at a time; exactly one terminal event among them, then
        `Executing(node=None)`, whatever happens inside.

        Raises WorkerFailed when the worker cannot start, WorkerCrashed when its process ends before the job does.
        """

    async def ask(self, question: str, *arguments: Any) -> Any:
        """Have `WorkerCore.answer` answer, beside whatever runs. All are JSON values; None: it cannot tell."""
        return None

    async def check(self, prompt: dict[str, Any], targets: Any = None) -> Validation | None:
        """Validate with the nodes' code at hand: their own checks, their inputs as they are now. None: cannot tell."""
        answer = await self.ask("check", prompt, targets)
        return Validation(**answer) if answer is not None else None

    async def reread_schemas(self) -> list[NodeSchema]:
        """As they are now, of the nodes whose inputs may change while the worker runs."""
        return msgspec.convert(await self.ask("reread_schemas") or [], list[NodeSchema])

    def services(self) -> PackServices | None:
        """What the packs of the worker that runs, or ran last, offer; None before the first one is up."""
        return None

    def hear(self, heard: Heard) -> None:
        """Say who is to hear what packs say outside of a run."""
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
