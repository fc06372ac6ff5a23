"""The hashes by which other programs name models: found when they are asked for, and remembered in a file.

AutoV1 is the SHA-256 of 64 KiB that begin at 1 MiB, AutoV2 that of the file, AutoV3 that of a safetensors file's
tensors without its header. They are written by their first 8, 10 and 12 digits.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from comfy_core.whole_file import changing, replace_file

BLOCK = 1 << 22
AUTO_V1, AUTO_V2, AUTO_V3 = 8, 10, 12
SAFETENSORS = (".safetensors", ".sft")
MEMORY = "model_hashes.json"
_writing = threading.Lock()


class OutOfTime(Exception):
    """The hash could not be found in the time there was."""


def auto_v1(path: Path) -> str:
    """8 digits. Raises OSError."""
    with path.open("rb") as file:
        file.seek(0x100000)
        return hashlib.sha256(file.read(0x10000)).hexdigest()[:AUTO_V1]


@dataclass
class ModelHashes:
    """Hashes of files, kept in `memory` for as long as the files stay as they are.

    Where `until` is given, the methods raise OutOfTime when `time.monotonic()` passes it; all raise OSError.
    """

    memory: Path
    until: float | None = None

    def sha256(self, path: Path) -> str:
        """All 64 digits of AutoV2."""
        return self._remembered(path, "sha256", lambda: self._digest(path, 0))

    def auto_v3(self, path: Path) -> str:
        """All 64 digits; those of the whole file where it is no safetensors file."""
        if path.suffix.lower() not in SAFETENSORS:
            return self.sha256(path)
        return self._remembered(path, "auto_v3", lambda: self._digest(path, _header_bytes(path)))

    def fits(self, path: Path, short: str) -> bool:
        """Whether one of the file's hashes begins with these digits, at least 8."""
        short = short.strip().lower()
        if len(short) == AUTO_V1 and auto_v1(path) == short:
            return True
        return len(short) >= AUTO_V1 and any(hash(path).startswith(short) for hash in (self.sha256, self.auto_v3))

    def find(self, paths: Iterable[Path], short: str) -> Path | None:
        """The file with this hash; files whose hashes are known are asked first. Raises OutOfTime when there is none
        among those that could be compared in time."""
        late = False
        for path in sorted(paths, key=lambda path: not self._known(path, self._read())):
            try:
                if self.fits(path, short):
                    return path
            except OutOfTime:
                late = True
            except OSError:
                continue
        if late:
            raise OutOfTime
        return None

    def _digest(self, path: Path, begin: int) -> str:
        digest = hashlib.sha256()
        with path.open("rb") as file:
            file.seek(begin)
            while block := file.read(BLOCK):
                if self.until is not None and time.monotonic() > self.until:
                    raise OutOfTime
                digest.update(block)
        return digest.hexdigest()

    def _remembered(self, path: Path, kind: str, compute: Callable[[], str]) -> str:
        known = self._known(path, self._read())
        if kind in known:
            return known[kind]
        found = compute()
        with _writing, suppress(OSError), changing(self.memory):
            entries = self._read()
            entries[str(path)] = {"state": _state(path), **self._known(path, entries), kind: found}
            self._write(entries)
        return found

    def _known(self, path: Path, entries: dict[str, Any]) -> dict[str, str]:
        """The hashes of a file in its present state."""
        entry = entries.get(str(path))
        try:
            if not isinstance(entry, dict) or entry.get("state") != _state(path):
                return {}
        except OSError:
            return {}
        return {kind: entry[kind] for kind in ("sha256", "auto_v3") if isinstance(entry.get(kind), str)}

    def _read(self) -> dict[str, Any]:
        try:
            known = json.loads(self.memory.read_bytes())
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}

    def _write(self, entries: dict[str, Any]) -> None:
        there = {path: entry for path, entry in entries.items() if os.path.exists(path)}
        replace_file(self.memory, json.dumps(there).encode())


def _header_bytes(path: Path) -> int:
    with path.open("rb") as file:
        head = file.read(8)
    return 8 + min(struct.unpack("<Q", head)[0], path.stat().st_size) if len(head) == 8 else 0


def _state(path: Path) -> list[int]:
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns]
