"""What a run shows at the terminal: a progress bar while it works, the time of every node when it is done."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

from execution.events import AnyEvent, Executing, ExecutionCached, NodeTiming, Progress
from execution.headless import node_name

BAR = "{desc} {bar} {n_fmt}/{total_fmt} [{elapsed}]"


class Report:
    """Listens to the events of one prompt."""

    def __init__(self, prompt: dict[str, Any]) -> None:
        from tqdm import tqdm

        self._prompt = prompt
        self._bar = tqdm(total=0, file=sys.stderr, leave=False, disable=None, bar_format=BAR)

    def __enter__(self) -> Report:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()

    def hear(self, event: AnyEvent) -> None:
        """Take an event in."""
        if isinstance(event, Executing):
            self._begin(event.node)
        elif isinstance(event, Progress):
            self._advance(event)
        elif isinstance(event, NodeTiming):
            self._note_time(event)
        elif isinstance(event, ExecutionCached):
            for node in event.nodes:
                self._write(node, "cached")

    def _begin(self, node: str | None) -> None:
        if node is not None:
            self._bar.reset(total=1)
            self._bar.set_description_str(node_name(node, self._prompt))

    def _advance(self, event: Progress) -> None:
        self._bar.total = event.max
        self._bar.n = event.value
        self._bar.refresh()

    def _note_time(self, event: NodeTiming) -> None:
        self._write(event.node, f"{event.seconds:8.2f} s")

    def _write(self, node: str, what: str) -> None:
        self._bar.write(f"{node_name(node, self._prompt):<40} {what:>10}", file=sys.stderr)
