"""The inputs a node has for the values it is given.

Most classes declare a fixed list. Schema style classes may declare inputs that depend on values or grow with them:
a combo that brings inputs of its own for each choice, a list of inputs as long as one likes, a slot with inputs
behind it. In a prompt they have flat dotted names (`resize.width`); the node gets them nested (contract §10).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from nodes.node import AUTOGROW, DYNAMIC, DYNAMIC_COMBO, DYNAMIC_SLOT
from nodes.schema import Input, NodeSchema

MOST_GROWN = 100


def fixed_inputs(schema: NodeSchema) -> Sequence[Input] | None:
    """All inputs but those the engine fills in, where they do not depend on values; else None."""
    return None if schema.any_input is not None or schema.dynamic_inputs else schema.given_inputs


def declared_inputs(schema: NodeSchema, given: Mapping[str, Any]) -> Sequence[Input]:
    """All inputs but those the engine fills in, for the input values `given` in a prompt."""
    inputs: Sequence[Input] = schema.given_inputs
    if schema.dynamic_inputs:
        inputs = [deeper for one in inputs for deeper in _unfold(one, given)]
    if schema.any_input is None:
        return inputs
    known = {one.name for one in schema.inputs} | {one.name for one in inputs}
    return [*inputs, *(msgspec.structs.replace(schema.any_input, name=name) for name in given if name not in known)]


def _unfold(one: Input, given: Mapping[str, Any]) -> Iterator[Input]:
    if one.type == AUTOGROW:
        yield from _grown(one, given)
        return
    if one.type == DYNAMIC_SLOT:
        yield msgspec.structs.replace(one, type=one.options.get("slotType", "*"))
    elif one.type != DYNAMIC_COMBO:
        yield one
    else:
        options = one.options.get("options", ())
        yield msgspec.structs.replace(one, choices=tuple(option["key"] for option in options))
        chosen = given.get(one.name, one.options.get("default"))
        first: Mapping[str, Any] = next((option["inputs"] for option in options if option["key"] == chosen), {})
        yield from _children(one, first, given)
    if one.type == DYNAMIC_SLOT and one.name in given:
        yield from _children(one, one.options.get("inputs", {}), given)


def _grown(one: Input, given: Mapping[str, Any]) -> Iterator[Input]:
    """Those that are given, and the first few where the template asks for them."""
    template = one.options["template"]
    most = min(template.get("max") or MOST_GROWN, MOST_GROWN)
    names = template.get("names") or [f"{template.get('prefix', '')}{number}" for number in range(most)]
    for section, inputs in template["input"].items():
        for entry in inputs.values():
            for number, name in enumerate(names):
                required = section == "required" and number < template.get("min", 0)
                full_name = f"{one.name}.{name}"
                if required or _is_given(full_name, given):
                    yield from _unfold(input_from(full_name, entry, "required" if required else "optional"), given)


def _is_given(name: str, given: Mapping[str, Any]) -> bool:
    return name in given or any(other.startswith(f"{name}.") for other in given)


def _children(parent: Input, sections: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[Input]:
    for section, inputs in sections.items():
        for name, entry in inputs.items():
            yield from _unfold(input_from(f"{parent.name}.{name}", entry, section), given)


def input_from(name: str, entry: Sequence[Any], section: str) -> Input:
    """An input from its `[type, options]`."""
    options = dict(entry[1]) if len(entry) > 1 else {}
    is_list = isinstance(entry[0], list | tuple)
    values = entry[0] if is_list else options.get("options") if entry[0] == "COMBO" else None
    return Input(
        name=name,
        type="COMBO" if is_list else entry[0],
        section=section,
        options=options,
        choices=None if values is None or "remote" in options else tuple(values),
    )


# --- as the node gets them -------------------------------------------------------------------------------------------


def nest(schema: NodeSchema, inputs: Iterable[Input], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments with dotted names put into the dictionaries that the node expects; others as they are.

    `inputs` are the declared inputs for these arguments.
    """
    roots = schema.dynamic_inputs
    if not roots:
        return dict(arguments)
    groups = {one.name for one in inputs if one.type in DYNAMIC}
    nested = {root: _tree(root, arguments, _dotted(root, arguments), groups) for root in roots}
    rest = {name: value for name, value in arguments.items() if not any(_is_in(name, root) for root in roots)}
    return rest | nested


def _tree(root: str, arguments: Mapping[str, Any], names: Iterable[str], groups: set[str]) -> dict[str, Any]:
    """`{root: own value, child: value or tree …}`."""
    tree: dict[str, Any] = {_last(root): arguments[root]} if root in arguments else {}
    children: dict[str, list[str]] = {}
    for name in names:
        child = name[len(root) + 1 :].split(".", 1)[0]
        children.setdefault(f"{root}.{child}", []).append(name)
    for child, inside in children.items():
        deeper = [name for name in inside if name != child]
        is_group = deeper or child in groups
        tree[_last(child)] = _tree(child, arguments, deeper, groups) if is_group else arguments[child]
    return tree


def _last(name: str) -> str:
    return name.rsplit(".", 1)[-1]


def _dotted(root: str, arguments: Iterable[str]) -> list[str]:
    return [name for name in arguments if name.startswith(f"{root}.")]


def _is_in(name: str, group: str) -> bool:
    return name == group or name.startswith(f"{group}.")
