"""Goes through the folders in a thread of its own and takes in what is new there.

A scan reads names, sizes and times, and the headers of pictures; the bytes of files, which are what a hash costs, only
when it is asked to.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from comfy_core.folders import Folders
from web.server.assets import inventory
from web.server.assets.contents import Stopped, facts, hash_file
from web.server.assets.database import Database
from web.server.assets.places import ROOTS, Found, find_files, places
from web.server.assets.refusals import AssetRefusal

log = logging.getLogger("easel.server")
FILES_AT_ONCE = 200


@dataclass
class Progress:
    """How many files were looked at, of how many; how many were new, and how many were known."""

    scanned: int = 0
    total: int = 0
    created: int = 0
    skipped: int = 0


class Seeder:
    """One scan at a time. `users` names those who have folders of their own in output/."""

    def __init__(self, database: Database, folders: Folders, users: Callable[[], Collection[str]]) -> None:
        self._database, self._folders, self._users = database, folders, users
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="assets-scan")
        self._running: asyncio.Future[None] | None = None
        self._stop = threading.Event()
        self._progress: Progress | None = None
        self._errors: list[str] = []

    def start(self, roots: Collection[str] = ROOTS, with_hashes: bool = False) -> asyncio.Future[None] | None:
        """Begin a scan; it is done when the future is. None if one is under way."""
        if self.is_running:
            return None
        self._stop.clear()
        self._progress, self._errors = Progress(), []
        self._running = asyncio.get_running_loop().run_in_executor(self._thread, self._scan, roots, with_hashes)
        return self._running

    def cancel(self) -> bool:
        """Have the scan stop; whether there was one."""
        self._stop.set()
        return self.is_running

    def close(self) -> None:
        self._stop.set()
        self._thread.shutdown()

    @property
    def is_running(self) -> bool:
        return self._running is not None and not self._running.done()

    def report(self) -> dict[str, Any]:
        """How far it is; of the last scan, after its end."""
        progress = asdict(self._progress) if self._progress else None
        return {"state": self._state(), "progress": progress, "errors": list(self._errors)}

    def _state(self) -> str:
        if not self.is_running:
            return "IDLE"
        return "CANCELLING" if self._stop.is_set() else "RUNNING"

    def _scan(self, roots: Collection[str], with_hashes: bool) -> None:
        try:
            self._take_in_all(find_files(places(self._folders, roots), self._users(), self._errors))
            if with_hashes:
                self._hash()
        except AssetRefusal as refusal:
            self._errors.append(refusal.message)
        except Exception as error:
            log.exception("the scan for assets failed")
            self._errors.append(f"the scan failed: {type(error).__name__}")

    def _take_in_all(self, found: list[Found]) -> None:
        assert self._progress is not None
        self._progress.total = len(found)
        for start in range(0, len(found), FILES_AT_ONCE):
            if self._stop.is_set():
                return
            some = found[start : start + FILES_AT_ONCE]
            created = self.take_in(some)
            self._progress.scanned += len(some)
            self._progress.created += created
            self._progress.skipped += len(some) - created

    def take_in(self, found: list[Found]) -> int:
        """Write down what is new or has changed; how many became assets. For any thread."""
        with self._database.reading() as connection:
            news = inventory.unknown(connection, found)
        if not news:
            return 0
        told = {one.path: facts(one.path, one.mime_type, one.root) for one in news}
        with self._database.writing() as connection:
            return inventory.take_in(connection, news, told)

    def _hash(self) -> None:
        with self._database.reading() as connection:
            unread = inventory.without_hash(connection)
        for file, path in unread:
            try:
                hash = hash_file(path, self._stop.is_set)
            except Stopped:
                return
            except OSError as error:
                self._errors.append(f"{path.name}: {error.strerror}")
                continue
            with self._database.writing() as connection:
                inventory.set_hash(connection, file, hash)
