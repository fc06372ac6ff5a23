"""Small changes to a prompt (`NODE.INPUT` gets another value), and to the workflow it came from."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from execution.convert.reading import read_workflow
from execution.convert.to_prompt import to_prompt
from execution.convert.widgets import Files, is_widget, place_of
from execution.graph import title_in
from nodes.schema import Input, NodeSchema

SEEDS = ("seed", "noise_seed")
YES, NO = {"true", "1", "yes", "on"}, {"false", "0", "no", "off"}
Prompt = dict[str, Any]
Schemas = dict[str, NodeSchema]


@dataclass(frozen=True)
class Change:
    """A new value for one input of one node."""

    node: str
    input: str
    value: Any


def changes_of(values: Mapping[str, Any], prompt: Prompt, schemas: Schemas) -> list[Change]:
    """New values by `NODE.INPUT`. Raises ValueError with one sentence that says what there is."""
    return [_change(where, value, prompt, schemas) for where, value in values.items()]


def read_changes(words: list[str], seed: int | None, prompt: Prompt, schemas: Schemas) -> list[Change]:
    """What the command line asks to change. Raises ValueError with one sentence that says what there is."""
    changes = [_read(word, prompt, schemas) for word in words]
    if seed is None:
        return changes
    seeds = [
        Change(id, name, seed)
        for id, node in prompt.items()
        for name in SEEDS
        if name in node.get("inputs", {}) and not isinstance(node["inputs"][name], list)
    ]
    if not seeds:
        raise ValueError("--seed has nothing to set: no node of this workflow has a seed of its own")
    return changes + seeds


def apply(changes: list[Change], prompt: Prompt) -> Prompt:
    """A copy of the prompt with the changes made."""
    changed = copy.deepcopy(prompt)
    for change in changes:
        changed[change.node].setdefault("inputs", {})[change.input] = change.value
    return changed


def apply_to_workflow(
    changes: list[Change], workflow: dict[str, Any], schemas: Schemas, files: Files
) -> dict[str, Any] | None:
    """A copy of the saved workflow that shows the changes too, or None where it cannot (inside subgraphs …)."""
    changed = copy.deepcopy(workflow)
    sheet = read_workflow(changed).root
    raw = {str(node.get("id")): node for node in changed["nodes"]}
    for change in changes:
        node = sheet.nodes.get(change.node)
        schema = schemas.get(node.type) if node else None
        place = place_of(node, schema, change.input, files) if node and schema else None
        values = raw[change.node].get("widgets_values") if node else None
        if place is None or values is None or place >= len(values) or isinstance(change.value, list):
            return None
        values[place] = change.value
    return changed if _shows(changes, changed, schemas, files) else None


def _shows(changes: list[Change], workflow: dict[str, Any], schemas: Schemas, files: Files) -> bool:
    """Whether the workflow, converted, has the new values: a link or a primitive may stand above a node's own."""
    prompt = to_prompt(workflow, schemas, files)
    for change in changes:
        found = prompt.get(change.node, {}).get("inputs", {}).get(change.input)
        shown = isinstance(found, str) if isinstance(change.value, str) else found == change.value  # texts may vary
        if not shown:
            return False
    return True


def _read(word: str, prompt: Prompt, schemas: Schemas) -> Change:
    where, equals, text = word.partition("=")
    if not equals or "." not in where:
        raise ValueError(f"--set {word!r}: write NODE.INPUT=VALUE, e.g. 6.text=a red apple")
    node, name, declared = _place(where.strip(), prompt, schemas)
    try:
        return Change(node, name, _value(text, declared))
    except ValueError as error:
        raise ValueError(f"--set {where.strip()}: {error}") from None


def _change(where: str, value: Any, prompt: Prompt, schemas: Schemas) -> Change:
    if "." not in where:
        raise ValueError(f"{where!r}: write NODE.INPUT, e.g. 6.text")
    node, name, _ = _place(where, prompt, schemas)
    return Change(node, name, value)


def _place(where: str, prompt: Prompt, schemas: Schemas) -> tuple[str, str, Input | None]:
    """The node's id, the input's name, and how it is declared. Raises ValueError saying what there is."""
    node, name = _node_and_input(where, prompt)
    class_type = str(prompt[node].get("class_type"))
    schema = schemas.get(class_type)
    there = {one.name for one in schema.inputs if one.section != "hidden"} if schema else set()
    there |= set(prompt[node].get("inputs", {}))
    if name not in there:
        raise ValueError(
            f"node {node} ({class_type}) has no input {name!r}; it has: {', '.join(sorted(there)) or 'none'}"
        )
    return node, name, schema.input(name) if schema else None


def _node_and_input(where: str, prompt: Prompt) -> tuple[str, str]:
    """The node by its id, else by a title or class that only one node has. Both sides may contain dots."""
    dots = [place for place, char in enumerate(where) if char == "."]
    for place in reversed(dots):
        if where[:place] in prompt:
            return where[:place], where[place + 1 :]
    for place in reversed(dots):
        named = [id for id, node in prompt.items() if where[:place] in (title_in(node), node.get("class_type"))]
        if len(named) == 1:
            return named[0], where[place + 1 :]
        if named:
            raise ValueError(f"{where[:place]!r} are several nodes: {_listed(prompt, named)}; name one by its number")
    name = where[: dots[0]]
    raise ValueError(f"there is no node {name!r}; there are: {_listed(prompt, list(prompt))}")


def _listed(prompt: Prompt, ids: list[str]) -> str:
    return ", ".join(f"{id} ({title_in(prompt[id]) or prompt[id].get('class_type')})" for id in ids)


def _value(text: str, declared: Input | None) -> Any:
    """The text as the type the input takes. Raises ValueError saying what it takes."""
    loose = _json(text)
    if declared is None:
        return loose
    if not is_widget(declared) or isinstance(loose, list):
        return _link(loose, declared)
    if declared.is_combo:
        offered = declared.choices or ()
        return text if text in offered or loose not in offered else loose
    if declared.type == "STRING":
        return loose if isinstance(loose, str) else text
    if declared.type == "BOOLEAN":
        return _boolean(text)
    if declared.type in ("INT", "FLOAT"):
        return _number(loose, text, declared.type)
    return loose


def _link(value: Any, declared: Input) -> list[Any]:
    if isinstance(value, list) and len(value) == 2 and isinstance(value[1], int):
        return [str(value[0]), value[1]]
    raise ValueError(f'{declared.name} takes a link to a {declared.type} output, such as ["4", 0]')


def _boolean(text: str) -> bool:
    word = text.strip().lower()
    if word not in YES | NO:
        raise ValueError(f"{text!r} is neither true nor false")
    return word in YES


def _number(value: Any, text: str, type: str) -> int | float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not is_number or (type == "INT" and value != int(value)):
        raise ValueError(f"{text!r} is no {'whole number' if type == 'INT' else 'number'}")
    return int(value) if type == "INT" else float(value)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
