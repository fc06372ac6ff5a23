"""What of a run's graph is there already, what has to run, and what nobody will need any more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from execution.cache import Cache, Result
from execution.graph import Graph, Link
from execution.schedule import Schedule
from execution.signature import Signature


class Plan:
    """Grows while the run goes on: lazy inputs and expansions demand nodes that nobody needed at first.

    `goes_ahead` says which nodes can wait beside others and so should start early.
    """

    def __init__(self, graph: Graph, cache: Cache, goes_ahead: Callable[[str], bool]) -> None:
        self.graph = graph
        self.schedule = Schedule()
        self.signed: dict[str, Signature | None] = {}
        self.fingerprints: dict[str, Any] = {}
        self.results: dict[str, Result] = {}
        self.granted: dict[str, set[str]] = {}
        self._cache = cache
        self._goes_ahead = goes_ahead
        self._uses: defaultdict[str, int] = defaultdict(int)
        self._counted: set[str] = set()

    def look_up(self, outputs: Iterable[str], order: Sequence[str]) -> list[str]:
        """The nodes of `order` whose results are cached. Those that may be needed are held from now on, be it by a lazy
        input; the others are not even taken out of the cache, which may have to read them from disk."""
        possible = set(outputs)
        for node_id in reversed(order):
            if node_id in possible and not self.has(node_id):
                self._count(node_id)
                possible.update(self.graph.nodes[node_id].sources)
        return [one for one in order if one in self.results or self.signed.get(one) in self._cache]

    def start(self, outputs: Iterable[str]) -> None:
        """Demand the outputs, and let go of cached ones that nothing needs."""
        demanded = [one for one in outputs if one not in self.results]
        self.results = {one: result for one, result in self.results.items() if self._uses[one]}
        self.demand(demanded)

    def has(self, node_id: str) -> bool:
        """Is there a result? Taken back out of the cache if it was let go."""
        if node_id not in self.results:
            result = self._cache.get(self.signed.get(node_id))
            if result is None:
                return False
            self.results[node_id] = result
        return True

    def demand(self, wanted: Iterable[str]) -> None:
        """See to it that these nodes get a result: they and all they need are scheduled, each after its sources."""
        missing = [one for one in wanted if self._is_missing(one)]
        order = self.graph.walk(missing, lambda one: list(filter(self._is_missing, self.sources(one)))).order
        self.schedule.add((one, self._goes_ahead(one)) for one in order)
        for node_id in order:
            self._count(node_id)
        for node_id in order:
            self.schedule.wait(node_id, self.sources(node_id))

    def grant(self, node_id: str, names: Iterable[str]) -> None:
        """Follow lazy links of a scheduled node, which waits for them."""
        names = set(names)
        self.granted.setdefault(node_id, set()).update(names)
        links = self.graph.nodes[node_id].links
        self.wait_for(node_id, [links[name].node_id for name in names])

    def wait_for(self, node_id: str, sources: Sequence[str]) -> None:
        """Let a scheduled node have another turn when all of `sources` have results."""
        self.demand(sources)
        self.schedule.wait(node_id, sources)

    def sources(self, node_id: str) -> list[str]:
        """The nodes that must be done before this one can have its turn."""
        node = self.graph.nodes[node_id]
        if not node.lazy_links and not node.raw_links:
            return node.sources
        idle = (node.lazy_links.keys() - self.granted.get(node_id, set())) | node.raw_links.keys()
        return [link.node_id for name, link in node.links.items() if name not in idle]

    def finish(self, node_id: str, result: Result) -> None:
        """Hold a result for those who still need it, and let go of what this node was the last to need."""
        self._cache.put(self.signed.get(node_id), result)
        if self._uses[node_id]:
            self.results[node_id] = result
        self.release(self.graph.nodes[node_id].sources)
        self._counted.discard(node_id)
        self.schedule.finish(node_id)

    def hold(self, nodes: Iterable[str]) -> None:
        """One more use for each of these nodes' results, until they are released."""
        for node_id in nodes:
            self._uses[node_id] += 1

    def release(self, nodes: Iterable[str]) -> None:
        for node_id in nodes:
            self._uses[node_id] -= 1
            if self._uses[node_id] <= 0:
                self.results.pop(node_id, None)

    def forget(self, node_id: str) -> None:
        """The node is about to be replaced by another of the same id."""
        self.results.pop(node_id, None)
        self.signed.pop(node_id, None)
        self.fingerprints.pop(node_id, None)
        self.granted.pop(node_id, None)

    def values_at(self, link: Link) -> list[Any] | None:
        """The values that a link leads to, where they are held."""
        result = self.results.get(link.node_id)
        return result.values[link.slot] if result is not None and 0 <= link.slot < len(result.values) else None

    def drop(self, node_id: str) -> None:
        """Have the cache forget the result of a node; who needs it in this run still gets it."""
        self._cache.drop(self.signed.get(node_id))

    def _is_missing(self, node_id: str) -> bool:
        return node_id in self.graph.nodes and node_id not in self.schedule and not self.has(node_id)

    def _count(self, node_id: str) -> None:
        if node_id not in self._counted:
            self._counted.add(node_id)
            self.hold(self.graph.nodes[node_id].sources)
