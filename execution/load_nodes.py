"""Finds the nodes: every `Node` at the top level of a module of the given packages, and of what is in custom_nodes/."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import pkgutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType

import msgspec

from nodes.schema import Node

log = logging.getLogger(__name__)
OnFailure = Callable[[str, Exception | SystemExit], None]


def _log_failure(module: str, error: Exception | SystemExit) -> None:
    log.error("%s could not be imported, its nodes are missing: %s: %s", module, type(error).__name__, error)
    log.debug("", exc_info=error)


def load_nodes(
    packages: Sequence[str] = ("nodes",), custom_nodes: Path | None = None, on_failure: OnFailure = _log_failure
) -> dict[str, Node]:
    """All nodes by class name. A module that fails to import is reported by name and costs only its own nodes.

    In `custom_nodes`, a pack is a `.py` file or a folder with `__init__.py`; names that start with `.` or `_` or end
    with `.disabled` are passed over. A class name that is already taken keeps its first owner.
    """
    found: dict[str, Node] = {}
    for package in packages:
        for module in _package_modules(package, on_failure):
            _collect(module, found)
    for pack in _packs(custom_nodes):
        name = f"custom_nodes.{pack.stem}"
        for module in _pack_modules(pack, name, on_failure):
            _collect(module, found, owner=name)
    return found


def _collect(module: ModuleType, found: dict[str, Node], owner: str | None = None) -> None:
    for node in [one for one in vars(module).values() if isinstance(one, Node)]:
        known = found.get(node.schema.id)
        if known is not None:
            if known.function is not node.function:
                log.warning("%s: the node class %r exists already and is left out", module.__name__, node.schema.id)
            continue
        if owner is not None:
            node = Node(msgspec.structs.replace(node.schema, python_module=owner), node.function, node.hooks)
        found[node.schema.id] = node


def _package_modules(package: str, on_failure: OnFailure) -> Iterator[ModuleType]:
    root = _import(package, on_failure)
    if root is None:
        return
    yield root
    yield from _submodules(root, on_failure)


def _submodules(root: ModuleType, on_failure: OnFailure) -> Iterator[ModuleType]:
    for info in sorted(pkgutil.iter_modules(getattr(root, "__path__", [])), key=lambda one: one.name):
        module = _import(f"{root.__name__}.{info.name}", on_failure)
        if module is not None:
            yield module
            if info.ispkg:
                yield from _submodules(module, on_failure)


def _import(name: str, on_failure: OnFailure) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        on_failure(name, error)
        return None


def _packs(folder: Path | None) -> list[Path]:
    if folder is None or not folder.is_dir():
        return []
    return [
        path
        for path in sorted(folder.iterdir())
        if not path.name.startswith((".", "_"))
        and not path.name.endswith(".disabled")
        and (path.suffix == ".py" or (path / "__init__.py").is_file())
    ]


def _pack_modules(pack: Path, name: str, on_failure: OnFailure) -> Iterator[ModuleType]:
    """The pack's module alone: a pack imports from its `__init__` whatever nodes its other files have."""
    is_folder = pack.is_dir()
    spec = importlib.util.spec_from_file_location(
        name,
        pack / "__init__.py" if is_folder else pack,
        submodule_search_locations=[str(pack)] if is_folder else None,
    )
    if spec is None or spec.loader is None:
        return
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        on_failure(name, error)
        return
    yield module
