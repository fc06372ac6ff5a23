"""The prompt of a run, to which nodes may add nodes while it runs. Packs see it as the hidden input DYNPROMPT."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Identity(NamedTuple):
    """A node as others know it: where its progress is shown, who added it, and the prompt's own node behind it."""

    display: str
    parent: str | None
    real: str


class DynamicPrompt:
    """Nodes of the prompt and the ephemeral ones, in the API form, by id."""

    def __init__(self, prompt: Mapping[str, Any]) -> None:
        self._prompt = prompt
        self._added: dict[str, Any] = {}
        self._identities: dict[str, Identity] = {}

    def get_node(self, node_id: str) -> Any:
        """Raises KeyError when there is no such node."""
        return self._added[node_id] if node_id in self._added else self._prompt[node_id]

    def has_node(self, node_id: str) -> bool:
        return node_id in self._prompt or node_id in self._added

    def add_ephemeral_node(self, node_id: str, node_info: Any, parent_id: str, display_id: str | None) -> None:
        """Add a node on behalf of `parent_id`; the same parent may put it there anew."""
        self._added[node_id] = node_info
        shown = self.get_display_node_id(parent_id) if display_id is None else display_id
        self._identities[node_id] = Identity(shown, parent_id, self.get_real_node_id(parent_id))

    def identity(self, node_id: str) -> Identity:
        found = self._identities.get(node_id)
        if found is None:
            found = self._identities[node_id] = Identity(node_id, None, node_id)
        return found

    def is_ephemeral(self, node_id: str) -> bool:
        return node_id in self._added

    def get_real_node_id(self, node_id: str) -> str:
        return self.identity(node_id).real

    def get_parent_node_id(self, node_id: str) -> str | None:
        return self.identity(node_id).parent

    def get_display_node_id(self, node_id: str) -> str:
        return self.identity(node_id).display

    def all_node_ids(self) -> set[str]:
        return {*self._prompt, *self._added}

    def get_original_prompt(self) -> Any:
        return self._prompt
