"""Which inputs of a node are widgets, and what each one holds, read off the saved `widgets_values`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from execution.convert.sheet import Slot, UiNode
from execution.declared import input_from
from nodes.node import DYNAMIC_COMBO
from nodes.schema import Input, NodeSchema, choices

Files = Callable[[str], list[str]]

WIDGET_TYPES = {
    "INT", "FLOAT", "STRING", "BOOLEAN", "COMBO", "COLOR", "COLORS", "CURVE", "BOUNDING_BOX", "BOUNDING_BOXES",
    "PAINTER", "COMPOSITOR", "IMAGECOMPARE", "WEBCAM", "AUDIO_RECORD", "LOAD_3D", "LOAD_3D_ANIMATION", "RANGE",
    DYNAMIC_COMBO,
}  # fmt: skip
PLAIN_DEFAULTS: dict[str, Any] = {"INT": 0, "FLOAT": 0.0, "STRING": "", "BOOLEAN": False}
BOUNDING_BOX_PLACES = 4
LOAD_3D_BUTTONS = 3
MISSING: Any = object()


def is_widget(one: Input) -> bool:
    """Whether the editor shows this input as a widget (it may still be linked)."""
    if one.section == "hidden" or one.options.get("forceInput"):
        return False
    return one.is_combo or one.type in WIDGET_TYPES or bool(one.options.get("widgetType"))


def in_editor_order(schema: NodeSchema) -> list[Input]:
    """The inputs that show, required before optional."""
    return [one for section in ("required", "optional") for one in schema.inputs if one.section == section]


def editor_slots(node: UiNode, schema: NodeSchema | None) -> list[Slot]:
    """The inputs of a node as the editor lists them: sockets, then widgets, then what only the file knows.

    Links are those of the file, matched by name; types are those of the definition.
    """
    if schema is None:
        return list(node.inputs)
    declared = in_editor_order(schema)
    ordered = [one for one in declared if not is_widget(one)] + [one for one in declared if is_widget(one)]
    saved = {one.name: one for one in node.inputs}
    slots = [
        Slot(one.name, one.type, saved[one.name].link if one.name in saved else None, is_widget(one)) for one in ordered
    ]
    known = {one.name for one in ordered}
    return slots + [one for one in node.inputs if one.name not in known]


def widget_values(node: UiNode, schema: NodeSchema, files: Files) -> dict[str, Any]:
    """What each widget of a node holds: the saved value, or the definition's default where the file has none.

    A combo that has no value and nothing to choose from is left out.
    """
    saved = node.widgets_values
    declared = in_editor_order(schema)
    if isinstance(saved, dict):
        pairs = _by_name(declared, saved, files)
    else:
        places = _Places(_without_forced(declared, list(saved) if isinstance(saved, list) else []))
        pairs = _by_place(declared, places, files, node.type)
    return {name: value for name, value in pairs if value is not MISSING}


def place_of(node: UiNode, schema: NodeSchema, name: str, files: Files) -> int | None:
    """Where in `widgets_values` a widget's value is kept; None if it has no place there."""
    saved = node.widgets_values
    if saved is not None and not isinstance(saved, list):
        return None
    declared = in_editor_order(schema)
    values = list(saved or [])
    if _without_forced(declared, values) is not values:
        return None
    places = _Places(values)
    for found, _ in _by_place(declared, places, files, node.type):
        if found == name:
            return places.at - 1
    return None


def wrapped(value: Any, type: str = "") -> Any:
    """A literal as a prompt carries it: a bare list would read as a link."""
    if not isinstance(value, list):
        return value
    return {"__type__": "CURVE", "__value__": value} if type == "CURVE" else {"__value__": value}


class _Places:
    """The saved values, taken one by one."""

    def __init__(self, values: list[Any]) -> None:
        self.values = values
        self.at = 0

    def take(self) -> Any:
        self.at += 1
        return self.values[self.at - 1] if self.at <= len(self.values) else MISSING

    def skip(self, count: int) -> None:
        self.at += count


def _by_place(
    inputs: Iterable[Input], places: _Places, files: Files, node_type: str, prefix: str = ""
) -> Iterator[tuple[str, Any]]:
    for one in inputs:
        if not is_widget(one):
            continue
        if one.type == "IMAGECOMPARE":  # a view: it holds no place, yet is sent
            yield prefix + one.name, ["", ""]
            continue
        value = _settled(one, places.take(), files, node_type)
        yield prefix + one.name, value
        places.skip(extra_places(one, node_type))
        if one.type == DYNAMIC_COMBO:
            yield from _by_place(chosen_inputs(one, value), places, files, node_type, f"{prefix}{one.name}.")


def _by_name(inputs: Iterable[Input], saved: dict[str, Any], files: Files) -> Iterator[tuple[str, Any]]:
    for one in inputs:
        if is_widget(one):
            yield one.name, _settled(one, saved.get(one.name, MISSING), files, "")


def _settled(one: Input, value: Any, files: Files, node_type: str) -> Any:
    """A saved value with what the editor mends while loading: gaps, and names of the first releases."""
    if value is MISSING or (value is None and one.is_combo):
        return _default(one, files) if value is MISSING else _first_choice(one, files)
    if one.name == "sampler_name" and node_type in ("KSampler", "KSamplerAdvanced") and isinstance(value, str):
        return value.removeprefix("sample_")
    return value


def _default(one: Input, files: Files) -> Any:
    if "default" in one.options:
        return one.options["default"]
    if one.is_combo or one.type == DYNAMIC_COMBO:
        return _first_choice(one, files)
    return PLAIN_DEFAULTS.get(one.options.get("widgetType", one.type), MISSING)


def _first_choice(one: Input, files: Files) -> Any:
    if one.type == DYNAMIC_COMBO:
        offered = [option.get("key") for option in one.options.get("options", [])]
    else:
        offered = choices(one, files) or one.options.get("options") or []
    return offered[0] if offered else MISSING


def extra_places(one: Input, node_type: str) -> int:
    """Places after a widget that belong to no input: seed controls, coordinates, buttons."""
    controlled = one.options.get("control_after_generate")
    if one.type == "INT":
        return int(bool(controlled) if controlled is not None else one.name in ("seed", "noise_seed"))
    if one.is_combo and controlled:
        return 2
    if one.type == "BOUNDING_BOX":
        return BOUNDING_BOX_PLACES
    return LOAD_3D_BUTTONS if node_type == "Load3D" and one.name == "model_file" else 0


def _without_forced(inputs: list[Input], values: list[Any]) -> list[Any]:
    """Old files kept a place for inputs that are sockets now (`forceInput`): drop those, if the count says so."""
    forced_places: list[bool] = []
    for one in inputs:
        forced = bool(one.options.get("forceInput"))
        if is_widget(one) or forced:
            forced_places += [forced] + [False] * extra_places(one, "")
    if not any(forced_places) or len(forced_places) != len(values):
        return values
    return [value for value, forced in zip(values, forced_places, strict=True) if not forced]


def chosen_inputs(one: Input, key: Any) -> list[Input]:
    """The inputs a dynamic combo brings in with its chosen key."""
    offered: list[dict[str, Any]] = one.options.get("options", [])
    sections: dict[str, Any] = next((option.get("inputs", {}) for option in offered if option.get("key") == key), {})
    return [
        input_from(name, entry, section)
        for section in ("required", "optional")
        for name, entry in sections.get(section, {}).items()
    ]
