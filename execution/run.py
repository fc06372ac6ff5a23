"""One run of a prompt: whose turn it is, and each node on its way from its arguments to its results."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from comfy_core.journal import keeping
from comfy_core.memory.shortage import is_out_of_memory
from comfy_core.progress import Interrupted
from execution import loop
from execution.arguments import collect
from execution.cache import Result
from execution.delivery import InputWatch
from execution.dynamic_prompt import DynamicPrompt
from execution.events import AnyEvent, ExecutionSuccess, now_ms
from execution.expander import Expander
from execution.figures import Figure, total, works
from execution.flight import Flight
from execution.graph import GraphNode, parse
from execution.invocation import Invoker, blocker_in
from execution.plan import Plan
from execution.progress import RunProgress
from execution.results import merge, unpack
from execution.schemas import RunSchemas
from execution.signing import sign
from execution.telling import Teller, failure
from execution.why import Why
from execution.worker import Job
from nodes.expansion import ExecutionBlocker

if TYPE_CHECKING:
    from execution.executor import Executor

log = logging.getLogger(__name__)
Emit = Callable[[AnyEvent], None]
SECONDS_PER_LOOK = 0.05


class Ended(Exception):
    """The run ends before its end, with this event."""

    def __init__(self, event: AnyEvent, out_of_memory: bool = False) -> None:
        self.event = event
        self.out_of_memory = out_of_memory


class Run:
    """The state of one run: which nodes are on their way, and who has been told what."""

    def __init__(
        self,
        executor: Executor,
        job: Job,
        emit: Emit,
        interrupted: Callable[[], bool],
    ) -> None:
        self.executor = executor
        self.nodes, self.cache = executor.nodes, executor.cache
        self.job, self.interrupted = job, interrupted
        self.keeper = executor.keeper(job)
        self.prompt = DynamicPrompt(job.prompt)
        self.tell = Teller(job, self.prompt, emit)
        self.progress = RunProgress(job.prompt_id, emit, interrupted, self.prompt.identity)
        self.invoker = Invoker(self.nodes, job, self.prompt, self.progress, executor.around, executor.instances)
        self.flights: dict[str, Flight] = {}
        self.parked: dict[str, Flight] = {}
        self.reasons: dict[str, Why] = {}
        self.took: dict[str, list[Figure]] = {}
        self.current = ""

    def to_the_end(self) -> tuple[AnyEvent, bool]:
        """Run everything; the terminal event, and whether memory ran out."""
        try:
            self._prepare()
            while self._next():
                self._step(self._flight(self.current))
        except Ended as ended:
            return ended.event, ended.out_of_memory
        finally:
            self.progress.flush()
        return ExecutionSuccess(prompt_id=self.job.prompt_id, timestamp=now_ms()), False

    def note_figures(self) -> None:
        """Remember what the prompt's own nodes took, those that ran, with the nodes that they stood for."""
        if not self.took:
            return
        work, ran = works(self.plan.graph, self.order), set(self.tell.executed)
        for node_id, figures in self.took.items():
            if node_id in ran:
                self.executor.figures.note(work[node_id], total(figures))
        self.executor.figures.save()

    # --- planning ---

    def _prepare(self) -> None:
        """Parse, sign, look up what is cached and tell it, schedule the rest."""
        for node_id, raw in self.job.prompt.items():
            if (class_type := raw["class_type"]) not in self.nodes:
                message = f"Node {node_id}: the class {class_type!r} is not loaded; the log says if its pack failed"
                raise Ended(failure(self.job, node_id, class_type, message, "MissingNodeType"))
        nodes, schemas = self.nodes, RunSchemas(self.nodes)
        graph = parse(self.job.prompt, schemas.of)
        self.plan = Plan(graph, self.cache, lambda one: nodes[graph.nodes[one].schema.id].is_async)
        self.expander = Expander(self.plan, self.prompt, schemas.get)
        self.watch = InputWatch(self.plan, self.executor.watch)
        order = self.order = graph.order(self.job.outputs)
        sign(self.plan, self.invoker, order)
        self.cache.begin({self.plan.signed[one]: graph.nodes[one] for one in order})
        cached = self.plan.look_up(self.job.outputs, order)
        self.tell.cached(cached)
        found = set(cached)
        self._note_reasons([one for one in order if one not in found])
        self.executor.past.note((graph.nodes[one] for one in cached), self.plan.signed, self.plan.fingerprints)
        shown = set(self.job.outputs)
        done = [one for one in cached if one in shown or graph.nodes[one].schema.has_intermediate_output]
        for node_id in filter(self.plan.has, done):
            self.tell.shows(node_id, self.plan.results[node_id])
        self.progress.finish(*done)
        self.plan.start(self.job.outputs)

    def _note_reasons(self, order: Sequence[str]) -> None:
        """Note why each of these nodes (sources first) will have to run."""
        past = self.executor.past
        self.reasons |= past.reasons(self.plan.graph, order, self.plan.signed, self.plan.fingerprints)

    # --- whose turn it is ---

    def _next(self) -> bool:
        """Make `current` the node whose turn it is; False when all are done."""
        schedule = self.plan.schedule
        while True:
            if self.parked:
                self._look_at_parked(0)
            node_id = schedule.next()
            if node_id is not None:
                self.current = node_id
                return True
            if not self.parked:
                if schedule.unfinished:
                    raise Ended(self.tell.cycle(schedule.unfinished))
                return False
            self._look_at_parked(SECONDS_PER_LOOK)
            for flight in self.parked.values():
                self._heed_interrupt(flight.node)

    def _look_at_parked(self, timeout: float) -> None:
        """Let the waiting nodes go on, for `timeout` seconds at most; those that are done have their turn."""
        loop.turn()
        if timeout:
            self.progress.flush()
            waiting = [task for flight in self.parked.values() for task in flight.tasks if not task.done()]
            if waiting:
                loop.wait(waiting, timeout)
        for node_id in [one for one, flight in self.parked.items() if flight.is_settled]:
            del self.parked[node_id]
            self.plan.schedule.resume(node_id)

    def _heed_interrupt(self, node: GraphNode) -> None:
        if self.interrupted():
            raise Ended(self.tell.interruption(node))

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
        return flight

    def _step(self, flight: Flight) -> None:
        """Take a node as far as it gets: to its end, or to what it has to wait for."""
        flight.clock.resume()
        try:
            self._advance(flight)
        except Ended:
            raise
        except Interrupted:
            raise Ended(self.tell.interruption(flight.node)) from None
        except BaseException as error:  # also what a node raises to end the process: it ends its prompt
            log.info("%s failed", flight.node.title, exc_info=True)
            end = self.tell.failure(flight.node, error, flight.arguments, list(self.plan.results))
            raise Ended(end, is_out_of_memory(error)) from None

    def _advance(self, flight: Flight) -> None:
        node = flight.node
        if not flight.has_begun:
            lacking = collect(flight.arguments, node, self.plan, self.invoker.hidden(node))
            wishes = self.invoker.wishes(node, flight.arguments, lacking) if lacking else None
            if wishes:
                self.plan.grant(node.id, wishes)
                flight.clock.pause()
                return
            self.watch.begin(node)
            flight.outcomes = self._call(flight)
            flight.tasks = [one for one in flight.outcomes if isinstance(one, asyncio.Task)]
            if flight.tasks:
                loop.turn()
                if not flight.is_settled:
                    self.parked[node.id] = flight
                    return
        if flight.calls is None:
            flight.calls = [unpack(one, node.schema) for one in flight.returned()]
            if self._expand(flight):
                return
        self._land(flight, merge(flight.calls, node.schema, self.expander.values_behind))

    def _expand(self, flight: Flight) -> bool:
        """Take in the graphs that the node expands to, if any; it has its turn again when their results are there."""
        graphs = [call.expand for call in flight.calls or () if call.expand is not None]
        if not graphs:
            if flight.node.schema.may_expand:
                self.executor.expansions.note(flight.node.id, (), (), self.plan.graph, self.plan.signed)
            return False
        new = self.expander.add(flight.node, graphs)
        unsigned = self.expander.unsigned(new)
        sign(self.plan, self.invoker, unsigned)
        self._note_reasons(unsigned)
        self.expander.wait(flight, new)
        flight.clock.pause()
        self.executor.expansions.note(flight.node.id, graphs, flight.behind, self.plan.graph, self.plan.signed)
        return True

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
        self.executor.after(flight.node)
        self.watch.end(flight.node)
        self.plan.release(flight.behind)
        self.plan.finish(node_id, result)
        if result.ui is not None:
            self.tell.shows(node_id, result)
        self.tell.executed.append(node_id)
        self.progress.finish(node_id)
        seconds = flight.clock.seconds
        peak = self.executor.memory.end(seconds)
        self.took.setdefault(self.prompt.get_real_node_id(node_id), []).append(Figure(seconds, *peak))
        self.tell.took(node_id, seconds, self.reasons.get(node_id), peak)
        self.executor.past.note([flight.node], self.plan.signed, self.plan.fingerprints)
