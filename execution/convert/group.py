"""What an old file says of a group of nodes, and by which names its one node shows what is inside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from execution.convert.sheet import type_name
from execution.convert.widgets import extra_places, in_editor_order, is_widget
from nodes.schema import NodeSchema

PRIMITIVE = "PrimitiveNode"


@dataclass(frozen=True)
class Port:
    """An input of the group's node; `slot` is its place among the inputs of the inner node."""

    name: str
    type: str
    node: int
    input: str
    slot: int
    is_widget: bool


@dataclass(frozen=True)
class Result:
    """An output of the group's node."""

    name: str
    type: str
    node: int
    output: int


@dataclass(frozen=True)
class Shown:
    """A widget of an inner node whose value the group's node holds, by the name that it has there."""

    node: int
    input: str
    name: str


@dataclass(frozen=True)
class Group:
    """Nodes are named by their place in the group. `links` are (from, output, to, slot); `places` says of each place in
    the values of the group's node which widget it belongs to, None for buttons and what becomes of seeds."""

    nodes: list[Inside]
    links: list[tuple[int, int, int, int]]
    ports: list[Port]
    results: list[Result]
    places: list[Shown | None]


class Inside:
    """One node of a group."""

    def __init__(self, raw: dict[str, Any], at: int, id: int, config: Any, schema: NodeSchema | None) -> None:
        self.raw, self.at, self.id, self.schema = raw, at, id, schema
        self.type = raw["type"] if isinstance(raw.get("type"), str) else ""
        self.title = raw["title"] if raw.get("title") and isinstance(raw["title"], str) else self.type
        declared = in_editor_order(schema) if schema is not None else []
        sockets: list[dict[str, Any]] = [{"name": one.name, "type": one.type} for one in declared if not is_widget(one)]
        self.inputs = objects(raw["inputs"]) if isinstance(raw.get("inputs"), list) else sockets
        own = config.get(str(at)) if isinstance(config, dict) else None
        self._config: dict[str, Any] = own if isinstance(own, dict) else {}

    def file(self) -> dict[str, Any]:
        return {**self.raw, "id": self.id, "type": self.type}

    def choice(self, of: str, name: str) -> dict[str, Any]:
        """What the person has chosen for an "input", or for the "output" of that index."""
        known = self._config.get(of)
        own = known.get(name) if isinstance(known, dict) else None
        return own if isinstance(own, dict) else {}

    def shows(self, input: str) -> bool:
        return self.choice("input", input).get("visible") is not False

    def places(self) -> Iterator[tuple[str, bool]]:
        """For each place in the node's values the widget it belongs to, and whether it is the value of that."""
        if self.type == PRIMITIVE:
            yield from (("value", True), ("value", False), ("", False))
        declared = in_editor_order(self.schema) if self.schema is not None else []
        for one in declared:
            if is_widget(one) and one.type != "IMAGECOMPARE":
                yield one.name, True
                yield from [(one.name, False)] * extra_places(one, self.type)
        for one in declared:  # the buttons come last
            if any(key.endswith("_upload") and chosen for key, chosen in one.options.items()):
                yield "", False


