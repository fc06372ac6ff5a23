"""What goes over the wire for events that are not simply their own fields (contract http_ws.md §6)."""

import json
import struct
from unittest.mock import Mock

import pytest

from execution.events import Executing, ExecutionBlocked, ExecutionStart, NodeMessage, NodeText
from execution.subscription import Envelope
from web.server.frames import binary_frame, is_binary, text_frame
from web.server.hub import Client, Hub


def said(event):
    return json.loads(text_frame(event, 7))


def test_a_blocked_node_is_an_error_to_clients() -> None:
    event = ExecutionBlocked(
        prompt_id="p",
        node_id="3",
        node_type="PreviewImage",
        exception_message="Execution Blocked: closed",
        executed=["1", "2"],
        timestamp=5,
    )
    assert said(event) == {
        "type": "execution_error",
        "data": {
            "prompt_id": "p",
            "node_id": "3",
            "node_type": "PreviewImage",
            "executed": ["1", "2"],
            "exception_message": "Execution Blocked: closed",
            "exception_type": "ExecutionBlocked",
            "traceback": [],
            "current_inputs": [],
            "current_outputs": [],
        },
        "seq": 7,
    }


def test_the_end_of_a_run_is_of_no_node() -> None:
    assert said(Executing(prompt_id="p", node=None)) == {
        "type": "executing",
        "data": {"prompt_id": "p", "node": None},
        "seq": 7,
    }


def test_a_message_of_a_node_goes_out_under_its_own_name() -> None:
    event = NodeMessage(prompt_id="p", kind="pack.note", data={"a": [1, float("nan")]})
    assert said(event) == {"type": "pack.note", "data": {"a": [1, None]}, "seq": 7}


def test_a_line_of_text_is_frame_3() -> None:
    frame = binary_frame(NodeText(prompt_id="p", node="12", text="hello é"), with_metadata=True)
    assert frame == struct.pack(">II", 3, 2) + b"12" + "hello é".encode()


def test_bytes_of_a_pack_are_a_frame_of_the_number_it_says() -> None:
    event = NodeMessage(prompt_id="p", kind="70", data=b"picture")
    assert is_binary(event)
    assert binary_frame(event, with_metadata=True) == struct.pack(">I", 70) + b"picture"


@pytest.mark.parametrize("kind", ["note", "-1", str(2**32), ""])
def test_bytes_without_a_number_are_a_message_in_base64(kind) -> None:
    event = NodeMessage(prompt_id="p", kind=kind, data=b"\0")
    assert not is_binary(event)
    assert said(event) == {"type": kind, "data": "AA==", "seq": 7}


@pytest.mark.parametrize(
    "event",
    [NodeMessage(prompt_id="p", kind="pack.note", data=1), NodeText(prompt_id="p", node="1", text="x")],
    ids=["message", "text"],
)
def test_what_nodes_say_goes_to_who_asked_for_the_run_or_without_one_to_all(event) -> None:
    hub = Hub({})
    mine, other = Client("me", Mock(), "default"), Client("other", Mock(), "default")
    for client in (mine, other):
        hub._clients[client.id].append(client)
    assert [hub.wants(client, Envelope(1, "me", event)) for client in (mine, other)] == [True, False]
    assert [hub.wants(client, Envelope(1, None, event)) for client in (mine, other)] == [True, True]
    start = ExecutionStart(prompt_id="p", timestamp=0)
    assert [hub.wants(client, Envelope(1, None, start)) for client in (mine, other)] == [False, False]
