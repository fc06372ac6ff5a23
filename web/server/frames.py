"""Events as WebSocket frames: JSON text, and the binary frames 1 and 4 for previews (contract http_ws.md §6.3)."""

from __future__ import annotations

import json
import struct

import msgspec

from execution.events import Preview
from execution.subscription import Envelope, QueueStatus
from web.server.answers import dumps

PREVIEW, PREVIEW_WITH_METADATA = 1, 4
IMAGE_KINDS = {"image/jpeg": 1, "image/png": 2}


def text_frame(envelope: Envelope) -> str:
    """`{"type", "data", "seq"}`; `seq` is ours: the number to ask `/ws?since=` from after a break."""
    event = envelope.event
    if isinstance(event, QueueStatus):
        return dumps({"type": "status", "data": status_data(event.queue_remaining), "seq": envelope.seq})
    data = msgspec.to_builtins(event)
    return dumps({"type": data.pop("type"), "data": data, "seq": envelope.seq})


def status_data(queue_remaining: int) -> dict:
    return {"status": {"exec_info": {"queue_remaining": queue_remaining}}}


def plain_preview(event: Preview) -> bytes:
    """Frame 1: the kind of image, then its bytes."""
    return struct.pack(">II", PREVIEW, IMAGE_KINDS.get(event.image_type, 1)) + event.data


def described_preview(event: Preview) -> bytes:
    """Frame 4: what the preview shows, as JSON, then the image."""
    about = {
        "node_id": event.node,
        "prompt_id": event.prompt_id,
        "display_node_id": event.display_node,
        "parent_node_id": None,
        "real_node_id": event.node,
        "image_type": event.image_type,
    }
    words = json.dumps(about).encode()
    return struct.pack(">II", PREVIEW_WITH_METADATA, len(words)) + words + event.data
