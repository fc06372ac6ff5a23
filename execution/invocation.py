"""Calls a node's code: with which arguments, how often, and with what it may ask of the engine meanwhile.

Values travel as lists. A node is called once for each item, shorter lists repeating their last one; a node that
takes whole lists is called once (contract execution.md §6).
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, NamedTuple

from comfy_core.media.numbering import Claims
from comfy_core.media.written import noting
from comfy_core.progress import listen
from execution import loop
from execution.declared import nest
from execution.dynamic_prompt import DynamicPrompt
from execution.graph import GraphNode
from execution.progress import RunProgress
from execution.worker import Job
from nodes.expansion import ExecutionBlocker, executing
from nodes.schema import Node

Arguments = dict[str, list[Any]]


class NodeInputError(Exception):
    """A node asked for a lazy input that cannot be computed."""


class InstanceKey(NamedTuple):
    """Whose an instance is; it stays while the prompt's own node behind it does."""

    real_id: str
    node_id: str
    class_type: str


@dataclass
class Invoker:
    """Calls the nodes of one run. `instances` outlives it: what classic classes keep between runs."""

    nodes: Mapping[str, Node]
    job: Job
    prompt: DynamicPrompt
    progress: RunProgress
    around: Callable[[], AbstractContextManager[Any]]
    instances: dict[InstanceKey, Any]

    @cached_property
    def client(self) -> str | None:
        """Who asked for the run."""
        client = self.job.extra_data.get("client_id")
        return client if isinstance(client, str) else None

    def hidden(self, node: GraphNode) -> dict[str, Any]:
        """The values of the inputs that the engine fills in, by the name of the argument."""
        if not node.schema.filled_in_inputs:
            return {}
        extra = self.job.extra_data
        values = {
            "PROMPT": self.job.prompt,
            "DYNPROMPT": self.prompt,
            "EXTRA_PNGINFO": extra.get("extra_pnginfo"),
            "UNIQUE_ID": node.id,
            "AUTH_TOKEN_COMFY_ORG": extra.get("auth_token_comfy_org"),
            "API_KEY_COMFY_ORG": extra.get("api_key_comfy_org"),
            "COMFY_USAGE_SOURCE": extra.get("comfy_usage_source"),
        }
        return {name: values[one.type] for name, one in node.schema.filled_in_inputs.items()}

    def items(self, node: GraphNode, arguments: Arguments) -> list[dict[str, Any]]:
        """The keyword arguments of each call."""
        if node.schema.is_input_list:
            return [nest(node.schema, node.inputs, arguments)]
        if not all(arguments.values()):
            return []
        count = max(map(len, arguments.values()), default=1)
        items = [
            {name: values[at] if at < len(values) else values[-1] for name, values in arguments.items()}
            for at in range(count)
        ]
        return [nest(node.schema, node.inputs, one) for one in items] if node.schema.dynamic_inputs else items

    def call(self, node: GraphNode, index: int, item: Mapping[str, Any]) -> Any:
        """What the function returns, or for an async one the task that it has become (see `execution.loop`). Raises
        what the node raises."""
        return self._called(self._bound(node, self.nodes[node.schema.id].function), node, index, item)

    def wishes(self, node: GraphNode, arguments: Arguments, missing: Iterable[str]) -> set[str]:
        """The lazy inputs, of those still `missing`, that the node needs now. Raises NodeInputError."""
        missing = set(missing)
        hook = self.nodes[node.schema.id].hooks.get("lazy")
        if hook is None:
            return missing
        function = self._bound(node, hook)
        asked: set[str] = set()
        for item in self.items(node, _with_names(node, arguments)):
            if blocker_in(item) is None:
                returned = self._called(function, node, 0, item)
                asked.update(_names(loop.complete(returned) if isinstance(returned, asyncio.Task) else returned))
        for name in sorted(asked - missing - arguments.keys()):
            raise NodeInputError(f"{node.title} asked for input {name!r}, which is not linked")
        return asked & missing

    def fingerprint(self, node: GraphNode) -> Any:
        """What stands for the outside world in the signature; None for a node without a hook. Raises what it raises.

        The hook sees literals, and None for links.
        """
        hook = self.nodes[node.schema.id].hooks.get("fingerprint")
        if node.changed is not None or hook is None:
            return node.changed
        values = {**node.literals, **dict.fromkeys(node.links), **_taken(hook, self.hidden(node))}
        if node.schema.is_input_list:
            values = {name: [value] for name, value in values.items()}
        loop.lend()
        returned = hook(**nest(node.schema, node.inputs, values))
        return loop.complete(returned) if inspect.isawaitable(returned) else returned

    def _called(self, function: Callable[..., Any], node: GraphNode, index: int, item: Mapping[str, Any]) -> Any:
        """What a function of the node returns, which can count on being heard and on knowing which call it is."""
        with (
            listen(self.progress.listener(node.id)),
            executing(self.job.prompt_id, node.id, index, self.client),
            noting(self.job.folder, f"{node.id} {index}"),
            Claims() as claims,
            self.around(),
        ):
            loop.lend()
            returned = function(**item)
            if isinstance(returned, tuple) or not inspect.isawaitable(returned):
                return returned
            task = loop.start(returned)
            claims.last_for(task)
            return task

    def _bound(self, node: GraphNode, function: Callable[..., Any]) -> Callable[..., Any]:
        make = self.nodes[node.schema.id].make_instance
        if make is None:
            return function
        key = InstanceKey(self.prompt.get_real_node_id(node.id), node.id, node.schema.id)
        if key not in self.instances:
            loop.lend()
            self.instances[key] = make()
        return partial(function, self.instances[key])


def blocker_in(item: Mapping[str, Any]) -> ExecutionBlocker | None:
    """The blocker among the arguments of a call, also inside a list or dictionary of theirs."""
    for value in item.values():
        if isinstance(value, ExecutionBlocker):
            return value
        inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        for one in inside:
            if isinstance(one, ExecutionBlocker):
                return one
    return None


def _names(returned: Any) -> list[str]:
    """The names in whatever a lazy hook returned; a bare one is as good as a list of it."""
    listed = [returned] if isinstance(returned, str) else returned if isinstance(returned, Iterable) else ()
    return [one for one in listed if isinstance(one, str)]


def _with_names(node: GraphNode, arguments: Arguments) -> Arguments:
    """Where names are dotted, a lazy hook gets each value with the name to ask for it by."""
    roots = tuple(f"{name}." for name in node.schema.dynamic_inputs)
    return {
        name: [(value, name) for value in values] if roots and name.startswith(roots) else values
        for name, values in arguments.items()
    }


def _taken(hook: Callable[..., Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `values` that the hook has parameters for."""
    parameters = inspect.signature(hook).parameters
    takes_all = any(one.kind is one.VAR_KEYWORD for one in parameters.values())
    return {name: value for name, value in values.items() if takes_all or name in parameters}
