"""Which node of which job runs, in a small file: what is known of a crash after which nobody can be asked.

The worker notes it, before each node; each worker has a file of its own. That costs one write of a page that stays in
memory, and survives the end of the process, however it comes.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

from execution import json_text

log = logging.getLogger(__name__)
LENGTH = 1024


def file_of_worker(folder: Path, index: int) -> Path:
    """Where the first worker, or another one, notes its place."""
    return folder / (f"place-{index + 1}.json" if index else "place.json")


def all_noted(folder: Path) -> dict[str, str]:
    """Job to node, of all that workers have noted here."""
    noted = {}
    for path in folder.glob("place*.json"):
        place = Place(path)
        job, noted[job] = place.read()
        place.close()
    return noted


class Place:
    """The file; it is opened, and made if need be, by who uses it first."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None

    def read(self) -> tuple[str, str]:
        """The (job, node) that ran when the file was last written, empty if none did."""
        try:
            job, node = json_text.read(os.read(self._at_start(), LENGTH))
            return str(job), str(node)
        except (OSError, ValueError, TypeError):
            return "", ""

    def node_of(self, job: str) -> str:
        """The node at which that job is, or was in the end; "" before its first one, and where nothing is known."""
        noted, node = self.read()
        return node if noted == job else ""

    def enter(self, job: str, node: str) -> None:
        """From now on this node of this job runs; "" before its first one."""
        text = _as_noted(job, node)
        try:
            os.write(self._at_start(), text if len(text) == LENGTH else _as_noted(job, ""))
        except OSError as error:
            log.debug("%s cannot be written: %s", self.path, error)

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _at_start(self) -> int:
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0))
        os.lseek(self._file, 0, os.SEEK_SET)
        return self._file


def _as_noted(job: str, node: str) -> bytes:
    return json_text.write([job, node]).encode().ljust(LENGTH)
