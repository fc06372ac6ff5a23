"""Built-in nodes under the modules that packs import them from: `comfy_extras.nodes_mask.MaskComposite` and the like.

Which module a node counts to is in its schema; each such module exists, and makes the class when it is asked for.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from nodes import registry


class _Module(ModuleType):
    """Has the classes of the nodes that count to it."""

    def __getattr__(self, name: str) -> Any:
        node = registry.NODES.get(name)
        if node is None or node.schema.python_module != self.__name__:
            raise AttributeError(f"module {self.__name__!r} has no node {name!r} here")
        return registry.class_of(name)


def __getattr__(name: str) -> ModuleType:
    module = sys.modules.get(f"comfy_extras.{name}")
    if module is None:
        raise AttributeError(f"module 'comfy_extras' has no attribute {name!r}")
    return module


for _name in sorted({node.schema.python_module for node in registry.NODES.values()}):
    if _name.startswith(f"{__name__}."):
        sys.modules.setdefault(_name, _Module(_name, "Built-in nodes."))
