"""What workflows held before they were written over or deleted. Each version lies under the name of its file, and is
called after the time at which it was saved, in nanoseconds since 1970."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from web.server.files import write_whole

log = logging.getLogger("easel.server")

KEPT = 30
"""Versions of one file; older ones leave."""


@dataclass(frozen=True)
class Version:
    """`saved` is in milliseconds since 1970, `size` in bytes."""

    id: str
    saved: int
    size: int


def keep(history: Path, path: Path) -> None:
    """Before a file is written over. What it holds is not kept twice."""
    with _as_far_as_possible():
        data = path.read_bytes()
        known = versions(history)
        if not known or _version_path(history, known[0].id).read_bytes() != data:
            write_whole(_version_path(history, str(path.stat().st_mtime_ns)), data)
            _forget_oldest(history)


def take(history: Path, path: Path) -> None:
    """Instead of deleting a file."""
    with _as_far_as_possible():
        history.mkdir(parents=True, exist_ok=True)
        shutil.move(path, _version_path(history, str(path.stat().st_mtime_ns)))
        _forget_oldest(history)
    path.unlink(missing_ok=True)


def move(history: Path, to: Path) -> None:
    """After a file was given another name; versions that are there under that name already stay with it."""
    if not history.is_dir():
        return
    with _as_far_as_possible():
        to.mkdir(parents=True, exist_ok=True)
        for version in history.glob("*.json"):
            version.replace(to / version.name)
        _forget_oldest(to)


def versions(history: Path) -> list[Version]:
    """Newest first."""
    found = (path for path in history.glob("*.json") if path.stem.isdecimal() and path.is_file())
    ordered = sorted(found, key=lambda path: int(path.stem), reverse=True)
    return [Version(path.stem, int(path.stem) // 1_000_000, path.stat().st_size) for path in ordered]


def deleted(root: Path, workflows: Path) -> list[tuple[str, Version]]:
    """The last version of each workflow that is no more, by its path in the folder of workflows; newest first."""
    found = []
    for name in {path.parent.relative_to(root).as_posix() for path in root.rglob("*.json")}:
        if not (workflows / name).exists() and (known := versions(root / name)):
            found.append((name, known[0]))
    return sorted(found, key=lambda entry: entry[1].saved, reverse=True)


@contextmanager
def _as_far_as_possible() -> Iterator[None]:
    """A disk that takes no more versions keeps nobody from saving, and least of all from deleting."""
    try:
        yield
    except OSError as error:
        log.warning("an earlier version of a workflow could not be kept: %s", error)


def _version_path(history: Path, id: str) -> Path:
    return history / f"{id}.json"


def _forget_oldest(history: Path) -> None:
    for version in versions(history)[KEPT:]:
        _version_path(history, version.id).unlink(missing_ok=True)
