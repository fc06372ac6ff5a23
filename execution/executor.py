"""Runs a validated prompt: what is missing, in dependency order, one node at a time, telling what happens."""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from comfy_core.progress import Interrupted, listen
from execution.cache import OutputCache, Result
from execution.events import (
    AnyEvent,
    Executed,
    Executing,
    ExecutionCached,
    ExecutionError,
    ExecutionInterrupted,
    ExecutionStart,
    ExecutionSuccess,
    NodeTiming,
    now_ms,
)
from execution.failure import describe, is_out_of_memory
from execution.graph import Graph, GraphNode, Link, parse
from execution.progress import RunProgress
from execution.results import unpack
from execution.signature import Signature, signatures
from execution.worker import Job
from nodes.schema import Node

log = logging.getLogger(__name__)
Emit = Callable[[AnyEvent], None]


class Executor:
    """Runs prompts with a set of nodes and a cache that outlives them.

    `free` is called when memory ran out, after everything of the failed run was let go. `around` is entered around
    every node call (it is where gradients are switched off).
    """

    def __init__(
        self,
        nodes: Mapping[str, Node],
        cache: OutputCache,
        *,
        free: Callable[[], None] = lambda: None,
        around: Callable[[], AbstractContextManager[Any]] = nullcontext,
    ) -> None:
        self.nodes = nodes
        self.cache = cache
        self.free = free
        self.around = around

    def run(self, job: Job, emit: Emit, interrupted: Callable[[], bool] = lambda: False) -> None:
        """Execute a job. Never raises: one terminal event is emitted, then `Executing(node=None)`."""
        emit(ExecutionStart(prompt_id=job.prompt_id, timestamp=now_ms()))
        run = _Run(self, job, emit, interrupted)
        try:
            end, out_of_memory = run.to_the_end()
        except Exception as error:
            log.exception("the engine itself failed in prompt %s", job.prompt_id)
            end, out_of_memory = _own_failure(job, run.current, error), False
        del run
        if out_of_memory:
            self.cache.clear()
            self.free()
        emit(end)
        emit(Executing(prompt_id=job.prompt_id, node=None))


