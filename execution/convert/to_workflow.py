"""A prompt becomes a workflow that the editor opens: sockets, widgets and links, in columns from left to right."""

from __future__ import annotations

from typing import Any

from execution.convert.widgets import MISSING, PLAIN_DEFAULTS, chosen_inputs, extra_places, in_editor_order, is_widget
from execution.graph import as_link, title_in
from nodes.node import AUTOGROW, DYNAMIC_COMBO, MATCH
from nodes.schema import Input, NodeSchema

LEFT, TOP, ACROSS, DOWN = 40, 100, 80, 44
WIDTH, TITLE, ROW, WIDGET, TEXT = 320, 34, 22, 28, 150
PICTURE = 320
SEED_CONTROLS = ["fixed", ""]
MOST_OUTPUTS = 256
"""Of a class that is not here: a link to any further one would have the others made up."""
Prompt = dict[str, dict[str, Any]]


def to_workflow(prompt: Prompt, schemas: dict[str, NodeSchema], note: str = "") -> dict[str, Any]:
    """The UI workflow (schema 0.4) of an API prompt, its nodes laid out by what they wait for.

    `note` becomes a note on the canvas. Nodes keep their ids where these are numbers.
    """
    prompt = {id: {"inputs": {}, **node} for id, node in prompt.items()}
    numbers = _numbers(prompt)
    nodes = {id: _node(numbers[id], node, schemas.get(node["class_type"])) for id, node in prompt.items()}
    links: list[list[Any]] = []
    for id, node in prompt.items():
        for name, value in node["inputs"].items():
            source = as_link(value)
            if source is not None and source.node_id in nodes and 0 <= source.slot < MOST_OUTPUTS:
                links.append(_link(len(links) + 1, nodes[source.node_id], source.slot, nodes[id], name))
    _settle_types(nodes, links, schemas)
    _place(nodes, prompt)
    placed = list(nodes.values())
    if note:
        placed.append(_note(max(numbers.values(), default=0) + 1, placed, note))
    for order, node in enumerate(placed):
        node["order"] = order
    return {
        "last_node_id": max((node["id"] for node in placed), default=0),
        "last_link_id": len(links),
        "nodes": placed,
        "links": links,
        "groups": [],
        "config": {},
        "extra": {},
        "version": 0.4,
    }


def _numbers(prompt: Prompt) -> dict[str, int]:
    if all(id.isascii() and id.isdigit() for id in prompt) and len({int(id) for id in prompt}) == len(prompt):
        return {id: int(id) for id in prompt}
    return {id: number for number, id in enumerate(prompt, start=1)}


def _node(number: int, node: dict[str, Any], schema: NodeSchema | None) -> dict[str, Any]:
    inputs = node["inputs"]
    declared = in_editor_order(schema) if schema else []
    types = {one.name: one.type for one in declared}
    sockets = [name for one in declared if not is_widget(one) for name in _grown(one, inputs, types)]
    linked = [name for name, value in inputs.items() if as_link(value) and name not in sockets]
    values = _values(declared, inputs)
    texts = sum(bool(one.options.get("multiline")) for one in declared)
    rows = max(len(sockets) + len(linked), len(schema.outputs) if schema else 0)
    height = TITLE + ROW * rows + WIDGET * (len(values) - texts) + TEXT * texts
    height += PICTURE if schema and schema.is_output else 0
    made: dict[str, Any] = {
        "id": number,
        "type": node["class_type"],
        "pos": [0, 0],
        "size": [WIDTH, height],
        "flags": {},
        "order": 0,
        "mode": 0,
        "inputs": [
            *({"name": name, "type": types[name], "link": None} for name in sockets),
            *({"name": name, "type": types.get(name, "*"), "link": None, "widget": {"name": name}} for name in linked),
        ],
        "outputs": [{"name": one.name, "type": one.type, "links": []} for one in schema.outputs] if schema else [],
        "properties": {"Node name for S&R": node["class_type"]},
        "widgets_values": values,
    }
    title = title_in(node)
    return made if not title or (schema and title == schema.title) else made | {"title": title}


def _grown(one: Input, inputs: dict[str, Any], types: dict[str, str]) -> list[str]:
    """The sockets of an input: its own, or as many as there are values where it takes any number; `types` is told."""
    if one.type != AUTOGROW:
        return [one.name]
    names = [name for name in inputs if name.startswith(f"{one.name}.")]
    kinds = [kind for section in one.options["template"]["input"].values() for kind, _ in section.values()]
    types.update(dict.fromkeys(names, str(next(iter(kinds), "*"))))
    return names


