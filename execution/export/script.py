"""A prompt becomes a script: imports, then one call for each node, sources first.

A node that gets a list is called for `each` of its items, and a Start Loop with its End Loop is a `for` statement. What
a script cannot show is refused: lists that grow out of lists, and other nodes that add nodes while they run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import Any

from comfy_core.folders import PLACES, Folders
from execution.declared import nest
from execution.export.functions import Functions
from execution.export.loops import Loops, find_loops, for_statement, gives_list, is_loop
from execution.export.names import Names, variables
from execution.export.refusal import CannotExport
from execution.export.text import INDENT, Code, call, literal
from execution.graph import GraphNode, Link, parse, title_in
from nodes.schema import Node

TAIL = ["", "", 'if __name__ == "__main__":', f"{INDENT}with torch.inference_mode():", f"{INDENT * 2}main()", ""]


def write_script(
    prompt: Mapping[str, Any],
    outputs: Sequence[str],
    nodes: Mapping[str, Node],
    *,
    title: str = "workflow",
    where: Folders | None = None,
    model_paths: Sequence[Path] = (),
    cpu: bool = False,
) -> str:
    """The script that does what a validated prompt does, with the files that are `where`, and in the folders of models
    that the files `model_paths` name.

    Raises CannotExport naming the node that stands in the way.
    """
    graph = parse(prompt, lambda class_type: nodes[class_type].schema)
    order = [graph.nodes[node_id] for node_id in graph.order(outputs)]
    loops = find_loops(graph, order)
    lists = _lists(order, loops)
    names = Names()
    read = {graph.nodes[link.node_id].schema.id for node in order for link in node.links.values()}
    called = [node for node in order if not is_loop(node)]
    functions = Functions({node.schema.id: nodes[node.schema.id] for node in called}, read, names)
    titles = {node.id: _title(prompt[node.id], node) for node in order}
    held, titled = variables(graph, order, titles, names)

    def lines_of(node: GraphNode) -> list[str]:
        comments = _comments("" if node.id in titled else titles[node.id], node, held)
        if node.id in loops.starts:
            start = loops.starts[node.id]
            inside = statements(loops.inside[start.id])
            return comments + for_statement(start, node, held, lists, inside, names)
        return comments + _call(node, functions.names[node.schema.id], held, lists)

    def statements(within: frozenset[str]) -> list[str]:
        """What lies in just these loops, sources first."""
        there = [node for node in order if loops.inside[node.id] == within and node.id not in within]
        return [line for node in there for line in lines_of(node)]

    body = [f"{INDENT}{line}" for line in statements(frozenset())]
    more = {"each"} if any(_items(node, lists) for node in called) else set()
    head = _head(title, functions, _folders(where or Folders(), model_paths), cpu, more)
    return "\n".join([*head, "", "", "def main():", *body, *TAIL])


def _lists(order: Sequence[GraphNode], loops: Loops) -> set[Link]:
    """The outputs that give lists, of which what follows gets one item at a time. Raises CannotExport."""
    found: set[Link] = set()
    for node in order:
        if is_loop(node):
            if node.id in loops.starts and gives_list(loops.starts[node.id], node, found):
                found.add(Link(node.id, 0))
            continue
        schema = node.schema
        types = {one.type for one in schema.inputs} | {one.type for one in schema.outputs}
        if node.raw_links or types & {"DYNPROMPT", "FLOW_CONTROL"}:
            raise CannotExport(
                f"{node.title} reads or extends the graph as loops do, which a script cannot show; run it"
            )
        mapped = _items(node, found)
        if mapped and (any(one.is_list for one in schema.outputs) or any("." in name for name in mapped)):
            raise CannotExport(f"{node.title} gets a list where a script cannot show what becomes of it; run it")
        found |= {Link(node.id, slot) for slot, one in enumerate(schema.outputs) if one.is_list or mapped}
    return found


def _items(node: GraphNode, lists: Set[Link]) -> list[str]:
    """The inputs that get lists and want items."""
    return [] if node.schema.is_input_list else [name for name, link in node.links.items() if link in lists]


def _folders(where: Folders, model_paths: Sequence[Path]) -> str:
    """The call that gives these folders, unless they are the usual ones."""
    if where == Folders() and not model_paths:
        return ""
    usual = Folders(where.base)
    given = [_path(where.base), *([f"[{', '.join(map(_path, model_paths))}]"] if model_paths else [])]
    places = {name: getattr(where, name) for name in PLACES}
    given += [f"{name}={_path(path)}" for name, path in places.items() if path != getattr(usual, name)]
    return f"folders_at({', '.join(given)})"


def _path(path: Path) -> str:
    return f"Path({literal(str(path.resolve()))})"


def _head(title: str, functions: Functions, places: str, cpu: bool, more: Set[str]) -> list[str]:
    """The lines above `main`."""
    title = _one_line(title).replace("\\", "/").replace('"', "'")
    standard = ["from pathlib import Path", ""] if places else []
    imports = functions.imports(more)
    setup = []
    if places:
        imports += ["from comfy_core import folders", "from comfy_core.model_paths import folders_at"]
        setup.append(f"folders.use({places})")
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
    title = _one_line(title_in(raw))
    return "" if title in (node.schema.title, node.schema.id) else title


def _comments(title: str, node: GraphNode, held: Mapping[Link, str]) -> list[str]:
    """What the node is for, and where the script does more than the engine, or perhaps less."""
    lazy = " and ".join(held[link] for link in node.lazy_links.values())
    more = f"the engine would compute {lazy} only where this needs it" if lazy else ""
    may_expand = node.schema.may_expand and not is_loop(node)
    less = "where this stands for other nodes, only the engine can run it" if may_expand else ""
    return [f"# {line}" for line in (title, more, less) if line]


def _target(node: GraphNode, held: Mapping[Link, str]) -> str:
    slots = {link.slot for link in held if link.node_id == node.id} if node.schema.any_output else set()
    count = max(len(node.schema.outputs), *(slot + 1 for slot in slots), 0)
    places = [held.get(Link(node.id, slot), "_") for slot in range(count)]
    if all(place == "_" for place in places):
        return ""
    return f"{', '.join([*places, '*_'] if node.schema.any_output else places)} = "


def _call(node: GraphNode, function: str, held: Mapping[Link, str], lists: Set[Link]) -> list[str]:
    arguments, items = _arguments(node, held, lists), _items(node, lists)
    if not items:
        return call(_target(node, held) + function, arguments)
    over = ", ".join(f"{literal(name)}: {arguments.pop(name).text}" for name in items)
    return call(f"{_target(node, held)}each", arguments, f"{function}, {{{over}}}")


def _arguments(node: GraphNode, held: Mapping[Link, str], lists: Set[Link]) -> dict[str, Any]:
    values = {name: Code(held[link]) for name, link in node.links.items()}
    values |= {name: Code(literal(value)) for name, value in node.literals.items()}
    if node.schema.is_input_list:
        whole = {name for name, link in node.links.items() if link in lists}
        values = {name: one if name in whole else Code(f"[{one.text}]") for name, one in values.items()}
    ordered = {one.name: values[one.name] for one in node.inputs if one.name in values}
    id = literal([node.id] if node.schema.is_input_list else node.id)
    unique = {one.name: Code(id) for one in node.schema.inputs if one.type == "UNIQUE_ID"}
    return nest(node.schema, node.inputs, ordered) | unique


def _one_line(text: str) -> str:
    return "".join(char for char in " ".join(text.split()) if char.isprintable())
