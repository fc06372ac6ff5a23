"""The client for programs that wait: every call of `AsyncClient`, on an event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from easel_client.asynchronous import AsyncClient, Workflow
from easel_client.results import Result

T = TypeVar("T")


class Client:
    """A connection to a server; use it with `with`. See `AsyncClient` for what the methods do and raise."""

    def __init__(self, url: str = "http://127.0.0.1:8188", token: str | None = None) -> None:
        self._client = AsyncClient(url, token)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="easel-client", daemon=True)

    def __enter__(self) -> Client:
        self._thread.start()
        self._wait(self._client.__aenter__())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wait(self._client.__aexit__(kind, error, trace))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, workflow: Workflow, changes: Mapping[str, Any] | None = None) -> Result:
        return self._wait(self._client.run(workflow, changes))

    def follow(self, workflow: Workflow, changes: Mapping[str, Any] | None = None) -> Iterator[Any]:
        """The events of a run as they come, and its `Result` at last."""
        events = self._client.follow(workflow, changes)
        try:
            while True:
                try:
                    yield self._wait(events.__anext__())  # type: ignore[arg-type]
                except StopAsyncIteration:
                    return
        finally:
            self._wait(events.aclose())  # type: ignore[attr-defined]

    def submit(self, workflow: Workflow, *, prompt_id: str | None = None) -> str:
        return self._wait(self._client.submit(workflow, prompt_id=prompt_id))

    def result(self, prompt_id: str) -> Result:
        return self._wait(self._client.result(prompt_id))

    def fetch(self, filename: str, subfolder: str = "", type: str = "output") -> bytes:
        return self._wait(self._client.fetch(filename, subfolder, type))

    def upload(self, path: str | Path, name: str | None = None, *, overwrite: bool = False) -> str:
        return self._wait(self._client.upload(path, name, overwrite=overwrite))

    def queue(self) -> dict[str, Any]:
        return self._wait(self._client.queue())

    def interrupt(self, prompt_id: str | None = None) -> None:
        self._wait(self._client.interrupt(prompt_id))

    def cancel(self, prompt_id: str) -> bool:
        return self._wait(self._client.cancel(prompt_id))

    def nodes(self) -> dict[str, Any]:
        return self._wait(self._client.nodes())

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        if not self._thread.is_alive():
            work.close()
            raise RuntimeError("use the client in a with block")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()
