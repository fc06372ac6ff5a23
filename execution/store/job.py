"""A prompt as the store keeps it."""

from __future__ import annotations

from typing import Any

import msgspec

from execution.events import now_ms

FINISHED = ("completed", "failed", "interrupted")
LONGEST_WORDS = 20_000


class StoredJob(msgspec.Struct, kw_only=True):
    """One prompt and what became of it. `status` is pending, running, completed, failed or interrupted; times are in
    epoch milliseconds; `messages` are `[event, data]` pairs, `timings` `{node: {"seconds", "cached"}}`, `crashes`
    `{node: how often the worker or the server ended while it ran}`. `owner` is the user whose it is, where there are
    several. `sequence` is the store's own name for it. `prompt_text` is the prompt as JSON,
    in a job that was just added or taken."""

    id: str
    number: float
    prompt: dict[str, Any] = {}
    extra_data: dict[str, Any] = {}
    targets: list[str]
    status: str = "pending"
    attempts: int = 0
    created_at: int = 0
    started_at: int | None = None
    finished_at: int | None = None
    workflow_id: str | None = None
    owner: str | None = None
    outputs: dict[str, Any] = {}
    meta: dict[str, Any] = {}
    messages: list[Any] = []
    timings: dict[str, Any] = {}
    crashes: dict[str, int] = {}
    error: dict[str, Any] | None = None
    sequence: int = 0
    prompt_text: str = ""

    def is_same_work(self, other: StoredJob) -> bool:
        """Does another one ask for just the same?"""
        return (self.prompt, self.targets, self.owner) == (other.prompt, other.targets, other.owner)

    def begin(self) -> None:
        """It runs from now on, for another attempt."""
        self.status, self.attempts, self.started_at = "running", self.attempts + 1, now_ms()


def workflow_of(extra_data: Any) -> str | None:
    """The id of the workflow that a prompt was made from, where the client sent the workflow along."""
    found = extra_data
    for key in ("extra_pnginfo", "workflow", "id"):
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, str) else None


def plain_meta(node: str) -> dict[str, Any]:
    """What is to be said of an output whose node stands for itself."""
    return {"node_id": node, "display_node": node, "parent_node": None, "real_node_id": node}


def words_of(prompt: Any) -> str:
    """What a prompt can be found by, in small letters: classes and titles of its nodes, files and texts in them."""
    found: dict[str, None] = {}
    length = 0
    for text in _texts(prompt):
        text = text.strip().casefold().replace("\0", " ")
        if text and text not in found:
            found[text] = None
            length += len(text)
            if length > LONGEST_WORDS:
                break
    return "\n".join(found)[:LONGEST_WORDS].encode("utf-8", "replace").decode()


def _texts(prompt: Any) -> dict[str, None]:
    """Each text once, in the order of the prompt."""
    found: dict[str, None] = {}
    for node in prompt.values() if isinstance(prompt, dict) else ():
        if not node:
            continue
        if isinstance(name := node.get("class_type"), str):
            found[name] = None
        for part in (node.get("_meta"), node.get("inputs")):
            if isinstance(part, dict):
                for value in part.values():
                    if isinstance(value, str):
                        found[value] = None
    return found
