"""Inputs that depend on one another: types that match, lists that grow, combos and slots that bring inputs along."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nodes.node import AUTOGROW, DYNAMIC_COMBO, DYNAMIC_SLOT, MATCH

from ._base import ComfyType, Input, Output, without_none
from ._sockets import AnyType


def config(one: Input) -> list[Any]:
    """`[type, options]` as `/object_info` shows an input."""
    return [one.get_io_type(), one.as_dict()]


def sections(inputs: Iterable[Input]) -> dict[str, dict[str, Any]]:
    """`{"required": {name: config}, "optional": …}`, without sections that would be empty."""
    found: dict[str, dict[str, Any]] = {}
    for one in inputs:
        found.setdefault("optional" if one.optional else "required", {})[one.id] = config(one)
    return {section: found[section] for section in ("required", "optional") if section in found}


class MatchType(ComfyType, io_type=MATCH):
    """Inputs and outputs of one template all have the same type."""

    class Template:
        def __init__(self, template_id: str, allowed_types: Any = AnyType) -> None:
            self.template_id = template_id
            self.allowed_types = list(allowed_types) if isinstance(allowed_types, list | tuple) else [allowed_types]

        def as_dict(self) -> dict[str, Any]:
            allowed = ",".join(dict.fromkeys(one.io_type for one in self.allowed_types))
            return {"template_id": self.template_id, "allowed_types": allowed}

    class Input(Input):
        def __init__(self, id: str, template: MatchType.Template, *arguments: Any, **common: Any) -> None:
            super().__init__(id, *arguments, **common)
            self.template = template

        def own_options(self) -> dict[str, Any]:
            return {"template": self.template.as_dict()}

    class Output(Output):
        def __init__(self, template: MatchType.Template, *arguments: Any, **common: Any) -> None:
            super().__init__(*arguments, **common)
            self.template = template


class Autogrow(ComfyType, io_type=AUTOGROW):
    """As many inputs of one kind as one likes; the node gets a dictionary of those that are given."""

    Type = dict[str, Any]

    class _Template:
        def __init__(self, input: Input, rest: dict[str, Any]) -> None:
            self.input = input
            self.rest = rest

        def as_dict(self) -> dict[str, Any]:
            return {"input": sections([self.input]), **self.rest}

    class TemplatePrefix(_Template):
        """Inputs `<prefix>0`, `<prefix>1` …, of which the first `min` are required."""

        def __init__(self, input: Input, prefix: str, min: int = 1, max: int = 10) -> None:
            super().__init__(input, {"prefix": prefix, "min": min, "max": max})

    class TemplateNames(_Template):
        """Inputs of the given names, of which the first `min` are required."""

        def __init__(self, input: Input, names: list[str], min: int = 1) -> None:
            super().__init__(input, {"names": list(names), "min": min})

    class Input(Input):
        def __init__(self, id: str, template: Autogrow._Template, *arguments: Any, **common: Any) -> None:
            super().__init__(id, *arguments, **common)
            self.template = template

        def own_options(self) -> dict[str, Any]:
            return {"template": self.template.as_dict()}


class DynamicCombo(ComfyType, io_type=DYNAMIC_COMBO):
    """A combo each of whose values brings inputs of its own."""

    Type = dict[str, Any]

    class Option:
        def __init__(self, key: str, inputs: list[Input]) -> None:
            self.key = key
            self.inputs = inputs

        def as_dict(self) -> dict[str, Any]:
            return {"key": self.key, "inputs": sections(self.inputs)}

    class Input(Input):
        def __init__(self, id: str, options: list[DynamicCombo.Option], *arguments: Any, **common: Any) -> None:
            super().__init__(id, *arguments, **common)
            self.options = options

        def own_options(self) -> dict[str, Any]:
            return {"options": [one.as_dict() for one in self.options]}


class DynamicSlot(ComfyType, io_type=DYNAMIC_SLOT):
    """A slot that brings further inputs along when something is linked to it."""

    Type = dict[str, Any]

    class Input(Input):
        def __init__(self, slot: Input, inputs: list[Input], *arguments: Any, **common: Any) -> None:
            super().__init__(slot.id, *arguments, **{"optional": True, **common})
            self.slot = slot
            self.inputs = inputs
            self.force_input = None if slot.get_io_type() == slot.io_type else True

        def own_options(self) -> dict[str, Any]:
            return without_none(
                slotType=self.slot.get_io_type(), inputs=sections(self.inputs), forceInput=self.force_input
            )
