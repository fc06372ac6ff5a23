"""Where the user's files are. The registry of model folders is one that packs may add to."""

from __future__ import annotations

import logging
import mimetypes
import os
import time
from pathlib import Path
from typing import Any

from comfy_core import folders
from comfy_core.folders import IMAGES, MODEL_KINDS, WEIGHTS, inside
from comfy_core.media import numbering
from nodes import registry

log = logging.getLogger(__name__)
supported_pt_extensions: set[str] = set(WEIGHTS)
extension_mimetypes_cache: dict[str, str] = {"webp": "image", "fbx": "model"}
filename_list_cache: dict[str, Any] = {}
SYSTEM_PREFIX = "__"
LEGACY_NAMES = {"unet": "diffusion_models", "clip": "text_encoders"}


class FolderList(list[str]):
    """The files of a folder. A combo made of it stays up to date, for the folder is known."""

    def __init__(self, names: list[str], folder: str) -> None:
        super().__init__(names)
        self.folder = folder


def _model_folders() -> dict[str, tuple[list[str], set[str]]]:
    where = folders.current()
    found = {kind: ([str(one) for one in where.models(kind)], set(endings)) for kind, endings in MODEL_KINDS.items()}
    return found | {"custom_nodes": ([str(where.custom_nodes)], set())}


_OURS = _model_folders()
folder_names_and_paths: dict[str, tuple[list[str], set[str]]] = _model_folders()

_ROOTS = {
    "base_path": lambda where: where.base,
    "models_dir": lambda where: where.base / "models",
    "input_directory": lambda where: where.input,
    "output_directory": lambda where: where.output,
    "temp_directory": lambda where: where.temp,
    "user_directory": lambda where: where.user,
}


def __getattr__(name: str) -> str:
    if name in _ROOTS:
        return str(_ROOTS[name](folders.current()))
    raise AttributeError(f"module 'folder_paths' has no attribute {name!r}")


def map_legacy(folder_name: str) -> str:
    return LEGACY_NAMES.get(folder_name, folder_name)


# --- folders ---------------------------------------------------------------------------------------------------------


def get_input_directory() -> str:
    return str(folders.current().input)


def get_output_directory() -> str:
    return str(folders.current().output)


def get_temp_directory() -> str:
    return str(folders.current().temp)


def get_user_directory() -> str:
    return str(folders.current().user)


def get_system_user_directory(name: str = "system") -> str:
    """A folder in user/ that is a part's of the program and no user's. Raises ValueError for a name with signs."""
    if not name.isidentifier() or name.startswith("_"):
        raise ValueError(f"{name!r} is no name for a folder of the system: letters, digits and _ are")
    return str(folders.current().user / f"{SYSTEM_PREFIX}{name}")


def get_public_user_directory(user_id: str) -> str | None:
    """The folder of a user; None for what is no user."""
    return None if not user_id or user_id.startswith(SYSTEM_PREFIX) else str(folders.current().user / user_id)


def get_directory_by_type(type_name: str) -> str | None:
    try:
        return str(folders.current().of_type(type_name))
    except ValueError:
        return None


def add_model_folder_path(folder_name: str, full_folder_path: str, is_default: bool = False) -> None:
    """Search one more folder for models of a kind, first of all when `is_default`."""
    kind = map_legacy(folder_name)
    paths, _ = folder_names_and_paths.setdefault(kind, ([], set()))
    if full_folder_path in paths:
        paths.remove(full_folder_path)
    paths.insert(0 if is_default else len(paths), full_folder_path)


def get_folder_paths(folder_name: str) -> list[str]:
    """Raises KeyError for a kind that nobody registered."""
    return list(folder_names_and_paths[map_legacy(folder_name)][0])


def added() -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """The kinds of models that packs added or changed, with their folders and endings, whatever packs wrote there."""
    found = {}
    for kind, entry in list(folder_names_and_paths.items()):
        if entry != _OURS.get(kind):
            try:
                paths, endings = entry[0], entry[1]
                found[str(kind)] = (tuple(map(str, paths)), tuple(sorted(map(str, endings))))
            except (TypeError, IndexError, KeyError):
                log.warning("folder_paths: %r is no (folders, endings), as %r should be", entry, kind)
    return found


registry.HOST.model_folders = added


# --- model files -----------------------------------------------------------------------------------------------------


def get_filename_list(folder_name: str) -> list[str]:
    """Sorted names of a kind's files, relative to its folders. Raises KeyError for a kind that nobody registered."""
    kind = map_legacy(folder_name)
    paths, endings = folder_names_and_paths[kind]
    found = {name for path in paths for name in filter_files_extensions(recursive_search(path)[0], endings)}
    is_ours = kind in MODEL_KINDS and paths == [str(one) for one in folders.current().models(kind)]
    return FolderList(sorted(found), kind) if is_ours else sorted(found)


