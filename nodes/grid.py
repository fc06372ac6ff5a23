"""The X/Y/Z grid: one graph with every combination of some inputs' values, and its pictures on a sheet with labels."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Annotated, Any

import torch

from comfy_core import folders, progress
from comfy_core.media.images import to_pictures, to_tensor
from comfy_core.media.sheet import sheet
from nodes import registry
from nodes.expansion import GraphBuilder, is_link, sources_first
from nodes.grid_values import listed, numbers, replaced, truths
from nodes.schema import Boolean, Combo, Hidden, Input, Int, NodeSchema, Socket, String, choices, node
from nodes.types import Image

CATEGORY = "utilities/grid"
REPLACE = "search and replace"


@dataclass(frozen=True)
class Axis:
    """`input` is `node.input`: the node by its id, class or title. `values` are as the person wrote them."""

    input: str
    values: str
    how: str = "values"


@dataclass(frozen=True)
class Varied:
    """An axis that was looked up in a graph: the node and the input that change, and every value with its label."""

    node: str
    input: str
    values: list[Any]
    labels: list[str]


AxisSocket = Annotated[Axis, Socket("EASEL_GRID_AXIS", tooltip="An input of the graph, and the values it takes.")]


@node("EaselGridAxis", title="Grid Axis", category=CATEGORY, outputs=("axis",), search_aliases=("xyz plot", "x/y/z"))
def grid_axis(
    input: Annotated[
        str, String(default="", tooltip="What to vary, as node.input: 3.cfg, KSampler.seed, or Positive prompt.text.")
    ],
    values: Annotated[
        str,
        String(
            default="",
            multiline=True,
            tooltip='Numbers: 1, 2, 5-7 or 1-10 (+2) or 0-1 [5]. Words: a, "b, c". Every line counts, too.',
        ),
    ],
    how: Annotated[
        str,
        Combo(
            ("values", REPLACE),
            tooltip="Put each value into the input, or replace the first one by each other in the input's text.",
        ),
    ],
) -> AxisSocket:
    """An input of the graph that an X/Y/Z Grid varies, and its values."""
    return Axis(input, values, how)


@node(
    "EaselGrid",
    title="X/Y/Z Grid",
    category=CATEGORY,
    outputs=("grid", "cells"),
    list_outputs=(False, True),
    search_aliases=("xyz plot", "x/y/z plot", "comparison", "parameter sweep", "prompt matrix"),
    may_expand=True,
)
def grid(
    images: Annotated[Any, Socket("IMAGE", tooltip="The end of the graph that is run for every cell.", raw_link=True)],
    x: AxisSocket,
    y: AxisSocket | None = None,
    z: AxisSocket | None = None,
    labels: Annotated[bool, Boolean(default=True, tooltip="Write the values along the sides.")] = True,
    gap: Annotated[int, Int(default=4, min=0, max=200, tooltip="Pixels between pictures.")] = 4,
    most_cells: Annotated[
        int, Int(default=100, min=1, max=10_000, tooltip="A grid of more cells is refused before anything is made.")
    ] = 100,
    unique_id: Annotated[str, Hidden("UNIQUE_ID")] = "",
    dynprompt: Annotated[Any, Hidden("DYNPROMPT")] = None,
) -> tuple[Image, Image]:
    """Run what leads to `images` once for every combination of values; a page for each value of z.

    Nodes that no axis reaches run once, and others once for each of the values that reach them.
    """
    if not is_link(images):
        raise ValueError("images must be linked: its source is the end of the graph that is run for every cell.")
    axes = [one for one in (x, y, z) if one is not None]
    upstream = set(sources_first(dynprompt, images[0]))
    varied = [_varied(dynprompt, one, upstream) for one in axes]
    _check_count(varied, most_cells)
    graph = GraphBuilder()
    cells = _copies(graph, dynprompt, images, varied, upstream)
    # a place for every axis, so that the sheet need not know which were left out
    names = [f"{one.input}: " for one in varied]
    layout = [[f"{name}{label}" for label in one.labels] for name, one in zip(names, varied, strict=True)]
    page = graph.node(
        "EaselGridSheet",
        layout=json.dumps(_in_places(layout, [x, y, z])),
        labels=labels,
        gap=gap,
    )
    for number, link in enumerate(cells):
        page.set_input(f"cell{number}", link)
    return {"result": (page.out(0), page.out(1)), "expand": graph.finalize()}  # type: ignore[return-value]


@node("EaselGridSheet", title="Grid Sheet", category=CATEGORY, outputs=("grid", "cells"), list_outputs=(False, True))
def grid_sheet(
    layout: Annotated[str, String(tooltip="JSON: the labels along x, y and z.")],
    labels: Annotated[bool, Boolean(default=True, tooltip="Write the labels along the sides.")],
    gap: Annotated[int, Int(default=4, min=0, max=200, tooltip="Pixels between pictures.")],
    **cells: Image,
) -> tuple[Image, Image]:
    """Put the pictures `cell0`, `cell1` … on sheets, x first, then y, then z. An X/Y/Z Grid makes this node."""
    across, down, pages = _read_layout(layout)
    pictures = [cells[f"cell{number}"] for number in range(len(cells))]
    if len(pictures) != (wanted := max(len(across), 1) * max(len(down), 1) * max(len(pages), 1)):
        raise ValueError(f"the layout has room for {wanted} cells, and there are {len(pictures)}.")
    if any(len(one) > 1 for one in pictures):
        progress.warn("the graph makes several pictures at once; the sheet shows the first of each cell")
    firsts = [to_pictures(one[:1])[0].convert("RGB") for one in pictures]
    sheets = [
        sheet(
            [page[row : row + len(across)] for row in range(0, len(page), len(across))],
            across if labels else (),
            down if labels else (),
            title if labels else "",
            gap,
        )
        for title, page in _pages(firsts, len(across) * max(len(down), 1), pages)
    ]
    return torch.stack([to_tensor(one) for one in sheets]), pictures  # type: ignore[return-value]


def _read_layout(text: str) -> list[list[str]]:
    try:
        labels = json.loads(text)
    except ValueError as error:
        raise ValueError(f"the layout is not JSON ({error}); an X/Y/Z Grid makes one that is.") from error
    if not isinstance(labels, list) or len(labels) != 3 or not all(isinstance(one, list) for one in labels):
        raise ValueError("the layout must be a list of three lists, the labels along x, y and z; take [[], [], []].")
    return [[str(label) for label in axis] for axis in labels]


def _pages(pictures: Sequence[Any], each: int, titles: Sequence[str]) -> Iterator[tuple[str, Sequence[Any]]]:
    for number in range(0, len(pictures), each):
        yield (titles[number // each] if titles else ""), pictures[number : number + each]


def _in_places(labels: list[list[str]], axes: Sequence[Axis | None]) -> list[list[str]]:
    remaining = iter(labels)
    return [next(remaining) if axis is not None else [] for axis in axes]


def _check_count(varied: Sequence[Varied], most: int) -> None:
    sizes = [len(one.values) for one in varied]
    if prod(sizes) > most:
        raise ValueError(
            f"this grid would have {' × '.join(map(str, sizes))} = {prod(sizes):,} cells, more than the {most:,} of "
            "most_cells; take fewer values, or raise it."
        )


# --- axes ------------------------------------------------------------------------------------------------------------


def _varied(prompt: Any, axis: Axis, upstream: set[str]) -> Varied:
    """What an axis changes. Raises ValueError naming what there is instead."""
    wanted, _, name = axis.input.strip().rpartition(".")
    found = [id for id in upstream if wanted in _names(prompt, id) and name in _inputs(prompt, id)]
    if len(found) != 1:
        raise ValueError(f"the grid axis {axis.input!r} {_trouble(prompt, wanted, name, found, upstream)}")
    id = found[0]
    try:
        values = _values(prompt.get_node(id), name, axis)
    except ValueError as error:
        raise ValueError(f"the grid axis {axis.input!r}: {error}") from None
    if not values:
        raise ValueError(f"the grid axis {axis.input!r} has no values")
    labels = listed(axis.values) if axis.how == REPLACE else [_label(one) for one in values]
    return Varied(id, name, values, labels)


def _names(prompt: Any, id: str) -> tuple[str, ...]:
    raw = prompt.get_node(id)
    title = raw.get("_meta", {}).get("title")
    return (id, raw["class_type"], title) if title else (id, raw["class_type"])


def _inputs(prompt: Any, id: str) -> list[str]:
    """The inputs that a node has been given, and those that it could be."""
    raw = prompt.get_node(id)
    schema = _schema(raw)
    declared = schema.inputs if schema else ()
    return list(dict.fromkeys([*raw["inputs"], *(one.name for one in declared if one.section != "hidden")]))


def _schema(raw: Any) -> NodeSchema | None:
    known = registry.NODES.get(raw["class_type"])
    return known.schema if known else None


def _trouble(prompt: Any, wanted: str, name: str, found: list[str], upstream: set[str]) -> str:
    if found:
        return f"means several nodes ({', '.join(sorted(found))}); name one by its id"
    same = [id for id in upstream if wanted in _names(prompt, id)]
    if same:
        return f"names no input of node {same[0]}; it has: {', '.join(_inputs(prompt, same[0]))}"
    there = ", ".join(f"{id} ({prompt.get_node(id)['class_type']})" for id in sorted(upstream)[:12])
    return f"names no node that leads to the grid's picture; write node.input, with one of: {there}"


def _values(raw: Any, name: str, axis: Axis) -> list[Any]:
    schema = _schema(raw)
    declared = schema.input(name) if schema else None
    current = raw["inputs"].get(name)
    if axis.how == REPLACE:
        if not isinstance(current, str):
            raise ValueError("search and replace is for texts that are written in the node")
        return list(replaced(current, axis.values))
    kind = declared.type if declared else type(current).__name__
    if kind in ("BOOLEAN", "bool"):
        return list(truths(axis.values))
    if kind in ("INT", "int"):
        return numbers(axis.values, whole=True)
    if kind in ("FLOAT", "float"):
        return numbers(axis.values, whole=False)
    words = listed(axis.values)
    return [_choice(declared, word) for word in words] if declared is not None and declared.is_combo else list(words)


def _choice(declared: Input, word: str) -> Any:
    offered = choices(declared, folders.current().files)
    found = next((one for one in offered if str(one).lower() == word.lower()), None)
    if found is None:
        raise ValueError(f"{word!r} is not one of: {', '.join(map(str, offered[:30]))}")
    return found


def _label(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


# --- copies ----------------------------------------------------------------------------------------------------------


def _copies(
    graph: GraphBuilder, prompt: Any, end: list[Any], varied: Sequence[Varied], upstream: set[str]
) -> list[list[Any]]:
    """The links to the picture of every cell, x first. A node is copied once for each of the values that reach it."""
    reached = [_downstream(prompt, one.node, upstream) for one in varied]
    reach = {id: [axis for axis, ids in enumerate(reached) if id in ids] for id in upstream}
    cells = []
    for z_first in product(*(range(len(one.values)) for one in reversed(varied))):
        cell = tuple(reversed(z_first))
        names = {id: "_".join([id, *(str(cell[axis]) for axis in axes)]) for id, axes in reach.items() if axes}
        for id, name in names.items():
            if graph.lookup_node(name) is not None:
                continue
            raw = prompt.get_node(id)
            changed = {one.input: one.values[at] for one, at in zip(varied, cell, strict=True) if one.node == id}
            copy = graph.node(raw["class_type"], name)
            copy.set_override_display_id(prompt.get_display_node_id(id))
            for key, value in {**raw["inputs"], **changed}.items():
                inside = key not in changed and is_link(value) and value[0] in names
                copy.set_input(key, [f"{graph.prefix}{names[value[0]]}", value[1]] if inside else value)
        cells.append([f"{graph.prefix}{names[end[0]]}", end[1]])
    return cells


def _downstream(prompt: Any, source: str, among: set[str]) -> set[str]:
    """A node and all of `among` that depend on it."""
    users: dict[str, list[str]] = {}
    for id in among:
        for value in prompt.get_node(id)["inputs"].values():
            if is_link(value):
                users.setdefault(value[0], []).append(id)
    seen, waiting = {source}, [source]
    while waiting:
        for id in users.get(waiting.pop(), ()):
            if id not in seen:
                seen.add(id)
                waiting.append(id)
    return seen
