"""Custom packs: what is in custom_nodes/, by the loading protocol of the ecosystem (contract custom_nodes.md §1).

A pack is a `.py` file or a folder with `__init__.py`. It offers `NODE_CLASS_MAPPINGS`, or else an entry point
`comfy_entrypoint`, or functions of ours with `@node`. What fails is named and costs only itself.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import inspect
import logging
import sys
import tomllib
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from comfy_core.folders import CHECKOUT
from execution.classic import adapt_class
from execution.restored import restored
from nodes import registry
from nodes.schema import Node, NodeSchema

log = logging.getLogger(__name__)
OnFailure = Callable[[str, BaseException], None]


def expose_compat() -> None:
    """Let packs import the module names that the ecosystem knows: `folder_paths`, `server`, `comfy` …"""
    path = str(CHECKOUT / "compat")
    if path not in sys.path:
        sys.path.insert(0, path)


def find_packs(folder: Path | None) -> list[Path]:
    """Names that start with `.` or `__` or end with `.disabled` are passed over."""
    if folder is None or not folder.is_dir():
        return []
    return [
        path
        for path in sorted(folder.iterdir())
        if not path.name.startswith((".", "__"))
        and not path.name.endswith(".disabled")
        and ((path.suffix == ".py" and path.is_file()) or (path / "__init__.py").is_file())
    ]


def run_prestartup_scripts(folder: Path | None, on_failure: OnFailure) -> None:
    """Run each pack's `prestartup_script.py`. To be called before anything imports torch."""
    for pack in find_packs(folder):
        script = pack / "prestartup_script.py"
        if script.is_file():
            expose_compat()
            registry.HOST.loading(pack.name)
            _execute(f"custom_nodes.{pack.name}.prestartup_script", script, None, on_failure)


def load_pack(pack: Path, on_failure: OnFailure) -> Iterator[Node]:
    """The nodes of a pack. Their version is that of all its files: whatever changes there, the nodes run again."""
    registry.HOST.loading(pack.name)
    version, before = code_of([pack]), dict(registry.CLASSES)
    offered = [_changed(node, {"version": version}) for node in _nodes_of(pack, on_failure)]
    yield from offered
    for node in _placed(_module_name(pack), before, {one.schema.id for one in offered}, on_failure):
        yield _changed(node, {"version": version})


def code_of(places: Iterable[Path]) -> str:
    """A short hash of all Python files in these folders (or of single files)."""
    digest = hashlib.sha256()
    for place in places:
        for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            with suppress(OSError):
                content = file.read_bytes()
                digest.update(f"{file.relative_to(place)} {len(content)} ".encode() + content)
    return digest.hexdigest()[:16]


def _nodes_of(pack: Path, on_failure: OnFailure) -> Iterator[Node]:
    name = _module_name(pack)
    is_folder = pack.is_dir()
    module = _execute(name, pack / "__init__.py" if is_folder else pack, pack if is_folder else None, on_failure)
    if module is None:
        return
    if is_folder:
        _note_web_directories(pack, module)
    for node in vars(module).values():
        if isinstance(node, Node):
            yield _changed(node, {"python_module": name})
    mappings = getattr(module, "NODE_CLASS_MAPPINGS", None)
    if mappings is registry.CLASSES:
        return  # those of all packs, into which this one has put its own
    if isinstance(mappings, Mapping):
        yield from _classes(name, mappings, getattr(module, "NODE_DISPLAY_NAME_MAPPINGS", None), on_failure)
    elif mappings is not None:
        on_failure(name, TypeError(f"its NODE_CLASS_MAPPINGS is a {type(mappings).__name__}, not a dict of classes"))
    elif hasattr(module, "comfy_entrypoint"):
        yield from _entered(name, module.comfy_entrypoint, on_failure)
    elif not any(isinstance(node, Node) for node in vars(module).values()):
        log.warning("%s brings no nodes: it has neither NODE_CLASS_MAPPINGS nor comfy_entrypoint", name)


def _module_name(pack: Path) -> str:
    return f"custom_nodes.{pack.name if pack.is_dir() else pack.stem}"


def _placed(module: str, before: Mapping[str, Any], offered: Container[str], on_failure: OnFailure) -> Iterator[Node]:
    """What a pack has put into the mappings of all nodes by its own hand, be it in the place of one of ours."""
    for id, cls in list(registry.CLASSES.items()):
        if before.get(id) is not cls and id not in offered and not registry.is_thin(cls):
            registry.PROTECTED.discard(id)
            node = _adapt(module, id, cls, registry.TITLES.get(id, ""), on_failure)
            if node is not None:
                yield node


