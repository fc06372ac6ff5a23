"""One worker process, seen from the server: from its start to its end, what it is told and what it says."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any

import msgspec

from comfy_core.folders import CHECKOUT
from execution.events import AnyEvent, Executing
from execution.worker import Heard, Job, PackServices, WorkerFailed, WorkerSettings
from execution.workers import gpus, messages
from execution.workers.pipes import PipedProcess
from execution.workers.words import pass_on
from nodes.schema import NodeSchema

log = logging.getLogger(__name__)
DECISIVE = ("check", "rewrite")
"""The questions whose answers decide whether and how a prompt runs."""
SECONDS_TO_ANSWER = 60.0
SECONDS_OF_PATIENCE = 5.0
SECONDS_FOR_STATS = 5.0
SECONDS_FOR_LAST_WORDS = 1.0
SECONDS_TO_END = 2.0


class Child:
    """`launch` makes one. `exit_code` is None while the process lives; `job` is the id of what it runs."""

    def __init__(self, heard: Heard) -> None:
        self.catalogue: list[NodeSchema] = []
        self.services = PackServices()
        self.exit_code: int | None = None
        self.job: str | None = None
        self._idle = asyncio.Event()
        self._killed = False
        self._loading = ""
        self._process: PipedProcess
        self._log: asyncio.Task[None]
        self._end: asyncio.Task[None]
        self._messages = messages.FromWorkers()
        self._events: asyncio.Queue[list[AnyEvent] | None] = asyncio.Queue()
        self._heard = heard
        self._ready: asyncio.Future[messages.Ready] = asyncio.get_running_loop().create_future()
        self._ready.add_done_callback(lambda one: one.cancelled() or one.exception())  # heard, if nobody waits
        self._asked: list[asyncio.Future[dict[str, Any]]] = []
        self._answers: dict[int, asyncio.Future[bytes | None]] = {}
        self._numbers = itertools.count()

    @classmethod
    async def launch(cls, settings: WorkerSettings, heard: Heard) -> Child:
        """Start a process and have it prepare to work."""
        paths = [str(CHECKOUT), *filter(None, [os.environ.get("PYTHONPATH")])]
        sees = {gpus.VARIABLE: settings.gpu} if settings.gpu else {}
        child = cls(heard)
        child._process = await PipedProcess.start(
            *(sys.executable, "-P", "-m", "execution.workers.child"),
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)} | sees,
            heard=child._hear,
        )
        assert child._process.stderr is not None
        child._log = asyncio.create_task(pass_on(child._process.stderr))
        child._end = asyncio.create_task(child._until_the_end())
        try:
            await child.send(messages.Prepare(settings))
        except BaseException:
            await child.close()
            raise
        return child

    async def begin(self) -> None:
        """Have it load the packs, and wait until it can work; it ends if it cannot. Raises WorkerFailed."""
        try:
            await self.send(messages.Begin())
            ready = await self._ready
            self.catalogue, self.services = ready.catalogue, ready.services
        except BaseException:
            await self.close()
            raise

    async def run(self, job: Job) -> AsyncGenerator[list[AnyEvent], None]:
        """The events of a job; they just end when the process dies (`exit_code` is set then).

        A job that is abandoned takes its process with it, for nothing else would stop it.
        """
        closing = Executing(prompt_id=job.prompt_id, node=None)
        self.job = job.prompt_id
        self._idle.clear()
        try:
            await self.send(messages.pack_job(job))
            while (events := await self._events.get()) is not None:
                yield events
                if events[-1] == closing:
                    break
        except BaseException:
            self.kill_if_running(job.prompt_id)
            raise
        finally:
            self.job = None
            self._idle.set()

    async def ends(self, prompt_id: str, within: float) -> bool:
        """Wait for the end of that job, if it runs, for so many seconds at most; whether it does not run any more."""
        if self.job == prompt_id:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._idle.wait(), within)
        return self.job != prompt_id

    async def send(self, message: messages.ToWorker) -> None:
        """Say something; a process that is gone hears nothing, and its end is noticed by the reader."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(messages.frame(message))
            await self._process.stdin.drain()
        except (ConnectionError, RuntimeError):
            log.debug("the worker is gone and did not hear %s", type(message).__name__)

    async def stats(self) -> dict[str, Any]:
        """Nothing when the process is gone, or a node lets nobody else in it come to speak."""
        if self.exit_code is not None:
            return {}
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._asked.append(answer)
        await self.send(messages.AskStats())
        with suppress(TimeoutError):
            return await asyncio.wait_for(answer, SECONDS_FOR_STATS)
        return {}

    async def ask(self, question: str, *arguments: Any) -> Any:
        """None when the process is gone or takes too long."""
        if self.exit_code is not None:
            return None
        number = next(self._numbers)
        self._answers[number] = answer = asyncio.get_running_loop().create_future()
        try:
            await self.send(messages.Ask(number, question, json.dumps(arguments).encode()))
            wait = self._decides(question, answer) if question in DECISIVE else _comes(answer, SECONDS_TO_ANSWER)
            if not await wait:
                log.warning("the worker did not answer in time (%s); it goes on without", question)
                return None
        finally:
            del self._answers[number]
        found = answer.result()
        return json.loads(found) if found is not None else None

    async def _decides(self, question: str, answer: asyncio.Future[Any]) -> bool:
        """Wait for what packs have to say of a prompt as long as they take, but not for a process that a node at work
        keeps from speaking at all; whether the answer is there."""
        is_told = False
        while not await _comes(answer, SECONDS_OF_PATIENCE):
            stats = await self.stats()
            if self.job is not None and not stats:
                return False
            if not is_told:
                whose = " and ".join(stats.get("checks", [])) or "a pack"
                log.warning("a prompt waits for %s: its %s takes long", whose, question)
                is_told = True
        return True

    def kill_if_running(self, prompt_id: str) -> None:
        if self.job == prompt_id and self.exit_code is None:
            log.warning("prompt %s has to stop and does not; its worker is killed", prompt_id)
            self._kill()
            self._killed = True

    async def is_usable(self) -> bool:
        """Whether it lives; waits for the end of one that was killed."""
        if self._killed:
            await self._end
        return self.exit_code is None

    async def close(self) -> None:
        """Closing its input tells the process to end; it has a moment to do so."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(asyncio.shield(self._end), SECONDS_TO_END)
        except TimeoutError:
            self._kill()
            await self._end

    async def _until_the_end(self) -> None:
        """Wait until the process has ended, and tell everybody who waits for it that it has."""
        silent, exited = self._process.silent, self._process.exited
        await asyncio.wait((silent, exited), return_when=asyncio.FIRST_COMPLETED)
        if not exited.done():  # it has nothing more to say
            await asyncio.wait((exited,), timeout=SECONDS_TO_END)
            self._kill()
            await exited
        # What it started may live on and hold its pipes: of those no end can be waited for.
        await asyncio.wait((silent, self._log), timeout=SECONDS_FOR_LAST_WORDS)
        self.exit_code = self._process.returncode
        if not self._ready.done():
            self._ready.set_exception(WorkerFailed(self._end_while_starting(self.exit_code)))
        self._events.put_nowait(None)
        self._answer_all({})
        self._give_up_answers()

    def _hear(self, some: bytes) -> None:
        try:
            for message in self._messages.feed(some):
                self._take(message)
        except msgspec.DecodeError:
            log.exception("the worker said what nobody understands; it is ended")
            self._kill()

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()

    def _end_while_starting(self, exit_code: int | None) -> str:
        manner, pack = manner_of_death(exit_code), self._loading
        if pack:
            return f"The worker {manner} while it loaded custom_nodes/{pack}; mend it, or rename it to {pack}.disabled."
        return f"The worker {manner} while it started; the log says more."

    def _take(self, message: messages.FromWorker) -> None:
        match message:
            case messages.Happened(events):
                self._events.put_nowait(events)
            case messages.Loading(pack):
                self._loading = pack
            case messages.Ready():
                self._ready.set_result(message)
            case messages.Failed(reason):
                self._ready.set_exception(WorkerFailed(reason))
            case messages.Stats(stats):
                self._answer_all(stats)
            case messages.Answer(number, answer):
                if number in self._answers and not self._answers[number].done():
                    self._answers[number].set_result(answer)
            case messages.Said(kind, data, client, is_binary):
                self._heard(kind, data if is_binary else json.loads(data), client)

    def _answer_all(self, stats: dict[str, Any]) -> None:
        while self._asked:
            waiting = self._asked.pop()
            if not waiting.done():
                waiting.set_result(stats)

    def _give_up_answers(self) -> None:
        for waiting in self._answers.values():
            if not waiting.done():
                waiting.set_result(None)


async def _comes(answer: asyncio.Future[Any], within: float) -> bool:
    """Wait for an answer for so many seconds at most; whether it is there."""
    await asyncio.wait((answer,), timeout=within)
    return answer.done()


def manner_of_death(exit_code: int | None) -> str:
    """How a process ended, to go on after "The worker"."""
    if exit_code is None or exit_code >= 0:
        return f"ended with exit code {exit_code}"
    if -exit_code == getattr(signal, "SIGKILL", 9):
        return "was killed (SIGKILL), most likely because memory ran out,"
    try:
        return f"crashed ({signal.Signals(-exit_code).name})"
    except ValueError:
        return f"crashed (signal {-exit_code})"