def recursive_search(directory: str, excluded_dir_names: list[str] | None = None) -> tuple[list[str], dict[str, float]]:
    """All files under a folder, relative to it with `/`, and when each folder changed."""
    names: list[str] = []
    changed: dict[str, float] = {}
    left_out = {*(excluded_dir_names or ()), ".git"}
    for folder, subfolders, files in os.walk(directory, followlinks=True, topdown=True):
        subfolders[:] = [one for one in subfolders if one not in left_out]
        changed[folder] = os.path.getmtime(folder)
        names += [os.path.relpath(os.path.join(folder, one), directory).replace(os.sep, "/") for one in files]
    return names, changed


def filter_files_extensions(files: Any, extensions: Any) -> list[str]:
    """Those with one of the endings; all of them when there are no endings."""
    return sorted(one for one in files if not extensions or os.path.splitext(one)[1].lower() in extensions)


def filter_files_content_types(files: list[str], content_types: list[str]) -> list[str]:
    """Those whose guessed kind ("image", "video", "audio", "model") is among `content_types`."""
    return [one for one in files if _content_type(one) in content_types]


def _content_type(name: str) -> str | None:
    ending = name.rsplit(".", 1)[-1].lower()
    if ending in extension_mimetypes_cache:
        return extension_mimetypes_cache[ending]
    kind = mimetypes.guess_type(name, strict=False)[0]
    return kind.split("/")[0] if kind else "image" if f".{ending}" in IMAGES else None


def get_full_path(folder_name: str, filename: str) -> str | None:
    """The first file of that name in a kind's folders; None when there is none, or no such kind."""
    kind = map_legacy(folder_name)
    if kind not in folder_names_and_paths:
        return None
    name = os.path.relpath(os.path.join("/", filename), "/")
    candidates = [os.path.join(path, name) for path in folder_names_and_paths[kind][0]]
    return next((one for one in candidates if os.path.isfile(one)), None)


def get_full_path_or_raise(folder_name: str, filename: str) -> str:
    """Raises FileNotFoundError."""
    path = get_full_path(folder_name, filename)
    if path is None:
        raise FileNotFoundError(f"{filename!r} is not among the {map_legacy(folder_name)} models")
    return path


# --- input and output ------------------------------------------------------------------------------------------------


def annotated_filepath(name: str) -> tuple[str, str | None]:
    """`picture.png [output]` as the name and the folder it is in."""
    for word in ("input", "output", "temp"):
        if name.endswith(f"[{word}]"):
            return name.removesuffix(f"[{word}]").rstrip(), get_directory_by_type(word)
    return name, None


def get_annotated_filepath(name: str, default_dir: str | None = None) -> str:
    """The path of an annotated name, in input/ unless it says otherwise. Raises ValueError if it leads outside."""
    name, folder = annotated_filepath(name)
    root = os.path.abspath(folder or default_dir or get_input_directory())
    path = os.path.abspath(os.path.join(root, name))
    if os.path.commonpath((root, path)) != root:
        raise ValueError(f"{name!r} leaves {os.path.basename(root)}/")
    return path


def exists_annotated_filepath(name: str) -> bool:
    try:
        return os.path.exists(get_annotated_filepath(name))
    except ValueError:
        return False


def get_save_image_path(
    filename_prefix: str, output_dir: str, image_width: int = 0, image_height: int = 0
) -> tuple[str, str, int, str, str]:
    """`(folder, file name, next free number, subfolder, prefix)`; the folder is made.

    The number and those behind it are the caller's, until the node that runs is done: other processes wait so long.
    Raises ValueError when the prefix leaves `output_dir`.
    """
    prefix = _filled_in(filename_prefix, image_width, image_height)
    subfolder, name = os.path.dirname(os.path.normpath(prefix)), os.path.basename(os.path.normpath(prefix))
    try:
        folder = str(inside(Path(output_dir), subfolder))
    except ValueError as error:
        message = f"the filename prefix {filename_prefix!r} leaves {os.path.basename(output_dir)}/"
        raise ValueError(message) from error
    os.makedirs(folder, exist_ok=True)
    numbering.claim(Path(folder), name)
    numbers = [_number(one, name) for one in os.listdir(folder)]
    return folder, name, max(numbers, default=0) + 1, subfolder, prefix


def _number(file: str, prefix: str) -> int:
    if os.path.normcase(file[: len(prefix) + 1]) != os.path.normcase(f"{prefix}_"):
        return 0
    digits = file[len(prefix) + 1 :].split("_")[0].split(".")[0]
    return int(digits) if digits.isdecimal() else 0


def _filled_in(prefix: str, width: int, height: int) -> str:
    now = time.localtime()
    words = {"width": str(width), "height": str(height), "year": str(now.tm_year)}
    parts = {"month": now.tm_mon, "day": now.tm_mday, "hour": now.tm_hour, "minute": now.tm_min, "second": now.tm_sec}
    for name, text in (words | {name: f"{value:02}" for name, value in parts.items()}).items():
        prefix = prefix.replace(f"%{name}%", text)
    return prefix
