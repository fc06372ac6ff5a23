"""A prompt becomes a script: imports, then one call for each node, sources first.

What a script cannot show is refused: values that are lists and run what follows once for each, and loops, which are
nodes that add others while they run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from execution.declared import nest
from execution.export.functions import Functions
from execution.export.names import Names, variables
from execution.export.text import INDENT, Code, call, literal
from execution.graph import GraphNode, Link, parse
from nodes.schema import Node

TAIL = ["", "", 'if __name__ == "__main__":', f"{INDENT}with torch.inference_mode():", f"{INDENT * 2}main()", ""]


class CannotExport(ValueError):
    """A sentence that names the node that a script has no form for."""


def write_script(
    prompt: Mapping[str, Any],
    outputs: Sequence[str],
    nodes: Mapping[str, Node],
    *,
    title: str = "workflow",
    base: Path | None = None,
    cpu: bool = False,
) -> str:
    """The script that does what a validated prompt does. `base` is the base directory, where it is not the usual one.

    Raises CannotExport naming the node that stands in the way.
    """
    graph = parse(prompt, lambda class_type: nodes[class_type].schema)
    order = [graph.nodes[node_id] for node_id in graph.order(outputs)]
    for node in order:
        _check(node)
    names = Names()
    read = {graph.nodes[link.node_id].schema.id for node in order for link in node.links.values()}
    functions = Functions({node.schema.id: nodes[node.schema.id] for node in order}, read, names)
    titles = {node.id: _title(prompt[node.id], node) for node in order}
    held, titled = variables(graph, order, titles, names)
    body = [
        f"{INDENT}{line}"
        for node in order
        for line in [
            *_comments("" if node.id in titled else titles[node.id], node, held),
            *call(_target(node, held) + functions.names[node.schema.id], _arguments(node, held)),
        ]
    ]
    return "\n".join([*_head(title, functions, base, cpu), "", "", "def main():", *body, *TAIL])


def _check(node: GraphNode) -> None:
    schema = node.schema
    types = {one.type for one in schema.inputs} | {one.type for one in schema.outputs}
    if node.raw_links or types & {"DYNPROMPT", "FLOW_CONTROL"}:
        raise CannotExport(f"{node.title} reads or extends the graph as loops do, which a script cannot show; run it")
    if schema.is_input_list or any(one.is_list for one in schema.outputs):
        raise CannotExport(f"{node.title} works on lists, once for each item, which a script cannot show; run it")


def _head(title: str, functions: Functions, base: Path | None, cpu: bool) -> list[str]:
    """The lines above `main`."""
    title = _one_line(title).replace("\\", "/").replace('"', "'")
    standard = ["from pathlib import Path", ""] if base is not None else []
    imports = functions.imports()
    setup = []
    if base is not None:
        imports.append("from comfy_core import folders")
        setup.append(f"folders.use(folders.Folders(Path({literal(str(base))})))")
    if cpu:
        imports.append("from comfy_core.memory import devices")
        setup.append("devices.configure(cpu=True)")
    setup += functions.wrappers()
    return [
        f'"""{title} as plain Python; its pictures go to output/. Written by Easel (main.py export)."""',
        "",
        *standard,
        "import torch",
        "",
        *sorted(imports),
        *(["", *setup] if setup else []),
    ]


def _title(raw: Mapping[str, Any], node: GraphNode) -> str:
    """The title that a person gave the node, if any."""
    meta = raw.get("_meta")
    title = _one_line(str(meta.get("title") or "")) if isinstance(meta, dict) else ""
    return "" if title in (node.schema.title, node.schema.id) else title


def _comments(title: str, node: GraphNode, held: Mapping[Link, str]) -> list[str]:
    """What the node is for, and where the script does more than the engine."""
    lazy = " and ".join(held[link] for link in node.lazy_links.values())
    why = f"the engine would compute {lazy} only where this needs it" if lazy else ""
    return [f"# {line}" for line in (title, why) if line]


def _target(node: GraphNode, held: Mapping[Link, str]) -> str:
    places = [held.get(Link(node.id, slot), "_") for slot in range(len(node.schema.outputs))]
    return "" if all(place == "_" for place in places) else f"{', '.join(places)} = "


def _arguments(node: GraphNode, held: Mapping[Link, str]) -> dict[str, Any]:
    values = {name: Code(held[link]) for name, link in node.links.items()}
    values |= {name: Code(literal(value)) for name, value in node.literals.items()}
    ordered = {one.name: values[one.name] for one in node.inputs if one.name in values}
    unique = {one.name: Code(literal(node.id)) for one in node.schema.inputs if one.type == "UNIQUE_ID"}
    return nest(node.schema, node.inputs, ordered) | unique


def _one_line(text: str) -> str:
    return "".join(char for char in " ".join(text.split()) if char.isprintable())
