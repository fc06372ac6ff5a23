"""A process behind pipes whose end is noticed at once, whoever else holds its pipes.

What a node starts inherits them, and may live on for as long as it likes; asyncio's own `Process.wait` waits for that.
"""

from __future__ import annotations

import asyncio
from asyncio.subprocess import PIPE, Process, SubprocessStreamProtocol
from collections.abc import Mapping

LIMIT = 64 * 1024


class PipedProcess(Process):
    """`exited` is done when the process has ended."""

    exited: asyncio.Future[None]

    @classmethod
    async def start(cls, *command: str, env: Mapping[str, str]) -> PipedProcess:
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.subprocess_exec(
            _Protocol, *command, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=env
        )
        process = cls(transport, protocol, loop)
        process.exited = protocol.exited
        return process


class _Protocol(SubprocessStreamProtocol):
    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(limit=LIMIT, loop=loop)
        self.exited: asyncio.Future[None] = loop.create_future()

    def process_exited(self) -> None:
        super().process_exited()
        if not self.exited.done():
            self.exited.set_result(None)
