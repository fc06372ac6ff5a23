"""Which node of which job runs, in a small file: what is known of a crash after which nobody can be asked.

Changing it costs one write of a page that stays in memory. It survives the end of the process, however it comes.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)
LENGTH = 1024


class Place:
    """`node` is where the run is now, "" before its first node."""

    def __init__(self, path: Path) -> None:
        self.node = ""
        self._path = path
        self._file: int | None = None

    def open(self) -> tuple[str, str]:
        """The (job, node) that ran when the file was last written, empty if none did."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0))
            job, node = json.loads(os.read(self._file, LENGTH))
            return str(job), str(node)
        except (OSError, ValueError, TypeError):
            return "", ""

    def enter(self, job: str, node: str) -> None:
        """From now on this node of this job runs."""
        self.node = node
        if self._file is None:
            return
        text = json.dumps([job, node]).encode().ljust(LENGTH)
        try:
            os.lseek(self._file, 0, os.SEEK_SET)
            os.write(self._file, text if len(text) == LENGTH else json.dumps([job, ""]).encode().ljust(LENGTH))
        except OSError as error:
            log.debug("%s cannot be written: %s", self._path, error)

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
