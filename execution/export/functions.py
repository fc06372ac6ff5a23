"""Where the functions of a script come from: those of ours are imported, all others are wrapped."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Set

from execution.export.names import Names
from execution.export.text import literal
from nodes.schema import Node


class Functions:
    """Names of the functions of a script by node class, and the lines that bring them in.

    `nodes` are the nodes by class that the script needs; `read` the classes whose results somebody uses.
    """

    def __init__(self, nodes: Mapping[str, Node], read: Set[str], names: Names) -> None:
        self.names: dict[str, str] = {}
        self._imports: dict[str, list[str]] = {}
        self._wrapped: list[str] = []
        for id, node in nodes.items():
            module, function = node.function.__module__, node.function.__name__
            is_ours = module.startswith("nodes.") and getattr(sys.modules.get(module), function, None) is node
            lists = any(one.is_list for one in node.schema.outputs)
            reports = (node.schema.is_output or lists) and id in read  # its function may return more than its results
            if is_ours and not reports and not node.is_async:
                name = self.names[id] = names.unique(function)
                self._imports.setdefault(module, []).append(function if name == function else f"{function} as {name}")
            else:
                self.names[id] = names.unique(_snake_case(id))
                self._wrapped.append(id)

    def imports(self, more: Set[str] = frozenset()) -> list[str]:
        """The lines of all imports; `more` is what else is needed of `execution`."""
        engine = sorted({*more, *(["node_function"] if self._wrapped else [])})
        lines = [f"from {module} import {', '.join(sorted(names))}" for module, names in self._imports.items()]
        return sorted(lines + ([f"from execution import {', '.join(engine)}"] if engine else []))

    def wrappers(self) -> list[str]:
        return [f"{self.names[id]} = node_function({literal(id)})" for id in self._wrapped]


def _snake_case(name: str) -> str:
    """`FancyBlur` -> `fancy_blur`."""
    return "".join(
        f"_{char}" if char.isupper() and name[place - 1 : place].islower() else char for place, char in enumerate(name)
    )
