"""What custom packs bring besides nodes: files for the browser, translations, example workflows, subgraphs.

Packs are only read here, never run: the server's process holds no code of theirs.
"""

from __future__ import annotations

import ast
import hashlib
import json
import logging
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from comfy_core.folders import Folders

log = logging.getLogger("easel.server")

EXAMPLE_FOLDERS = ("example_workflows", "example", "examples", "workflow", "workflows")
TRANSLATIONS = {  # file: the key it is merged under
    "main.json": None,
    "nodeDefs.json": "nodeDefs",
    "commands.json": "commands",
    "settings.json": "settings",
}


class Subgraph(NamedTuple):
    pack: str
    path: Path

    @property
    def id(self) -> str:
        return hashlib.sha256(f"custom_node{self.path.as_posix()}".encode()).hexdigest()

    def entry(self) -> dict[str, Any]:
        return {"source": "custom_node", "name": self.path.stem, "info": {"node_pack": f"custom_nodes.{self.pack}"}}


def packs(folders: Folders) -> list[Path]:
    """The folders of custom packs, without those that are switched off."""
    if not folders.custom_nodes.is_dir():
        return []
    return sorted(
        path
        for path in folders.custom_nodes.iterdir()
        if path.is_dir() and not path.name.startswith((".", "__")) and not path.name.endswith(".disabled")
    )


# --- files for the browser -------------------------------------------------------------------------------------------


def web_folders(folders: Folders, told: Mapping[str, str]) -> dict[str, Path]:
    """Where the files lie that `/extensions/<name>/` shows: `WEB_DIRECTORY` of a pack, `[tool.comfy] web` of its
    project, and what the worker has `told` that packs registered while they were loaded."""
    found: dict[str, Path] = {}
    for pack in packs(folders):
        for name, place in (_declared_in_code(pack), _declared_in_project(pack)):
            if place and (pack / place).is_dir():
                found[name] = (pack / place).resolve()
    return found | {name: Path(place) for name, place in told.items() if Path(place).is_dir()}


def scripts(folders: Folders, dist: Path, told: Mapping[str, str]) -> list[str]:
    """The address of every script that the editor should load."""
    from urllib.parse import quote

    own = dist / "extensions"
    found = [f"/extensions/{path}" for path in _scripts_in(own)]
    for name, folder in web_folders(folders, told).items():
        found += [f"/extensions/{quote(name)}/{path}" for path in _scripts_in(folder)]
    return found


def _scripts_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.js") if path.is_file())


def _declared_in_code(pack: Path) -> tuple[str, str]:
    """`WEB_DIRECTORY = "./web"` of a pack's `__init__.py`, read without running it."""
    try:
        tree = ast.parse((pack / "__init__.py").read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return pack.name, ""
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
            names = [target.id for target in statement.targets if isinstance(target, ast.Name)]
            if "WEB_DIRECTORY" in names and isinstance(statement.value.value, str):
                return pack.name, statement.value.value
    return pack.name, ""


def _declared_in_project(pack: Path) -> tuple[str, str]:
    try:
        project = tomllib.loads((pack / "pyproject.toml").read_text("utf-8"))
        return str(project["project"]["name"]), str(project["tool"]["comfy"]["web"])
    except (OSError, ValueError, KeyError, TypeError):
        return pack.name, ""


# --- translations ----------------------------------------------------------------------------------------------------


def translations(folders: Folders) -> dict[str, Any]:
    """`{language: words}` of all packs' `locales/<language>/*.json`, merged; earlier packs give way to later ones."""
    merged: dict[str, Any] = {}
    for pack in packs(folders):
        for folder in sorted((pack / "locales").glob("*/")):
            words = merged.setdefault(folder.name, {})
            for file, key in TRANSLATIONS.items():
                found = _read_object(folder / file)
                if found:
                    _merge(words, found if key is None else {key: found})
    return {language: words for language, words in merged.items() if words}


def _merge(into: dict[str, Any], more: dict[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


def _read_object(path: Path) -> dict[str, Any]:
    """A JSON object; a broken file costs only itself."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        log.warning("%s is left out: %s", path, error)
        return {}
    return found if isinstance(found, dict) else {}


# --- workflows and subgraphs -----------------------------------------------------------------------------------------


def example_workflows(folders: Folders) -> dict[str, list[str]]:
    """The names of each pack's example workflows."""
    found = {
        pack.name: sorted(path.stem for folder in _example_folders(pack) for path in folder.glob("*.json"))
        for pack in packs(folders)
    }
    return {pack: names for pack, names in found.items() if names}


def example_places(folders: Folders, name: str) -> list[Path]:
    """The folders in which a pack's example workflows, and the pictures beside them, lie."""
    return next((_example_folders(pack) for pack in packs(folders) if pack.name == name), [])


def _example_folders(pack: Path) -> list[Path]:
    return [pack / name for name in EXAMPLE_FOLDERS if (pack / name).is_dir()]


def subgraphs(folders: Folders) -> Iterator[Subgraph]:
    """The subgraphs that packs offer for reuse."""
    for pack in packs(folders):
        for path in sorted((pack / "subgraphs").glob("*.json")):
            yield Subgraph(pack.name, path)
