"""A process behind pipes whose end is noticed at once, whoever else holds its pipes.

What a node starts inherits them, and may live on for as long as it likes; asyncio's own `Process.wait` waits for that.
"""

from __future__ import annotations

import asyncio
from asyncio.subprocess import PIPE, Process, SubprocessStreamProtocol
from collections.abc import Callable, Mapping

LIMIT = 64 * 1024


class PipedProcess(Process):
    """What it says on its standard output is handed to `heard` the moment it comes, until it is `silent`; `exited` is
    done when it has ended."""

    silent: asyncio.Future[None]
    exited: asyncio.Future[None]

    @classmethod
    async def start(cls, *command: str, env: Mapping[str, str], heard: Callable[[bytes], None]) -> PipedProcess:
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.subprocess_exec(
            lambda: _Protocol(heard), *command, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=env
        )
        process = cls(transport, protocol, loop)
        process.silent, process.exited = protocol.silent, protocol.exited
        return process


class _Protocol(SubprocessStreamProtocol):
    def __init__(self, heard: Callable[[bytes], None]) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(limit=LIMIT, loop=loop)
        self.silent: asyncio.Future[None] = loop.create_future()
        self.exited: asyncio.Future[None] = loop.create_future()
        self._heard = heard

    def pipe_data_received(self, fd: int, data: bytes | str) -> None:
        if fd == 1:
            assert isinstance(data, bytes)
            self._heard(data)
        else:
            super().pipe_data_received(fd, data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        super().pipe_connection_lost(fd, exc)
        if fd == 1 and not self.silent.done():
            self.silent.set_result(None)

    def process_exited(self) -> None:
        super().process_exited()
        if not self.exited.done():
            self.exited.set_result(None)
