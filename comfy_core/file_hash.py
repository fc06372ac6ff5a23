"""Which file it is: hashes that name a model for good, found once for each state of a file and remembered in user/."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from comfy_core import folders
from comfy_core.whole_file import changing, replace_file

MIB = 1 << 20
READ_WHOLE = 128 * MIB
SAMPLES = 64

_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hash")
_lock = threading.Lock()
_hashes: dict[tuple[str, int, int], Future[str]] = {}


def begin(path: Path) -> Future[str]:
    """Have a file hashed beside the other work. The result raises OSError where the file cannot be read."""
    state = path.stat()
    key = (str(path), state.st_size, state.st_mtime_ns)
    with _lock:
        if key not in _hashes:
            _hashes[key] = _thread.submit(_remembered, *key)
        return _hashes[key]


def file_hash(path: Path) -> str:
    """`sha256:…` of a file; of one above 128 MiB `sampled-sha256:…`, which takes no longer however large it is.

    The sampled hash is that of its size in bytes (decimal, ASCII) followed by 64 blocks of 1 MiB spread evenly over it:
    block k begins at k (size - 1 MiB) / 63, rounded down, so that the first has a safetensors file's header, and the
    last its end. Raises OSError.
    """
    return begin(path).result()


def _remembered(path: str, size: int, mtime: int) -> str:
    known = _read().get(path)
    if known is not None and known[:2] == [size, mtime]:
        return known[2]
    found = _hash(Path(path), size)
    with suppress(OSError):
        _learn({path: [size, mtime, found]})
    return found


def _hash(path: Path, size: int) -> str:
    with path.open("rb") as file:
        if size <= READ_WHOLE:
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
        digest = hashlib.sha256(str(size).encode())
        for sample in range(SAMPLES):
            file.seek(sample * (size - MIB) // (SAMPLES - 1))
            digest.update(file.read(MIB))
        return f"sampled-sha256:{digest.hexdigest()}"


def _read() -> dict[str, Any]:
    try:
        known = json.loads(_memory().read_bytes())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _learn(hashes: dict[str, Any]) -> None:
    """Write them to those that are known, also by other processes; files that are gone are forgotten."""
    memory = _memory()
    with changing(memory):
        there = {path: entry for path, entry in (_read() | hashes).items() if os.path.exists(path)}
        replace_file(memory, json.dumps(there).encode())


def _memory() -> Path:
    return folders.current().user / "hashes.json"
