"""Inputs as a person sees them: which are slots, what widgets show, what may be entered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from comfy_core.folders import INPUTS
from nodes.node import AUTOGROW, DYNAMIC_COMBO, MATCH
from nodes.schema import Input, NodeSchema, Output

WIDGETS = {"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO", "COLOR", "BOUNDING_BOX", DYNAMIC_COMBO}
MOST_CHOICES = 12
POWERS = {2**bits - 1: f"2{raised} - 1" for bits, raised in ((32, "³²"), (63, "⁶³"), (64, "⁶⁴"))}


def seen(inputs: tuple[Input, ...]) -> list[Input]:
    return [one for one in inputs if one.section != "hidden"]


def is_slot(one: Input) -> bool:
    return bool(one.options.get("forceInput")) or one.type not in WIDGETS


def slot_names(one: Input) -> list[str]:
    """The slots that an input shows at first: one, or as many as a growing one has at least."""
    if one.type != AUTOGROW:
        return [one.name]
    template = one.options["template"]
    names = template.get("names") or [f"{template['prefix']}{i}" for i in range(max(1, template["min"]))]
    return names[: max(1, template["min"])]


def type_of(one: Input) -> str:
    """The type that fits, of what is more than a name."""
    if one.type == AUTOGROW:
        ((kind, options),) = one.options["template"]["input"]["required"].values()
        return _allowed(options) if kind == MATCH else kind
    return _allowed(one.options) if one.type == MATCH else one.type


def output_type(schema: NodeSchema, output: Output) -> str:
    """The type of an output; where it is that of some inputs, what these take."""
    if not output.match:
        return output.type
    same = (type_of(one) for one in schema.inputs if output.match in (_template(one.options), _template(_grown(one))))
    return next(same, "*")


def _grown(one: Input) -> dict[str, Any]:
    """The options of what grows, where something does."""
    if one.type != AUTOGROW:
        return {}
    ((_, options),) = one.options["template"]["input"]["required"].values()
    return options


def _template(options: dict[str, Any]) -> Any:
    return options.get("template", {}).get("template_id")


def _allowed(options: dict[str, Any]) -> str:
    return options["template"]["allowed_types"]


def shown_type(one: Input) -> str:
    """The type in words."""
    if one.type == AUTOGROW:
        return f"any number of {type_of(one)}"
    return {"COMBO": "choice", DYNAMIC_COMBO: "choice"}.get(one.type, type_of(one).replace(",", " or "))


def value(one: Input) -> str:
    """What a widget shows at first."""
    options = one.options
    if one.type == DYNAMIC_COMBO:
        return str(options.get("default") or options["options"][0]["key"])
    if one.folder is not None:
        return ""
    first = one.choices[0] if one.choices else options.get("options", [""])[0] if options.get("options") else ""
    default = options.get("default", first)
    if one.type == "BOOLEAN":
        return str(options.get("label_on" if default else "label_off") or bool(default)).lower()
    return "" if isinstance(default, dict) else _number(default)


def limits(one: Input) -> str:
    """What may be entered."""
    if one.folder is not None:
        return "a file in input/" if one.folder in INPUTS else f"a file in models/{one.folder.replace('any_', '')}/"
    choices = [case["key"] for case in one.options["options"]] if one.type == DYNAMIC_COMBO else one.choices
    if choices:
        more = f" … ({len(choices)})" if len(choices) > MOST_CHOICES else ""
        return ", ".join(f"`{choice}`" for choice in choices[:MOST_CHOICES]) + more
    least, most = (one.options.get(name) for name in ("min", "max"))
    if least is None and most is None:
        return ""
    step = one.options.get("step")
    return f"{_number(least)} … {_number(most)}" + (f", step {_number(step)}" if step not in (None, 1) else "")


def within(one: Input) -> Iterator[tuple[str, Input]]:
    """The inputs that the words of a choice bring, each with its word."""
    if one.type != DYNAMIC_COMBO:
        return
    for case in one.options["options"]:
        for section, inputs in case["inputs"].items():
            for name, (kind, options) in inputs.items():
                choices = options.get("options") if kind == "COMBO" else None
                inner = Input(name=name, type=kind, section=section, options=options, choices=choices)
                yield case["key"], inner
                yield from ((f"{case['key']}, {word}", deeper) for word, deeper in within(inner))


def _number(number: Any) -> str:
    if isinstance(number, float):
        return f"{number:g}"
    return POWERS.get(number, str(number)) if isinstance(number, int) else str(number)
