"""What happens in a run, as messages. Their JSON form is `{"type": tag, "data": fields}` (contract http_ws.md §6)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import msgspec


def now_ms() -> int:
    """The time in milliseconds since 1970, as timestamps are."""
    return int(time.time() * 1000)


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """One thing that happened in the run of one prompt."""

    prompt_id: str


class ExecutionStart(Event, tag="execution_start", frozen=True):
    timestamp: int


class ExecutionCached(Event, tag="execution_cached", frozen=True):
    """The results of these nodes are at hand: they do not run."""

    nodes: list[str]
    timestamp: int


class Executing(Event, tag="executing", frozen=True):
    """A node starts; `node` None closes the run."""

    node: str | None
    display_node: str | None = None

    def of_prompt(self, prompt: Mapping[str, Any]) -> str:
        """The node of the prompt that this is about: itself, or what stands for it."""
        return (self.node if self.node in prompt else self.display_node) or ""


class NodeProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a node is: `value` of `max` steps. `state` is running or finished; the other ids are as in Executed."""

    value: float
    max: float
    state: str
    node_id: str
    prompt_id: str
    display_node_id: str
    parent_node_id: str | None = None
    real_node_id: str = ""


class ProgressState(Event, tag="progress_state", frozen=True):
    """How far nodes are: those of which something changed since the last one of this run."""

    nodes: dict[str, NodeProgress]


class Progress(Event, tag="progress", frozen=True):
    """The node that reports has done `value` of `max` steps."""

    node: str
    value: float
    max: float


class Preview(Event, tag="preview", frozen=True):
    """A picture of the work so far; goes out as a binary frame. `data` is an encoded JPEG or PNG file."""

    node: str
    display_node: str
    parent_node: str | None
    real_node_id: str
    image_type: str
    data: bytes


class Executed(Event, tag="executed", frozen=True):
    """A node produced output for the eye. `output` is its `ui` dict: `{"images": [{filename, subfolder, type}]}`.

    `parent_node` expanded to this one, if any did; `real_node_id` is the node of the prompt that is behind it.
    """

    node: str
    display_node: str
    parent_node: str | None
    real_node_id: str
    output: dict[str, Any] | None


class NodeTiming(Event, tag="node_timing", frozen=True):
    """Ours: how long a node that ran took. `seconds` is wall time.

    `why` says why it ran although it may have run before; the peaks are what it took at most, beyond what was taken
    before it, of this machine's memory and of the device's. Nodes of under 2 ms are not measured.
    """

    node: str
    seconds: float
    why: str = ""
    peak_bytes: int = 0
    device_peak_bytes: int = 0

    def summary(self) -> dict[str, Any]:
        """As the history keeps it."""
        peaks = {"peak_bytes": self.peak_bytes, "device_peak_bytes": self.device_peak_bytes}
        return {"seconds": self.seconds, "cached": False, "why": self.why, **peaks}


class ExecutionSuccess(Event, tag="execution_success", frozen=True):
    timestamp: int


class ExecutionError(Event, tag="execution_error", frozen=True):
    """The run failed, in the prompt's own node `node_id` ("" before the first one). `executed` are the nodes that ran,
    `current_outputs` those whose results are held, `current_inputs` what the node was called with, in words."""

    node_id: str
    node_type: str
    exception_message: str
    exception_type: str
    traceback: list[str] = []
    executed: list[str] = []
    current_inputs: dict[str, Any] = {}
    current_outputs: list[str] = []
    timestamp: int = 0


class ExecutionBlocked(Event, tag="execution_blocked", frozen=True):
    """A node did not run because of a blocker with a message; the run goes on. Clients know it as execution_error."""

    node_id: str
    node_type: str
    exception_message: str
    exception_type: str = "ExecutionBlocked"
    traceback: list[str] = []
    executed: list[str] = []
    current_inputs: dict[str, Any] = {}
    current_outputs: list[str] = []
    timestamp: int = 0


class NodeMessage(Event, tag="node_message", frozen=True):
    """What a node's code sends to the person's client itself, as a message of its own kind.

    Bytes go out as a binary frame; `kind` is then its number.
    """

    kind: str
    data: Any


class NodeText(Event, tag="node_text", frozen=True):
    """A line that a node shows under itself while it works."""

    node: str
    text: str


class ExecutionInterrupted(Event, tag="execution_interrupted", frozen=True):
    """The run was stopped at a node; `executed` are those that ran before."""

    node_id: str
    node_type: str
    executed: list[str]
    timestamp: int


AnyEvent = (
    ExecutionStart
    | ExecutionCached
    | Executing
    | ProgressState
    | Progress
    | Preview
    | Executed
    | NodeTiming
    | ExecutionSuccess
    | ExecutionError
    | ExecutionBlocked
    | NodeMessage
    | NodeText
    | ExecutionInterrupted
)

TERMINAL = (ExecutionSuccess, ExecutionError, ExecutionInterrupted)