class _Run:
    """The state of one run: which results are still needed, and who has been told what."""

    def __init__(self, executor: Executor, job: Job, emit: Emit, interrupted: Callable[[], bool]) -> None:
        self.nodes, self.cache, self.around = executor.nodes, executor.cache, executor.around
        self.outputs = set(job.outputs)
        self.job, self.emit, self.interrupted = job, emit, interrupted
        self.progress = RunProgress(job.prompt_id, emit, interrupted)
        self.results: dict[str, Result] = {}
        self.uses: Counter[str] = Counter()
        self.executed: list[str] = []
        self.current = ""

    def to_the_end(self) -> tuple[AnyEvent, bool]:
        """Run everything; the terminal event, and whether memory ran out."""
        unknown = self._unknown_class()
        if unknown is not None:
            return unknown, False
        graph = parse(self.job.prompt, lambda class_type: self.nodes[class_type].schema)
        order = graph.order(self.job.outputs)
        signed = signatures(graph, order, self._fingerprints(graph, order))
        cached = self._look_up(order, signed)
        missing = self._plan(graph, order, cached)
        for node_id in order:
            node = graph.nodes[node_id]
            if node_id in cached:
                self._tell_cached(node)
            elif node_id in missing:
                end, out_of_memory = self._step(node, signed[node_id])
                if end is not None:
                    return end, out_of_memory
        self.progress.flush()
        return ExecutionSuccess(prompt_id=self.job.prompt_id, timestamp=now_ms()), False

    # --- planning ---

    def _unknown_class(self) -> ExecutionError | None:
        for node_id, raw in self.job.prompt.items():
            if raw["class_type"] not in self.nodes:
                message = (
                    f"Node {node_id}: the class {raw['class_type']!r} is not loaded; the log says if its pack failed"
                )
                return _failure(self.job, node_id, raw["class_type"], message, "MissingNodeType")
        return None

    def _fingerprints(self, graph: Graph, order: list[str]) -> dict[str, Any]:
        """What the fingerprint hooks say; a hook sees literals only, None for links, and counts as NaN if it fails."""
        found = {}
        for node_id in order:
            node = graph.nodes[node_id]
            hook = self.nodes[node.schema.id].hooks.get("fingerprint")
            if hook is not None:
                try:
                    found[node_id] = hook(**node.literals, **dict.fromkeys(node.links))
                except Exception:
                    log.warning("%s: its fingerprint failed, so it runs again", node.title, exc_info=True)
                    found[node_id] = float("nan")
        return found

    def _look_up(self, order: list[str], signed: Mapping[str, Signature | None]) -> set[str]:
        """The nodes with a cached result, which are told at once. The results are held for this run."""
        for node_id in order:
            result = self.cache.get(signed[node_id])
            if result is not None:
                self.results[node_id] = result
        cached = list(self.results)
        self.emit(ExecutionCached(prompt_id=self.job.prompt_id, nodes=cached, timestamp=now_ms()))
        for node_id in cached:
            self.emit(NodeTiming(prompt_id=self.job.prompt_id, node=node_id, seconds=0, cached=True))
        return set(cached)

    def _plan(self, graph: Graph, order: list[str], cached: set[str]) -> set[str]:
        """The nodes that must run: outputs without a result and, backwards from them, sources without one."""
        missing = self.outputs - cached
        for node_id in reversed(order):
            if node_id in missing:
                sources = [link.node_id for link in graph.nodes[node_id].links.values()]
                self.uses.update(sources)
                missing.update(source for source in sources if source not in cached)
        for node_id in cached - self.uses.keys() - self.outputs:
            del self.results[node_id]
        return missing

    # --- one node ---

    def _tell_cached(self, node: GraphNode) -> None:
        if node.id in self.outputs:
            self._tell_executed(node, self.results[node.id])
            self.progress.finish(node.id)

    def _step(self, node: GraphNode, signature: Signature | None) -> tuple[AnyEvent | None, bool]:
        """Run one node; a terminal event if the run ends here, and whether memory ran out."""
        self.current = node.id
        if self.interrupted():
            return self._interruption(node), False
        self.progress.start(node.id)
        self.emit(Executing(prompt_id=self.job.prompt_id, node=node.id, display_node=node.id))
        began = time.perf_counter()
        arguments: dict[str, Any] = {}
        try:
            self._collect_arguments(node, arguments)
            result = unpack(self._call(node, arguments), node.schema)
        except Interrupted:
            return self._interruption(node), False
        except (Exception, SystemExit) as error:
            log.warning("%s failed", node.title, exc_info=True)
            return self._tell_failure(node, arguments, error), is_out_of_memory(error)
        self.cache.put(signature, result)
        self._keep(node, result)
        if result.ui is not None:
            self._tell_executed(node, result)
        self.executed.append(node.id)
        self.progress.finish(node.id)
        seconds = time.perf_counter() - began
        self.emit(NodeTiming(prompt_id=self.job.prompt_id, node=node.id, seconds=seconds))
        return None, False

    def _collect_arguments(self, node: GraphNode, arguments: dict[str, Any]) -> None:
        hidden = {
            "PROMPT": self.job.prompt,
            "EXTRA_PNGINFO": self.job.extra_data.get("extra_pnginfo"),
            "UNIQUE_ID": node.id,
        }
        for declared in node.schema.inputs:
            if declared.section == "hidden":
                arguments[declared.name] = hidden.get(declared.type)
            elif declared.name in node.links:
                arguments[declared.name] = self._linked_value(node, declared.name, node.links[declared.name])
            elif declared.name in node.literals:
                arguments[declared.name] = node.literals[declared.name]

    def _linked_value(self, node: GraphNode, name: str, link: Link) -> Any:
        values = self.results[link.node_id].values
        if link.slot >= len(values):
            raise ValueError(
                f"{node.title}, input {name!r}: node {link.node_id} returned {len(values)} values, so there is no "
                f"output {link.slot}"
            )
        return values[link.slot]

    def _call(self, node: GraphNode, arguments: dict[str, Any]) -> Any:
        function = self.nodes[node.schema.id].function
        with listen(self.progress.listener(node.id)), self.around():
            returned = function(**arguments)
            return asyncio.run(_finish(returned)) if inspect.isawaitable(returned) else returned

    def _keep(self, node: GraphNode, result: Result) -> None:
        """Hold a result for those who still need it, and let go of what this node was the last to need."""
        if self.uses[node.id]:
            self.results[node.id] = result
        for link in node.links.values():
            self.uses[link.node_id] -= 1
            if not self.uses[link.node_id]:
                self.results.pop(link.node_id, None)

    # --- telling ---

    def _tell_executed(self, node: GraphNode, result: Result) -> None:
        self.emit(Executed(prompt_id=self.job.prompt_id, node=node.id, display_node=node.id, output=result.ui))

    def _tell_failure(self, node: GraphNode, arguments: Mapping[str, Any], error: BaseException) -> ExecutionError:
        return describe(
            error,
            prompt_id=self.job.prompt_id,
            node=node,
            arguments=arguments,
            executed=self.executed,
            current_outputs=list(self.results),
        )

    def _interruption(self, node: GraphNode) -> ExecutionInterrupted:
        return ExecutionInterrupted(
            prompt_id=self.job.prompt_id,
            node_id=node.id,
            node_type=node.schema.id,
            executed=list(self.executed),
            timestamp=now_ms(),
        )


async def _finish(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


def _own_failure(job: Job, node_id: str, error: Exception) -> ExecutionError:
    class_type = job.prompt.get(node_id, {}).get("class_type", "")
    return _failure(job, node_id, class_type, f"The engine failed: {error}", type(error).__name__)


def _failure(job: Job, node_id: str, node_type: str, message: str, exception_type: str) -> ExecutionError:
    return ExecutionError(
        prompt_id=job.prompt_id,
        node_id=node_id,
        node_type=node_type,
        exception_message=message,
        exception_type=exception_type,
        timestamp=now_ms(),
    )
