"""A worker in a process of its own: what a node breaks there, the server survives. The default home."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import msgspec

from comfy_core.folders import CHECKOUT
from execution.events import (
    TERMINAL,
    AnyEvent,
    Executing,
    ExecutionError,
    ExecutionInterrupted,
    NodeTiming,
    now_ms,
)
from execution.validate import Validation
from execution.worker import Job, Worker, WorkerFailed, WorkerSettings
from execution.workers import messages
from nodes.schema import NodeSchema

log = logging.getLogger(__name__)
PATIENCE = 5.0
SECONDS_TO_CHECK = 10.0


class SubprocessWorker(Worker):
    """Keeps one worker process running: one that dies in a job is replaced at once, one that dies idle by the next job.

    A job that ignores an interrupt for `patience` seconds has its process killed.
    """

    def __init__(self, settings: WorkerSettings | None = None, *, patience: float = PATIENCE) -> None:
        self._settings = settings or WorkerSettings()
        self._patience = patience
        self._child: _Child | None = None
        self._starting = asyncio.Lock()
        self._unwanted: str | None = None
        self._restart: asyncio.Task[None] | None = None

    async def start(self) -> None:
        async with self._starting:
            if self._child is None or self._child.exit_code is not None:
                self._child = await _Child.launch(self._settings)

    async def catalogue(self) -> list[NodeSchema]:
        if self._child is None:
            raise WorkerFailed("The worker is not up yet.")
        return self._child.catalogue

    async def run(self, job: Job) -> AsyncGenerator[AnyEvent, None]:
        progress = _JobProgress(job)
        try:
            async with aclosing(self._attempts(progress)) as events:
                async for event in events:
                    yield event
        finally:
            self._unwanted = None
        yield Executing(prompt_id=job.prompt_id, node=None)

    async def check(self, prompt: dict[str, Any], targets: Any = None) -> Validation | None:
        return await self._child.check(prompt, targets) if self._child is not None else None

    async def interrupt(self, prompt_id: str) -> None:
        self._unwanted = prompt_id
        child = self._child
        if child is not None and child.job == prompt_id:
            await child.send(messages.Interrupt(prompt_id))
            asyncio.get_running_loop().call_later(self._patience, child.kill_if_running, prompt_id)

    async def free(self, unload_models: bool, free_memory: bool) -> None:
        if self._child is not None:
            await self._child.send(messages.Free(unload_models, free_memory))

    async def stats(self) -> dict[str, Any]:
        return await self._child.stats() if self._child is not None else {}

    async def close(self) -> None:
        if self._restart is not None:
            self._restart.cancel()
        if self._child is not None:
            await self._child.close()

    async def _attempts(self, progress: _JobProgress) -> AsyncGenerator[AnyEvent, None]:
        """Run the job until its terminal event; a second time only if the process died before any node had begun."""
        for last_attempt in (False, True):
            try:
                await self.start()
            except WorkerFailed as error:
                yield progress.failure("WorkerFailed", str(error))
                return
            child = self._child
            assert child is not None
            if self._unwanted == progress.job.prompt_id:
                yield progress.interruption()
                return
            async with aclosing(child.run(progress.job)) as events:
                async for event in events:
                    if progress.note(event):
                        yield event
            if child.exit_code is not None:
                self._restart = asyncio.create_task(self._restart_quietly())
            if progress.ended:
                return
            if self._unwanted == progress.job.prompt_id:
                yield progress.interruption()
                return
            if progress.node or last_attempt:
                yield progress.crash(child.exit_code)
                return

    async def _restart_quietly(self) -> None:
        try:
            await self.start()
        except WorkerFailed as error:
            log.error("%s", error)


class _JobProgress:
    """What is known of a job from its events, for the account of its end if the process cannot give it."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.node = ""
        self.ended = False
        self._executed: list[str] = []

    def note(self, event: AnyEvent) -> bool:
        """Take an event into account; False for the one that closes the run, which is not passed on from here."""
        if isinstance(event, Executing):
            if event.node is None:
                return False
            self.node = event.node if event.node in self.job.prompt else event.display_node or event.node
        elif isinstance(event, NodeTiming) and not event.cached:
            self._executed.append(event.node)
        self.ended = self.ended or isinstance(event, TERMINAL)
        return True

    def crash(self, exit_code: int | None) -> ExecutionError:
        where = (
            f"while node {self.node} ({self._node_type()}) was running" if self.node else "before the first node ran"
        )
        log.error("the worker %s %s", _manner_of_death(exit_code), where)
        message = f"The worker {_manner_of_death(exit_code)} {where}. It was restarted, and the next prompts run."
        return self.failure("WorkerCrashed", message)

    def failure(self, exception_type: str, message: str) -> ExecutionError:
        return ExecutionError(
            prompt_id=self.job.prompt_id,
            node_id=self.node,
            node_type=self._node_type(),
            exception_message=message,
            exception_type=exception_type,
            executed=self._executed,
            timestamp=now_ms(),
        )

    def interruption(self) -> ExecutionInterrupted:
        return ExecutionInterrupted(
            prompt_id=self.job.prompt_id,
            node_id=self.node,
            node_type=self._node_type(),
            executed=self._executed,
            timestamp=now_ms(),
        )

    def _node_type(self) -> str:
        return self.job.prompt.get(self.node, {}).get("class_type", "")


