"""Finds the nodes: every `Node` at the top level of a module of the given packages, and what custom packs bring."""

from __future__ import annotations

import importlib
import logging
import pkgutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType

from execution.packs import OnFailure, expose_compat, find_packs, load_pack, run_prestartup_scripts
from nodes import registry
from nodes.schema import Node

log = logging.getLogger(__name__)


def _log_failure(module: str, error: BaseException) -> None:
    log.error("%s could not be imported, its nodes are missing: %s: %s", module, type(error).__name__, error)
    log.debug("", exc_info=error)


def prepare_packs(custom_nodes: Path, on_failure: OnFailure = _log_failure) -> None:
    """What packs want done before anything imports torch."""
    run_prestartup_scripts(custom_nodes, on_failure)
    registry.HOST.loading("")


def load_nodes(
    packages: Sequence[str] = ("nodes",), custom_nodes: Path | None = None, on_failure: OnFailure = _log_failure
) -> dict[str, Node]:
    """All nodes by class name. A module that fails to import is reported by name and costs only its own nodes.

    A pack's class takes the place of an earlier pack's of that name, and of one of ours only where that gives way.
    """
    found: dict[str, Node] = {}
    for package in packages:
        for module in _package_modules(package, on_failure):
            _collect([one for one in vars(module).values() if isinstance(one, Node)], found, module.__name__)
    registry.NODES.update(found)
    registry.PROTECTED.clear()
    registry.PROTECTED.update(name for name, node in found.items() if not node.gives_way)
    registry.WEB_DIRECTORIES.clear()
    packs = find_packs(custom_nodes)
    if packs:
        expose_compat()
    for pack in packs:
        try:
            _collect_from_pack(load_pack(pack, on_failure), found, pack.name)
        except BaseException as error:
            on_failure(f"custom_nodes.{pack.name}", error)
        registry.NODES.update(found)
    registry.HOST.loading("")
    registry.TITLES.update({name: node.schema.title for name, node in found.items()})
    return found


def _collect(nodes: Iterable[Node], found: dict[str, Node], owner: str) -> None:
    for node in nodes:
        known = found.setdefault(node.schema.id, node)
        if known.function is not node.function:
            log.warning("%s: the node class %r exists already and is left out", owner, node.schema.id)


def _collect_from_pack(nodes: Iterable[Node], found: dict[str, Node], pack: str) -> None:
    for node in nodes:
        id, known = node.schema.id, found.get(node.schema.id)
        if id in registry.PROTECTED:
            log.warning("%s: %r is a built-in node, its own is left out", pack, id)
            continue
        if known is not None and not known.gives_way and known.function is not node.function:
            log.warning("%s: its node class %r takes the place of that of %s", pack, id, known.schema.python_module)
        found[id] = node


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
    except BaseException as error:
        on_failure(name, error)
        return None
