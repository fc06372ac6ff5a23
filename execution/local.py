"""Workflows from Python, without a server and without asyncio: `from execution import Engine`."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

from comfy_core.folders import CHECKOUT
from comfy_core.model_paths import folders_at
from execution import changes, headless
from execution.convert.files import Found, from_json
from execution.worker import Worker, WorkerSettings

T = TypeVar("T")


class Engine:
    """Runs workflows one after the other; what was computed for one is there for the next.

    `base` is where models/, input/ and custom_nodes/ are, and an extra_model_paths.yaml if there is one, `output` where
    pictures go. Nodes run in a thread of this process, or in any other `worker`. Usable in notebooks: the work is done
    on an event loop of its own.

        with Engine(output="pictures") as engine:
            for path in engine.run("text_to_image.json", **{"6.text": "a red apple", "3.seed": 7}):
                print(path)
    """

    def __init__(
        self,
        base: str | Path = CHECKOUT,
        output: str | Path | None = None,
        *,
        cpu: bool = False,
        worker: Worker | None = None,
    ) -> None:
        """Nothing is started before the `with` block or the first `run`."""
        self.folders = folders_at(Path(base), output=Path(output) if output is not None else None)
        self._worker = worker
        self._cpu = cpu
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="easel", daemon=True)
        self._stack = AsyncExitStack()
        self._engine: Any = None

    def __enter__(self) -> Engine:
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, workflow: str | Path | dict[str, Any], **values: Any) -> list[Path]:
        """Run a workflow and return the files it saved (its previews, if it saves nothing).

        `workflow` is a file (a saved workflow, an API prompt, a picture that carries one) or such JSON as a dictionary;
        `values` are new values of inputs by `NODE.INPUT`, the node by its id, title or class.

        Raises:
            execution.headless.Failed: it cannot run or a node failed, in sentences.
            ValueError: there is no workflow in the file, or no input of that name.
            RuntimeError: the engine is closed.
        """
        found = (
            from_json("the workflow", workflow) if isinstance(workflow, dict) else headless.read_file(Path(workflow))
        )
        self._start()
        return self._do(self._run(found, values))

    def close(self) -> None:
        """Stop the worker; a run that is under way is abandoned."""
        if self._thread.is_alive():
            self._do(self._stack.aclose())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def _start(self) -> None:
        if self._loop.is_closed():
            raise RuntimeError("this engine is closed; make another one")
        if self._engine is None:
            self._thread.start()
            self._engine = self._do(self._stack.enter_async_context(self._own_engine()))

    def _own_engine(self) -> Any:
        if self._worker is None:
            from execution.workers.in_process import InProcessWorker

            self._worker = InProcessWorker(WorkerSettings.at(self.folders, cpu=self._cpu, checkpoint_seconds=0))
        return headless.own_engine(self.folders, self._worker)

    async def _run(self, found: Found, values: dict[str, Any]) -> list[Path]:
        schemas = await headless.schemas_of(self._engine)
        prompt = headless.prompt_of(found, schemas, self.folders)
        asked = changes.changes_of(values, prompt, schemas)
        request = headless.request_of(found, prompt, asked, schemas, self.folders)
        return headless.files_of(self.folders, await headless.run_request(self._engine, request))

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except KeyboardInterrupt:
            future.cancel()
            if self._engine is not None:  # else the node at work would hold up the end of the process
                asyncio.run_coroutine_threadsafe(self._engine.interrupt(), self._loop).result()
            raise
