"""The ecosystem's own loops: what lies between a Start Loop and its End Loop runs once in each round, not by itself.

The End Loop gets its links raw, so that nothing has run when it stands for `EaselLoopRounds`, which knows how many
rounds there are and stands for all of them: for each an `EaselLoopRound` in place of the Start Loop, a copy of every
node between the two, and an `EaselLoopGather` that waits for the round's results and for the round before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any

from nodes.expansion import GraphBuilder, GraphNode, is_link, sources_first
from nodes.flow import NOWHERE, DynPrompt, Id, body, copied
from nodes.schema import UINT64_MAX, Boolean, Cases, Grow, Int, Match, Socket, String, node

MODULE = "comfy_extras.nodes_loop"
CATEGORY = "utilities/looping"
START, END = "StartLoop", "EndLoop"
MOST_ROUNDS = 100_000

Mode = Annotated[
    dict[str, Any],
    Cases(
        {
            "simple": {"num_iterations": Int(default=4, min=0, tooltip="How often the rounds run.")},
            "For": {
                "start_iteration_index": Int(default=0, tooltip="The index of the first round."),
                "max_iteration": Int(default=4, max=UINT64_MAX, tooltip="The index that the last round comes before."),
                "step": Int(default=1, min=1, tooltip="By how much the index grows."),
            },
            "List": {"list": Match("list_item", tooltip="A list; each of its items has a round.")},
        },
        tooltip="What says how many rounds there are.",
    ),
]
Reuse = Annotated[list[bool], Boolean(tooltip="Rounds in which nothing changed are not run again.", advanced=True)]
Parent = Annotated[list[int], Int(default=None, forceInput=True, tooltip="The index of the loop that this one is in.")]
First = Annotated[list[Any], Match("carried_value", tooltip="The carried value of the first round.")]
Given = Annotated[
    list[Any], Match("output_value", raw_link=True, tooltip="What the loop gives: of the last round, or of all.")
]
Handed = Annotated[
    list[Any], Match("carried_value", raw_link=True, tooltip="What this round hands to the next as its carried value.")
]
All = Annotated[list[bool], Boolean(tooltip="Give what every round gave, instead of the last one's.")]
Others = Annotated[
    dict[str, Any],
    Grow("termination", "termination", min=0, max=50, raw_link=True, tooltip="What is to run in each round, too."),
]


class LoopError(ValueError):
    """A loop that is not drawn as one; `node_id` is where."""

    def __init__(self, node_id: str, message: str) -> None:
        super().__init__(message)
        self.node_id = node_id


@node(
    START,
    title="Start Loop",
    category=CATEGORY,
    outputs=("iteration_index", "is_first", "is_last", "list_item", "current_iteration_value"),
    is_input_list=True,
    list_outputs=(False, False, False, False, True),
    python_module=MODULE,
    search_aliases=("for", "loop", "repeat", "iterate"),
)
def start_loop(
    mode: Mode,
    cache_iterations: Reuse,
    parent_iteration: Parent | None = None,
    initial_iteration_value: First | None = None,
    unique_id: Id = NOWHERE,
) -> tuple[
    Annotated[int, Int()],
    Annotated[bool, Boolean()],
    Annotated[bool, Boolean()],
    Annotated[Any, Match("list_item")],
    Annotated[Any, Match("carried_value")],
]:
    """Begin a loop: what is between here and an End Loop runs once in each round."""
    raise LoopError(unique_id[0], "A Start Loop gives nothing outside of a round; link what uses it to an End Loop.")


@node(
    END,
    title="End Loop",
    category=CATEGORY,
    outputs=("outputs",),
    is_input_list=True,
    list_outputs=True,
    python_module=MODULE,
    search_aliases=("for", "loop", "repeat", "iterate"),
    may_expand=True,
)
def end_loop(
    accumulate: All,
    terminations: Others,
    output_value: Given | None = None,
    next_iteration_value: Handed | None = None,
    unique_id: Id = NOWHERE,
    dynprompt: DynPrompt = NOWHERE,
) -> Annotated[Any, Match("output_value")]:
    """End a loop: give a value of the last round, or of all, when every round has run."""
    prompt, end = dynprompt[0], unique_id[0]
    start = _start_of(prompt, end)
    graph = GraphBuilder()
    inputs = prompt.get_node(start)["inputs"] | prompt.get_node(end)["inputs"]
    rounds = graph.node("EaselLoopRounds", start=start, end=end, **inputs)
    rounds.set_override_display_id(prompt.get_display_node_id(start))
    return {"result": (rounds.out(0),), "expand": graph.finalize()}


# --- the rounds ------------------------------------------------------------------------------------------------------


@node(
    "EaselLoopRounds",
    title="Loop Rounds",
    category=CATEGORY,
    is_input_list=True,
    list_outputs=True,
    dev_only=True,
    may_expand=True,
)
def loop_rounds(
    mode: Mode,
    cache_iterations: Reuse,
    start: Annotated[list[str], String(tooltip="The id of the Start Loop.")],
    end: Annotated[list[str], String(tooltip="The id of the End Loop.")],
    accumulate: All,
    terminations: Others,
    parent_iteration: Parent | None = None,
    initial_iteration_value: First | None = None,
    output_value: Given | None = None,
    next_iteration_value: Handed | None = None,
    unique_id: Id = NOWHERE,
    dynprompt: DynPrompt = NOWHERE,
) -> Annotated[Any, Match("output_value")]:
    """All rounds of a loop whose number is known."""
    indices = _indices(mode)
    if not indices:
        return []
    prompt, links = dynprompt[0], dynprompt[0].get_node(unique_id[0])["inputs"]
    inside = [one for one in body(prompt, start[0], end[0]) if one not in (start[0], end[0])]
    graph = GraphBuilder()
    carried = links.get("initial_iteration_value")
    gathered: list[GraphNode] = []
    for place, index in enumerate(indices):
        is_last, reuse = place + 1 == len(indices), cache_iterations[0]
        first = graph.node("EaselLoopRound", index=index, place=place, is_last=is_last, reuse=reuse)
        first.set_override_display_id(prompt.get_display_node_id(start[0]))
        first.set_input("items", links.get("mode.list"))
        first.set_input("carried", carried)
        moved = copied(graph, prompt, inside, {start[0]: first})
        carried = moved(links.get("next_iteration_value"))
        gathered.append(_gather(graph, links, moved, gathered))
    result = gathered[-1]
    if accumulate[0]:
        every: dict[str, Any] = {f"value{at}": one.out(0) for at, one in enumerate(gathered)}
        result = graph.node("EaselLoopGather", **every)
    return {"result": (result.out(0),), "expand": graph.finalize()}


def _gather(
    graph: GraphBuilder, links: dict[str, Any], moved: Callable[[Any], Any], before: list[GraphNode]
) -> GraphNode:
    """What waits for all of one round, and for the one before."""
    gather = graph.node("EaselLoopGather")
    gather.set_input("before", before[-1].out(0) if before else None)
    for name in [name for name in links if name.startswith("terminations.")]:
        gather.set_input(name, moved(links[name]))
    gather.set_input("value", moved(links.get("output_value")))
    return gather


@node(
    "EaselLoopRound",
    title="Loop Round",
    category=CATEGORY,
    outputs=("iteration_index", "is_first", "is_last", "list_item", "current_iteration_value"),
    is_input_list=True,
    list_outputs=(False, False, False, False, True),
    dev_only=True,
)
def loop_round(
    index: Annotated[list[int], Int(tooltip="The index of this round.")],
    place: Annotated[list[int], Int(tooltip="How many rounds come before this one.")],
    is_last: Annotated[list[bool], Boolean(tooltip="Does none come after it?")],
    reuse: Reuse,
    items: Annotated[list[Any], Socket("*", tooltip="The list that the loop goes through.")] | None = None,
    carried: Annotated[list[Any], Socket("*", tooltip="The carried value.")] | None = None,
) -> tuple[
    Annotated[int, Int()],
    Annotated[bool, Boolean()],
    Annotated[bool, Boolean()],
    Annotated[Any, Socket("*")],
    Annotated[Any, Socket("*")],
]:
    """What a Start Loop gives in one round."""
    item = _items(items)[place[0]] if items is not None else None
    return index[0], place[0] == 0, is_last[0], item, [None] if carried is None else carried


@loop_round.fingerprint
def _(reuse: Any, **_inputs: Any) -> float | None:
    return None if reuse[0] else float("nan")


@node("EaselLoopGather", title="Loop Gather", category=CATEGORY, is_input_list=True, list_outputs=True, dev_only=True)
def loop_gather(**results: Any) -> Annotated[Any, Socket("*")]:
    """The values of one round or of all, when all else that they wait for is there, too."""
    return [one for name, values in results.items() if name.startswith("value") for one in values]


def _indices(mode: dict[str, Any]) -> range:
    """The indices of the rounds. Raises ValueError where they cannot be counted, or are too many."""
    match mode["mode"][0]:
        case "simple":
            indices = range(mode["num_iterations"][0])
        case "For":
            if mode["step"][0] < 1:
                raise ValueError(f"step is {mode['step'][0]}; the index must grow, by 1 or more")
            indices = range(mode["start_iteration_index"][0], mode["max_iteration"][0], mode["step"][0])
        case _:
            indices = range(len(_items(mode["list"])))
    if indices[MOST_ROUNDS:]:
        raise ValueError(f"the loop has more than {MOST_ROUNDS} rounds; make several of it")
    return indices


def _items(values: list[Any]) -> list[Any]:
    """What to go through: a list that travels as one value is as good as the values of a list output."""
    return values[0] if len(values) == 1 and isinstance(values[0], list) else values


# --- which Start Loop belongs to which End Loop ----------------------------------------------------------------------


def open_loops(
    order: Iterable[str], sources: Callable[[str], Iterable[str]], class_of: Callable[[str], str]
) -> tuple[dict[str, frozenset[str]], dict[str, str]]:
    """For each node of `order` (sources first) the Start Loops that it lies in; and the Start Loop of each End Loop.

    Raises LoopError for an End Loop that has none, or of which it cannot be told which it has.
    """
    inside: dict[str, frozenset[str]] = {}
    starts: dict[str, str] = {}
    for node_id in order:
        inside[node_id] = frozenset().union(*(inside.get(one, frozenset()) for one in sources(node_id)))
        if class_of(node_id) == START:
            inside[node_id] |= {node_id}
        elif class_of(node_id) == END:
            starts[node_id] = _innermost(node_id, inside[node_id], inside)
            inside[node_id] -= {starts[node_id]}
    return inside, starts


def _innermost(end: str, candidates: frozenset[str], inside: dict[str, frozenset[str]]) -> str:
    """The one of the loops that lies in all others."""
    if not candidates:
        raise LoopError(end, f"End Loop {end}: nothing that it is linked to comes from a Start Loop.")
    found = [one for one in candidates if inside[one] >= candidates]
    if len(found) != 1:
        listed = ", ".join(sorted(candidates))
        raise LoopError(
            end,
            f"End Loop {end} would end several loops at once ({listed}); link the iteration_index of the outer one "
            "to the parent_iteration of the inner one, and give each an End Loop.",
        )
    return found[0]


def _start_of(prompt: Any, end: str) -> str:
    def sources(node_id: str) -> list[str]:
        inputs = prompt.get_node(node_id)["inputs"].values()
        return [value[0] for value in inputs if is_link(value) and prompt.has_node(value[0])]

    _, starts = open_loops(sources_first(prompt, end), sources, lambda one: prompt.get_node(one)["class_type"])
    return starts[end]
