"""A saved workflow as plain data: sheets of nodes and links, the root and each subgraph definition."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

MUTED, BYPASSED = 2, 4
INPUT_SIDE = "-10"


class ConversionError(ValueError):
    """A workflow that cannot become a prompt. The message names the node and the way out; `node_id` is None for the
    file as a whole."""

    def __init__(self, message: str, node_id: str | None = None) -> None:
        super().__init__(message)
        self.node_id = node_id


@dataclass(frozen=True)
class Slot:
    """An input or output of a node. `link` is the id of the link that feeds an input."""

    name: str
    type: str
    link: str | None = None
    is_widget: bool = False


@dataclass(frozen=True)
class UiNode:
    """One node as the editor saved it."""

    id: str
    type: str
    mode: int = 0
    title: str | None = None
    inputs: tuple[Slot, ...] = ()
    outputs: tuple[Slot, ...] = ()
    widgets_values: Any = None
    properties: dict[str, Any] = field(default_factory=dict)

    def input(self, name: str) -> Slot | None:
        return next((one for one in self.inputs if one.name == name), None)

    @property
    def label(self) -> str:
        return f"Node {self.id} ({self.title or self.type})"


@dataclass(frozen=True)
class Link:
    """Where a link comes from; its target is whichever input names it."""

    id: str
    origin: str
    slot: int
    target: str


@dataclass(frozen=True)
class Port:
    """An input or output of a subgraph definition."""

    name: str
    type: str
    links: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """The root of a workflow, or one subgraph definition: that has an id and ports, and `fed` has the inner inputs that
    each of its input ports feeds, by the port's place."""

    nodes: dict[str, UiNode]
    links: dict[str, Link]
    id: str = ""
    name: str = ""
    inputs: tuple[Port, ...] = ()
    outputs: tuple[Port, ...] = ()
    fed: dict[int, list[tuple[UiNode, Slot]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Workflow:
    """The root, and the definitions of subgraphs by id."""

    root: Sheet
    definitions: dict[str, Sheet]

    def everywhere(self) -> Iterable[UiNode]:
        """All nodes, those of subgraph definitions too."""
        for sheet in (self.root, *self.definitions.values()):
            yield from sheet.nodes.values()


def type_name(type: Any) -> str:
    """A slot's type word; a saved list of combo values is a COMBO, 0 and -1 are old spellings of "anything"."""
    if isinstance(type, list):
        return "COMBO"
    return type if isinstance(type, str) and type else "*"
