"""Nodes that stand in for others: what a pack says of classes that are no more, so that old workflows still run."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from execution.graph import as_link


class Replacement(msgspec.Struct, frozen=True):
    """`new_node_id` can do what `old_node_id` did.

    `input_mapping` are `{"new_id", "old_id"}` (the input under another name) or `{"new_id", "set_value"}`; without one
    the inputs stay. `output_mapping` are `{"new_idx", "old_idx"}`. `old_widget_ids` names the widgets of the old
    class in their order, for editors that no longer know it.
    """

    new_node_id: str
    old_node_id: str
    old_widget_ids: list[str] | None = None
    input_mapping: list[dict[str, Any]] | None = None
    output_mapping: list[dict[str, int]] | None = None


Replacements = Mapping[str, list[Replacement]]
"""By the class that is no more."""


def register(one: Replacement, replacements: dict[str, list[Replacement]]) -> None:
    """Raises msgspec.ValidationError for one that the server would not understand."""
    checked = msgspec.convert(msgspec.to_builtins(one), Replacement)
    replacements.setdefault(checked.old_node_id, []).append(checked)


def with_replacements(prompt: Any, known: Collection[str], replacements: Replacements) -> Any:
    """The prompt with every node of an unknown class replaced by the first that is known, and links to it moved to
    where its outputs are now. The prompt itself stays as it is; what is no prompt is given back."""
    if not replacements or not isinstance(prompt, dict):
        return prompt
    chosen = {id: found for id, node in prompt.items() if (found := _choose(node, known, replacements)) is not None}
    if not chosen:
        return prompt
    changed = {id: _replaced(node, chosen[id]) if id in chosen else node for id, node in prompt.items()}
    moves = {id: _moves(one) for id, one in chosen.items()}
    return {id: _relinked(node, moves) for id, node in changed.items()}


def _choose(node: Any, known: Collection[str], replacements: Replacements) -> Replacement | None:
    old = node.get("class_type") if isinstance(node, dict) else None
    if not isinstance(old, str) or old in known:
        return None
    return next((one for one in replacements.get(old, ()) if one.new_node_id in known), None)


def _replaced(node: dict[str, Any], by: Replacement) -> dict[str, Any]:
    inputs = node.get("inputs")
    if by.input_mapping is not None and isinstance(inputs, dict):
        inputs = {
            one["new_id"]: one["set_value"] if "set_value" in one else inputs[one["old_id"]]
            for one in by.input_mapping
            if "set_value" in one or one.get("old_id") in inputs
        }
    return {**node, "class_type": by.new_node_id, "inputs": inputs}


def _moves(by: Replacement) -> dict[int, int]:
    return {one["old_idx"]: one["new_idx"] for one in by.output_mapping or ()}


def _relinked(node: Any, moves: Mapping[str, dict[int, int]]) -> Any:
    inputs = node.get("inputs") if isinstance(node, dict) else None
    if not isinstance(inputs, dict):
        return node
    return {**node, "inputs": {name: _moved(value, moves) for name, value in inputs.items()}}


def _moved(value: Any, moves: Mapping[str, dict[int, int]]) -> Any:
    link = as_link(value)
    if link is None or link.node_id not in moves:
        return value
    return [link.node_id, moves[link.node_id].get(link.slot, link.slot)]
