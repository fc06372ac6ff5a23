"""The vocabulary: built-in nodes as typed functions of a few lines that call `comfy_core`.

`nodes.schema` says what a node is and is free of torch, so the server may read schemas; every other module here
imports `comfy_core` and belongs to the worker.

Packs know this package as the module `nodes` of the ecosystem: the registries below and the classes of the built-in
nodes are made when somebody asks for them.
"""

import importlib
from typing import Any

from comfy_core.progress import check_interrupted

MAX_RESOLUTION = 16384


def common_ksampler(*arguments: Any, **options: Any) -> tuple[Any]:
    """`comfy_core.sampling.sample.common_ksampler`, its latent in a tuple."""
    sample = importlib.import_module("comfy_core.sampling.sample")
    return (sample.common_ksampler(*arguments, **options),)


def before_node_execution() -> None:
    """Raises `comfy_core.progress.Interrupted` when the run is to stop."""
    check_interrupted()


def interrupt_processing(value: bool = True) -> None:
    """Have the run that is under way stop (or not, after all)."""
    importlib.import_module("nodes.registry").HOST.interrupt(value)


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
