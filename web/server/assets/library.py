"""The assets of one server, for coroutines: all work on the database and on files is done in threads."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from comfy_core.folders import Folders, of_user
from web.server.access.rights import DEFAULT_USER
from web.server.assets import edits, inventory, store
from web.server.assets.contents import facts, hash_file, mime_type
from web.server.assets.database import Database
from web.server.assets.new import New
from web.server.assets.places import Place, look, places
from web.server.assets.query import Filters, Page
from web.server.assets.refusals import AssetRefusal
from web.server.assets.results import SavedFile
from web.server.assets.seeder import Seeder
from web.server.files import is_file

T = TypeVar("T")


class Library:
    """`users` names those who have folders of their own in output/. Methods raise AssetRefusal."""

    def __init__(self, folders: Folders, users: Callable[[], Collection[str]]) -> None:
        self._folders = folders
        self._users = users
        self._database = Database(folders.user / "assets.db")
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="assets")
        self.seeder = Seeder(self._database, folders, users)

    async def close(self) -> None:
        def close() -> None:
            self.seeder.close()
            self._threads.shutdown()
            self._database.close()

        await asyncio.to_thread(close)

    async def page(self, user: str, filters: Filters, page: Page) -> dict[str, Any]:
        return await self._read(lambda connection: edits.page(connection, user, filters, page))

    async def find(self, user: str, id: str) -> dict[str, Any]:
        return await self._read(lambda connection: edits.show(connection, user, id))

    async def open(self, user: str, id: str) -> tuple[Path, str]:
        """The file of an asset and its name, for somebody who is about to read it."""

        def use(connection: sa.Connection) -> tuple[Path, str]:
            row = edits.find(connection, user, id)
            path = self._safe_path(row)
            if path is None:
                raise AssetRefusal("FILE_NOT_FOUND", f"the file of {row.name[:80]!r} is no longer on the disk", 404)
            store.note_use(connection, id)
            return path, row.name

        return await self._write(use)

    async def has(self, user: str, hash: str) -> bool:
        return bool(await self._read(lambda connection: store.find_by_hash(connection, user, hash)))

    async def result_by_hash(self, user: str, hash: str) -> Path | None:
        """The file of input/ or output/ with these bytes."""

        def read(connection: sa.Connection) -> Path | None:
            rows = (row for row in store.find_by_hash(connection, user, hash) if row.place != "models")
            return next((Path(row.path) for row in rows if self._holds_still(row)), None)

        return await self._read(read)

    async def add_from_hash(self, user: str, hash: str, new: New) -> dict[str, Any]:
        """One more asset of a file whose hash the caller knows."""

        def add(connection: sa.Connection) -> dict[str, Any]:
            rows = [row for row in store.find_by_hash(connection, user, hash) if self._holds_still(row)]
            if not rows:
                raise AssetRefusal("ASSET_NOT_FOUND", f"no asset has the hash {hash}; upload the file", 404)
            first = rows[0]
            named = replace(new, name=new.name or first.name, mime_type=new.mime_type or first.mime_type)
            return edits.add(connection, user, first.file, named, new.tags)

        return await self._write(add)

    async def add_file(
        self, user: str, place: Place, new: New, hash: str, name: str, size: int, put: Callable[[Path], None]
    ) -> tuple[dict[str, Any], bool]:
        """Make an asset of a file that has arrived; whether its bytes are new to the place. If so, `put` moves the file
        to the path it is given, `name` in the place's folder."""
        folder = place.folder

        def add() -> tuple[dict[str, Any], bool]:
            file = self._known_in(folder, size, hash)
            is_new = file is None
            if file is None:
                put(folder / name)
                file = self._note(place, folder / name, hash)
            tags = [*place.tags, *(("uploaded",) if is_new else ()), *new.tags]
            with self._database.writing() as connection:
                return edits.add(connection, user, file, new, tags), is_new

        return await self._in_thread(add)

    async def adopt(self, user: str, root: str, path: Path) -> dict[str, Any] | None:
        """The user's asset of a file that came into input/ or output/ under a name of its own; made if there is none.
        None for other folders."""
        if root not in ("input", "output"):
            return None
        place = Place(root, self._folders.of_type(root), (root,))

        def adopt() -> dict[str, Any]:
            file = self._note(place, path, hash_file(path))
            with self._database.writing() as connection:
                row = store.find_by_path(connection, user, str(path))
                if row is not None:
                    return edits.show(connection, user, row.id)
                new = New(name=path.name, mime_type=mime_type(path.name))
                return edits.add(connection, user, file, new, [root, "uploaded"])

        return await self._in_thread(adopt)

    async def take_in_results(self, owner: str, job_id: str, saved: Sequence[SavedFile]) -> dict[SavedFile, str]:
        """Make assets of files that a run of this user has put into output/; their ids."""
        place = Place("output", self._folders.output, ("output",))
        folders = of_user(self._folders, owner)

        def take_in() -> dict[SavedFile, str]:
            paths = {(folder, name): folders.find("output", name, folder) for folder, name in saved}
            looked = (look(place, path, self._users()) for path in paths.values())
            self.seeder.take_in([replace(found, job_id=job_id) for found in looked if found is not None])
            with self._database.reading() as connection:
                ids = store.ids_by_path(connection, owner or DEFAULT_USER, {str(path) for path in paths.values()})
            return {one: ids[str(path)] for one, path in paths.items() if str(path) in ids}

        return await self._in_thread(take_in)

    async def change(self, user: str, id: str, values: Mapping[str, Any]) -> dict[str, Any]:
        return await self._write(lambda connection: edits.change(connection, user, id, values))

    async def delete(self, user: str, id: str) -> None:
        await self._write(lambda connection: edits.delete(connection, user, id))

    async def tag(self, user: str, id: str, tags: Sequence[str]) -> dict[str, Any]:
        return await self._write(lambda connection: edits.tag(connection, user, id, tags))

    async def untag(self, user: str, id: str, tags: Sequence[str]) -> dict[str, Any]:
        return await self._write(lambda connection: edits.untag(connection, user, id, tags))

    async def tag_counts(self, user: str, filters: Filters, most: int) -> dict[str, int]:
        return await self._read(lambda connection: store.tag_counts(connection, user, filters, most))

    async def vocabulary(self, user: str, prefix: str, **how: Any) -> tuple[list[tuple[str, int]], int]:
        return await self._read(lambda connection: store.vocabulary(connection, user, prefix, **how))

    async def prune(self) -> int:
        """Mark what is no longer on the disk; how many files that are. A scan that finds one again brings it back."""

        def prune() -> int:
            with self._database.reading() as connection:
                known = inventory.all_files(connection)
            gone = [id for id, path in known if not is_file(path)]
            if gone:
                with self._database.writing() as connection:
                    inventory.mark_missing(connection, gone)
            return len(gone)

        return await self._in_thread(prune)

    def _known_in(self, folder: Path, size: int, hash: str) -> int | None:
        """The file of a folder that has these bytes; those of the same size that nobody has read yet are read now."""
        with self._database.reading() as connection:
            unread = [row for row in inventory.of_size(connection, size) if not row.hash and _lies_in(folder, row.path)]
        read = [(row.id, hash_file(Path(row.path))) for row in unread if _is_as_noted(row)]
        with self._database.writing() as connection:
            for id, found in read:
                inventory.set_hash(connection, id, found)
            known = (row for row in inventory.of_size(connection, size) if row.hash == hash)
            return next((row.id for row in known if _lies_in(folder, row.path) and _is_as_noted(row)), None)

    def _note(self, place: Place, path: Path, hash: str) -> int:
        """Write down a file whose bytes are known. Names in output/ begin with the folder of its user, as in a scan."""
        if place.root != "models":
            place = replace(place, folder=self._folders.of_type(place.root))
        found = look(place, path)
        if found is None:
            raise AssetRefusal("FILE_NOT_FOUND", f"{path.name[:80]!r} is gone", 404)
        told = facts(path, found.mime_type, place.root)
        with self._database.writing() as connection:
            return inventory.keep(connection, found, told, hash)

    def _safe_path(self, row: sa.Row[Any]) -> Path | None:
        """The file of an asset, if it is there and still lies inside one of the folders of assets."""
        roots = (place.folder for place in places(self._folders, (row.place,)))
        return Path(row.path) if any(_lies_in(root, row.path) for root in roots) else None

    def _holds_still(self, row: sa.Row[Any]) -> bool:
        """Whether the file of an asset still has the bytes that its hash says."""
        return _is_as_noted(row) and self._safe_path(row) is not None

    async def _read(self, work: Callable[[sa.Connection], T]) -> T:
        def read() -> T:
            with self._database.reading() as connection:
                return work(connection)

        return await self._in_thread(read)

    async def _write(self, work: Callable[[sa.Connection], T]) -> T:
        def write() -> T:
            with self._database.writing() as connection:
                return work(connection)

        return await self._in_thread(write)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _lies_in(folder: Path, name: str) -> bool:
    path = Path(name)
    return is_file(path) and path.resolve().is_relative_to(folder)


def _is_as_noted(row: sa.Row[Any]) -> bool:
    """Whether a file has the size and the time of change that it had when it was written down."""
    try:
        stat = os.stat(row.path)
    except OSError:
        return False
    return (stat.st_size, stat.st_mtime_ns) == (row.size, row.changed)
