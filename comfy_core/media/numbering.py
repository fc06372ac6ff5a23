"""The numbers in the names of saved files: free ones, also while other processes save into the same folder."""

from __future__ import annotations

import hashlib
import os
import re
from asyncio import Task
from collections.abc import Iterator
from contextlib import AbstractContextManager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from comfy_core import lock
from comfy_core.progress import check_interrupted


class Claims:
    """What is claimed inside the `with` block is let go of at its end, or with an async call's task."""

    __slots__ = ("_is_awaited", "_token", "files")

    def __init__(self) -> None:
        self.files: list[Path] = []
        self._is_awaited = False

    def __enter__(self) -> Claims:
        self._token = _claims.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        _claims.reset(self._token)
        if not self._is_awaited:
            self.let_go()

    def last_for(self, task: Task[Any]) -> None:
        self._is_awaited = True
        task.add_done_callback(self.let_go)

    def let_go(self, *_: object) -> None:
        while self.files:
            lock.leave(self.files.pop())


_claims: ContextVar[Claims | None] = ContextVar("numbering_claims", default=None)


def free_numbers(path: Path) -> Iterator[int]:
    """Counting on from the highest that files called `path` and a number have when the first one is asked for."""
    called = re.compile(rf"/{re.escape(path.name)}_(\d+)", re.IGNORECASE)
    names = "/" + "/".join(os.listdir(path.parent))  # at once: folders hold tens of thousands
    number = max(map(int, called.findall(names)), default=0)
    while True:
        number += 1
        yield number


def alone(folder: Path, name: str) -> AbstractContextManager[None]:
    """Inside of it no other process gives files of this name a number. Raises Interrupted while it waits."""
    return lock.alone(_lock_of(folder, name), check_interrupted)


def claim(folder: Path, name: str) -> None:
    """Until the call of a node is over that this is part of, no other process gives files of this name a number.

    For code that chooses the names itself. Outside of nodes it does nothing. Raises Interrupted while it waits.
    """
    claims, file = _claims.get(), _lock_of(folder, name)
    if claims is not None and file not in claims.files:
        lock.enter(file, check_interrupted)
        claims.files.append(file)


def _lock_of(folder: Path, name: str) -> Path:
    digest = hashlib.blake2b(name.casefold().encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return folder / f".{digest}.lock"
