"""Branches and loops, without custom packs. A branch that is not taken is not computed.

A loop is drawn between a Loop Start and one of the loop ends. The end stands for the next round: a copy of every node
between the two, linked to what this round gave, and again a loop end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any

from nodes.expansion import GraphBuilder, GraphNode, is_link
from nodes.schema import Boolean, Grow, Hidden, Int, Match, Socket, node

MODULE = "comfy_extras.nodes_logic"

Switched = Annotated[Any, Match("switch", lazy=True, tooltip="Computed only when it is chosen.")]
Chosen = Annotated[Any, Match("switch")]
Yes = Annotated[bool, Boolean()]
Anything = Annotated[Any, Socket("*", tooltip="A value of any type.")]
Values = Annotated[
    dict[str, Any], Grow("value", "value", type="*", tooltip="Values of any type; empty ones are false.")
]
Items = Annotated[dict[str, Any], Grow("input", "input", type=Match("type"), tooltip="Values of one type.")]


@node(
    "ComfySwitchNode",
    title="If/Else Switch",
    category="utilities/logic",
    outputs=("output",),
    experimental=True,
    python_module=MODULE,
    search_aliases=("if", "then", "switch", "conditional", "branch"),
)
def switch(
    switch: Annotated[bool, Boolean(tooltip="Which of the two goes on.")], on_false: Switched, on_true: Switched
) -> Chosen:
    """Pass on one of two values; the other one is not even computed."""
    return on_true if switch else on_false


@switch.lazy
def _(switch: bool, on_false: Any, on_true: Any) -> list[str]:
    return ["on_true" if switch else "on_false"]


@node("ComfyAndNode", title="And", category="utilities/logic", python_module=MODULE)
def logical_and(values: Values) -> Yes:
    """Are all values true?"""
    return all(values.values())


@node("ComfyOrNode", title="Or", category="utilities/logic", python_module=MODULE)
def logical_or(values: Values) -> Yes:
    """Is any value true?"""
    return any(values.values())


@node("ComfyNotNode", title="Not", category="utilities/logic", python_module=MODULE)
def logical_not(value: Anything) -> Yes:
    """Is the value not true?"""
    return not value


@node(
    "CreateList",
    title="Create List",
    category="utilities",
    outputs=("list",),
    is_input_list=True,
    list_outputs=True,
    python_module="comfy_extras.nodes_toolkit",
    search_aliases=("Image Iterator", "Text Iterator", "Iterator"),
)
def create_list(inputs: Items) -> Annotated[Any, Match("type")]:
    """Put values into one list; what follows runs once for each."""
    return [one for values in inputs.values() for one in values]


# --- loops -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Loop:
    """Where a loop began, and in which round it is."""

    start: str
    index: int


LoopLink = Annotated[list[Loop], Socket("FLOW_CONTROL", tooltip="From the Loop Start.")]
Carried = Annotated[list[Any], Socket("*", tooltip="A value that each round hands to the next.")]
Handed = Annotated[
    list[Any], Socket("*", tooltip="What this round hands to the next; after the last it goes on.", raw_link=True)
]
Id = Annotated[list[str], Hidden("UNIQUE_ID")]
DynPrompt = Annotated[list[Any], Hidden("DYNPROMPT")]
CARRIED = ("value1", "value2", "value3")
NOWHERE: list[Any] = []
"""What the engine fills in, where there is none."""


@node(
    "EaselLoopStart",
    title="Loop Start",
    category="utilities/logic",
    outputs=("loop", "index", *CARRIED),
    is_input_list=True,
    list_outputs=(False, False, True, True, True),
    search_aliases=("for", "while", "loop", "repeat", "iterate"),
)
def loop_start(
    value1: Carried | None = None,
    value2: Carried | None = None,
    value3: Carried | None = None,
    index: Annotated[list[int], Int(default=0, tooltip="Where the rounds are counted from.")] | None = None,
    unique_id: Id = NOWHERE,
) -> tuple[Annotated[Loop, Socket("FLOW_CONTROL")], Annotated[int, Int()], Carried, Carried, Carried]:
    """Begin a loop: what is between here and a loop end runs once for each round. A list is handed on as a whole."""
    begin = index[0] if index else 0
    first, second, third = ([None] if one is None else one for one in (value1, value2, value3))
    return Loop(unique_id[0], begin), begin, first, second, third


@node(
    "EaselForEnd",
    title="Loop End (For)",
    category="utilities/logic",
    outputs=CARRIED,
    is_input_list=True,
    search_aliases=("for", "loop", "repeat", "iterate"),
    may_expand=True,
)
def for_end(
    loop: LoopLink,
    count: Annotated[
        list[int], Int(default=2, min=0, max=100_000, tooltip="The index that the last round comes before.")
    ],
    value1: Handed | None = None,
    value2: Handed | None = None,
    value3: Handed | None = None,
    unique_id: Id = NOWHERE,
    dynprompt: DynPrompt = NOWHERE,
) -> tuple[Carried, Carried, Carried]:
    """End a loop that runs a number of rounds, at least one."""
    more = loop[0].index + 1 < count[0]
    return _next_round(dynprompt[0], unique_id[0], loop[0], (value1, value2, value3), more, count=count[0])


@node(
    "EaselWhileEnd",
    title="Loop End (While)",
    category="utilities/logic",
    outputs=CARRIED,
    is_input_list=True,
    search_aliases=("while", "loop", "repeat", "until"),
    may_expand=True,
)
def while_end(
    loop: LoopLink,
    again: Annotated[list[bool], Boolean(tooltip="Computed in each round: is there to be another?")],
    value1: Handed | None = None,
    value2: Handed | None = None,
    value3: Handed | None = None,
    unique_id: Id = NOWHERE,
    dynprompt: DynPrompt = NOWHERE,
) -> tuple[Carried, Carried, Carried]:
    """End a loop that runs as long as a condition holds, at least one round."""
    return _next_round(dynprompt[0], unique_id[0], loop[0], (value1, value2, value3), again[0])


def _next_round(prompt: Any, end: str, loop: Loop, handed: tuple[Any, ...], again: bool, **constants: Any) -> Any:
    """What this round hands on, or the graph of the next one."""
    links = tuple(None if one is None else one[0] for one in handed)
    if not again:
        return {"result": links, "expand": {}}
    graph = GraphBuilder()
    moved = copied(graph, prompt, body(prompt, loop.start, end))
    first, last = graph.nodes[moved([loop.start, 0])[0]], graph.nodes[moved([end, 0])[0]]
    for name, value in {**dict(zip(CARRIED, links, strict=True)), "index": loop.index + 1}.items():
        first.set_input(name, value)
    for name, value in constants.items():
        last.set_input(name, value)
    return {"result": tuple(last.out(slot) for slot in range(len(links))), "expand": graph.finalize()}


def copied(
    graph: GraphBuilder, prompt: Any, nodes: Iterable[str], instead: Mapping[str, GraphNode] = MappingProxyType({})
) -> Callable[[Any], Any]:
    """Put copies of these nodes into the graph, linked among themselves; some others have one there `instead`.

    What is returned gives for a link to any of them the link to what is in its place, and other values as they are.
    """
    copies = {**instead, **{one: _copy(graph, prompt, one) for one in nodes}}

    def moved(value: Any) -> Any:
        return copies[value[0]].out(value[1]) if is_link(value) and value[0] in copies else value

    for original in copies.keys() - instead.keys():
        for name, value in prompt.get_node(original)["inputs"].items():
            copies[original].set_input(name, moved(value))
    return moved


def _copy(graph: GraphBuilder, prompt: Any, original: str) -> GraphNode:
    copy = graph.node(prompt.get_node(original)["class_type"])
    copy.set_override_display_id(prompt.get_display_node_id(original))
    return copy


def body(prompt: Any, start: str, end: str) -> list[str]:
    """The nodes that make up one round: all on a way from `start` to `end`, both included."""
    dependents: dict[str, list[str]] = {}
    waiting, seen = [end], {end}
    while waiting:
        node_id = waiting.pop()
        for source in _sources(prompt, node_id):
            dependents.setdefault(source, []).append(node_id)
            if source not in seen and source != start:
                seen.add(source)
                waiting.append(source)
    found, waiting = {start: None, end: None}, [start]
    while waiting:
        for dependent in dependents.get(waiting.pop(), ()):
            if dependent not in found:
                found[dependent] = None
                waiting.append(dependent)
    return list(found)


def _sources(prompt: Any, node_id: str) -> Iterable[str]:
    inputs = prompt.get_node(node_id).get("inputs", {})
    return [value[0] for value in inputs.values() if is_link(value) and prompt.has_node(value[0])]
