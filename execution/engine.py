"""The engine: what the web server and the command line talk to. Takes prompts, keeps them, has them run, tells."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from comfy_core.folders import Folders
from comfy_core.media.written import forget
from execution.catalogue import Catalogue
from execution.dispatcher import Dispatcher
from execution.events import NodeMessage
from execution.history import entry, queue_item
from execution.intake import Intake, QueueUnwritable
from execution.lane import give_up
from execution.limits import NO_LIMITS, Limits
from execution.place import Place, all_noted, file_of_worker
from execution.recorder import Complete
from execution.store import FINISHED, JobQuery, Store, StoredJob
from execution.store.database import sqlite_path
from execution.submission import Counter, Rejected, Submitted
from execution.subscription import Envelope, Hub, QueueStatus, Subscription
from execution.validate import Validation
from execution.worker import PackServices, Worker
from nodes.schema import NodeSchema

__all__ = [
    "Engine",
    "EngineSettings",
    "Envelope",
    "QueueStatus",
    "QueueUnwritable",
    "Rejected",
    "Submitted",
    "Subscription",
]


@dataclass(frozen=True)
class EngineSettings:
    """`durable`: a prompt is on the disk itself before it is taken, not within a second. Of the history the
    `longest_history` newest prompts are kept, and none longer than `history_days`."""

    durable: bool = False
    longest_history: int = 10_000
    history_days: float = 365.0
    limits: Limits = NO_LIMITS


USUAL = EngineSettings()


class Engine:
    """One queue, one history, one worker or several."""

    def __init__(
        self,
        folders: Folders,
        *,
        worker: Worker,
        more_workers: Sequence[Worker] = (),
        database_url: str | None = None,
        settings: EngineSettings = USUAL,
    ) -> None:
        """Nothing happens yet. `database_url` is any SQLAlchemy URL; by default `user/easel.db` in `folders`.

        `more_workers` run prompts beside the first one, which alone says what nodes there are and serves packs' routes.
        """
        self._folders = folders
        self._worker = worker
        self._workers = (worker, *more_workers)
        url = database_url or f"sqlite:///{folders.user / 'easel.db'}"
        beside = sqlite_path(url)
        home = beside.parent if beside else folders.user
        self._store = Store(
            url,
            durable=settings.durable,
            longest_history=settings.longest_history,
            history_days=settings.history_days,
        )
        self._hub = Hub()
        self._catalogue = Catalogue(folders.user / "catalogue.json", worker)
        self._scratch = home / "jobs"
        self._home = home
        self._places = [Place(file_of_worker(home, index)) for index in range(len(self._workers))]
        self._dispatcher = Dispatcher(
            self._store,
            self._workers,
            self._catalogue,
            self._hub,
            places=self._places,
            scratch=self._scratch,
            limits=settings.limits,
        )
        self._intake = Intake(self._workers, self._catalogue, self._dispatcher, folders)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Open the store and the last catalogue, start the worker in the background; returns at once.

        Raises `execution.store.database.DatabaseRefused` when another Easel runs here, a newer one has been here, or
        the disk is full.
        """
        await self._store.open()
        for worker in self._workers:
            worker.hear(self._pass_on)
        self._catalogue.load()
        for job in await self._store.recover(all_noted(self._home)):
            await give_up(self._dispatcher.recorder, job)
        self._dispatcher.waiting.update(await self._store.pending_ids())
        await asyncio.to_thread(self._clear_scratch, set(self._dispatcher.waiting))
        highest = await self._store.highest_number()
        self._intake.counter = Counter(0 if highest is None else max(0, math.floor(highest) + 1))
        self._tasks = [
            asyncio.create_task(self._dispatcher.recorder.run_forever()),
            asyncio.create_task(self._catalogue.bring_up()),
            asyncio.create_task(self._dispatcher.run_forever()),
        ]

    async def close(self) -> None:
        """Stop the workers; jobs that run go back into the queue for the next start.

        An engine that could not start is closed, too.
        """
        if self._tasks:
            recorder, *others = self._tasks
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            await self._dispatcher.recorder.all_told()
            recorder.cancel()
            await self._store.put_back()
        await asyncio.gather(*(worker.close() for worker in self._workers))
        await self._store.close()
        for place in self._places:
            place.close()
        self._hub.close()

    def _clear_scratch(self, queued: set[str]) -> None:
        """Remove the folders of jobs that are no more: of some the server ended before it could."""
        if self._scratch.is_dir():
            for folder in self._scratch.iterdir():
                if folder.name not in queued:
                    forget(folder)

    # --- taking prompts ---

    async def submit(self, request: dict[str, Any], owner: str | None = None) -> Submitted:
        """Take the body of POST /prompt (http_ws.md §1). The prompt is committed before this returns.

        `owner` is the user whose it is, where there are several; other methods that take one see that user's alone.
        Raises Rejected, QueueUnwritable.
        """
        return await self._intake.submit(request, owner)

    async def validate(self, prompt: Any, targets: Any = None) -> Validation:
        """Check an API prompt (see `execution.validate.Validation`), where need be with the nodes' own checks."""
        return await self._intake.validate(prompt, targets)

    # --- the queue ---

    def queue_remaining(self) -> int:
        """Prompts that wait plus the one that runs."""
        return self._dispatcher.remaining()

    async def queue(
        self, owner: str | None = None, max_items: int | None = None, offset: int = 0
    ) -> tuple[list[list[Any]], list[list[Any]]]:
        """(running, pending), pending in the order they will run, all or `max_items` of them after the first `offset`;
        items `[number, id, prompt, extra_data, outputs]`."""
        jobs = await self._store.in_queue(owner, max_items, offset)
        running = [queue_item(job) for job in jobs if job.status == "running"]
        return running, [queue_item(job) for job in jobs if job.status == "pending"]

    async def clear_queue(self, owner: str | None = None) -> None:
        """Forget all pending prompts."""
        await self._dispatcher.remove(owner=owner)

    async def delete_from_queue(self, ids: list[str], owner: str | None = None) -> list[str]:
        """Forget pending prompts; returns the ids that were pending."""
        return await self._dispatcher.remove(ids, owner)

    def running(self) -> dict[str, str]:
        """What runs now, in the order it began: prompt id -> node id, empty until the first node starts."""
        return {job.id: node for job, node in self._dispatcher.running()}

    async def interrupt(self, prompt_id: str | None = None, owner: str | None = None) -> None:
        """Stop the prompt that runs under this id, or all that run."""
        # A prompt that begins while others are being stopped is none of those that were meant.
        at_work = [(lane.worker, lane.current) for lane in self._dispatcher.lanes]
        for worker, job in at_work:
            if job is not None and prompt_id in (None, job.id) and owner in (None, job.owner):
                await worker.interrupt(job.id)

    # --- the history ---

    async def history(
        self, max_items: int | None = None, offset: int | None = None, search: str = "", owner: str | None = None
    ) -> dict[str, Any]:
        """Finished prompts, oldest first, as entries of GET /history (plus `timings`: node -> seconds, cached)."""
        return {job.id: entry(job) for job in await self._store.history(max_items, offset, search, owner)}

    async def history_entry(self, prompt_id: str, owner: str | None = None) -> dict[str, Any]:
        """`{id: entry}`, or `{}` when no such prompt has finished."""
        job = await self.job(prompt_id, owner)
        return {job.id: entry(job)} if job is not None and job.status in FINISHED else {}

    async def clear_history(self, owner: str | None = None) -> None:
        await self._store.remove_finished(owner=owner)

    async def delete_from_history(self, ids: list[str], owner: str | None = None) -> None:
        await self._store.remove_finished(ids, owner)

    # --- both in one view ---

    async def jobs(self, asked: JobQuery) -> tuple[list[StoredJob], int]:
        """One page of jobs, without their prompts, and how many there are on all pages."""
        return await self._store.list_jobs(asked)

    async def job(self, prompt_id: str, owner: str | None = None) -> StoredJob | None:
        """A prompt in whatever state it is; None if it is not known."""
        found = await self._store.find(prompt_id)
        return found if found is not None and owner in (None, found.owner) else None

    def complete_outputs(self, complete: Complete) -> None:
        """Have every event that shows a node's output pass through `complete` before it is kept and told."""
        self._dispatcher.recorder.complete = complete

    # --- the worker ---

    async def free(self, unload_models: bool, free_memory: bool) -> None:
        """Unload models, and with `free_memory` drop cached outputs too, each worker once its prompt has ended."""
        if self._catalogue.is_fresh:
            for worker in self._workers:
                await worker.free(unload_models, free_memory)

    async def schemas(self, *, anew: bool = False) -> dict[str, NodeSchema]:
        """The node catalogue by class name; waits for the worker when none is known from the last start.

        `anew` has classes that compute their inputs say them again; a worker that takes long is not waited for.
        """
        if not self._catalogue.schemas:
            await self._catalogue.worker_has_answered()
        if anew:
            await self._catalogue.refresh()
        return self._catalogue.schemas

    async def explain(self, prompt: Any, targets: Any = None) -> dict[str, Any] | None:
        """What an API prompt would do if it ran now (`execution.explain.Forecast`), without running anything. None: the
        worker, which alone knows, is down."""
        await self._catalogue.worker_has_answered()
        return await self._dispatcher.worker_for(prompt).ask("explain", prompt, targets)

    async def pack_services(self) -> PackServices | None:
        """What custom packs offer besides nodes; waits for the first worker to come up."""
        if self._worker.services() is None:
            await self._catalogue.worker_has_answered()
        return self._worker.services()

    def pack_services_now(self) -> PackServices | None:
        """The same, None while no worker has come up yet."""
        return self._worker.services()

    async def stats(self) -> dict[str, Any]:
        """`{"devices": [...], "pytorch_version": str}` of the workers, or `{}` while the first one is not up."""
        if not self._catalogue.is_fresh:
            return {}
        first, *others = await asyncio.gather(*(worker.stats() for worker in self._workers))
        devices: dict[tuple[str, Any], Any] = {}
        for stats in (first, *others):
            for device in stats.get("devices", []):
                devices.setdefault((device["type"], device["index"]), device)
        return {**first, "devices": list(devices.values())} if devices else first

    def _pass_on(self, kind: str, data: Any, client_id: str | None) -> None:
        """A pack says something outside of a run."""
        self._hub.publish(NodeMessage(prompt_id="", kind=kind, data=data), client_id)

    # --- listening ---

    def observe(self, observer: Callable[[Envelope], None]) -> None:
        """Have a function called with each event the moment it is told; it must be quick."""
        self._hub.observe(observer)

    def subscribe(self, since: int | None = None) -> Subscription:
        """Hear all events from now on, or from after `since` (a `seq`) as far back as they are still remembered.

        `with engine.subscribe() as events: async for envelope in events: ...`
        """
        return self._hub.subscribe(since)
