"""What a run shows at the terminal: a progress bar while it works, the time of every node when it is done."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

from execution.events import (
    AnyEvent,
    Executed,
    Executing,
    ExecutionError,
    ExecutionInterrupted,
    NodeTiming,
    Progress,
)
from execution.subscription import QueueStatus

BAR = "{desc} {bar} {n_fmt}/{total_fmt} [{elapsed}]"


class Report:
    """Listens to the events of one prompt. `outputs` are the `ui` dicts by node; `problem` says why it failed."""

    def __init__(self, prompt: dict[str, Any]) -> None:
        from tqdm import tqdm

        self.outputs: dict[str, dict[str, Any]] = {}
        self.problem: str | None = None
        self._prompt = prompt
        self._bar = tqdm(total=0, file=sys.stderr, leave=False, disable=None, bar_format=BAR)

    def __enter__(self) -> Report:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()

    def hear(self, event: AnyEvent | QueueStatus, prompt_id: str) -> bool:
        """Take an event in; True when the run is over."""
        if isinstance(event, QueueStatus) or event.prompt_id != prompt_id:
            return False
        if isinstance(event, Executing):
            self._begin(event.node)
            return event.node is None
        if isinstance(event, Progress):
            self._advance(event)
        elif isinstance(event, NodeTiming):
            self._note_time(event)
        elif isinstance(event, Executed) and event.output:
            self.outputs[event.node] = event.output
        elif isinstance(event, ExecutionError):
            self.problem = self._explain(event)
        elif isinstance(event, ExecutionInterrupted):
            self.problem = "the run was interrupted"
        return False

    def _begin(self, node: str | None) -> None:
        if node is not None:
            self._bar.reset(total=1)
            self._bar.set_description_str(self._name(node))

    def _advance(self, event: Progress) -> None:
        self._bar.total = event.max
        self._bar.n = event.value
        self._bar.refresh()

    def _note_time(self, event: NodeTiming) -> None:
        time = "cached" if event.cached else f"{event.seconds:8.2f} s"
        self._bar.write(f"{self._name(event.node):<40} {time:>10}", file=sys.stderr)

    def _explain(self, event: ExecutionError) -> str:
        message = " ".join(event.exception_message.split()) or event.exception_type
        return f"{self._name(event.node_id)}: {message}" if event.node_id else message

    def _name(self, node: str) -> str:
        """`Node 3 (KSampler)`; nodes that came up during the run have no entry in the prompt."""
        class_type = self._prompt.get(node, {}).get("class_type")
        return f"Node {node} ({class_type})" if class_type else f"Node {node}"
