"""A sheet in use: the root, or a subgraph definition as one instance of it sees it, with the values promoted there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from execution.convert.sheet import ConversionError, Sheet, Slot, UiNode, Workflow
from execution.convert.widgets import MISSING, Files, is_widget, widget_values
from nodes.schema import NodeSchema


@dataclass
class Known:
    """What stays the same during one conversion: the sheets, the schemas, and what was worked out about them."""

    workflow: Workflow
    schemas: dict[str, NodeSchema]
    files: Files
    _widget_ports: dict[tuple[str, int], bool] = field(default_factory=dict)
    _values: dict[int, dict[str, Any]] = field(default_factory=dict)

    @property
    def definitions(self) -> dict[str, Sheet]:
        return self.workflow.definitions

    def values(self, node: UiNode, schema: NodeSchema) -> dict[str, Any]:
        """A node's own widget values, as saved."""
        if id(node) not in self._values:
            self._values[id(node)] = widget_values(node, schema, self.files)
        return self._values[id(node)]

    def port_is_widget(self, sheet: Sheet, index: int) -> bool:
        """Whether an input of a subgraph leads to a widget inside, through nested subgraphs too."""
        key = (sheet.id, index)
        if key not in self._widget_ports:
            self._widget_ports[key] = False  # while looking: a definition inside itself leads nowhere
            self._widget_ports[key] = any(self.leads_to_widget(node, slot) for node, slot in sheet.fed.get(index, []))
        return self._widget_ports[key]

    def leads_to_widget(self, node: UiNode, slot: Slot) -> bool:
        inner = self.definitions.get(node.type)
        if inner is not None:
            index = port_of(inner, slot)
            return index is not None and self.port_is_widget(inner, index)
        schema = self.schemas.get(node.type)
        declared = schema.input(slot.name) if schema else None
        return is_widget(declared) if declared else slot.is_widget


class Scope:
    """One sheet instance. `own` holds the instance's values by input name; `overrides` those of inner widgets."""

    def __init__(self, known: Known, sheet: Sheet, parent: Scope | None = None, instance: UiNode | None = None) -> None:
        self.known = known
        self.sheet = sheet
        self.parent = parent
        self.instance = instance
        self.path: tuple[str, ...] = (*parent.path, instance.id) if parent and instance else ()
        self.own: dict[str, Any] = {}
        self.overrides: dict[tuple[str, str], Any] = {}
        self._children: dict[str, Scope] = {}
        if instance is not None and parent is not None:
            self._read_promoted(parent, instance)

    def prompt_id(self, node: UiNode) -> str:
        return ":".join((*self.path, node.id))

    def child(self, instance: UiNode) -> Scope:
        """The inside of a subgraph instance of this sheet. Raises ConversionError if it contains itself."""
        if instance.id not in self._children:
            ancestor: Scope | None = self
            while ancestor is not None:
                if ancestor.sheet.id == instance.type and ancestor.instance is not None:
                    raise ConversionError(f"{instance.label}: the subgraph contains itself", instance.id)
                ancestor = ancestor.parent
            sheet = self.known.definitions[instance.type]
            self._children[instance.id] = Scope(self.known, sheet, self, instance)
        return self._children[instance.id]

    def widget_values(self, node: UiNode) -> tuple[dict[str, Any], set[str]]:
        """A node's widget values with what the instance promotes over them, and the names of those promoted."""
        values = stored_values(self, node)
        promoted = {name: self.overrides[node.id, name] for name in values if (node.id, name) in self.overrides}
        return values | promoted, set(promoted)

    def primitive_value(self, node: UiNode) -> Any:
        """What a PrimitiveNode of this sheet holds: the promoted value, else its first."""
        promoted = [value for (id, _), value in self.overrides.items() if id == node.id]
        saved = node.widgets_values
        return promoted[0] if promoted else saved[0] if isinstance(saved, list) and saved else None

    def promoted_value(self, index: int) -> Any:
        """What an unlinked input of this instance holds, or MISSING if it is no widget.

        The instance's own value, else the value of the first inner widget it feeds.
        """
        scope = self
        while scope.known.port_is_widget(scope.sheet, index):
            name = scope.sheet.inputs[index].name
            if name in scope.own:
                return scope.own[name]
            node, slot = next(one for one in scope.sheet.fed[index] if scope.known.leads_to_widget(*one))
            inner = scope.known.definitions.get(node.type)
            if inner is None:
                return scope.widget_values(node)[0].get(slot.name, MISSING)
            scope, index = scope.child(node), port_of(inner, slot) or 0
        return MISSING

    def _read_promoted(self, parent: Scope, instance: UiNode) -> None:
        saved = instance.widgets_values if isinstance(instance.widgets_values, list) else []
        proxies = instance.properties.get("proxyWidgets")
        if isinstance(proxies, list):
            self._read_proxies(proxies, saved)
        else:
            ports = enumerate(self.sheet.inputs)
            named = [port.name for place, port in ports if self.known.port_is_widget(self.sheet, place)]
            self.own = {name: value for name, value in zip(named, saved, strict=False) if value is not None}
        self.own |= {name: value for (id, name), value in parent.overrides.items() if id == instance.id}

    def _read_proxies(self, proxies: list[Any], saved: list[Any]) -> None:
        """Place k of the values belongs to entry k, `[inner node id, widget]`; id -1 is the instance's own input."""
        for entry, value in zip(proxies, saved, strict=False):
            if not isinstance(entry, list) or len(entry) < 2 or value is None or str(entry[1]).startswith("$$"):
                continue
            id, name = str(entry[0]), str(entry[1])
            if id == "-1":
                self.own[name] = value
            else:
                self.overrides[id, name] = value


def stored_values(scope: Scope, node: UiNode) -> dict[str, Any]:
    """A node's own values, whatever an instance promotes over them."""
    schema = scope.known.schemas.get(node.type)
    return scope.known.values(node, schema) if schema else {}


def port_of(sheet: Sheet, slot: Slot) -> int | None:
    """Which input of a subgraph an instance's slot stands for: by name and type, then by name."""
    exact = (place for place, port in enumerate(sheet.inputs) if (port.name, port.type) == (slot.name, slot.type))
    named = (place for place, port in enumerate(sheet.inputs) if port.name == slot.name)
    return next(exact, next(named, None))


def slot_of(instance: UiNode, sheet: Sheet, index: int) -> Slot | None:
    """The instance's slot for an input of its subgraph."""
    port = sheet.inputs[index]
    named = [slot for slot in instance.inputs if slot.name == port.name]
    return next((slot for slot in named if slot.type == port.type), named[0] if named else None)
