"""Runs a validated prompt: what is missing, each node after its sources, telling what happens.

One node works at a time; async nodes that wait do so beside the others. What a node demands while the run goes on
(lazy inputs, the nodes it expands to) joins the same schedule.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from comfy_core.journal import Keeper, keeping
from comfy_core.progress import Interrupted
from execution.cache import Cache, Result
from execution.delivery import InputWatch, delivered
from execution.dynamic_prompt import DynamicPrompt
from execution.events import AnyEvent, Executing, ExecutionStart, ExecutionSuccess, now_ms
from execution.failure import is_out_of_memory
from execution.figures import Figure, Figures, works
from execution.flight import Flight, cancel
from execution.graph import GraphNode, Link, as_link, parse, parse_node
from execution.invocation import Invoker, blocker_in
from execution.peak_memory import NO_DEVICE, DeviceMemory, PeakMemory
from execution.plan import Plan
from execution.progress import RunProgress
from execution.results import merge, unpack
from execution.signing import sign
from execution.telling import Teller, failure, own_failure
from execution.why import Past, Why
from execution.worker import Job
from nodes.expansion import ExecutionBlocker
from nodes.schema import Node, NodeSchema

log = logging.getLogger(__name__)
Emit = Callable[[AnyEvent], None]
SECONDS_PER_LOOK = 0.05


class Executor:
    """Runs prompts with a set of nodes and a cache that outlives them.

    `free` is called when memory ran out, after everything of the failed run was let go. `around` is entered around
    every run and every node call (it is where gradients are switched off).
    """

    def __init__(
        self,
        nodes: Mapping[str, Node],
        cache: Cache,
        *,
        free: Callable[[], None] = lambda: None,
        around: Callable[[], AbstractContextManager[Any]] = nullcontext,
        keeper: Callable[[Job], Keeper | None] = lambda job: None,
        device: DeviceMemory = NO_DEVICE,
        watch: bool = False,
        figures: Figures | None = None,
    ) -> None:
        self.nodes = nodes
        self.cache = cache
        self.keeper = keeper
        self.free = free
        self.around = around
        self.instances: dict[tuple[str, str], Any] = {}
        self.past = Past()
        self.figures = figures or Figures()
        self.memory = PeakMemory(device)
        self.watch = watch

    def run(
        self,
        job: Job,
        emit: Emit,
        interrupted: Callable[[], bool] = lambda: False,
        flush: Callable[[], None] = lambda: None,
    ) -> None:
        """Execute a job. Never raises: one terminal event is emitted, then `Executing(node=None)`.

        `emit` may hold events back until `flush` is called, which is before every node that begins, after what a node
        reports, before waiting, and at the end.
        """
        emit(ExecutionStart(prompt_id=job.prompt_id, timestamp=now_ms()))
        run = _Run(self, job, emit, interrupted, flush)
        try:
            with self.around():
                end, out_of_memory = asyncio.run(run.to_the_end())
        except Exception as error:
            log.exception("the engine itself failed in prompt %s", job.prompt_id)
            end, out_of_memory = own_failure(job, run.current, error), False
        run.note_figures()
        del run
        for key in [key for key in self.instances if key[0] not in job.prompt]:
            del self.instances[key]
        if out_of_memory:
            self.instances.clear()
            self.cache.clear()
            self.free()
        emit(end)
        emit(Executing(prompt_id=job.prompt_id, node=None))
        flush()


class _Ended(Exception):
    """The run ends before its end, with this event."""

    def __init__(self, event: AnyEvent, out_of_memory: bool = False) -> None:
        self.event = event
        self.out_of_memory = out_of_memory


class _Run:
    """The state of one run: which nodes are on their way, and who has been told what."""

    def __init__(
        self,
        executor: Executor,
        job: Job,
        emit: Emit,
        interrupted: Callable[[], bool],
        flush: Callable[[], None],
    ) -> None:
        self.executor = executor
        self.nodes, self.cache = executor.nodes, executor.cache
        self.job, self.interrupted, self.flush = job, interrupted, flush
        self.keeper = executor.keeper(job)
        self.prompt = DynamicPrompt(job.prompt)
        self.tell = Teller(job, self.prompt, emit)
        self.progress = RunProgress(job.prompt_id, emit, flush, interrupted, self.prompt.identity)
        self.invoker = Invoker(self.nodes, job, self.prompt, self.progress, executor.around, executor.instances)
        self.schemas: dict[str, NodeSchema] = {}
        self.flights: dict[str, Flight] = {}
        self.parked: dict[str, Flight] = {}
        self.reasons: dict[str, Why] = {}
        self.took: dict[str, Figure] = {}
        self.current = ""

    async def to_the_end(self) -> tuple[AnyEvent, bool]:
        """Run everything; the terminal event, and whether memory ran out."""
        try:
            await self._prepare()
            while await self._next():
                await self._step(self._flight(self.current))
        except _Ended as ended:
            return ended.event, ended.out_of_memory
        finally:
            await cancel(self.flights.values())
        self.progress.flush()
        return ExecutionSuccess(prompt_id=self.job.prompt_id, timestamp=now_ms()), False

    def note_figures(self) -> None:
        """Remember what the prompt's own nodes took, those that ran."""
        ran = [one for one in self.job.prompt if one in self.took]
        if ran:
            work = works(self.plan.graph, self.plan.graph.order(ran))
            for node_id in ran:
                self.executor.figures.note(work[node_id], self.took[node_id])
            self.executor.figures.save()

    # --- planning ---

    async def _prepare(self) -> None:
        """Parse, sign, look up what is cached and tell it, schedule the rest."""
        for node_id, raw in self.job.prompt.items():
            if raw["class_type"] not in self.nodes:
                message = (
                    f"Node {node_id}: the class {raw['class_type']!r} is not loaded; the log says if its pack failed"
                )
                raise _Ended(failure(self.job, node_id, raw["class_type"], message, "MissingNodeType"))
        graph = parse(self.job.prompt, self._schema)
        self.plan = Plan(graph, self.cache, lambda one: self.nodes[graph.nodes[one].schema.id].is_async)
        self.watch = InputWatch(self.plan) if self.executor.watch else None
        order = graph.order(self.job.outputs)
        await sign(self.plan, self.invoker, order)
        past = self.executor.past
        self.reasons = past.reasons(graph, order, self.plan.signed, self.plan.fingerprints)
        self.cache.begin([self.plan.signed[one] for one in order])
        cached = self.plan.look_up(self.job.outputs, order)
        self.tell.cached(cached)
        past.note((graph.nodes[one] for one in cached), self.plan.signed, self.plan.fingerprints)
        shown = set(self.job.outputs)
        for node_id in cached:
            if node_id in shown or graph.nodes[node_id].schema.has_intermediate_output:
                if self.plan.has(node_id):
                    self.tell.shows(node_id, self.plan.results[node_id])
                self.progress.finish(node_id)
        self.plan.start(self.job.outputs)

    def _schema(self, class_type: str) -> NodeSchema:
        """The schema of a class, read anew once in a run where it may change."""
        if class_type not in self.schemas:
            node = self.nodes[class_type]
            try:
                self.schemas[class_type] = node.current_schema()
            except Exception:
                log.warning("%s: its inputs cannot be read; those read before count", class_type, exc_info=True)
                self.schemas[class_type] = node.schema
        return self.schemas[class_type]

    # --- whose turn it is ---

    async def _next(self) -> bool:
        """Make `current` the node whose turn it is; False when all are done."""
        schedule = self.plan.schedule
        while True:
            if self.parked:
                await self._look_at_parked(0)
            node_id = schedule.next()
            if node_id is not None:
                self.current = node_id
                return True
            if not self.parked:
                if schedule.unfinished:
                    raise _Ended(self.tell.cycle(schedule.unfinished))
                return False
            await self._look_at_parked(SECONDS_PER_LOOK)
            for flight in self.parked.values():
                self._heed_interrupt(flight.node)

    async def _look_at_parked(self, timeout: float) -> None:
        """Let the waiting nodes go on, for `timeout` seconds at most; those that are done have their turn."""
        await asyncio.sleep(0)
        if timeout:
            self.flush()
            waiting = [task for flight in self.parked.values() for task in flight.tasks if not task.done()]
            if waiting:
                await asyncio.wait(waiting, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        for node_id in [one for one, flight in self.parked.items() if flight.is_settled]:
            del self.parked[node_id]
            self.plan.schedule.resume(node_id)

    def _heed_interrupt(self, node: GraphNode) -> None:
        if self.interrupted():
            raise _Ended(self.tell.interruption(node))

    # --- one node ---

    def _flight(self, node_id: str) -> Flight:
        """The node on its way; one that was asked what it needs, and begins only now, is told again."""
        flight = self.flights.get(node_id)
        if flight is None:
            flight = Flight(self.plan.graph.nodes[node_id])
            self._heed_interrupt(flight.node)
            self.flights[node_id] = flight
            self.executor.memory.begin()
            self.progress.start(node_id)
        if not flight.has_begun:
            self.tell.starts(node_id)
            self.flush()
        return flight

    async def _step(self, flight: Flight) -> None:
        """Take a node as far as it gets: to its end, or to what it has to wait for."""
        try:
            await self._advance(flight)
        except _Ended:
            raise
        except Interrupted:
            raise _Ended(self.tell.interruption(flight.node)) from None
        except (Exception, SystemExit) as error:
            log.info("%s failed", flight.node.title, exc_info=True)
            end = self.tell.failure(flight.node, error, flight.arguments, list(self.plan.results))
            raise _Ended(end, is_out_of_memory(error)) from None

    async def _advance(self, flight: Flight) -> None:
        node = flight.node
        if not flight.has_begun:
            wishes = await self._collect_arguments(flight)
            if wishes:
                self.plan.grant(node.id, wishes)
                return
            if self.watch is not None:
                self.watch.begin(node)
            flight.outcomes = self._call(flight)
            if flight.tasks:
                await asyncio.sleep(0)
                if not flight.is_settled:
                    self.parked[node.id] = flight
                    return
        if flight.calls is None:
            flight.calls = [unpack(one, node.schema) for one in flight.returned()]
            if await self._expand(flight):
                return
        self._land(flight, merge(flight.calls, node.schema, self._behind))

    async def _collect_arguments(self, flight: Flight) -> set[str]:
        """Fill in the arguments; the lazy inputs that the node wants computed first."""
        node, plan = flight.node, self.plan
        lacking = node.lazy_links.keys() - plan.granted.get(node.id, set())
        flight.arguments = {name: [value] for name, value in self.invoker.hidden(node).items()}
        for declared in node.inputs:
            name = declared.name
            if name in node.literals:
                flight.arguments[name] = [node.literals[name]]
            elif name in node.links and declared.is_raw_link:
                flight.arguments[name] = [list(node.links[name])]
            elif name in lacking:
                flight.arguments[name] = [None]
            elif name in node.links:
                flight.arguments[name] = self._linked_values(node, name, node.links[name])
        return await self.invoker.wishes(node, flight.arguments, lacking) if lacking else set()

    def _linked_values(self, node: GraphNode, name: str, link: Link) -> list[Any]:
        values = self.plan.results[link.node_id].values
        if link.slot >= len(values):
            raise ValueError(
                f"{node.title}, input {name!r}: node {link.node_id} returned {len(values)} values, so there is no "
                f"output {link.slot}"
            )
        return delivered(values[link.slot], node.schema)

    def _call(self, flight: Flight) -> list[Any]:
        """What each call of the node returns; a call that gets a blocker is not made and passes it on."""
        outcomes: list[Any] = []
        for index, item in enumerate(self.invoker.items(flight.node, flight.arguments)):
            if index:
                self._heed_interrupt(flight.node)
            blocker = blocker_in(item)
            if blocker is None:
                with self._keeping(flight.node.id, index):
                    outcomes.append(self.invoker.call(flight.node, index, item))
            else:
                self.tell.blocked(flight.node, blocker)
                outcomes.append(ExecutionBlocker())
        return outcomes

    def _keeping(self, node_id: str, index: int) -> AbstractContextManager[None]:
        """What a call notes of its progress is kept under its signature: only equal work may find it again."""
        signature = self.plan.signed.get(node_id)
        return keeping(self.keeper if signature else None, f"{signature}-{index}")

    def _land(self, flight: Flight, result: Result) -> None:
        node_id = flight.node.id
        del self.flights[node_id]
        if self.watch is not None:
            self.watch.end(flight.node)
        self.plan.release(flight.behind)
        self.plan.finish(node_id, result)
        if result.ui is not None:
            self.tell.shows(node_id, result)
        self.tell.executed.append(node_id)
        self.progress.finish(node_id)
        seconds = time.perf_counter() - flight.began
        peak = self.executor.memory.end(seconds)
        self.took[node_id] = Figure(seconds, peak.memory, peak.device)
        self.tell.took(node_id, seconds, self.reasons.get(node_id), peak)
        self.executor.past.note([flight.node], self.plan.signed, self.plan.fingerprints)

    # --- nodes that stand for others ---

    async def _expand(self, flight: Flight) -> bool:
        """Take in the graphs that the node expands to, if any; it has its turn again when their results are there."""
        node, new = flight.node, list[str]()
        for call in flight.calls or ():
            new.extend(self._add_nodes(node, call.expand or {}))
        if not any(call.expand is not None for call in flight.calls or ()):
            return False
        nodes = self.plan.graph.nodes
        for added in new:
            for link in nodes[added].links.values():
                if link.node_id not in nodes:
                    raise ValueError(
                        f"{node.title} expands to node {added}, which is linked to no node {link.node_id!r}"
                    )
        order = [one for one in self.plan.graph.order(new) if one not in self.plan.signed]
        await sign(self.plan, self.invoker, order)
        self.reasons |= self.executor.past.reasons(self.plan.graph, order, self.plan.signed, self.plan.fingerprints)
        linked = [link for call in flight.calls or () if call.expand is not None for link in self._links(call.values)]
        flight.behind = [link.node_id for link in linked] + [one for one in new if nodes[one].schema.is_output]
        self.plan.hold(flight.behind)
        self.plan.wait_for(node.id, flight.behind)
        return True

    def _add_nodes(self, parent: GraphNode, graph: Mapping[str, Any]) -> list[str]:
        for node_id, raw in graph.items():
            if self.prompt.has_node(node_id) and self.prompt.get_parent_node_id(node_id) != parent.id:
                raise ValueError(f"{parent.title} expands to node {node_id!r}, but there is one of that id already")
            if raw["class_type"] not in self.nodes:
                raise ValueError(f"{parent.title} expands to the class {raw['class_type']!r}, which is not loaded")
            self.plan.forget(node_id)
            self.prompt.add_ephemeral_node(node_id, raw, parent.id, raw.get("override_display_id"))
            self.plan.graph.nodes[node_id] = parse_node(node_id, raw, self._schema(raw["class_type"]))
        return list(graph)

    def _links(self, values: Iterable[Any]) -> list[Link]:
        found = [as_link(value) for value in values]
        return [link for link in found if link is not None and link.node_id in self.plan.graph.nodes]

    def _behind(self, value: Any) -> list[Any] | None:
        """The values a link leads to; None for what is no link."""
        links = self._links([value])
        return self.plan.results[links[0].node_id].values[links[0].slot] if links else None
