"""What a prompt would do, without doing it: which nodes would run and why, what that would take, what is missing.

The prediction is the plan of a run, made with the same code against the same cache, and never executed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import msgspec

from comfy_core import folders
from comfy_core.folders import Folders
from execution.cache import Cache, Result
from execution.dynamic_prompt import DynamicPrompt
from execution.executor import Executor
from execution.figures import total, works
from execution.graph import GraphNode, parse
from execution.invocation import Invoker
from execution.plan import Plan
from execution.progress import RunProgress
from execution.signature import Signature
from execution.signing import sign
from execution.validate import Validation
from execution.why import Why
from execution.worker import Job
from nodes.schema import NodeSchema

log = logging.getLogger(__name__)
NOTHING = Result(())


class NodeForecast(msgspec.Struct, kw_only=True):
    """What would become of one node: it `runs` (`why` says the reason, `because` in words), or is `cached`, or it runs
    `perhaps`, if another node asks for it, or it is `not_needed`. The figures are what it took before; null if unknown.
    """

    class_type: str
    status: str
    why: Why | None = None
    because: str = ""
    seconds: float | None = None
    peak_bytes: int | None = None
    device_peak_bytes: int | None = None


class MissingNode(msgspec.Struct):
    node: str
    class_type: str | None


class MissingModel(msgspec.Struct):
    """`folder` is the kind of model, and so where under models/ the file `value` should be."""

    node: str
    class_type: str
    input: str
    value: Any
    folder: str


class Forecast(msgspec.Struct, kw_only=True):
    """`runs`, `cached` and `perhaps` list the nodes in the order they would have their turn. What the nodes expand to
    shows only while they run. `error` and `node_errors` are those of POST /prompt."""

    runs: list[str] = []
    cached: list[str] = []
    perhaps: list[str] = []
    nodes: dict[str, NodeForecast] = {}
    seconds: float = 0.0
    peak_bytes: int = 0
    device_peak_bytes: int = 0
    missing_nodes: list[MissingNode] = []
    missing_models: list[MissingModel] = []
    error: dict[str, Any] | None = None
    node_errors: dict[str, Any] = {}


def explain(executor: Executor, schemas: Mapping[str, NodeSchema], prompt: Any, validation: Validation) -> Forecast:
    """What would happen if `prompt` ran now; `validation` is what was found when it was checked with these schemas."""
    forecast = Forecast(
        error=validation.error,
        node_errors=validation.node_errors,
        missing_nodes=missing_nodes(prompt, schemas),
        missing_models=missing_models(prompt, schemas, folders.current()),
    )
    if validation.error is None:
        rehearsal = Rehearsal(executor, schemas, validation)
        with executor.around():
            asyncio.run(rehearsal.play())
        _tell(rehearsal, executor, forecast)
    return forecast


def _tell(rehearsal: Rehearsal, executor: Executor, forecast: Forecast) -> None:
    """Fill in what the rehearsal showed."""
    plan, order, ran = rehearsal.plan, rehearsal.order, set(rehearsal.ran)
    forecast.runs = rehearsal.ran
    forecast.cached = [one for one in order if one not in ran and plan.signed.get(one) in executor.cache]
    forecast.perhaps = rehearsal.perhaps()
    reasons = executor.past.reasons(plan.graph, order, plan.signed, plan.fingerprints)
    work = works(plan.graph, order)
    expected = {one: executor.figures.expect(work[one]) for one in [*forecast.runs, *forecast.perhaps]}
    stati = dict.fromkeys(forecast.runs, "runs") | dict.fromkeys(forecast.cached, "cached")
    stati |= dict.fromkeys(forecast.perhaps, "perhaps")
    for node_id, node in plan.graph.nodes.items():
        shown = NodeForecast(class_type=node.schema.id, status=stati.get(node_id, "not_needed"))
        if node_id in expected:
            shown.why, shown.because = reasons[node_id], str(reasons[node_id])
            known = expected[node_id]
            if known is not None:
                shown.seconds, shown.peak_bytes, shown.device_peak_bytes = known
        forecast.nodes[node_id] = shown
    forecast.seconds, forecast.peak_bytes, forecast.device_peak_bytes = total(expected[one] for one in forecast.runs)


class Rehearsal:
    """A run in which every node is done at once. `ran` are the nodes that had their turn, in that order."""

    def __init__(self, executor: Executor, schemas: Mapping[str, NodeSchema], validation: Validation) -> None:
        graph = parse(validation.prompt, schemas.__getitem__)
        job = Job(prompt_id="explain", prompt=validation.prompt, outputs=validation.outputs)
        prompt = DynamicPrompt(job.prompt)
        progress = RunProgress(job.prompt_id, lambda event: None, lambda: False, prompt.identity)
        nodes = executor.nodes
        self.plan = Plan(graph, _Imagined(executor.cache), lambda one: nodes[graph.nodes[one].schema.id].is_async)
        self.order = graph.order(job.outputs)
        self.ran: list[str] = []
        self._outputs = job.outputs
        self._invoker = Invoker(nodes, job, prompt, progress, executor.around, {})
        self._undecided: list[str] = []

    async def play(self) -> None:
        await sign(self.plan, self._invoker, self.order)
        self.plan.look_up(self._outputs, self.order)
        self.plan.start(self._outputs)
        asked: set[str] = set()
        while (node_id := self.plan.schedule.next()) is not None:
            wishes = set() if node_id in asked else await self._wishes(self.plan.graph.nodes[node_id])
            asked.add(node_id)
            if wishes:
                self.plan.grant(node_id, wishes)
            else:
                self.ran.append(node_id)
                self._undecided += [link.node_id for link in self.plan.graph.nodes[node_id].raw_links.values()]
                self.plan.finish(node_id, NOTHING)

    def perhaps(self) -> list[str]:
        """What would run only if a node asked for it, or expanded to something that does, which shows when it runs."""
        has_turn = set(self.ran)
        reached = self.plan.graph.order(self._undecided)
        return [one for one in reached if one not in has_turn and not self.plan.has(one)]

    async def _wishes(self, node: GraphNode) -> set[str]:
        """The lazy inputs that the node would ask for. It can be asked if all its other inputs are literals."""
        lazy = node.lazy_links
        if not lazy:
            return set()
        known = self._invoker.hidden(node) | dict.fromkeys(lazy) | node.literals
        arguments = {name: [value] for name, value in known.items()}
        has_hook = "lazy" in self._invoker.nodes[node.schema.id].hooks
        if not has_hook or node.links.keys() <= arguments.keys():
            try:
                return await self._invoker.wishes(node, arguments, lazy)
            except Exception:
                log.info("%s cannot say beforehand which inputs it needs", node.title, exc_info=True)
        self._undecided += [link.node_id for link in lazy.values()]
        return set()


class _Imagined(Cache):
    """The cache as it would be in the course of the run; nothing is read or kept."""

    def __init__(self, real: Cache) -> None:
        self._real = real
        self._put: set[Signature] = set()

    def __contains__(self, signature: object) -> bool:
        return signature in self._put or signature in self._real

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


# --- what is not there -----------------------------------------------------------------------------------------------


def missing_nodes(prompt: Any, schemas: Mapping[str, NodeSchema]) -> list[MissingNode]:
    """The nodes of a prompt whose classes nobody has loaded."""
    found = [(node_id, raw.get("class_type")) for node_id, raw in _nodes(prompt)]
    return [MissingNode(node_id, kind) for node_id, kind in found if not isinstance(kind, str) or kind not in schemas]


def missing_models(prompt: Any, schemas: Mapping[str, NodeSchema], where: Folders) -> list[MissingModel]:
    """The files that a prompt names and that are not in their folders."""
    listed = cache(where.files)
    found = []
    for node_id, raw in _nodes(prompt):
        schema, given = schemas.get(str(raw.get("class_type"))), raw.get("inputs")
        inputs = given if isinstance(given, dict) else {}
        for one in schema.inputs if schema is not None else ():
            value = inputs.get(one.name)
            if one.folder is not None and isinstance(value, str) and not _is_there(where, one.folder, value, listed):
                found.append(MissingModel(node_id, str(raw["class_type"]), one.name, value, one.folder))
    return found


def _nodes(prompt: Any) -> list[tuple[str, dict[str, Any]]]:
    items = prompt.items() if isinstance(prompt, dict) else ()
    return [(node_id, raw) for node_id, raw in items if isinstance(raw, dict)]


def _is_there(where: Folders, folder: str, name: str, listed: Callable[[str], list[str]]) -> bool:
    if name in listed(folder):
        return True
    try:
        return folder in folders.INPUTS and where.find("input", name).is_file()
    except (ValueError, OSError):
        return False
