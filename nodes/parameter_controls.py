"""The ControlNets of a prompt as units of A1111's extension, for infotexts. Never imports torch."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from comfy_core import folders
from comfy_core.infotext.control import (
    INVERT,
    MODES,
    NONE,
    PASSES,
    PREPROCESSORS,
    PROCESSOR_RES,
    RESIZES,
    TILE,
    UNSAID,
    Unit,
    write_unit,
)
from comfy_core.model_hashes import auto_v1
from nodes.expansion import is_link
from nodes.walk import Walk

Node = dict[str, Any]
SETTINGS = ("control_net", "image", "strength", "start_percent", "end_percent")


def control_fields(graph: Walk, samplers: list[str]) -> dict[str, str]:
    """The fields of the ControlNets on the prompts of the first pass, of the second, or of both."""
    passes = [graph.controls(graph.prompt[id]["inputs"].get("positive")) for id in samplers[:2]]
    against = [node for id in samplers[:2] for node in graph.controls(graph.prompt[id]["inputs"].get("negative"))]
    found: list[Node] = []
    for node in (one for applied in passes for one in applied):
        if not _has(found, node):
            found.append(node)
    fields = {}
    for number, node in enumerate(found):
        among = [_has(applied, node) for applied in passes]
        which = PASSES[0] if all(among) else PASSES[1] if among[0] else PASSES[2]
        unit = replace(_unit(graph, node), passes=which, mode=MODES[0] if _has(against, node) else MODES[2])
        fields[f"ControlNet {number}"] = write_unit(unit)
    return fields


def _has(nodes: list[Node], node: Node) -> bool:
    """Whether one of the nodes applies the same ControlNet in the same way, be it to another prompt."""
    return any(all(one["inputs"].get(name) == node["inputs"].get(name) for name in SETTINGS) for one in nodes)


def _unit(graph: Walk, node: Node) -> Unit:
    inputs = node["inputs"]
    name = str(graph.at(inputs.get("control_net"))["inputs"].get("control_net_name", "None"))
    hash = ""
    with suppress(OSError, ValueError):
        hash = f" [{auto_v1(folders.current().find_model('controlnet', name))}]"
    unit = Unit(
        number=0,
        module=NONE,
        model=f"{Path(name).stem}{hash}",
        weight=_number(inputs.get("strength"), 1.0),
        start=_number(inputs.get("start_percent"), 0.0),
        end=_number(inputs.get("end_percent"), 1.0),
    )
    link = inputs.get("image")
    for id in graph.picture_way(link[0]) if is_link(link) else ():
        unit = _with_step(unit, graph.prompt[id])
    return unit


def _with_step(unit: Unit, node: Node) -> Unit:
    """A unit whose picture comes through a node besides."""
    inputs, kind = node["inputs"], node["class_type"]
    if kind == "ImageInvert":
        return replace(unit, module=INVERT)
    if kind == "ImageScaleBy" and 0 < _number(inputs.get("scale_by"), 1.0) < 1:
        return replace(unit, module=TILE, threshold_a=round(1 / inputs["scale_by"], 6))
    if kind == "ImageScale" and inputs.get("crop") == "disabled":
        return replace(unit, resize=RESIZES[0])
    if kind == "ResizeAndPadImage":
        return replace(unit, resize=RESIZES[2])
    module = next((name for name, one in PREPROCESSORS.items() if one.node == kind), None)
    if module is None:
        return unit
    thresholds = [_number(inputs.get(name), UNSAID) for name in PREPROCESSORS[module].thresholds]
    a, b = [*thresholds, UNSAID, UNSAID][:2]
    resolution = int(_number(inputs.get("resolution"), PROCESSOR_RES))
    return replace(unit, module=module, threshold_a=a, threshold_b=b, resolution=resolution)


def _number(value: Any, default: float) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else default
