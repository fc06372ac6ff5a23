"""Work that outlives its process: long calls append what they found out to a journal, and find it there again.

Whoever runs nodes says where with `keeping(keeper, name)`; outside of it nothing is kept. A journal is a file of
records, each behind its length and checksum, so that what a crash left half written is noticed. Free of torch.
"""

from __future__ import annotations

import logging
import os
import shutil
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

from comfy_core.scoped import Scoped

log = logging.getLogger(__name__)
GIB = 1024**3
HEAD = struct.Struct(">QI")  # length, CRC-32


class Keeper:
    """Where the journals of one job lie, and when new records are written.

    Every `seconds`, and with `records` also every so many of them; a crash costs what was not written yet. Records are
    flushed to the system, not to the disk: they survive the process, and after a power cut those that are whole count.
    Beyond `budget` bytes nothing more is kept, and where the disk is full all is let go; the work itself goes on.
    """

    def __init__(self, folder: str | Path, seconds: float = 10.0, records: int = 0, budget: int = 2 * GIB) -> None:
        self._place, self.seconds, self.records, self._budget = folder, seconds, records, budget
        self._pending: list[tuple[Path, Callable[[], bytes]]] = []
        self._written_at = time.monotonic()
        self._gave_up = False

    @cached_property
    def folder(self) -> Path:
        return Path(self._place)

    @cached_property
    def _left(self) -> int:
        """The bytes that may still be written, beside what an earlier attempt has."""
        return self._budget - sum(path.stat().st_size for path in self.folder.glob("*.journal"))

    def append(self, path: Path, record: Callable[[], bytes]) -> None:
        """Note a record, which is made when it is written."""
        if self._gave_up:
            return
        self._pending.append((path, record))
        is_full = 0 < self.records <= len(self._pending)
        if is_full or time.monotonic() - self._written_at >= self.seconds:
            self.write()

    def write(self) -> None:
        """Write all that is noted."""
        pending, self._pending = self._pending, []
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for path, group in groupby(pending, key=lambda one: one[0]):
                self._write(path, (record() for _, record in group))
        except OSError as error:
            self._give_up(f"progress cannot be kept in {self.folder}: {error.strerror or error}")
            shutil.rmtree(self.folder, ignore_errors=True)
        self._written_at = time.monotonic()

    def _write(self, path: Path, records: Iterator[bytes]) -> None:
        with path.open("ab") as file:
            for record in records:
                self._left -= HEAD.size + len(record)
                if self._left < 0:
                    self._give_up(f"progress in {self.folder} has reached its size limit")
                    return
                file.write(HEAD.pack(len(record), zlib.crc32(record)) + record)

    def _give_up(self, reason: str) -> None:
        if not self._gave_up:
            log.warning("%s; the run goes on, and after a crash it goes on from there", reason)
        self._gave_up = True
        self._pending.clear()


class Journal:
    """The records of one piece of work: first those of an earlier attempt, then new ones behind them."""

    def __init__(self, keeper: Keeper, path: Path) -> None:
        self._keeper, self._path = keeper, path
        self._at = 0
        self._file: BinaryIO | None = None
        with suppress(OSError):
            self._file = path.open("rb")

    def recall(self) -> bytes | None:
        """The next record of an earlier attempt; None when there are no more whole ones."""
        if self._file is None:
            return None
        try:
            self._at = self._file.tell()
            record = _read_record(self._file)
        except OSError:
            record = None
        if record is None:
            self.reject()
        return record

    def reject(self) -> None:
        """Drop the record recalled last and all behind it."""
        if self._file is not None:
            self._file.close()
            self._file = None
            with suppress(OSError):
                os.truncate(self._path, self._at)

    def append(self, record: Callable[[], bytes]) -> None:
        """Add a record, which is made when it is written."""
        self._keeper.append(self._path, record)


def _read_record(file: BinaryIO) -> bytes | None:
    head = file.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    length, checksum = HEAD.unpack(head)
    if not 0 < length <= os.fstat(file.fileno()).st_size:  # zeros, as a power cut leaves them, or nonsense
        return None
    body = file.read(length)
    return body if len(body) == length and zlib.crc32(body) == checksum else None


@dataclass
class _Call:
    keeper: Keeper
    name: str
    journals: int = 0


_call: ContextVar[_Call | None] = ContextVar("journal_call", default=None)


def keeping(keeper: Keeper | None, name: str) -> AbstractContextManager[None]:
    """Keep what the work inside the `with` block notes. An equal `name` (a file name) must mean equal work."""
    return Scoped(_call, None if keeper is None else _Call(keeper, name))


def next_journal() -> Journal | None:
    """A journal for the next piece of work of this call; None where nothing is kept."""
    call = _call.get()
    if call is None:
        return None
    call.journals += 1
    return Journal(call.keeper, call.keeper.folder / f"{call.name}-{call.journals}.journal")
