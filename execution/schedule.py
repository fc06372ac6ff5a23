"""Which node runs next: those whose sources are done, of these the most urgent. Logarithmic in what is ready."""

from __future__ import annotations

import heapq
from collections.abc import Iterable


class Schedule:
    """Nodes that are not done yet. What was demanded last goes first, for somebody already waits for it."""

    def __init__(self) -> None:
        self._waiting_for: dict[str, int] = {}
        self._dependents: dict[str, list[str]] = {}
        self._ranks: dict[str, tuple[int, int, int]] = {}
        self._ready: list[tuple[tuple[int, int, int], str]] = []
        self._demands = 0

    def __contains__(self, node_id: str) -> bool:
        return node_id in self._waiting_for

    def __len__(self) -> int:
        return len(self._waiting_for)

    @property
    def unfinished(self) -> list[str]:
        return list(self._waiting_for)

    def add(self, nodes: Iterable[tuple[str, bool]]) -> None:
        """Take in nodes in the order they should run in; the flag sends those ahead that wait beside others."""
        self._demands += 1
        for place, (node_id, ahead) in enumerate(nodes):
            self._waiting_for[node_id] = 0
            self._ranks[node_id] = (0 if ahead else 1, -self._demands, place)

    def wait(self, node_id: str, sources: Iterable[str]) -> None:
        """Hold a node back until those of `sources` that are not done are; it is ready if all are."""
        waited_for = {one for one in sources if one in self._waiting_for}
        for source in waited_for:
            self._dependents.setdefault(source, []).append(node_id)
        self._waiting_for[node_id] += len(waited_for)
        if not self._waiting_for[node_id]:
            self.resume(node_id)

    def resume(self, node_id: str) -> None:
        """Let a node have its turn."""
        heapq.heappush(self._ready, (self._ranks[node_id], node_id))

    def finish(self, node_id: str) -> None:
        del self._waiting_for[node_id], self._ranks[node_id]
        for dependent in self._dependents.pop(node_id, ()):
            self._waiting_for[dependent] -= 1
            if not self._waiting_for[dependent]:
                self.resume(dependent)

    def next(self) -> str | None:
        """The node whose turn it is; None if every one waits or all are done."""
        return heapq.heappop(self._ready)[1] if self._ready else None