class _Child:
    """One worker process, from its start to its end."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.catalogue: list[NodeSchema] = []
        self.exit_code: int | None = None
        self.job: str | None = None
        self._process = process
        self._events: asyncio.Queue[AnyEvent | None] = asyncio.Queue()
        self._ready: asyncio.Future[list[NodeSchema]] = asyncio.get_running_loop().create_future()
        self._asked: list[asyncio.Future[dict[str, Any]]] = []
        self._checks: dict[int, asyncio.Future[bytes | None]] = {}
        self._check_numbers = itertools.count()
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def launch(cls, settings: WorkerSettings) -> _Child:
        """Start a process and wait until it can work. Raises WorkerFailed."""
        paths = [str(CHECKOUT), *filter(None, [os.environ.get("PYTHONPATH")])]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "execution.workers.child"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        )
        child = cls(process)
        try:
            await child.send(messages.Begin(settings))
            child.catalogue = await child._ready
        except BaseException:
            await child.close()
            raise
        return child

    async def run(self, job: Job) -> AsyncGenerator[AnyEvent, None]:
        """The events of a job; they just end when the process dies (`exit_code` is set then).

        A job that is abandoned takes its process with it, for nothing else would stop it.
        """
        self.job = job.prompt_id
        try:
            await self.send(messages.pack_job(job))
            while (event := await self._events.get()) is not None:
                yield event
        except BaseException:
            self.kill_if_running(job.prompt_id)
            raise
        finally:
            self.job = None

    async def send(self, message: messages.ToWorker) -> None:
        """Say something; a process that is gone hears nothing, and its end is noticed by the reader."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(messages.frame(message))
            await self._process.stdin.drain()
        except (ConnectionError, RuntimeError):
            log.debug("the worker is gone and did not hear %s", type(message).__name__)

    async def stats(self) -> dict[str, Any]:
        if self.exit_code is not None:
            return {}
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._asked.append(answer)
        await self.send(messages.AskStats())
        return await answer

    async def check(self, prompt: dict[str, Any], targets: Any) -> Validation | None:
        """None when the process is gone or takes too long: a node that holds it up must not hold up the answer."""
        if self.exit_code is not None:
            return None
        number = next(self._check_numbers)
        self._checks[number] = asyncio.get_running_loop().create_future()
        await self.send(messages.Check(number, json.dumps([prompt, targets]).encode()))
        try:
            answer = await asyncio.wait_for(self._checks[number], SECONDS_TO_CHECK)
        except TimeoutError:
            log.warning("the worker did not check a prompt in time; it is judged without the nodes' own checks")
            answer = None
        del self._checks[number]
        return Validation(**json.loads(answer)) if answer is not None else None

    def kill_if_running(self, prompt_id: str) -> None:
        if self.job == prompt_id and self.exit_code is None:
            log.warning("prompt %s has to stop and does not; its worker is killed", prompt_id)
            self._process.kill()

    async def close(self) -> None:
        """Closing its input tells the process to end; it has a moment to do so."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(asyncio.shield(self._reader), timeout=2)
        except TimeoutError:
            self._process.kill()
            await self._reader

    async def _read(self) -> None:
        assert self._process.stdout is not None
        try:
            while True:
                self._take(await messages.read_from_worker(self._process.stdout))
        except (asyncio.IncompleteReadError, ConnectionError):
            log.debug("the worker's channel is closed")
        except msgspec.DecodeError:
            log.exception("the worker said what nobody understands; it is ended")
            self._process.kill()
        self.exit_code = await self._process.wait()
        if not self._ready.done():
            manner = _manner_of_death(self.exit_code)
            self._ready.set_exception(WorkerFailed(f"The worker {manner} while it started; the log says more."))
        self._events.put_nowait(None)
        self._answer_all({})
        self._give_up_checks()

    def _take(self, message: messages.FromWorker) -> None:
        match message:
            case messages.Happened(event):
                self._events.put_nowait(event)
            case messages.Done():
                self._events.put_nowait(None)
            case messages.Ready(catalogue):
                self._ready.set_result(catalogue)
            case messages.Failed(reason):
                self._ready.set_exception(WorkerFailed(reason))
            case messages.Stats(stats):
                self._answer_all(stats)
            case messages.Checked(number, validation):
                if number in self._checks and not self._checks[number].done():
                    self._checks[number].set_result(validation)

    def _answer_all(self, stats: dict[str, Any]) -> None:
        while self._asked:
            waiting = self._asked.pop()
            if not waiting.done():
                waiting.set_result(stats)

    def _give_up_checks(self) -> None:
        for waiting in self._checks.values():
            if not waiting.done():
                waiting.set_result(None)


def _manner_of_death(exit_code: int | None) -> str:
    if exit_code is None or exit_code >= 0:
        return f"ended with exit code {exit_code}"
    if -exit_code == getattr(signal, "SIGKILL", 9):
        return "was killed (SIGKILL), most likely because memory ran out,"
    try:
        return f"crashed ({signal.Signals(-exit_code).name})"
    except ValueError:
        return f"crashed (signal {-exit_code})"
