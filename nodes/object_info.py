"""What `/object_info` says of a node, in the shape and key order of the measured contract."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nodes.node import Input, NodeSchema

Files = Callable[[str], list[str]]


def object_info(schema: NodeSchema, files: Files) -> dict[str, Any]:
    """The `/object_info` entry of a schema; `files(folder)` lists the names in a folder.

    The shape is that of http_ws.md §3, for schema style nodes that of execution.md §10.
    """
    sections: dict[str, dict[str, Any]] = {"required": {}}
    for one in schema.inputs:
        sections.setdefault(one.section, {})[one.name] = _entry(schema, one, files)
    info: dict[str, Any] = {
        "input": sections,
        "input_order": {section: list(names) for section, names in sections.items()},
        "is_input_list": schema.is_input_list,
        "output": [list(one.choices) if one.choices is not None else one.type for one in schema.outputs],
        "output_is_list": [one.is_list for one in schema.outputs],
        "output_name": [one.name for one in schema.outputs],
    }
    return info | (_schema_style(schema) if schema.style == "schema" else _class_style(schema))


def _class_style(schema: NodeSchema) -> dict[str, Any]:
    info: dict[str, Any] = {
        "name": schema.id,
        "display_name": schema.title,
        "description": schema.description,
        "python_module": schema.python_module,
        "category": schema.category,
        "output_node": schema.is_output,
        "has_intermediate_output": schema.has_intermediate_output,
    }
    if any(one.tooltip for one in schema.outputs):
        info["output_tooltips"] = [one.tooltip for one in schema.outputs]
    if any(one.match for one in schema.outputs):
        info["output_matchtypes"] = [one.match for one in schema.outputs]
    flags = {key: True for key in ("deprecated", "experimental", "dev_only", "api_node") if getattr(schema, key)}
    info |= flags | {"search_aliases": list(schema.search_aliases)}
    if schema.essentials_category:
        info["essentials_category"] = schema.essentials_category
    return info


def _schema_style(schema: NodeSchema) -> dict[str, Any]:
    matches = [one.match for one in schema.outputs]
    return {
        "output_tooltips": [one.tooltip for one in schema.outputs],
        "output_matchtypes": matches if any(matches) else None,
        "name": schema.id,
        "display_name": schema.title,
        "description": schema.description,
        "python_module": schema.python_module,
        "category": schema.category,
        "output_node": schema.is_output,
        "deprecated": schema.deprecated,
        "experimental": schema.experimental,
        "dev_only": schema.dev_only,
        "api_node": schema.api_node,
        "price_badge": schema.price_badge,
        "search_aliases": list(schema.search_aliases) or None,
        "essentials_category": schema.essentials_category,
        "has_intermediate_output": schema.has_intermediate_output,
    }


def _entry(schema: NodeSchema, one: Input, files: Files) -> Any:
    if one.section == "hidden":
        return [one.type] if schema.style == "schema" else one.type
    return input_config(one, files)


def input_config(one: Input, files: Files) -> list[Any]:
    """`[type, options]`; a combo shows its values instead of a type, unless they are among its options."""
    shown: Any = choices(one, files) if one.is_combo and "options" not in one.options else one.type
    return [shown] if one.bare else [shown, one.options]


def choices(one: Input, files: Files) -> list[Any]:
    """The values a combo input takes right now."""
    return files(one.folder) if one.folder is not None else list(one.choices or ())
