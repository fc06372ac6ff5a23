"""Results in a folder, so that they survive a restart: yesterday's graph with one changed node runs one node.

A result is a file named by its signature: safetensors where there are tensors, else JSON text. Models and the like
are not stored; they are computed again when a node that needs them runs. The least recently used files leave when the
folder is full. A file that cannot be read is as good as none.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from comfy_core import folders
from execution.cache.base import Cache, Result
from execution.cache.codec import NotStorable, decode, encode
from execution.graph import GraphNode
from execution.signature import Signature

log = logging.getLogger(__name__)
SHOWING = ".ui.json"
"""How the name of a text ends that shows files, which may be no more."""
ENDINGS = (".json", SHOWING, ".safetensors")
UNFINISHED = ".part"
STALE_SECONDS = 3600.0


class DiskCache(Cache):
    """Stands before a cache in memory, which holds what was used last. `budget` bounds the bytes on disk."""

    def __init__(self, folder: Path, budget: int, memory: Cache, world: str = "") -> None:
        """Raises OSError when the folder cannot be made or listed."""
        self._folder = folder
        self._budget = budget
        self._memory = memory
        self._world = world
        self._files: OrderedDict[str, int] = OrderedDict()
        self._stored_bytes = 0
        self._is_full = False
        self._lock = threading.RLock()
        folder.mkdir(parents=True, exist_ok=True)
        self._list()

    @property
    def bytes(self) -> int:  # type: ignore[override]
        return self._memory.bytes

    def __len__(self) -> int:
        return len(self._memory)

    def __contains__(self, signature: object) -> bool:
        if signature in self._memory:
            return True
        name = self._file_of(signature) if isinstance(signature, str) else None
        return name is not None and self._is_likely_whole(name)

    def begin(self, nodes: Mapping[Signature | None, GraphNode]) -> None:
        self._memory.begin(nodes)

    def get(self, signature: Signature | None) -> Result | None:
        result = self._memory.get(signature)
        if result is None and signature is not None:
            result = self._load(signature)
            if result is not None:
                self._memory.put(signature, result)
        return result

    def put(self, signature: Signature | None, result: Result) -> None:
        self._memory.put(signature, result)
        if signature is not None and self._file_of(signature) is None:
            self._store(signature, result)

    def drop(self, signature: Signature | None) -> None:
        self._memory.drop(signature)
        name = self._file_of(signature) if signature is not None else None
        if name is not None:
            self._remove(name)

    def clear(self) -> None:
        """Memory is given back; what is on disk stays."""
        self._memory.clear()

    # --- files ---

    def _list(self) -> None:
        """What earlier sessions left, the least recently used first; halves that a crash left are removed."""
        found = []
        for path in self._folder.glob("??/*"):
            with suppress(FileNotFoundError):  # another process may share the folder
                state = path.stat()
                if path.name.endswith(ENDINGS):
                    found.append((state.st_mtime_ns, f"{path.parent.name}/{path.name}", state.st_size))
                elif path.suffix == UNFINISHED and state.st_mtime < time.time() - STALE_SECONDS:
                    path.unlink()
        self._files.update((name, size) for _, name, size in sorted(found))
        self._stored_bytes = sum(self._files.values())

    def _file_of(self, signature: Signature) -> str | None:
        stem = self._stem(signature)
        return next((stem + ending for ending in ENDINGS if stem + ending in self._files), None)

    def _stem(self, signature: Signature) -> str:
        key = hashlib.blake2b(f"{self._world} {signature}".encode(), digest_size=20).hexdigest()
        return f"{key[:2]}/{key}"

    def _is_likely_whole(self, name: str) -> bool:
        """Only texts that show files are looked into: a run asks this of all its nodes, also of those it does not need,
        and to look into tensors takes long."""
        if not name.endswith(SHOWING):
            return True
        try:
            text, tensors = _read(self._folder / name)
            _, ui = decode(text, tensors)
        except Exception:  # `get` says what is wrong with it
            return False
        return _shown_files_are_there(ui)

    def _load(self, signature: Signature) -> Result | None:
        name = self._file_of(signature)
        if name is None:
            return None
        try:
            text, tensors = _read(self._folder / name)
            values, ui = decode(text, tensors)
        except FileNotFoundError:
            self._forget(name)
            return None
        except Exception as error:  # whatever is wrong with a file, the node can run again
            log.warning("cached result %s cannot be read and is dropped: %s", name, error)
            self._remove(name)
            return None
        if not _shown_files_are_there(ui):
            self._remove(name)
            return None
        with self._lock:
            self._files.move_to_end(name)
        _touch(self._folder / name)
        return Result(values, ui)

    def _store(self, signature: Signature, result: Result) -> None:
        if not _outlives_the_session(result.ui):
            return
        try:
            text, tensors = encode((result.values, result.ui))
            ending = ".safetensors" if tensors else SHOWING if _shown(result.ui) else ".json"
            size = len(text) + sum(one.nbytes for one in tensors)
            if size > self._budget:
                return
            self._make_room(size)
            self._write(self._stem(signature) + ending, text, tensors)
            self._is_full = False
        except (NotStorable, ValueError) as error:
            log.debug("a result is not stored: %s", error)
        except OSError as error:
            if not self._is_full:
                log.warning("results cannot be written to %s (%s); the run goes on without", self._folder, error)
            self._is_full = True

    def _write(self, name: str, text: str, tensors: list[Any]) -> None:
        path = self._folder / name
        path.parent.mkdir(exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}{UNFINISHED}")
        try:
            if tensors:
                from comfy_core.weights.tensors_file import write_tensors  # with tensors at hand, torch is there

                write_tensors(part, text, tensors)
            else:
                part.write_text(f"{zlib.crc32(text.encode()):08x}\n{text}", "utf-8")
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
        with self._lock:
            self._files[name] = path.stat().st_size
            self._stored_bytes += self._files[name]

    def _make_room(self, size: int) -> None:
        while self._files and self._stored_bytes + size > self._budget:
            self._remove(next(iter(self._files)))

    def _remove(self, name: str) -> None:
        self._forget(name)
        try:
            (self._folder / name).unlink(missing_ok=True)
        except OSError as error:
            log.warning("%s cannot be removed: %s", self._folder / name, error)

    def _forget(self, name: str) -> None:
        with self._lock:
            self._stored_bytes -= self._files.pop(name, 0)


def _read(path: Path) -> tuple[str, list[Any]]:
    if path.suffix == ".safetensors":
        from comfy_core.weights.tensors_file import read_tensors

        return read_tensors(path)
    checksum, _, text = path.read_text("utf-8").partition("\n")
    if checksum != f"{zlib.crc32(text.encode()):08x}":
        raise ValueError("its checksum is wrong")
    return text, []


def _touch(path: Path) -> None:
    """Used just now; a folder that cannot be written loses the order only."""
    try:
        os.utime(path)
    except OSError as error:
        log.debug("%s: %s", path, error)


def _shown(ui: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The files that a result shows."""
    lists = [entries for entries in (ui or {}).values() if isinstance(entries, list)]
    return [one for entries in lists for one in entries if isinstance(one, dict) and "filename" in one]


def _outlives_the_session(ui: dict[str, Any] | None) -> bool:
    """Previews are removed at the next start."""
    return all(one.get("type") != "temp" for one in _shown(ui))


def _shown_files_are_there(ui: dict[str, Any] | None) -> bool:
    try:
        where = folders.current()
        return all(
            where.find(one.get("type", "output"), one["filename"], one.get("subfolder", "")).is_file()
            for one in _shown(ui)
        )
    except (ValueError, TypeError, AttributeError):
        return False
