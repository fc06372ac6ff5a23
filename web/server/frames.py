"""Events as WebSocket frames: JSON text, and binary for previews (1 and 4) and lines of text (3); http_ws.md §6."""

from __future__ import annotations

import json
import struct
from typing import Any, TypeGuard

import msgspec

from execution.events import AnyEvent, Executed, Executing, ExecutionBlocked, NodeMessage, NodeText, Preview
from execution.previews import IMAGE_KINDS
from execution.subscription import QueueStatus
from web.server.answers import dumps

PREVIEW, TEXT, PREVIEW_WITH_METADATA = 1, 3, 4
LARGEST_KIND = 2**32 - 1
_encoder = msgspec.json.Encoder()


def text_frame(event: AnyEvent | QueueStatus, seq: int | None = None) -> str:
    """`{"type", "data", "seq"}`; `seq` is ours: the number to ask `/ws?since=` from after a break."""
    type, data = _said(event)
    message = {"type": type, "data": data} if seq is None else {"type": type, "data": data, "seq": seq}
    try:
        return _encoder.encode(message).decode()
    except (ValueError, OverflowError):  # half a surrogate pair, or an integer that other languages cannot read
        return dumps(msgspec.to_builtins(message))


def _said(event: AnyEvent | QueueStatus) -> tuple[str, Any]:
    """The message that an event is to clients."""
    if isinstance(event, QueueStatus):
        return "status", status_data(event.queue_remaining)
    if isinstance(event, NodeMessage):
        return event.kind, event.data
    data = msgspec.structs.asdict(event)
    if isinstance(event, Executed):
        del data["parent_node"], data["real_node_id"]
    if isinstance(event, Executing) and event.node is None:
        del data["display_node"]
    if isinstance(event, ExecutionBlocked):
        # clients know a blocked node as an error that does not end the run; as ComfyUI sends it, without a time
        del data["timestamp"]
        return "execution_error", {**data, "current_inputs": data["current_inputs"] or []}
    return str(event.__struct_config__.tag), data


def status_data(queue_remaining: int) -> dict:
    return {"status": {"exec_info": {"queue_remaining": queue_remaining}}}


def is_binary(event: AnyEvent | QueueStatus) -> TypeGuard[Preview | NodeText | NodeMessage]:
    if isinstance(event, NodeMessage):
        return isinstance(event.data, bytes) and event.kind.isdecimal() and int(event.kind) <= LARGEST_KIND
    return isinstance(event, Preview | NodeText)


def binary_frame(event: Preview | NodeText | NodeMessage, with_metadata: bool) -> bytes:
    """A preview in the form that the client understands, a line of text, or what a pack framed itself."""
    if isinstance(event, NodeText):
        return node_text(event)
    if isinstance(event, NodeMessage):
        return struct.pack(">I", int(event.kind)) + event.data
    return described_preview(event) if with_metadata else plain_preview(event)


def node_text(event: NodeText) -> bytes:
    """Frame 3: the length of the node's id, the id, the text."""
    node = event.node.encode()
    return struct.pack(">II", TEXT, len(node)) + node + event.text.encode("utf-8", "replace")


def plain_preview(event: Preview) -> bytes:
    """Frame 1: the kind of image, then its bytes."""
    return struct.pack(">II", PREVIEW, IMAGE_KINDS.get(event.image_type, 1)) + event.data


def described_preview(event: Preview) -> bytes:
    """Frame 4: what the preview shows, as JSON, then the image."""
    about = {
        "node_id": event.node,
        "prompt_id": event.prompt_id,
        "display_node_id": event.display_node,
        "parent_node_id": event.parent_node,
        "real_node_id": event.real_node_id,
        "image_type": event.image_type,
    }
    words = json.dumps(about).encode()
    return struct.pack(">II", PREVIEW_WITH_METADATA, len(words)) + words + event.data
