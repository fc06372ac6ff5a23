"""The vocabulary: built-in nodes as typed functions of a few lines that call `comfy_core`.

`nodes.schema` says what a node is and is free of torch, so the server may read schemas; every other module here
imports `comfy_core` and belongs to the worker.

Packs know this package as the module `nodes` of the ecosystem: the registries below and the classes of the built-in
nodes are made when somebody asks for them.
"""

import importlib
from typing import Any

MAX_RESOLUTION = 16384


def __getattr__(name: str) -> Any:
    registry = importlib.import_module("nodes.registry")
    if name == "NODE_CLASS_MAPPINGS":
        return registry.class_mappings()
    if name == "NODE_DISPLAY_NAME_MAPPINGS":
        return registry.TITLES
    if name == "EXTENSION_WEB_DIRS":
        return registry.WEB_DIRECTORIES
    if name in registry.NODES:
        return registry.class_of(name)
    raise AttributeError(f"module 'nodes' has no attribute {name!r}")
