"""Small knowledge that outlives the process: a JSON file, written whole now and then; a bad one is as good as none.

Several processes may keep theirs in one file: each takes over what the others have written before it writes.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from comfy_core.whole_file import changing, replace_file
from execution.encodable import encoded

log = logging.getLogger(__name__)
SECONDS_BETWEEN_SAVES = 10.0
T = TypeVar("T")
_encoder = msgspec.json.Encoder(enc_hook=str)


class Kept(Generic[T]):
    """What is of `type` and kept at `path`; without one nothing is."""

    def __init__(self, path: Path | None, type: type[T]) -> None:
        self._path = path
        self._type = type
        self._saved_at = -math.inf
        self._seen: tuple[int, ...] | None = None

    def load(self) -> T | None:
        """None where there is none, or none that can be read."""
        if self._path is None:
            return None
        self._seen = _state(self._path)
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=self._type)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            log.warning("%s is not readable (%s); what was in it is learned anew", self._path, error)
            return None

    def save(self, content: Callable[[], T], now: bool = False, take_over: Callable[[T], object] | None = None) -> None:
        """Write it, unless that was done a moment ago. A disk that refuses costs what is kept only.

        Before, `take_over` is given what is in the file if another process has written it since it was read here.
        """
        if self._path is None or (not now and time.monotonic() - self._saved_at < SECONDS_BETWEEN_SAVES):
            return
        self._saved_at = time.monotonic()
        try:
            with changing(self._path):
                if take_over is not None and _state(self._path) != self._seen and (theirs := self.load()) is not None:
                    take_over(theirs)
                replace_file(self._path, encoded(_encoder.encode, content()))
                self._seen = _state(self._path)
        except OSError as error:
            log.warning("%s could not be written: %s", self._path, error)


def _state(path: Path) -> tuple[int, ...] | None:
    """What is another whenever the file is another."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_ino, state.st_mtime_ns, state.st_size
