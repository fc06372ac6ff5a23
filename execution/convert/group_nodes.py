"""Group nodes of old files (`workflow/Name`, described in `extra.groupNodes`) become subgraphs before all else: a
definition for each group, and on each of its nodes the links and values that were there (conversion.md §9)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from execution.convert.group import Group, Port, Shown, objects, read_group
from execution.convert.sheet import type_name
from nodes.schema import NodeSchema

FROM_OUTSIDE, TO_OUTSIDE = -10, -20
GROUP_NODE = re.compile(r"workflow[>/](.*)", re.DOTALL)


def open_group_nodes(workflow: dict[str, Any], schemas: Mapping[str, NodeSchema]) -> dict[str, Any]:
    """The same workflow where there are none; the one that is given is left as it is."""
    extra = workflow.get("extra")
    described = extra.get("groupNodes") if isinstance(extra, dict) else None
    nodes = objects(workflow.get("nodes"))
    instances: dict[str, list[dict[str, Any]]] = {}
    for node in nodes:
        name = _group_of(node)
        if isinstance(described, dict) and isinstance(described.get(name), dict):
            instances.setdefault(name, []).append(node)
    if not instances or not isinstance(described, dict):
        return workflow
    last = max([_number(workflow.get("last_node_id")), *(_number(node.get("id")) for node in nodes)])
    groups: dict[str, Group] = {}
    for name, alike in instances.items():
        groups[name] = read_group(described[name], last, alike, schemas)
        last += len(groups[name].nodes)
    definitions = workflow.get("definitions")
    kept = definitions if isinstance(definitions, dict) else {}
    added = [{**_definition_of(group), "id": _id(name), "name": name} for name, group in groups.items()]
    return {
        **workflow,
        "last_node_id": last,
        "nodes": [
            {**_instance_of(node, groups[_group_of(node)]), "type": _id(_group_of(node))}
            if isinstance(node, dict) and _group_of(node) in groups
            else node
            for node in workflow["nodes"]
        ],
        "definitions": {**kept, "subgraphs": [*(kept.get("subgraphs") or []), *added]},
    }


def _group_of(node: dict[str, Any]) -> str:
    found = GROUP_NODE.fullmatch(str(node.get("type")))
    return found[1] if found else ""


def _id(name: str) -> str:
    """The type of a group's nodes from now on."""
    return f"group node {name}"


def _number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return 0


def _definition_of(group: Group) -> dict[str, Any]:
    inputs = [[{**one, "link": None} for one in node.inputs] for node in group.nodes]
    links: list[dict[str, Any]] = []

    def connect(origin: int, output: int, target: int, slot: int) -> int:
        links.append(
            {"id": len(links) + 1, "origin_id": origin, "origin_slot": output, "target_id": target, "target_slot": slot}
        )
        return len(links)

    def feed(node: int, slot: int, link: int) -> None:
        if slot < len(inputs[node]):
            inputs[node][slot]["link"] = link

    for origin, output, target, slot in group.links:
        feed(target, slot, connect(group.nodes[origin].id, output, group.nodes[target].id, slot))
    ports = []
    for place, port in enumerate(group.ports):
        link = connect(FROM_OUTSIDE, place, group.nodes[port.node].id, port.slot)
        feed(port.node, port.slot, link)
        ports.append({"name": port.name, "type": port.type, "linkIds": [link]})
    results = []
    for place, result in enumerate(group.results):
        link = connect(group.nodes[result.node].id, result.output, TO_OUTSIDE, place)
        results.append({"name": result.name, "type": result.type, "linkIds": [link]})
    nodes = [{**node.file(), "inputs": own} for node, own in zip(group.nodes, inputs, strict=True)]
    return {"nodes": nodes, "links": links, "inputs": ports, "outputs": results}


def _instance_of(node: dict[str, Any], group: Group) -> dict[str, Any]:
    """The values stand in the order of the widgets, one after the other for all nodes of the group."""
    before = objects(node.get("inputs"))
    names = {port.name for port in group.ports}
    inputs = []
    for place, port in enumerate(group.ports):
        # What the person has called otherwise meanwhile is told by its place.
        beside = before[place] if place < len(before) else {}
        is_stray = str(beside.get("name")) not in names and type_name(beside.get("type")) == port.type
        old = next((one for one in before if one.get("name") == port.name), beside if is_stray else {})
        widget = {"widget": {"name": port.name}} if port.is_widget else {}
        inputs.append({"name": port.name, "type": port.type, "link": old.get("link"), **widget})
    saved = node.get("widgets_values")
    values = saved if isinstance(saved, list) else []
    shown = [(place, one) for place, one in enumerate(group.places) if one is not None]
    properties = node.get("properties")
    proxies = [_entry(one, group) for _, one in shown]
    return {
        **node,
        "inputs": inputs,
        "widgets_values": [values[place] if place < len(values) else None for place, _ in shown],
        "properties": {**(properties if isinstance(properties, dict) else {}), "proxyWidgets": proxies},
    }


def _entry(shown: Shown, group: Group) -> list[str]:
    """Whose widget a value is: the instance's own where it has a socket for it, else the inner node's."""

    def is_its_socket(port: Port) -> bool:
        return port.is_widget and (port.node, port.input) == (shown.node, shown.input)

    port = next(filter(is_its_socket, group.ports), None)
    return ["-1", port.name] if port is not None else [str(group.nodes[shown.node].id), shown.input]