def _values(declared: list[Input], inputs: dict[str, Any], prefix: str = "") -> list[Any]:
    """The widgets' values in the editor's order, with the places that belong to no input."""
    values: list[Any] = []
    for one in declared:
        if not is_widget(one):
            continue
        value = inputs.get(prefix + one.name, MISSING)
        if value is MISSING or as_link(value):
            value = one.options.get("default", PLAIN_DEFAULTS.get(one.type, next(iter(one.choices or ()), None)))
        values.append(value)
        values += SEED_CONTROLS[: extra_places(one, "")]
        if one.type == DYNAMIC_COMBO:
            values += _values(chosen_inputs(one, value), inputs, f"{prefix}{one.name}.")
    return values


def _link(number: int, source: dict[str, Any], slot: int, target: dict[str, Any], name: str) -> list[Any]:
    while len(source["outputs"]) <= slot:  # of a class that is not here, only its links are known
        source["outputs"].append({"name": f"output {len(source['outputs'])}", "type": "*", "links": []})
    output = source["outputs"][slot]
    output["links"].append(number)
    place = next(place for place, one in enumerate(target["inputs"]) if one["name"] == name)
    target["inputs"][place]["link"] = number
    return [number, source["id"], slot, target["id"], place, output["type"]]


def _settle_types(nodes: dict[str, dict[str, Any]], links: list[list[Any]], schemas: dict[str, NodeSchema]) -> None:
    """Give sockets that take the type of what is linked to them that type, and with it the outputs that follow them."""
    by_number = {node["id"]: node for node in nodes.values()}
    waiting = list(links)
    while waiting:
        again = []
        for link in waiting:
            _, source, slot, target, place, _ = link
            kind = by_number[source]["outputs"][slot]["type"]
            if kind == MATCH:
                again.append(link)
                continue
            link[5], node = kind, by_number[target]
            if node["inputs"][place]["type"] == MATCH:
                _settle(node, schemas[node["type"]], node["inputs"][place]["name"], kind)
        if len(again) == len(waiting):
            return
        waiting = again


def _settle(node: dict[str, Any], schema: NodeSchema, name: str, kind: str) -> None:
    templates = {one.name: one.options["template"]["template_id"] for one in schema.inputs if one.type == MATCH}
    for socket in node["inputs"]:
        if templates.get(socket["name"]) == templates[name]:
            socket["type"] = kind
    for output, declared in zip(node["outputs"], schema.outputs, strict=False):
        if declared.match == templates[name]:
            output["type"] = kind


def _place(nodes: dict[str, dict[str, Any]], prompt: Prompt) -> None:
    """Put every node into the column behind the last of those it waits for; sources just before their first user."""
    columns: dict[int, list[str]] = {}
    for id, column in _columns(prompt).items():
        columns.setdefault(column, []).append(id)
    for column, ids in columns.items():
        y = TOP
        for id in ids:
            nodes[id]["pos"] = [LEFT + column * (WIDTH + ACROSS), y]
            y += nodes[id]["size"][1] + DOWN


def _columns(prompt: Prompt) -> dict[str, int]:
    sources = {
        id: [link.node_id for link in map(as_link, node["inputs"].values()) if link and link.node_id in prompt]
        for id, node in prompt.items()
    }
    columns: dict[str, int] = dict.fromkeys(prompt, 0)
    waits = {id: len(before) for id, before in sources.items()}
    follow: dict[str, list[str]] = {}
    for id, before in sources.items():
        for one in before:
            follow.setdefault(one, []).append(id)
    ready = [id for id, count in waits.items() if not count]
    for id in ready:  # grows meanwhile; the nodes of a ring are never ready, and stay in the first column
        for user in follow.get(id, ()):
            columns[user] = max(columns[user], columns[id] + 1)
            waits[user] -= 1
            if not waits[user]:
                ready.append(user)
    return {
        id: max(min(columns[user] for user in follow[id]) - 1, 0) if id in follow and not sources[id] else column
        for id, column in columns.items()
    }


def _note(number: int, placed: list[dict[str, Any]], text: str) -> dict[str, Any]:
    lowest = max((node["pos"][1] + node["size"][1] for node in placed if node["pos"][0] == LEFT), default=TOP - DOWN)
    return {
        "id": number,
        "type": "Note",
        "pos": [LEFT, lowest + DOWN],
        "size": [WIDTH, 240],
        "flags": {},
        "order": 0,
        "mode": 0,
        "inputs": [],
        "outputs": [],
        "properties": {},
        "widgets_values": [text],
    }
