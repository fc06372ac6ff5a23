"""The node schemas as the server knows them: those of the last start at once, the worker's own once it is up."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path

import msgspec

from execution.worker import Worker, WorkerFailed
from nodes.schema import NodeSchema

log = logging.getLogger(__name__)


class Catalogue:
    """`failure` says why the worker is not up, if it tried and could not."""

    def __init__(self, path: Path, worker: Worker) -> None:
        self.schemas: dict[str, NodeSchema] = {}
        self.failure: str | None = None
        self._path = path
        self._worker = worker
        self._asked = asyncio.Event()
        self._asking = asyncio.Lock()

    @property
    def is_fresh(self) -> bool:
        """Do the schemas come from the worker that runs now?"""
        return self._asked.is_set() and self.failure is None

    def load(self) -> None:
        """Read what the last start knew; a file that cannot be read is as good as none."""
        try:
            self._set(msgspec.json.decode(self._path.read_bytes(), type=list[NodeSchema]))
        except FileNotFoundError:
            log.debug("no node catalogue from an earlier start")
        except (OSError, msgspec.DecodeError) as error:
            log.warning("%s is not readable (%s); the worker will write a new one", self._path, error)

    async def bring_up(self) -> None:
        """Start the worker if it is not up, and take over its schemas. Never raises: `failure` has the reason."""
        async with self._asking:
            if self.is_fresh:
                return
            try:
                await self._worker.start()
                self._set(await self._worker.catalogue())
                self.failure = None
                await asyncio.to_thread(self._save)
            except WorkerFailed as error:
                self.failure = str(error)
                log.error("%s", error)
            except OSError as error:
                log.warning("the node catalogue could not be kept: %s", error)
            finally:
                self._asked.set()

    async def worker_has_answered(self) -> None:
        """Return once the worker is up or has failed to come up."""
        await self._asked.wait()

    def _set(self, schemas: list[NodeSchema]) -> None:
        self.schemas = {schema.id: schema for schema in schemas}

    def _save(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._path.with_suffix(f".{os.getpid()}.tmp")
        temporary.write_bytes(msgspec.json.encode(list(self.schemas.values()), enc_hook=str))
        os.replace(temporary, self._path)
