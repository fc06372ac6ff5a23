"""What a worker process writes to its standard error, its log and all that nodes print, on its way to the server's.

Only so much of it per second: a node that prints without end must neither fill the disk nor hold anybody up.
"""

from __future__ import annotations

import asyncio
import sys
import time

CHUNK = 64 * 1024
BYTES_PER_SECOND = 256 * 1024


async def pass_on(channel: asyncio.StreamReader) -> None:
    """Read until the end, and pass on what is within the allowance, saying how much is not."""
    second, left, dropped = 0, BYTES_PER_SECOND, 0
    while text := await channel.read(CHUNK):
        if int(time.monotonic()) != second:
            second, left = int(time.monotonic()), BYTES_PER_SECOND
        if len(text) <= left:
            _write(_note(dropped) + text)
            dropped = 0
        else:
            dropped += len(text)
        left -= len(text)
    _write(_note(dropped))


def _note(dropped: int) -> bytes:
    return f"\n[{dropped:,} bytes that a node printed are left out]\n".encode() if dropped else b""


def _write(text: bytes) -> None:
    stream = getattr(sys.stderr, "buffer", None)
    if text and stream is not None:
        stream.write(text)
        stream.flush()
