"""Results in a folder, so that they survive a restart: yesterday's graph with one changed node runs one node.

A result is a file named by its signature: safetensors where there are tensors, else JSON text. Models and the like
are not stored; they are computed again when a node that needs them runs. The least recently used files leave when the
folder is full. A file that cannot be read is as good as none.

Workers may share a folder, and find what the others have stored: what is in it is asked of the disk each time, and only
its size is remembered.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from comfy_core import folders
from comfy_core.whole_file import UNFINISHED, replacing
from execution.cache.base import Cache, Result
from execution.cache.codec import NotStorable, decode, encode
from execution.graph import GraphNode
from execution.signature import Signature

log = logging.getLogger(__name__)
SHOWING = ".ui.json"
"""How the name of a text ends that shows files, which may be no more."""
ENDINGS = (".json", SHOWING, ".safetensors")
STALE_SECONDS = 3600.0
PARTS = 32
"""After each such part of the budget a worker looks at what others have written; so much is freed when it is full."""


class _Stored(NamedTuple):
    used_at: int
    path: Path
    bytes: int


class DiskCache(Cache):
    """Stands before a cache in memory, which holds what was used last. `budget` bounds the bytes on disk; workers that
    share the folder may together exceed it, each other one by a 32nd part."""

    def __init__(self, folder: Path, budget: int, memory: Cache, world: str = "") -> None:
        """Raises OSError when the folder cannot be made or listed."""
        self._folder = folder
        self._budget = budget
        self._memory = memory
        self._world = world
        self._is_full = False
        folder.mkdir(parents=True, exist_ok=True)
        self._stored_bytes = sum(one.bytes for one in self._stored())
        self._bytes_since_look = 0

    @property
    def bytes(self) -> int:  # type: ignore[override]
        return self._memory.bytes

    def __len__(self) -> int:
        return len(self._memory)

    def __contains__(self, signature: object) -> bool:
        if signature in self._memory:
            return True
        path = self._file_of(signature) if isinstance(signature, str) else None
        return path is not None and _is_likely_whole(path)

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
        path = self._file_of(signature) if signature is not None else None
        if path is not None:
            _remove(path)

    def clear(self) -> None:
        """Memory is given back; what is on disk stays."""
        self._memory.clear()

    # --- files ---

    def _file_of(self, signature: Signature) -> Path | None:
        stem = self._stem(signature)
        return next((Path(stem + ending) for ending in ENDINGS if os.path.exists(stem + ending)), None)

    def _stem(self, signature: Signature) -> str:
        key = hashlib.blake2b(f"{self._world} {signature}".encode(), digest_size=20).hexdigest()
        return os.path.join(self._folder, key[:2], key)

    def _load(self, signature: Signature) -> Result | None:
        path = self._file_of(signature)
        if path is None:
            return None
        try:
            text, tensors = _read(path)
            values, ui = decode(text, tensors)
        except FileNotFoundError:  # another worker has removed it
            return None
        except Exception as error:  # whatever is wrong with a file, the node can run again
            log.warning("cached result %s cannot be read and is dropped: %s", path.name, error)
            _remove(path)
            return None
        if not _shown_files_are_there(ui):
            _remove(path)
            return None
        _touch(path)
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
            self._write(Path(self._stem(signature) + ending), text, tensors)
            self._is_full = False
        except (NotStorable, ValueError) as error:
            log.debug("a result is not stored: %s", error)
        except OSError as error:
            if not self._is_full:
                log.warning("results cannot be written to %s (%s); the run goes on without", self._folder, error)
            self._is_full = True

    def _write(self, path: Path, text: str, tensors: list[Any]) -> None:
        path.parent.mkdir(exist_ok=True)
        with replacing(path) as part:
            if tensors:
                from comfy_core.weights.tensors_file import write_tensors  # with tensors at hand, torch is there

                write_tensors(part, text, tensors)
            else:
                part.write_text(f"{zlib.crc32(text.encode()):08x}\n{text}", "utf-8")
            size = part.stat().st_size
            _touch(part)
        self._stored_bytes += size
        self._bytes_since_look += size

    def _make_room(self, size: int) -> None:
        part = self._budget // PARTS
        if self._stored_bytes + size <= self._budget and self._bytes_since_look + size <= part:
            return
        files = sorted(self._stored())
        left = sum(one.bytes for one in files)
        if left + size > self._budget:
            for one in files:
                if left + size <= self._budget - part:
                    break
                _remove(one.path)
                left -= one.bytes
        self._stored_bytes, self._bytes_since_look = left, 0

    def _stored(self) -> Iterator[_Stored]:
        """The results that are there; on the way halves that a crash left are removed."""
        for path in self._folder.glob("??/*"):
            with suppress(OSError):  # another worker may have removed it
                state = path.stat()
                if path.name.endswith(ENDINGS):
                    yield _Stored(state.st_mtime_ns, path, state.st_size)
                elif path.suffix == UNFINISHED and state.st_mtime < time.time() - STALE_SECONDS:
                    path.unlink()


def _is_likely_whole(path: Path) -> bool:
    """Only texts that show files are looked into: a run asks this of all its nodes, also of those it does not need,
    and to look into tensors takes long."""
    if not path.name.endswith(SHOWING):
        return True
    try:
        text, tensors = _read(path)
        _, ui = decode(text, tensors)
    except Exception:  # `get` says what is wrong with it
        return False
    return _shown_files_are_there(ui)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.warning("%s cannot be removed: %s", path, error)


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
    now = time.time_ns()  # the system's own stamps are too coarse for an order
    try:
        os.utime(path, ns=(now, now))
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
