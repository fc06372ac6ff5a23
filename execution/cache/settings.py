"""Which cache a worker has: the flags as data, and the cache that they make."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Literal

import msgspec
import psutil

from execution.cache.base import Cache
from execution.cache.disk import DiskCache
from execution.cache.memory import ClassicCache, LruCache, RamCache
from execution.cache.none import NoCache

log = logging.getLogger(__name__)
GIB = 1 << 30


class CacheSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`mode` says what stays in memory: `ram` keeps up to `bytes` of results (0: a quarter of the machine's memory) and
    leaves `spare` bytes to other programs (0: a twentieth), `lru` keeps `results`, `classic` what the last prompt used.

    `disk` names a folder that results are also written to, up to `disk_bytes`. With `watch`, nodes that change their
    inputs are found out.
    """

    mode: Literal["ram", "classic", "lru", "none"] = "ram"
    bytes: int = 0
    spare: int = 0
    results: int = 0
    disk: str = ""
    disk_bytes: int = 20 * GIB
    watch: bool = False


def make_cache(settings: CacheSettings, world: str = "") -> Cache:
    """`world` names all that results depend on besides their signature (versions, device): on disk, only results of
    the same world are found."""
    cache = _in_memory(settings)
    if not settings.disk:
        return cache
    try:
        return DiskCache(Path(settings.disk), settings.disk_bytes, cache, world)
    except OSError as error:
        log.warning("--cache-disk %s cannot be used (%s); results are kept in memory only", settings.disk, error)
        return cache


def _in_memory(settings: CacheSettings) -> Cache:
    if settings.mode == "none":
        return NoCache()
    if settings.mode == "classic":
        return ClassicCache()
    if settings.mode == "lru":
        return LruCache(settings.results)
    total = psutil.virtual_memory().total
    return RamCache(settings.bytes or max(GIB, total // 4), settings.spare or total // 20)
