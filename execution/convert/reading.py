"""Reads a saved workflow (schema 0.4 and 1): tolerant of what old files leave out, strict where it makes no sense."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from execution.convert.sheet import INPUT_SIDE, ConversionError, Link, Port, Sheet, Slot, UiNode, Workflow, type_name


def read_workflow(data: dict[str, Any]) -> Workflow:
    """Read a saved workflow. Raises ConversionError for what is not one."""
    definitions = data["definitions"].get("subgraphs") or [] if isinstance(data.get("definitions"), dict) else []
    if not isinstance(definitions, list) or not all(isinstance(one, dict) for one in definitions):
        raise ConversionError("definitions.subgraphs must be a list of objects")
    raw_root, raw_definitions = _objects(data, "nodes"), [_objects(one, "nodes") for one in definitions]
    renamed = _unique_ids(raw_root, raw_definitions, _last_id(data))
    by_type = {str(one.get("id")): names for one, names in zip(definitions, renamed, strict=True)}
    return Workflow(
        root=_read_sheet(data, {}, by_type),
        definitions={
            str(one.get("id")): _read_sheet(one, names, by_type)
            for one, names in zip(definitions, renamed, strict=True)
        },
    )


# --- ids -------------------------------------------------------------------------------------------------------------


def _unique_ids(root: list[dict], definitions: list[list[dict]], last: int) -> list[dict[str, str]]:
    """New ids for inner nodes whose id is taken by the root or an earlier definition, in file order (as ComfyUI)."""
    used = {str(node.get("id")) for node in root}
    last = max([last, *_numbers(used)])
    renamed: list[dict[str, str]] = []
    for nodes in definitions:
        names: dict[str, str] = {}
        for node in nodes:
            old = new = str(node.get("id"))
            while new in used:
                last += 1
                new = str(last)
            used.add(new)
            last = max([last, *_numbers([new])])
            if new != old:
                names[old] = new
        renamed.append(names)
    return renamed


def _last_id(data: dict[str, Any]) -> int:
    state = data.get("state")
    last = data.get("last_node_id") or (state.get("lastNodeId") if isinstance(state, dict) else 0)
    return last if isinstance(last, int) else 0


def _numbers(ids: Iterable[str]) -> list[int]:
    return [int(one) for one in ids if one.isascii() and one.isdigit() and len(one) < 16]


# --- parts -----------------------------------------------------------------------------------------------------------


def _read_sheet(data: dict[str, Any], names: dict[str, str], by_type: dict[str, dict[str, str]]) -> Sheet:
    nodes = [_read_node(one, names, by_type) for one in _objects(data, "nodes")]
    links = [_read_link(one, names) for one in _list(data, "links")]
    sheet = Sheet(
        nodes={one.id: one for one in nodes},
        links={one.id: one for one in links},
        id=str(data.get("id", "")),
        name=str(data.get("name", "")),
        inputs=tuple(_read_port(one) for one in _ports(data, "inputs")),
        outputs=tuple(_read_port(one) for one in _ports(data, "outputs")),
    )
    _index_fed(sheet)
    return sheet


def _index_fed(sheet: Sheet) -> None:
    """Note which inner inputs each port of a definition feeds, in the order the port lists its links."""
    for node in sheet.nodes.values():
        for slot in node.inputs:
            link = sheet.links.get(slot.link) if slot.link is not None else None
            if link and link.origin == INPUT_SIDE:
                sheet.fed.setdefault(link.slot, []).append((node, slot))
    for index, consumers in sheet.fed.items():
        order = sheet.inputs[index].links if 0 <= index < len(sheet.inputs) else ()
        rank = {link: place for place, link in enumerate(order)}
        consumers.sort(key=lambda one: rank.get(one[1].link or "", len(rank)))


def _read_node(data: dict[str, Any], names: dict[str, str], by_type: dict[str, dict[str, str]]) -> UiNode:
    id = str(data.get("id"))
    type = data.get("type")
    if data.get("id") is None or not isinstance(type, str):
        raise ConversionError(f"node {id} of the workflow needs an id and a type", id)
    properties = dict(data["properties"]) if isinstance(data.get("properties"), dict) else {}
    if type in by_type and isinstance(properties.get("proxyWidgets"), list):
        properties["proxyWidgets"] = [_renamed_entry(one, by_type[type]) for one in properties["proxyWidgets"]]
    mode, title = data.get("mode"), data.get("title")
    return UiNode(
        id=names.get(id, id),
        type=type,
        mode=mode if isinstance(mode, int) else 0,
        title=title if isinstance(title, str) else None,
        inputs=tuple(_read_slot(one) for one in _objects(data, "inputs", id)),
        outputs=tuple(_read_slot(one) for one in _objects(data, "outputs", id)),
        widgets_values=data.get("widgets_values"),
        properties=properties,
    )


def _renamed_entry(entry: Any, names: dict[str, str]) -> Any:
    if not isinstance(entry, list) or not entry:
        return entry
    return [names.get(str(entry[0]), str(entry[0])), *entry[1:]]


def _read_slot(data: dict[str, Any]) -> Slot:
    link = data.get("link")
    return Slot(
        name=str(data.get("name", "")),
        type=type_name(data.get("type")),
        link=None if link is None else str(link),
        is_widget=bool(data.get("widget")),
    )


def _read_link(data: Any, names: dict[str, str]) -> Link:
    if isinstance(data, list) and len(data) >= 5:
        id, origin, slot, target = data[0], data[1], data[2], data[3]
    elif isinstance(data, dict):
        id, origin, slot, target = (data.get(key) for key in ("id", "origin_id", "origin_slot", "target_id"))
    else:
        raise ConversionError(f"a link of the workflow is neither a list of six nor an object: {str(data)[:80]}")
    if not isinstance(slot, int):
        raise ConversionError(f"link {id} of the workflow starts at slot {slot!r}, which is no number")
    return Link(str(id), names.get(str(origin), str(origin)), slot, names.get(str(target), str(target)))


def _ports(data: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """The ports of a definition; the root of a workflow may carry unrelated keys of that name."""
    return _objects(data, key) if isinstance(data.get(key), list) else []


def _read_port(data: dict[str, Any]) -> Port:
    links = data.get("linkIds")
    return Port(
        name=str(data.get("name", "")),
        type=type_name(data.get("type")),
        links=tuple(str(one) for one in links) if isinstance(links, list) else (),
    )


def _list(data: dict[str, Any], key: str) -> list[Any]:
    value = data.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise ConversionError(f"{key} of the workflow must be a list")
    return [one for one in value if one is not None]


def _objects(data: dict[str, Any], key: str, node_id: str | None = None) -> list[dict[str, Any]]:
    where = f"{key} of node {node_id}" if node_id is not None else f"{key} of the workflow"
    value = data.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise ConversionError(f"{where} must be a list", node_id)
    for place, one in enumerate(value):
        if not isinstance(one, dict):
            raise ConversionError(f"entry {place} of the {where} must be an object, not {str(one)[:40]!r}", node_id)
    return value
