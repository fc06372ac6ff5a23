"""The worker process: `python -m execution.workers.child`, started by `execution.workers.subprocess`.

Messages come on the standard input and go out on the standard output; whatever nodes print is sent to the standard
error stream instead, where the log is. When the server process is gone, so is this one.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, BinaryIO

import msgspec

from execution import json_text
from execution.encodable import encoded
from execution.garbage import settle
from execution.worker import Job, WorkerSettings
from execution.workers.core import WorkerCore, prepare
from execution.workers.messages import (
    Answer,
    Ask,
    AskStats,
    Begin,
    Failed,
    Free,
    FromWorker,
    Happened,
    Interrupt,
    Loading,
    Prepare,
    Ready,
    Run,
    Said,
    Stats,
    frame,
    read_to_worker,
    unpack_job,
)
from execution.workers.outbox import Outbox
from nodes import registry

log = logging.getLogger("execution.worker")
ANSWERING_THREADS = 8
_encoder = msgspec.json.Encoder(enc_hook=str)


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the terminal is the server's to handle
    faulthandler.enable()
    incoming, outgoing = _take_channels()
    first = read_to_worker(incoming)
    assert isinstance(first, Prepare)
    level = logging.DEBUG if first.settings.verbose else logging.INFO
    logging.basicConfig(level=level, format="%(asctime)s worker %(levelname)s %(message)s")
    logging.raiseExceptions = False  # a node may have closed the stream that the log goes to
    WorkerProcess(incoming, outgoing).serve(first.settings)


def _take_channels() -> tuple[BinaryIO, BinaryIO]:
    """Our ends of the pipes. Nodes keep an empty standard input and a standard output that cannot disturb us."""
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return incoming, outgoing


class WorkerProcess:
    """The main thread works; a second one listens, so that an interrupt is heard in the middle of a job.

    Others answer questions that come in meanwhile: a pack that takes long for one holds up few others.
    """

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._sending = threading.Lock()
        self._outbox = Outbox(lambda events: self._send(Happened(events)))
        self._work: SimpleQueue[Run | Free] = SimpleQueue()
        self._core: WorkerCore | None = None
        self._wanted = threading.Event()
        self._is_broken = False
        self._answering = ThreadPoolExecutor(ANSWERING_THREADS, thread_name_prefix="answer")

    def serve(self, settings: WorkerSettings) -> None:
        threading.Thread(target=self._listen, name="listen", daemon=True).start()
        registry.HOST.loading = lambda pack: self._send(Loading(pack))
        try:
            prepare(settings)
            self._wanted.wait()
            self._core = WorkerCore(settings, self._say, self._give_up)
        except BaseException as error:
            log.exception("the worker cannot start")
            self._send(Failed(f"The worker could not start: {type(error).__name__}: {error}"))
            sys.exit(1)
        settle()
        self._send(Ready(self._core.catalogue(), self._core.services))
        while True:
            self._do(self._core, self._work.get())

    def _do(self, core: WorkerCore, message: Run | Free) -> None:
        if isinstance(message, Free):
            core.free(message.unload_models, message.free_memory)
            return
        core.run(unpack_job(message), self._outbox.add)
        if self._is_broken:
            os._exit(1)

    def _give_up(self, job: Job) -> None:
        """Nothing may work any more in this process. The server begins the job once more in a new one; what fails there
        again is told."""
        log.error("this process may be broken for good; another takes its place")
        if job.attempt == 1:
            os._exit(1)
        self._is_broken = True

    def _listen(self) -> None:
        try:
            while True:
                message = read_to_worker(self._incoming)
                if isinstance(message, Run | Free):
                    self._work.put(message)
                elif isinstance(message, Begin):
                    self._wanted.set()
                elif isinstance(message, Interrupt) and self._core is not None:
                    self._core.interrupt(message.prompt_id)
                elif isinstance(message, Ask):
                    self._answering.submit(self._answer, message)
                elif isinstance(message, AskStats):
                    self._send(Stats(self._core.stats() if self._core is not None else {}))
        except EOFError:
            log.debug("the server is gone")
            if self._core is not None:
                with suppress(Exception):  # the other thread may be in the midst of a run
                    self._core.keep()
        finally:
            os._exit(0)  # at once: no node may hold up the end

    def _answer(self, message: Ask) -> None:
        answer = None
        try:
            if self._core is not None:
                found = self._core.answer(message.question, *json_text.read(message.arguments))
                answer = encoded(_encoder.encode, found)
        except BaseException:
            log.exception("%s: no answer", message.question)
        self._send(Answer(message.number, answer))

    def _say(self, kind: str, data: Any, client: str | None) -> None:
        self._outbox.send()
        is_binary = isinstance(data, bytes)
        self._send(Said(kind, data if is_binary else json_text.write(data).encode(), client, is_binary))

    def _send(self, message: FromWorker) -> None:
        with self._sending:
            self._outgoing.write(frame(message))
            self._outgoing.flush()


if __name__ == "__main__":
    main()