def read_group(
    raw: dict[str, Any], last: int, instances: Sequence[dict[str, Any]], schemas: Mapping[str, NodeSchema]
) -> Group:
    """`last` is the highest id that is taken; `instances` are the nodes that stand for the group."""
    nodes = [
        Inside(node, at, last + 1 + at, raw.get("config"), schemas.get(str(node.get("type"))))
        for at, node in enumerate(objects(raw.get("nodes")))
    ]
    links = list(_links(raw.get("links"), len(nodes)))
    fed = {(to, slot) for _, _, to, slot in links}
    name_of = _given_names()
    places: list[Shown | None] = []
    ports: list[Port] = []
    # Widgets that were made into inputs inside come after all others.
    for of_widgets in (False, True):
        for node in nodes:
            if not of_widgets:
                places += _shown(node, name_of)
            for slot, one in enumerate(node.inputs):
                if isinstance(one.get("widget"), dict) != of_widgets or (node.at, slot) in fed:
                    continue
                own = str(one.get("name"))
                name = name_of(node, own)
                if node.shows(own):
                    ports.append(Port(name, type_name(one.get("type")), node.at, own, slot, of_widgets))
    for name, type in _fed_widgets(instances):
        place = next((one for one in places if one is not None and one.name == name), None)
        if place is not None and all(port.name != name for port in ports):
            inputs = nodes[place.node].inputs
            inputs.append({"name": place.input, "type": type, "widget": {"name": place.input}})
            ports.append(Port(name, type, place.node, place.input, len(inputs) - 1, True))
    return Group(nodes, links, ports, list(_results(raw, nodes, links)), places)


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects in a list; none in what is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _given_names() -> Callable[[Inside, str], str]:
    """A name that is there already gets the title of its node before it, and a number if that is there too."""
    seen: dict[str, int] = {}

    def name_of(node: Inside, input: str) -> str:
        slot = next((one for one in node.inputs if one.get("name") == input), {})
        plain = _text(node.choice("input", input).get("name")) or _text(slot.get("label")) or input
        is_prefixed = plain in seen or (node.type == PRIMITIVE and bool(_text(node.raw.get("title"))))
        key = f"{node.title} {input}" if is_prefixed else plain
        count = seen.get(key)
        seen[key] = (count or 1) + 1
        return f"{node.title} {count} {input}" if is_prefixed and count is not None else key

    return name_of


def _shown(node: Inside, name_of: Callable[[Inside, str], str]) -> Iterator[Shown | None]:
    converted = {str(one.get("name")) for one in node.inputs if isinstance(one.get("widget"), dict)}
    for input, is_value in node.places():
        if input in converted:
            continue
        name = name_of(node, input) if is_value else ""
        if node.shows(input):
            yield Shown(node.at, input, name) if is_value else None


def _fed_widgets(instances: Sequence[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Widgets of the group's nodes that a link feeds."""
    for node in instances:
        for one in objects(node.get("inputs")):
            if isinstance(one.get("widget"), dict) and one.get("link") is not None:
                yield str(one.get("name")), type_name(one.get("type"))


def _links(value: Any, count: int) -> Iterator[tuple[int, int, int, int]]:
    """`[from, output, to, slot, ...]`; those from outside have no `from`."""
    for link in value if isinstance(value, list) else []:
        if not isinstance(link, list) or len(link) < 4 or not all(isinstance(one, int) for one in link[:4]):
            continue
        origin, output, target, slot = link[:4]
        if 0 <= origin < count and 0 <= target < count:
            yield origin, output, target, slot


def _results(
    raw: dict[str, Any], nodes: Sequence[Inside], links: Sequence[tuple[int, int, int, int]]
) -> Iterator[Result]:
    """Outputs that nothing inside takes, and those that something outside takes as well."""
    external = raw.get("external")
    listed = [one for one in external if isinstance(one, list) and len(one) > 1] if isinstance(external, list) else []
    wanted = {(one[0], one[1]) for one in listed if isinstance(one[0], int) and isinstance(one[1], int)}
    taken = {(origin, output) for origin, output, _, _ in links}
    for node in nodes:
        declared = node.schema.outputs if node.schema is not None else ()
        outputs = [{"name": one.name, "type": one.type} for one in declared]
        if isinstance(node.raw.get("outputs"), list):
            outputs = objects(node.raw["outputs"])
        for place, slot in enumerate(outputs):
            choice = node.choice("output", str(place))
            is_inner = (node.at, place) in taken and (node.at, place) not in wanted
            if choice.get("visible") is False or node.type == PRIMITIVE or is_inner:
                continue
            name = _text(choice.get("name")) or _text(slot.get("label")) or str(slot.get("name"))
            yield Result(name, type_name(slot.get("type")), node.at, place)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
