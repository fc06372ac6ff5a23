"""Locks on files that the operating system lets go of when the process ends, however it ends."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

log = logging.getLogger(__name__)
SECONDS_BETWEEN_LOOKS = 0.002
PATIENCE = 30.0
"""Seconds that a process waits for another when it holds something itself: they may be waiting for each other."""


class FileLock:
    """Taken at once or not at all."""

    def __init__(self, path: Path) -> None:
        """Creates the file and takes it. Raises BlockingIOError when another holds it."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT)
        try:
            _lock(self._file)
        except OSError as error:
            os.close(self._file)
            raise BlockingIOError(f"{path} is held by another process") from error

    def release(self) -> None:
        os.close(self._file)


@contextmanager
def alone(path: Path, while_waiting: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Inside of it no other process is in one with the same path, a file that is there only meanwhile.

    Threads and calls of one process do not keep each other out. `while_waiting` is called every so often and may raise.
    Where the file cannot be made or locked, or two processes wait for each other, nobody is kept out.
    """
    enter(path, while_waiting)
    try:
        yield
    finally:
        leave(path)


def enter(path: Path, while_waiting: Callable[[], object] = lambda: None) -> None:
    """Begin what `alone` does, for as many times as `leave` will be called."""
    since = time.monotonic()
    while not _entered(path, is_out_of_patience=time.monotonic() - since > PATIENCE):
        while_waiting()
        time.sleep(SECONDS_BETWEEN_LOOKS)


def leave(path: Path) -> None:
    with _guard:
        held = _held[path]
        held.times -= 1
        if not held.times:
            del _held[path]
            if held.file is not None:
                _let_go(path, held.file)


class _Held:
    """A lock of this process; `file` is None where there is none to be had."""

    def __init__(self, file: int | None) -> None:
        self.file, self.times = file, 0


_held: dict[Path, _Held] = {}
_guard = threading.Lock()


def _entered(path: Path, is_out_of_patience: bool) -> bool:
    with _guard:
        if path not in _held:
            file: int | None = None
            try:
                file = _take(path)
            except BlockingIOError:
                if not (is_out_of_patience and _held):
                    return False
                log.warning("%s is held by another process, which may wait for this one; going on without it", path)
            except OSError as error:
                log.debug("there is no lock to be had on %s: %s", path, error)
            _held[path] = _Held(file)
        _held[path].times += 1
        return True


def _take(path: Path) -> int:
    """Raises BlockingIOError when another process holds it, OSError."""
    file = os.open(path, os.O_RDWR | os.O_CREAT)
    try:
        _lock(file)
        if not _is_at(path, file):
            raise BlockingIOError(f"{path} was removed by who had held it")
    except OSError:
        os.close(file)
        raise
    return file


def _is_at(path: Path, file: int) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(os.stat(path), os.fstat(file))
    return False


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError("held by another process") from error

    def _let_go(path: Path, file: int) -> None:
        os.close(file)  # before: a file that is open cannot be removed there, and one that others wait for must not be
        with suppress(OSError):
            os.unlink(path)

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _let_go(path: Path, file: int) -> None:
        with suppress(OSError):
            os.unlink(path)
        fcntl.flock(file, fcntl.LOCK_UN)  # also for a process forked meanwhile, which has the file open, too
        os.close(file)
