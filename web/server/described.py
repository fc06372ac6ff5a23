"""The text of /object_info, kept until a node or a folder changes: a megabyte that most clients already have."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import logging
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from comfy_core.folders import INPUTS, Folders
from nodes.schema import NodeSchema, object_info
from web.server.answers import dumps

log = logging.getLogger("easel.server")

COARSE_CLOCK_SECONDS = 2.0
Times = dict[Path, int | None]


@dataclass(frozen=True)
class Text:
    """An answer in both forms. The tag is weak, for it stands for the plain and the compressed one."""

    plain: bytes
    packed: bytes
    tag: str


@dataclass(frozen=True)
class _Kept:
    text: Text
    schemas: dict[str, NodeSchema]
    folders: Times


class Described:
    """All nodes' description, made anew when the schemas are others or a folder that a combo lists has changed."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._kept: _Kept | None = None
        self._making = asyncio.Lock()

    async def text(self, schemas: dict[str, NodeSchema]) -> Text:
        """The description of these schemas; `schemas` is compared by identity."""
        async with self._making:
            kept = self._kept
            if kept is None or kept.schemas is not schemas or await asyncio.to_thread(_changed, kept.folders):
                kept = await asyncio.to_thread(self._make, schemas)
                self._kept = kept
            return kept.text

    def _make(self, schemas: dict[str, NodeSchema]) -> _Kept:
        seen: set[str] = set()
        times: Times = {}

        def files(kind: str) -> list[str]:
            if kind not in seen:
                seen.add(kind)
                times.update(_times(_places(self._folders, kind)))
            return self._folders.files(kind)

        plain = describe(schemas.values(), files).encode()
        if self._kept is not None and self._kept.text.plain == plain:
            return _Kept(self._kept.text, schemas, times)
        tag = f'W/"{hashlib.sha256(plain).hexdigest()[:32]}"'
        return _Kept(Text(plain, gzip.compress(plain, compresslevel=6, mtime=0), tag), schemas, times)


def describe(schemas: Iterable[NodeSchema], files: Callable[[str], list[str]]) -> str:
    """The /object_info of these nodes; each folder is listed once, and a broken schema costs only its own node."""
    listed: dict[str, list[str]] = {}

    def once(kind: str) -> list[str]:
        if kind not in listed:
            listed[kind] = files(kind)
        return listed[kind]

    described = {}
    for schema in list(schemas):
        try:
            described[schema.id] = object_info(schema, once)
        except (KeyError, TypeError, ValueError, OSError) as error:
            log.error("node %s is left out of the catalogue: %s", schema.id, error)
    return dumps(described)


def _places(folders: Folders, kind: str) -> list[Path]:
    return [folders.input] if kind in INPUTS else folders.models(kind)


def _times(places: list[Path]) -> Times:
    """When each of these folders, and every folder beneath, last changed; None for what is not there."""
    found: Times = {}
    for place in places:
        found[place] = _time(place)
        for folder, names, _ in os.walk(place):
            found.update({path: _time(path) for path in (Path(folder, name) for name in names)})
    return found


def _changed(then: Times) -> bool:
    """Whether a folder is not as it was. One that changed a moment ago counts as changed: clocks of disks are coarse,
    and another change within the same tick would not show."""
    recent = time.time_ns() - int(COARSE_CLOCK_SECONDS * 1e9)
    return any((was is not None and was > recent) or _time(path) != was for path, was in then.items())


def _time(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None
