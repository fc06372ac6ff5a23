"""The client for programs that are asynchronous themselves."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import aiohttp

from easel_client.results import File, Result, places
from easel_client.talk import Event, Refused, Unreachable, failure_of, read_binary, read_text, refusal_of

FLAGS = {"type": "feature_flags", "data": {"supports_preview_metadata": True}}
RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)
LARGEST_FRAME = 64 << 20
Workflow = Mapping[str, Any] | str | Path


class AsyncClient:
    """A connection to a server; use it with `async with`. `token` is for servers that want one.

    Methods raise `Refused` when the server says no, and `Unreachable` when there is none.
    """

    def __init__(self, url: str = "http://127.0.0.1:8188", token: str | None = None) -> None:
        self.client_id = str(uuid.uuid4())
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> AsyncClient:
        self._session = aiohttp.ClientSession(headers=self._headers)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    # --- running ---

    async def run(self, workflow: Workflow, changes: Mapping[str, Any] | None = None) -> Result:
        """Submit a workflow, wait for its end, and fetch its files. Raises `RunFailed` too."""
        result = None
        async for event in self.follow(workflow, changes):
            result = event
        assert isinstance(result, Result)
        return result

    async def follow(
        self, graph: Workflow, changes: Mapping[str, Any] | None = None, *, workflow: Mapping[str, Any] | None = None
    ) -> AsyncIterator[Any]:
        """As `run`, but yields every `Event` of the run on the way, and the `Result` at last. `workflow` is what the
        pictures shall carry, if it is not the saved workflow that is run."""
        prompt = _changed(await self.prompt_of(graph), changes or {})
        prompt_id = str(uuid.uuid4())
        carried = workflow or (read(graph) if is_saved(read(graph)) else None)
        extra = {"extra_pnginfo": {"workflow": carried}} if carried else {}
        async for event in self.events(lambda: self.submit(prompt, prompt_id=prompt_id, extra_data=extra)):
            if event.prompt_id not in (None, prompt_id):
                continue
            yield event
            if event.ends(prompt_id):
                if (failure := failure_of(event)) is not None:
                    raise failure
                break
        yield await self.result(prompt_id)

    async def submit(
        self, workflow: Workflow, *, prompt_id: str | None = None, extra_data: Mapping[str, Any] | None = None
    ) -> str:
        """Put a workflow, in either format, or a file of one, into the queue; its prompt id. An id given twice is one
        job."""
        body: dict[str, Any] = {"prompt": read(workflow), "client_id": self.client_id}
        if prompt_id is not None:
            body["prompt_id"] = prompt_id
        if extra_data:
            body["extra_data"] = dict(extra_data)
        return (await self.call("POST", "/prompt", json=body))["prompt_id"]

    async def prompt_of(self, workflow: Workflow) -> dict[str, Any]:
        """A workflow as an API prompt; a saved workflow is converted by the server."""
        graph = read(workflow)
        return (await self.call("POST", "/api/convert", json=graph))["prompt"] if is_saved(graph) else dict(graph)

    async def result(self, prompt_id: str) -> Result:
        """The outputs of a run that has ended, with its files. Raises `Refused` for one that has not."""
        entry = (await self.call("GET", f"/history/{prompt_id}")).get(prompt_id)
        if entry is None:
            raise Refused(f"no run {prompt_id} has ended here", 404)
        outputs = entry["outputs"]
        files = [File(node, kind, **place, data=await self.fetch(**place)) for node, kind, place in places(outputs)]
        return Result(prompt_id, outputs, tuple(files))

    async def fetch(self, filename: str, subfolder: str = "", type: str = "output") -> bytes:
        """The bytes of a file in the server's output, input or temp folder."""
        place = {"filename": filename, "subfolder": subfolder, "type": type}
        return await self.call("GET", "/view", params=place)

    async def upload(self, path: str | Path, name: str | None = None, *, overwrite: bool = False) -> str:
        """Send a file into the server's input folder; the name under which nodes find it."""
        form = aiohttp.FormData()
        form.add_field("image", Path(path).read_bytes(), filename=name or Path(path).name)
        form.add_field("overwrite", str(overwrite).lower())
        stored = await self.call("POST", "/upload/image", data=form)
        return f"{stored['subfolder']}/{stored['name']}".lstrip("/")

    # --- the server ---

    async def queue(self) -> dict[str, Any]:
        """`queue_running` and `queue_pending`."""
        return await self.call("GET", "/queue")

    async def interrupt(self, prompt_id: str | None = None) -> None:
        """Stop what runs, or a certain run if it is the one."""
        await self.call("POST", "/interrupt", json={"prompt_id": prompt_id} if prompt_id else {})

    async def cancel(self, prompt_id: str) -> bool:
        """Take a run out of the queue, or stop it; whether there was any."""
        return (await self.call("POST", f"/api/jobs/{prompt_id}/cancel"))["cancelled"]

    async def nodes(self) -> dict[str, Any]:
        """The node classes that the server has, as /object_info tells them."""
        return await self.call("GET", "/object_info")

    async def events(self, first: Any = None) -> AsyncIterator[Event]:
        """All that the server tells this client, for as long as it is asked. `first` is awaited once it listens.

        A connection that breaks is made anew, and what was said meanwhile is told then.
        """
        since: int | None = None
        tries = 0
        while True:
            try:
                async with self._connect(since) as socket:
                    await socket.send_json(FLAGS)
                    if first is not None:
                        await first()
                        first = None
                    async for event, seq in _heard(socket):
                        tries, since = 0, since if seq is None else seq
                        yield event
            except aiohttp.WSServerHandshakeError as error:
                raise Refused(f"the server did not take the WebSocket: {error.message}", error.status) from None
            except aiohttp.ClientError:
                pass
            if tries == len(RETRY_SECONDS):
                raise Unreachable(f"no server answers at {self._url}")
            await asyncio.sleep(RETRY_SECONDS[tries])
            tries += 1

    async def call(self, method: str, path: str, **request: Any) -> Any:
        """Any route: JSON as data, other bodies as bytes, an empty one as None."""
        try:
            async with self._open().request(method, f"{self._url}{path}", **request) as answer:
                body = await answer.read()
                is_json = answer.content_type == "application/json" and path != "/view"
                data = json.loads(body) if is_json and body else body or None
                if answer.status >= 400:
                    raise refusal_of(answer.status, data)
                return data if path != "/view" else body
        except aiohttp.ClientConnectionError as error:
            raise Unreachable(f"no server answers at {self._url}: {error}") from None

    def _connect(self, since: int | None) -> Any:
        params = {"clientId": self.client_id, **({} if since is None else {"since": str(since)})}
        return self._open().ws_connect(f"{self._url}/ws", params=params, max_msg_size=LARGEST_FRAME)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("use the client in a with block")
        return self._session


def read(workflow: Workflow) -> Any:
    """A workflow as data: given as such, or as a JSON file."""
    return json.loads(Path(workflow).read_text("utf-8")) if isinstance(workflow, str | Path) else workflow


def is_saved(graph: Any) -> bool:
    """Is this a workflow as editors save it, rather than an API prompt?"""
    return isinstance(graph, Mapping) and isinstance(graph.get("nodes"), list)


def _changed(prompt: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The prompt with other values, by `NODE.INPUT`. Raises ValueError for a node that is not there."""
    prompt = json.loads(json.dumps(prompt))
    for where, value in changes.items():
        node, _, name = where.partition(".")
        if node not in prompt or not name:
            raise ValueError(f"{where!r} names no input; write NODE.INPUT with a node out of: {', '.join(prompt)}")
        prompt[node].setdefault("inputs", {})[name] = value
    return prompt


async def _heard(socket: aiohttp.ClientWebSocketResponse) -> AsyncIterator[tuple[Event, int | None]]:
    async for message in socket:
        if message.type is aiohttp.WSMsgType.TEXT:
            yield read_text(message.data)
        elif message.type is aiohttp.WSMsgType.BINARY and (event := read_binary(message.data)) is not None:
            yield event, None
