"""A saved workflow becomes the prompt that runs: subgraphs opened, reroutes and bypassed nodes followed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from execution.convert.group_nodes import open_group_nodes
from execution.convert.reading import read_workflow
from execution.convert.scopes import Known, Scope, stored_values
from execution.convert.sheet import BYPASSED, INPUT_SIDE, MUTED, ConversionError, Slot, UiNode
from execution.convert.sources import Origin, Raw, source_of
from execution.convert.text import Draw, dynamic_prompt, replace_tokens
from execution.convert.widgets import Files, wrapped
from nodes.schema import NodeSchema

VIRTUAL = {"Note", "MarkdownNote", "Reroute", "PrimitiveNode"}
MAX_NODES = 100_000
MAX_NESTING = 50


def to_prompt(
    workflow: dict[str, Any],
    schemas: dict[str, NodeSchema],
    files: Files | None = None,
    draw: Draw = random.choice,
) -> dict[str, Any]:
    """Convert a UI workflow (schema 0.4 or 1) to an API prompt, by the rules the editor follows.

    `files(folder)` lists the names a file combo offers (for values the workflow leaves out); `draw` picks from the
    options of `{a|b}` in texts. Raises ConversionError naming the node if links, subgraphs or slots make no sense.
    """
    sheets = read_workflow(open_group_nodes(workflow, schemas))
    known = Known(sheets, schemas, files or (lambda folder: []))
    prompt: dict[str, Any] = {}
    for scope, node in _emitted(Scope(known, sheets.root)):
        prompt[scope.prompt_id(node)] = _prompt_node(scope, node, draw)
    _drop_dead_links(prompt)
    return prompt


def _emitted(root: Scope) -> Iterator[tuple[Scope, UiNode]]:
    """The nodes that take part in a run, each with the sheet instance it lives on."""
    waiting = [(root, iter(root.sheet.nodes.values()))]
    count = 0
    while waiting:
        scope, nodes = waiting[-1]
        node = next(nodes, None)
        count += 1
        if count > MAX_NODES:
            raise ConversionError(f"the workflow opens to more than {MAX_NODES} nodes; subgraphs nest too often")
        if node is None:
            waiting.pop()
        elif node.mode in (MUTED, BYPASSED) or node.type in VIRTUAL:
            continue
        elif node.type not in scope.known.definitions:
            yield scope, node
        elif len(waiting) > MAX_NESTING:
            raise ConversionError(f"{node.label}: subgraphs nest more than {MAX_NESTING} deep", node.id)
        else:
            child = scope.child(node)
            waiting.append((child, iter(child.sheet.nodes.values())))


def _prompt_node(scope: Scope, node: UiNode, draw: Draw) -> dict[str, Any]:
    schema = scope.known.schemas.get(node.type)
    title = node.title or (schema.title if schema else node.type)
    inputs = _unknown_inputs(scope, node) if schema is None else _inputs(scope, node, schema, draw)
    return {"inputs": inputs, "class_type": node.type, "_meta": {"title": title}}


def _inputs(scope: Scope, node: UiNode, schema: NodeSchema, draw: Draw) -> dict[str, Any]:
    """What a node is sent: its widgets' values, then what its links bring in their place."""
    types = {one.name: one.type for one in schema.inputs}
    values, promoted = scope.widget_values(node)
    links: dict[str, Any] = {}
    for slot in node.inputs:
        if slot.link is None or (slot.is_widget and slot.name not in values and slot.name not in types):
            continue
        pushed = _primitive_value(scope, slot) if slot.name in values else None
        found = pushed or source_of(scope, node, _typed(slot, types))
        if isinstance(found, Origin):
            links[slot.name] = found.as_link()
        elif isinstance(found, Raw):
            values[slot.name] = found.value
            promoted = promoted | {slot.name} if found.promoted else promoted - {slot.name}
        elif slot.name in values:  # fed by something that leads to nothing: the node's own value counts
            values[slot.name] = stored_values(scope, node).get(slot.name)
            promoted.discard(slot.name)
    for name, value in values.items():
        if name not in promoted and name not in links and isinstance(value, str):
            values[name] = _final_text(scope, schema, name, value, draw)
    return {name: wrapped(value, types.get(name, "")) for name, value in values.items()} | links


def _unknown_inputs(scope: Scope, node: UiNode) -> dict[str, Any]:
    """An unknown class keeps its links and values, so that whoever refuses it can show them."""
    saved = node.widgets_values if isinstance(node.widgets_values, list) else []
    inputs = {("UNKNOWN" if place == 0 else f"UNKNOWN_{place}"): wrapped(value) for place, value in enumerate(saved)}
    for slot in node.inputs:
        found = source_of(scope, node, slot) if slot.link is not None else None
        if isinstance(found, Origin):
            inputs[slot.name] = found.as_link()
        elif isinstance(found, Raw):
            inputs[slot.name] = wrapped(found.value)
    return inputs


def _typed(slot: Slot, types: dict[str, str]) -> Slot:
    return Slot(slot.name, types.get(slot.name, slot.type), slot.link, slot.is_widget)


def _primitive_value(scope: Scope, slot: Slot) -> Raw | None:
    """The value of a PrimitiveNode wired straight to this widget; it counts even while muted."""
    link = scope.sheet.links.get(slot.link or "")
    origin = scope.sheet.nodes.get(link.origin) if link and link.origin != INPUT_SIDE else None
    if origin is None or origin.type != "PrimitiveNode":
        return None
    value = scope.primitive_value(origin)
    if isinstance(value, str) and origin.properties.get("Run widget replace on values"):
        value = _with_tokens(scope, value)
    return None if value is None else Raw(value, promoted=False)


def _final_text(scope: Scope, schema: NodeSchema, name: str, value: str, draw: Draw) -> str:
    declared = schema.input(name)
    if declared and declared.options.get("dynamicPrompts"):
        return dynamic_prompt(value, draw)
    if name == "filename_prefix" and schema.is_output:
        return _with_tokens(scope, value)
    return value


def _with_tokens(scope: Scope, text: str) -> str:
    known = scope.known

    def value_of(node: UiNode, widget: str) -> Any:
        schema = known.schemas.get(node.type)
        return known.values(node, schema).get(widget) if schema and schema.input(widget) else None

    return replace_tokens(text, known.workflow.everywhere(), value_of)


def _drop_dead_links(prompt: dict[str, Any]) -> None:
    for node in prompt.values():
        for name, value in list(node["inputs"].items()):
            if isinstance(value, list) and value[0] not in prompt:
                del node["inputs"][name]
