"""The node schemas as the server knows them: those of the last start at once, the worker's own once it is up."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from pathlib import Path

import msgspec

from execution.kept import Kept
from execution.worker import Worker, WorkerFailed
from nodes.schema import NodeSchema

log = logging.getLogger(__name__)
SECONDS_BETWEEN_REFRESHES = 1.0
SECONDS_FOR_REFRESH = 2.0


class Catalogue:
    """`failure` says why the worker is not up, if it tried and could not."""

    def __init__(self, path: Path, worker: Worker) -> None:
        self.schemas: dict[str, NodeSchema] = {}
        self.failure: str | None = None
        self._kept = Kept(path, list[NodeSchema])
        self._worker = worker
        self._asked = asyncio.Event()
        self._asking = asyncio.Lock()
        self._refreshing: asyncio.Task[None] | None = None
        self._refreshed_at = -math.inf

    @property
    def is_fresh(self) -> bool:
        """Do the schemas come from the worker that runs now?"""
        return self._asked.is_set() and self.failure is None

    def load(self) -> None:
        """Read what the last start knew; a file that cannot be read is as good as none."""
        self._set(self._kept.load() or [])

    async def bring_up(self) -> None:
        """Start the worker if it is not up, and take over its schemas. Never raises: `failure` has the reason."""
        async with self._asking:
            if self.is_fresh:
                return
            try:
                await self._worker.start()
                self._set(await self._worker.catalogue())
                self.failure = None
                await self._keep()
            except (WorkerFailed, OSError) as error:  # an OSError: there is no room for one more process
                self.failure = str(error) if isinstance(error, WorkerFailed) else f"The worker could not start: {error}"
                log.error("%s", self.failure)
            finally:
                self._asked.set()

    async def refresh(self) -> None:
        """Read the inputs anew that may change while the worker runs: at most once in a second, and without waiting
        long for it; an answer that comes later counts from then on."""
        if not self.is_fresh:
            return
        if self._refreshing is None and time.monotonic() - self._refreshed_at > SECONDS_BETWEEN_REFRESHES:
            self._refreshing = asyncio.create_task(self._reread())
        if self._refreshing is not None:
            await asyncio.wait([self._refreshing], timeout=SECONDS_FOR_REFRESH)

    async def _reread(self) -> None:
        try:
            now = {schema.id: schema for schema in await self._worker.reread_schemas()}
            if any(self.schemas.get(id) != schema for id, schema in now.items()):
                self.schemas = self.schemas | now
                await self._keep()
        except msgspec.ValidationError:
            log.exception("the worker's nodes cannot be understood; those read before count")
        finally:
            self._refreshed_at = time.monotonic()
            self._refreshing = None

    async def worker_has_answered(self) -> None:
        """Return once the worker is up or has failed to come up."""
        await self._asked.wait()

    def _set(self, schemas: list[NodeSchema]) -> None:
        self.schemas = {schema.id: schema for schema in schemas}

    async def _keep(self) -> None:
        await asyncio.to_thread(self._kept.save, lambda: list(self.schemas.values()), now=True)
