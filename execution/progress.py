"""Tells how far the nodes of a run are: often enough for the eye, never so often that telling outweighs working."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from typing import Any

from comfy_core.progress import Preview as MakePreview
from execution.dynamic_prompt import Identity
from execution.events import AnyEvent, NodeMessage, NodeProgress, NodeText, Preview, Progress, ProgressState
from execution.results import plain

SECONDS_PER_STATE = 0.1
SECONDS_PER_STEP = 0.02
SECONDS_PER_PREVIEW = 0.1
UNTHROTTLED = 200


class Pace:
    """Lets the first `free` through at once, later ones only `interval` seconds apart."""

    def __init__(self, free: int) -> None:
        self._free = free
        self._next = 0.0

    def allows(self, interval: float) -> bool:
        now = time.monotonic()
        if self._free <= 0 and now < self._next:
            return False
        self._free -= 1
        self._next = now + interval
        return True


class RunProgress:
    """How far every node of one run is that has started. What changed is told, each change once."""

    def __init__(
        self,
        prompt_id: str,
        emit: Callable[[AnyEvent], None],
        interrupted: Callable[[], bool],
        identity: Callable[[str], Identity],
    ) -> None:
        self.identity = identity
        self.prompt_id = prompt_id
        self.interrupted = interrupted
        self.emit = emit
        self._totals: dict[str, float] = {}
        self._untold: dict[str, NodeProgress] = {}
        self._pace = Pace(UNTHROTTLED)

    def start(self, node_id: str) -> None:
        self._set(node_id, 0, 1, "running")

    def finish(self, *node_ids: str) -> None:
        """These nodes are done. That is told with what comes next, which is at once."""
        for node_id in node_ids:
            total = self._totals.get(node_id, 1)
            self._note(node_id, total, total, "finished")

    def step(self, node_id: str, value: float, total: float) -> None:
        self._set(node_id, value, total, "running")

    def flush(self) -> None:
        """Tell what was held back."""
        if self._untold:
            self.emit(ProgressState(prompt_id=self.prompt_id, nodes=self._untold))
            self._untold = {}

    def listener(self, node_id: str) -> NodeListener:
        """Hears what a node reports while it runs."""
        return NodeListener(self, node_id)

    def _set(self, node_id: str, value: float, total: float, state: str) -> None:
        self._note(node_id, value, total, state)
        if self._pace.allows(SECONDS_PER_STATE):
            self.flush()

    def _note(self, node_id: str, value: float, total: float, state: str) -> None:
        display, parent, real = self.identity(node_id)
        self._totals[node_id] = total
        self._untold[node_id] = NodeProgress(
            value=value,
            max=total,
            state=state,
            node_id=node_id,
            prompt_id=self.prompt_id,
            display_node_id=display,
            parent_node_id=parent,
            real_node_id=real,
        )


class NodeListener:
    """The `comfy_core.progress.Listener` around the call of one node. Most nodes report nothing."""

    def __init__(self, run: RunProgress, node_id: str) -> None:
        self._run = run
        self._node_id = node_id

    @cached_property
    def _steps(self) -> Pace:
        return Pace(UNTHROTTLED)

    @cached_property
    def _previews(self) -> Pace:
        return Pace(1)

    def interrupted(self) -> bool:
        return self._run.interrupted()

    def report(self, value: float, total: float, preview: MakePreview | None, node_id: str | None = None) -> None:
        run = self._run
        if node_id is not None and str(node_id) != self._node_id:
            run.listener(str(node_id)).report(value, total, preview)
            return
        value, total = float(value), float(total)  # packs count with numbers of arrays and tensors, too
        if self._steps.allows(SECONDS_PER_STEP) or value >= total:
            run.step(self._node_id, value, total)
            run.emit(Progress(prompt_id=run.prompt_id, node=self._node_id, value=value, max=total))
        if preview is not None and self._previews.allows(SECONDS_PER_PREVIEW):
            image_type, data = preview()
            display, parent, real = run.identity(self._node_id)
            run.emit(
                Preview(
                    prompt_id=run.prompt_id,
                    node=self._node_id,
                    display_node=display,
                    parent_node=parent,
                    real_node_id=real,
                    image_type=image_type,
                    data=data,
                )
            )

    def send(self, kind: str, data: Any) -> None:
        data = data if isinstance(data, bytes) else plain(data)
        self._run.emit(NodeMessage(prompt_id=self._run.prompt_id, kind=kind, data=data))

    def text(self, text: str, node_id: str | None = None) -> None:
        node = self._node_id if node_id is None else str(node_id)
        self._run.emit(NodeText(prompt_id=self._run.prompt_id, node=node, text=str(text)))