def _execute(name: str, file: Path, folder: Path | None, on_failure: OnFailure) -> ModuleType | None:
    """Run a file as the module `name`; a `folder` makes it a package, whose files it imports relatively."""
    places = [str(folder)] if folder is not None else None
    spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=places)
    if spec is None or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with restored(name):
            spec.loader.exec_module(module)
    except BaseException as error:  # also what a pack raises to end the process: it ends its own loading
        del sys.modules[name]
        on_failure(name, error)
        return None
    return module


# --- the two entry points --------------------------------------------------------------------------------------------


def _classes(module: str, mappings: Mapping[str, Any], titles: Any, on_failure: OnFailure) -> Iterator[Node]:
    known = titles if isinstance(titles, Mapping) else {}
    for id, cls in mappings.items():
        title = known.get(id)
        node = _adapt(module, id, cls, title if isinstance(title, str) else "", on_failure)
        if node is not None:
            yield node


def _adapt(module: str, id: Any, cls: Any, title: str, on_failure: OnFailure) -> Node | None:
    """The node that a class of either style is; None if it is broken. Without an `id` its schema says it."""
    shown = getattr(cls, "__name__", repr(cls)) if id is None else id
    try:
        id = cls.GET_SCHEMA().node_id if id is None else id
        if not isinstance(id, str):
            raise TypeError(f"the name of a node class is text, not {id!r}")
        cls.RELATIVE_PYTHON_MODULE = module
        if hasattr(cls, "as_node"):
            node = cls.as_node(module)
            if node.schema.id != id or title:
                node = _changed(node, {"id": id, "title": title or node.schema.title})
        else:
            node = adapt_class(id, cls, title=title, python_module=module)
        _crosses(node.schema)
    except BaseException as error:
        on_failure(f"{module}, class {shown}", error)
        return None
    if id not in registry.PROTECTED:
        registry.CLASSES[id] = cls
    return node


def _crosses(schema: NodeSchema) -> None:
    """Raises msgspec.ValidationError for a schema that the server would not understand."""
    msgspec.convert(msgspec.to_builtins(schema, enc_hook=str), NodeSchema)


def _changed(node: Node, changed: Mapping[str, Any]) -> Node:
    """The node with another id, title or version in its schema, now and whenever it is read anew."""
    reread = node.reread
    read, schema = node.schema, msgspec.structs.replace(node.schema, **changed)

    def read_anew() -> NodeSchema:
        nonlocal read, schema
        if reread is not None and (now := reread()) is not read:
            read, schema = now, msgspec.structs.replace(now, **changed)
        return schema

    return Node(
        schema,
        node.function,
        node.hooks,
        node.make_instance,
        read_anew if reread is not None else None,
        node.is_async,
    )


def _entered(module: str, entry_point: Callable[[], Any], on_failure: OnFailure) -> list[Node]:
    try:
        with restored(module):
            classes = asyncio.run(_enter(entry_point))
    except BaseException as error:
        on_failure(module, error)
        return []
    found = [_adapt(module, None, cls, "", on_failure) for cls in classes]
    return [node for node in found if node is not None]


async def _enter(entry_point: Callable[[], Any]) -> list[Any]:
    extension = entry_point()
    if inspect.isawaitable(extension):
        extension = await extension
    if not hasattr(extension, "get_node_list"):
        raise TypeError(f"comfy_entrypoint returned a {type(extension).__name__}, not a ComfyExtension")
    await extension.on_load()
    classes = await extension.get_node_list()
    if not isinstance(classes, Iterable):
        raise TypeError(f"get_node_list returned a {type(classes).__name__}, not a list of node classes")
    return list(classes)


# --- what the browser gets -------------------------------------------------------------------------------------------


def _note_web_directories(pack: Path, module: ModuleType) -> None:
    """Where a pack's files for the editor are: `WEB_DIRECTORY`, and `[tool.comfy] web` of its pyproject.toml."""
    web = getattr(module, "WEB_DIRECTORY", None)
    if isinstance(web, str) and (pack / web).is_dir():
        registry.WEB_DIRECTORIES[pack.name] = str((pack / web).resolve())
    try:
        project = tomllib.loads((pack / "pyproject.toml").read_text())
        name, web = project["project"]["name"], project["tool"]["comfy"]["web"]
    except FileNotFoundError:
        return
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        log.debug("%s/pyproject.toml names no web directory: %r", pack.name, error)
        return
    if (pack / web).is_dir():
        registry.WEB_DIRECTORIES[name] = str((pack / web).resolve())
