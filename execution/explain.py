"""What a prompt would do, without doing it: which nodes would run and why, what that would take, what is missing.

The prediction is the plan of a run, made with the same code against the same cache, and never executed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import msgspec

from comfy_core import folders
from comfy_core.folders import PLACES, Folders
from execution import loop
from execution.executor import Executor
from execution.figures import total, works
from execution.rehearsal import Rehearsal
from execution.validate import Validation
from execution.why import Why
from nodes.schema import Input, NodeSchema

UPLOADS = {"image_upload", "video_upload", "audio_upload"}
"""The options of inputs that a browser gives files to."""


class NodeForecast(msgspec.Struct, kw_only=True):
    """What would become of one node: it `runs` (`why` says the reason, `because` in words), or is `cached`, or it runs
    `perhaps`, if another node asks for it, or it is `not_needed`. The figures are what it took before, with the nodes
    that it stood for; null if unknown. It `may_expand` to nodes that cannot be foretold.
    """

    class_type: str
    status: str
    why: Why | None = None
    because: str = ""
    seconds: float | None = None
    peak_bytes: int | None = None
    device_peak_bytes: int | None = None
    may_expand: bool = False


class MissingNode(msgspec.Struct):
    node: str
    class_type: str | None


class MissingModel(msgspec.Struct):
    """`folder` is the kind of file, and so where `value` should be: under models/, or `input`, `output` …"""

    node: str
    class_type: str
    input: str
    value: Any
    folder: str


class Forecast(msgspec.Struct, kw_only=True):
    """`runs`, `cached` and `perhaps` list the nodes in the order they would have their turn; `expanded` those that
    others stand for and that would run, where an earlier run showed which. `error` and `node_errors` are those of POST
    /prompt."""

    runs: list[str] = []
    expanded: list[str] = []
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
        with executor.around(), loop.lent():
            rehearsal.play()
        _tell(rehearsal, executor, forecast)
    return forecast


def _tell(rehearsal: Rehearsal, executor: Executor, forecast: Forecast) -> None:
    """Fill in what the rehearsal showed."""
    plan, order, ran, own = rehearsal.plan, rehearsal.order, set(rehearsal.ran), rehearsal.own
    forecast.runs = [one for one in rehearsal.ran if one in own]
    forecast.expanded = [one for one in rehearsal.ran if one not in own]
    forecast.cached = [one for one in order if one not in ran and plan.signed.get(one) in executor.cache]
    forecast.perhaps = rehearsal.perhaps()
    may_expand = rehearsal.may_expand | set(filter(rehearsal.can_expand, forecast.perhaps))
    reasons = executor.past.reasons(plan.graph, order, plan.signed, plan.fingerprints)
    work = works(plan.graph, order)
    expected = {one: executor.figures.expect(work[one]) for one in [*forecast.runs, *forecast.perhaps]}
    stati = dict.fromkeys(forecast.runs, "runs") | dict.fromkeys(forecast.cached, "cached")
    stati |= dict.fromkeys(forecast.perhaps, "perhaps")
    for node_id in own:
        kind = plan.graph.nodes[node_id].schema.id
        shown = NodeForecast(class_type=kind, status=stati.get(node_id, "not_needed"))
        shown.may_expand = node_id in may_expand
        if node_id in expected:
            shown.why, shown.because = reasons[node_id], str(reasons[node_id])
            known = expected[node_id]
            if known is not None:
                shown.seconds, shown.peak_bytes, shown.device_peak_bytes = known
        forecast.nodes[node_id] = shown
    forecast.seconds, forecast.peak_bytes, forecast.device_peak_bytes = total(expected[one] for one in forecast.runs)


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
            value, folder = inputs.get(one.name), _folder(one)
            if folder is None or not isinstance(value, str) or value in (one.choices or ()):
                continue
            if not _is_there(where, folder, value, listed):
                found.append(MissingModel(node_id, str(raw["class_type"]), one.name, value, folder))
    return found


def _nodes(prompt: Any) -> list[tuple[str, dict[str, Any]]]:
    items = prompt.items() if isinstance(prompt, dict) else ()
    return [(node_id, raw) for node_id, raw in items if isinstance(raw, dict)]


def _folder(one: Input) -> str | None:
    """The folder whose files the input takes; packs list them themselves, and say only that one can upload some."""
    if one.folder is not None or not UPLOADS & one.options.keys():
        return one.folder
    folder = one.options.get("image_folder", "input")
    return folder if folder in PLACES else None


def _is_there(where: Folders, folder: str, name: str, listed: Callable[[str], list[str]]) -> bool:
    if folder not in PLACES and name in listed(folder):
        return True
    place = "input" if folder in folders.INPUTS else folder
    try:
        return place in PLACES and where.find(place, name).is_file()
    except (ValueError, OSError):
        return False
