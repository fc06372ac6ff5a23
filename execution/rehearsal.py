"""A run in which every node is done at once: the plan of a run, made with the same code against the same cache."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from execution.cache import Cache, Result
from execution.dynamic_prompt import DynamicPrompt
from execution.executor import Executor
from execution.expander import Expander
from execution.graph import GraphNode, parse
from execution.invocation import Invoker
from execution.plan import Plan
from execution.progress import RunProgress
from execution.signature import Signature
from execution.signing import sign
from execution.validate import Validation
from execution.worker import Job
from nodes.schema import NodeSchema

log = logging.getLogger(__name__)
NOTHING = Result(())


class Rehearsal:
    """`ran` are the nodes that had their turn, in that order: the prompt's `own`, and what those stood for before.

    Of those of its own that `may_expand` it cannot be told to what.
    """

    def __init__(self, executor: Executor, schemas: Mapping[str, NodeSchema], validation: Validation) -> None:
        graph = parse(validation.prompt, schemas.__getitem__)
        job = Job(prompt_id="explain", prompt=validation.prompt, outputs=validation.outputs)
        self._prompt = prompt = DynamicPrompt(job.prompt)
        progress = RunProgress(job.prompt_id, lambda event: None, lambda: False, prompt.identity)
        nodes = executor.nodes
        self.own = dict.fromkeys(graph.nodes)
        self.may_expand: set[str] = set()
        self._cache = _Imagined(executor.cache)
        self.plan = Plan(graph, self._cache, lambda one: nodes[graph.nodes[one].schema.id].is_async)
        self.order = graph.order(job.outputs)
        self.ran: list[str] = []
        self._outputs = job.outputs
        self._invoker = Invoker(nodes, job, prompt, progress, executor.around, {})
        self._undecided: list[str] = []
        self._expansions = executor.expansions
        self._expanded: set[str] = set()
        self._expander = Expander(self.plan, prompt, schemas.get)

    def play(self) -> None:
        sign(self.plan, self._invoker, self.order)
        graph, signed = self.plan.graph, self.plan.signed
        self._cache.begin({signed[one]: graph.nodes[one] for one in self.order})
        self.plan.look_up(self._outputs, self.order)
        self.plan.start(self._outputs)
        asked: set[str] = set()
        while (node_id := self.plan.schedule.next()) is not None:
            wishes = set() if node_id in asked else self._wishes(self.plan.graph.nodes[node_id])
            asked.add(node_id)
            if wishes:
                self.plan.grant(node_id, wishes)
            elif not self._expands(self.plan.graph.nodes[node_id]):
                self.ran.append(node_id)
                self.plan.finish(node_id, NOTHING)

    def perhaps(self) -> list[str]:
        """What would run only if a node asked for it, or expanded to something that does, which shows when it runs."""
        has_turn = set(self.ran)
        reached = self.plan.graph.order(self._undecided)
        candidates = [one for one in reached if one in self.own and one not in has_turn]
        return [one for one in candidates if not self._cache.has_been(self.plan.signed.get(one))]

    def can_expand(self, node_id: str) -> bool:
        """Does its class say, or seem, to stand for others, or did it ever?"""
        schema = self.plan.graph.nodes[node_id].schema
        return schema.may_expand or self._expansions.may_expand(schema.id)

    def _expands(self, node: GraphNode) -> bool:
        """Let the node stand for the graphs that it did before, if it has not yet; it has another turn after them."""
        if node.id in self._expanded:
            return False
        before = self._expansions.recall(node.id, self.plan.signed)
        if before is None:
            self._undecided += [link.node_id for link in node.raw_links.values()]
            if self.can_expand(node.id):
                self.may_expand.add(self._prompt.get_real_node_id(node.id))
            return False
        self._expanded.add(node.id)
        new = self._expander.add(node, before.graphs)
        sign(self.plan, self._invoker, self._expander.unsigned(new))
        self.plan.hold(before.behind)
        self.plan.wait_for(node.id, before.behind)
        return True

    def _wishes(self, node: GraphNode) -> set[str]:
        """The lazy inputs that the node would ask for. It can be asked if all its other inputs are literals."""
        lazy = node.lazy_links
        if not lazy:
            return set()
        known = self._invoker.hidden(node) | dict.fromkeys(lazy) | node.literals
        arguments = {name: [value] for name, value in known.items()}
        has_hook = "lazy" in self._invoker.nodes[node.schema.id].hooks
        if not has_hook or node.links.keys() <= arguments.keys():
            try:
                return self._invoker.wishes(node, arguments, lazy)
            except BaseException:
                log.info("%s cannot say beforehand which inputs it needs", node.title, exc_info=True)
        self._undecided += [link.node_id for link in lazy.values()]
        return set()


class _Imagined(Cache):
    """The cache as it would be in the course of the run; nothing is read or kept."""

    def __init__(self, real: Cache) -> None:
        self._real = real
        self._put: set[Signature] = set()
        self._nodes: Mapping[Signature | None, GraphNode] = {}

    def begin(self, nodes: Mapping[Signature | None, GraphNode]) -> None:
        self._nodes = nodes

    def __contains__(self, signature: object) -> bool:
        return signature in self._put or self.has_been(signature)

    def has_been(self, signature: Any) -> bool:
        """Was it there when the run began?"""
        return self._real.outlives(signature, self._nodes)

    def __len__(self) -> int:
        return len(self._put)

    def get(self, signature: Signature | None) -> Result | None:
        return NOTHING if signature is not None and signature in self else None

    def put(self, signature: Signature | None, result: Result) -> None:
        if signature is not None and self._real.keeps:
            self._put.add(signature)

    def drop(self, signature: Signature | None) -> None:
        self._put.discard(signature or "")

    def clear(self) -> None:
        self._put.clear()
