"""What a worker process writes to its standard error, its log and all that nodes print, on its way to the server's.

Only so much of it per second: a node that prints without end must neither fill the disk nor hold anybody up.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from contextlib import suppress

CHUNK = 64 * 1024
BYTES_PER_SECOND = 256 * 1024
listeners: list[Callable[[str], None]] = []  # who else hears it, beside those who read the server's standard error


async def pass_on(channel: asyncio.StreamReader) -> None:
    """Read until the end, and pass on what is within the allowance, saying how much is not."""
    second, left, dropped = 0, BYTES_PER_SECOND, 0
    while True:
        text = await _read(channel, patience=1.0 if dropped else None)
        if int(time.monotonic()) != second:
            second, left = int(time.monotonic()), BYTES_PER_SECOND
        if text and len(text) > left:
            dropped += len(text)
        else:
            _write(_note(dropped) + (text or b""))
            dropped = 0
        left -= len(text or b"")
        if text == b"":
            return


async def _read(channel: asyncio.StreamReader, patience: float | None) -> bytes | None:
    """What comes next; empty at the end, None when nothing comes for a while."""
    try:
        return await asyncio.wait_for(channel.read(CHUNK), patience)
    except TimeoutError:
        return None


def _note(dropped: int) -> bytes:
    return f"\n[{dropped:,} bytes that a node printed are left out]\n".encode() if dropped else b""


def _write(text: bytes) -> None:
    for listener in listeners if text else ():
        listener(text.decode("utf-8", "replace"))
    stream = getattr(sys.stderr, "buffer", None)
    if text and stream is not None:
        with suppress(OSError, ValueError):  # a full disk, or nobody there to read: the worker must not wait for it
            stream.write(text)
            stream.flush()
