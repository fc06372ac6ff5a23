"""The engine: what the web server and the command line talk to. Takes prompts, keeps them, has them run, tells."""

from __future__ import annotations

from typing import Any

import msgspec

from comfy_core.folders import Folders
from execution.subscription import Envelope, QueueStatus, Subscription
from execution.worker import Worker
from nodes.schema import NodeSchema

__all__ = ["Engine", "Envelope", "QueueStatus", "Rejected", "Submitted", "Subscription"]


class Rejected(Exception):
    """A prompt that is not taken. `error` is `{type, message, details, extra_info}`, `node_errors` by node id."""

    def __init__(self, error: dict[str, Any], node_errors: dict[str, Any] | None = None) -> None:
        super().__init__(error["message"])
        self.error = error
        self.node_errors = node_errors or {}


class Submitted(msgspec.Struct):
    """The answer to a prompt that was taken and is on disk. `node_errors` names outputs that were left out."""

    prompt_id: str
    number: float
    node_errors: dict[str, Any]


class Engine:
    """One queue, one history, one worker."""

    def __init__(self, folders: Folders, *, worker: Worker, database_url: str | None = None) -> None:
        """Nothing happens yet. `database_url` is any SQLAlchemy URL; by default `user/easel.db` in `folders`."""

    async def start(self) -> None:
        """Open the store and the last catalogue, start the worker in the background; returns at once."""
        raise NotImplementedError

    async def close(self) -> None:
        """Stop the worker; a job that runs goes back into the queue for the next start."""
        raise NotImplementedError

    async def submit(self, request: dict[str, Any]) -> Submitted:
        """Take the body of POST /prompt (contract http_ws.md §1). It is on disk before this returns. Raises Rejected."""
        raise NotImplementedError

    async def validate(self, prompt: Any, targets: Any = None) -> Any:
        """Check an API prompt: an `execution.validate.Validation` (`prompt`, `outputs`, `error`, `node_errors`)."""
        raise NotImplementedError

    def queue_remaining(self) -> int:
        """Prompts that wait plus the one that runs."""
        raise NotImplementedError

    async def queue(self) -> tuple[list[list[Any]], list[list[Any]]]:
        """(running, pending), pending in the order they will run; items `[number, id, prompt, extra_data, outputs]`."""
        raise NotImplementedError

    async def clear_queue(self) -> None:
        """Forget all pending prompts."""
        raise NotImplementedError

    async def delete_from_queue(self, ids: list[str]) -> list[str]:
        """Forget pending prompts; returns the ids that were pending."""
        raise NotImplementedError

    async def history(self, max_items: int | None = None, offset: int | None = None) -> dict[str, Any]:
        """Finished prompts, oldest first, as entries of GET /history (plus `timings`: node -> seconds, cached)."""
        raise NotImplementedError

    async def history_entry(self, prompt_id: str) -> dict[str, Any]:
        """`{id: entry}`, or `{}` when no such prompt has finished."""
        raise NotImplementedError

    async def clear_history(self) -> None:
        raise NotImplementedError

    async def delete_from_history(self, ids: list[str]) -> None:
        raise NotImplementedError

    async def interrupt(self, prompt_id: str | None = None) -> None:
        """Stop the prompt that runs, if it is `prompt_id` or none is given."""
        raise NotImplementedError

    async def free(self, unload_models: bool, free_memory: bool) -> None:
        """Unload models, and with `free_memory` drop cached outputs too, once the current prompt has ended."""
        raise NotImplementedError

    async def schemas(self) -> dict[str, NodeSchema]:
        """The node catalogue by class name; waits for the worker when none is known from the last start."""
        raise NotImplementedError

    async def stats(self) -> dict[str, Any]:
        """`{"devices": [...], "pytorch_version": str}` of the worker, or `{}` while it is not up."""
        raise NotImplementedError

    def subscribe(self, since: int | None = None) -> Subscription:
        """Hear all events from now on, or from after `since` (a `seq`) as far back as they are still remembered.

        `with engine.subscribe() as events: async for envelope in events: ...`
        """
        raise NotImplementedError

    def running(self) -> tuple[str, str] | None:
        """(prompt id, node id) of what runs now; the node id is empty until the first node starts."""
        raise NotImplementedError
