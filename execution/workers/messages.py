"""What the server process and a worker process say to each other: msgpack messages, each after its length."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec

from execution import json_text
from execution.encodable import encoded
from execution.events import AnyEvent
from execution.worker import Job, PackServices, WorkerSettings
from nodes.schema import NodeSchema


class Prepare(msgspec.Struct, tag=True):
    """The first message to a worker process: do what can be done before it is wanted, see `core.prepare`."""

    settings: WorkerSettings


class Begin(msgspec.Struct, tag=True):
    """The worker is wanted now."""


class Run(msgspec.Struct, tag=True):
    """A job and its prompt as JSON texts: they may hold numbers that msgpack cannot."""

    job: bytes
    prompt: bytes


class Interrupt(msgspec.Struct, tag=True):
    prompt_id: str


class Free(msgspec.Struct, tag=True):
    unload_models: bool
    free_memory: bool


class AskStats(msgspec.Struct, tag=True):
    pass


class Ask(msgspec.Struct, tag=True):
    """A question for `WorkerCore.answer`; `arguments` is JSON text."""

    number: int
    question: str
    arguments: bytes


class Answer(msgspec.Struct, tag=True):
    """The answer to the question of that number, as JSON text; None when there is none."""

    number: int
    answer: bytes | None


class Said(msgspec.Struct, tag=True):
    """A pack's message outside of a run, for one client or all; `data` is JSON text, unless it `is_binary`."""

    kind: str
    data: bytes
    client: str | None
    is_binary: bool = False


class Loading(msgspec.Struct, tag=True):
    """The code of a pack is about to be run; an empty name: it has."""

    pack: str


class Ready(msgspec.Struct, tag=True):
    """The worker has loaded its nodes and waits for jobs."""

    catalogue: list[NodeSchema]
    services: PackServices


class Failed(msgspec.Struct, tag=True):
    """The worker cannot start and ends."""

    reason: str


class Happened(msgspec.Struct, tag=True):
    """Events of the job at work; the one that closes its run is the last."""

    events: list[AnyEvent]


class Stats(msgspec.Struct, tag=True):
    stats: dict[str, Any]


ToWorker = Prepare | Begin | Run | Interrupt | Free | AskStats | Ask
FromWorker = Loading | Ready | Failed | Happened | Stats | Answer | Said

_LENGTH = struct.Struct(">I")
_encoder = msgspec.msgpack.Encoder(enc_hook=str)
_to_worker = msgspec.msgpack.Decoder(ToWorker)
_from_worker = msgspec.msgpack.Decoder(FromWorker)


def frame(message: ToWorker | FromWorker) -> bytes:
    body = encoded(_encoder.encode, message)
    return _LENGTH.pack(len(body)) + body


def read_to_worker(channel: BinaryIO) -> ToWorker:
    """The next message from the server process. Raises EOFError when that process is gone."""
    return _to_worker.decode(_exactly(channel, _LENGTH.unpack(_exactly(channel, _LENGTH.size))[0]))


class FromWorkers:
    """Makes messages of the bytes that come from a worker, however they are cut."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def feed(self, some: bytes) -> Iterator[FromWorker]:
        """The messages that are complete by now. Raises msgspec.DecodeError."""
        waiting = self._waiting
        waiting += some
        start = 0
        while len(waiting) >= start + _LENGTH.size:
            end = start + _LENGTH.size + _LENGTH.unpack_from(waiting, start)[0]
            if end > len(waiting):
                break
            yield _from_worker.decode(waiting[start + _LENGTH.size : end])
            start = end
        del waiting[:start]


def pack_job(job: Job) -> Run:
    rest = msgspec.structs.asdict(job)
    prompt, text = rest.pop("prompt"), rest.pop("prompt_text")
    return Run(json_text.write(rest).encode(), (text or json_text.write(prompt)).encode())


def unpack_job(message: Run) -> Job:
    return Job(prompt=json_text.read(message.prompt), **json_text.read(message.job))


def _exactly(channel: BinaryIO, length: int) -> bytes:
    data = channel.read(length)
    if len(data) < length:
        raise EOFError
    return data
