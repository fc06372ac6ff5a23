"""Where the value of a linked input really comes from: through reroutes, bypassed nodes and the walls of subgraphs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from execution.convert.scopes import Scope, slot_of
from execution.convert.sheet import BYPASSED, INPUT_SIDE, MUTED, ConversionError, Link, Slot, UiNode
from execution.convert.widgets import MISSING, editor_slots


@dataclass(frozen=True)
class Origin:
    """An output of a node in the prompt."""

    prompt_id: str
    slot: int

    def as_link(self) -> list[Any]:
        return [self.prompt_id, self.slot]


@dataclass(frozen=True)
class Raw:
    """A value instead of a link; `promoted` ones come from a subgraph instance and go out as they are."""

    value: Any
    promoted: bool


def source_of(scope: Scope, node: UiNode, slot: Slot) -> Origin | Raw | None:
    """Follow the link of an input to what feeds it; None if it leads to nothing.

    Raises ConversionError where a link is not in the file, starts at a missing node or runs in a circle.
    """
    consumer, name, link_id, wanted = node, slot.name, slot.link, slot.type
    seen: set[tuple[tuple[str, ...], str]] = set()
    while link_id is not None:
        if (scope.path, link_id) in seen:
            raise ConversionError(f"{consumer.label}: the link of {name!r} runs in a circle", consumer.id)
        seen.add((scope.path, link_id))
        link = _link(scope, link_id, consumer, name)
        if link.origin == INPUT_SIDE:
            outer = _outside(scope, link, consumer, name)
            if not isinstance(outer, Slot):
                return outer
            if scope.parent is None or scope.instance is None:
                return None
            consumer, name, link_id, scope = scope.instance, outer.name, outer.link, scope.parent
            continue
        origin = _origin(scope, link, consumer, name)
        if origin.mode == MUTED or origin.type == "PrimitiveNode":
            return None
        if origin.type == "Reroute":
            consumer, name, link_id = origin, "", origin.inputs[0].link if origin.inputs else None
        elif origin.mode == BYPASSED:
            through = bypass(scope, origin, link.slot, wanted)
            if through is None:
                return None
            consumer, name, link_id, wanted = origin, through.name, through.link, through.type
        elif origin.type in scope.known.definitions:
            scope = scope.child(origin)
            consumer, name, link_id = origin, "", _output_link(scope, origin, link.slot)
        else:
            return Origin(scope.prompt_id(origin), link.slot)
    return None


def bypass(scope: Scope, node: UiNode, output: int, wanted: str) -> Slot | None:
    """The input that stands in for an output of a bypassed node, by the editor's order of preference."""
    schema = scope.known.schemas.get(node.type)
    slots = editor_slots(node, schema)
    if not slots:
        return None
    same_place = slots[output] if 0 <= output < len(slots) else None
    if wanted in ("*", ""):
        return same_place or slots[0]
    if schema is not None and output < len(schema.outputs):
        given = "COMBO" if schema.outputs[output].choices is not None else schema.outputs[output].type
    else:
        given = node.outputs[output].type if 0 <= output < len(node.outputs) else "*"

    def fits(slot: Slot) -> bool:
        return compatible(slot.type, given) and compatible(slot.type, wanted)

    if same_place and fits(same_place):
        return same_place
    exact = next((slot for slot in slots if slot.type == wanted), None)
    return exact or next((slot for slot in slots if fits(slot)), None)


def compatible(one: str, other: str) -> bool:
    """Whether the editor would connect two types: equal in any case, `*`, or a common member of `A,B` lists."""
    one, other = one.lower(), other.lower()
    if one == other or one in ("*", "") or other in ("*", ""):
        return True
    return bool({word.strip() for word in one.split(",")} & {word.strip() for word in other.split(",")})


def _link(scope: Scope, link_id: str, consumer: UiNode, name: str) -> Link:
    link = scope.sheet.links.get(link_id)
    if link is None:
        raise ConversionError(
            f"{consumer.label}: input {name!r} names link {link_id}, which is not in the file; "
            "draw that link again and save",
            consumer.id,
        )
    return link


def _origin(scope: Scope, link: Link, consumer: UiNode, name: str) -> UiNode:
    origin = scope.sheet.nodes.get(link.origin)
    if origin is None:
        raise ConversionError(
            f"{consumer.label}: input {name!r} is linked to node {link.origin}, which is not in the file; "
            "draw that link again and save",
            consumer.id,
        )
    return origin


def _outside(scope: Scope, link: Link, consumer: UiNode, name: str) -> Slot | Raw | None:
    """What feeds an input of a subgraph from outside: the instance's linked slot, its value, or nothing."""
    if scope.instance is None or not 0 <= link.slot < len(scope.sheet.inputs):
        raise ConversionError(
            f"{consumer.label}: input {name!r} comes from input {link.slot} of its subgraph, which has none",
            consumer.id,
        )
    if consumer is scope.instance:
        raise ConversionError(
            f"{consumer.label}: an output of the subgraph is wired straight to one of its inputs; "
            "put a node between them",
            consumer.id,
        )
    slot = slot_of(scope.instance, scope.sheet, link.slot)
    if slot is not None and slot.link is not None:
        return slot
    value = scope.promoted_value(link.slot)
    return None if value is MISSING else Raw(value, promoted=True)


def _output_link(scope: Scope, instance: UiNode, index: int) -> str | None:
    """The link inside a subgraph that feeds one of its outputs."""
    if not 0 <= index < len(scope.sheet.outputs):
        raise ConversionError(f"{instance.label}: the subgraph has no output {index}", instance.id)
    for link_id in scope.sheet.outputs[index].links:
        if link_id in scope.sheet.links:
            return link_id
    return None
