"""What a server says: events as they come over the WebSocket, and the ways in which it says no."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from typing import Any

PREVIEW, TEXT, PREVIEW_WITH_METADATA = 1, 3, 4
IMAGE_TYPES = {1: "image/jpeg", 2: "image/png"}
ENDS = ("execution_success", "execution_error", "execution_interrupted")


class Unreachable(ConnectionError):
    """There is no server at this address, or it went away and did not come back."""


class Refused(Exception):
    """The server did not take a request. `status` is the HTTP status, `node_errors` what is wrong by node id."""

    def __init__(self, message: str, status: int, node_errors: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.node_errors = node_errors or {}


class RunFailed(Exception):
    """A run that ended with an error or was interrupted. `data` is the server's whole event."""

    def __init__(self, message: str, data: dict[str, Any]) -> None:
        super().__init__(message)
        self.data = data


@dataclass(frozen=True)
class Event:
    """One message: `type` and `data` as in ComfyUI's protocol, such as `progress` with `value`, `max` and `node`."""

    type: str
    data: dict[str, Any]

    @property
    def prompt_id(self) -> str | None:
        return self.data.get("prompt_id")

    def ends(self, prompt_id: str) -> bool:
        """Is this the last word on a run? An error that names a node which was only blocked is not."""
        blocked = self.data.get("exception_type") == "ExecutionBlocked"
        return self.type in ENDS and self.prompt_id == prompt_id and not blocked


@dataclass(frozen=True)
class Preview(Event):
    """A picture of the run on its way: `image` are the bytes of a file of `image_type`."""

    image: bytes = field(default=b"", repr=False)
    image_type: str = "image/jpeg"


def read_text(text: str) -> tuple[Event, int | None]:
    """A text frame as an event, and its number in the server's count if it has one."""
    message = json.loads(text)
    return Event(message["type"], message.get("data") or {}), message.get("seq")


def read_binary(frame: bytes) -> Event | None:
    """A binary frame as an event; None for kinds that are not known."""
    (kind,) = struct.unpack_from(">I", frame)
    if kind == PREVIEW:
        (image,) = struct.unpack_from(">I", frame, 4)
        return Preview("preview", {}, frame[8:], IMAGE_TYPES.get(image, "image/jpeg"))
    (length,) = struct.unpack_from(">I", frame, 4)
    head, rest = frame[8 : 8 + length], frame[8 + length :]
    if kind == PREVIEW_WITH_METADATA:
        about = json.loads(head)
        return Preview("preview", about, rest, about.get("image_type", "image/jpeg"))
    if kind == TEXT:
        return Event("progress_text", {"node": head.decode(), "text": rest.decode("utf-8", "replace")})
    return None


def failure_of(event: Event) -> RunFailed | None:
    """Why a run ended, if it did not end well."""
    if event.type == "execution_success":
        return None
    if event.type == "execution_interrupted":
        return RunFailed("the run was interrupted", event.data)
    where = f"node {event.data.get('node_id')} ({event.data.get('node_type')})"
    return RunFailed(f"{where}: {str(event.data.get('exception_message', '')).strip()}", event.data)


def refusal_of(status: int, body: Any) -> Refused:
    """A refusal as one sentence, whatever shape the server gave it."""
    error = body.get("error") if isinstance(body, dict) else None
    node_errors = body.get("node_errors") if isinstance(body, dict) else None
    if isinstance(error, dict):
        words = [str(error.get("message", "")), *_of_nodes(node_errors or {})]
        return Refused("; ".join(word for word in words if word) or f"refused with {status}", status, node_errors)
    return Refused(str(error or body or f"refused with {status}")[:500], status)


def _of_nodes(node_errors: dict[str, Any]) -> list[str]:
    return [
        f"node {id} ({entry.get('class_type')}): {one.get('message')} {one.get('details', '')}".strip()
        for id, entry in node_errors.items()
        for one in entry.get("errors", [])
    ]
