"""Model folders that other programs have already: `extra_model_paths.yaml` as ComfyUI and its users write it.

    a111:
        base_path: ~/stable-diffusion-webui
        checkpoints: models/Stable-diffusion
        loras: |
            models/Lora
            models/LyCORIS

A group has a `base_path` (from the file's own folder, if relative), perhaps `is_default: true` (its folders are
searched first), and folders by kind of model: one, several lines, or a list.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from comfy_core.folders import CHECKOUT, MODEL_KINDS, ExtraFolder, Folders

log = logging.getLogger("easel.folders")

NAME = "extra_model_paths.yaml"
OLD_KINDS = {"unet": "diffusion_models", "clip": "text_encoders"}
NO_KINDS = ("base_path", "is_default", "download_model_base")


def folders_at(base: Path = CHECKOUT, more: Iterable[Path] = (), **places: Path | None) -> Folders:
    """The folders of a base directory, with those of models that its own `extra_model_paths.yaml` and `more` such files
    name; `places` as in Folders. Raises ValueError for a file that cannot be read."""
    own = Path(base) / NAME
    files = [*([own] if own.is_file() else []), *more]
    extra = tuple(folder for file in files for folder in read_model_paths(file))
    return Folders(base, extra=extra, **places)  # type: ignore[arg-type]


def read_model_paths(file: Path) -> tuple[ExtraFolder, ...]:
    """The folders that a file names. Raises ValueError, one sentence, when it cannot be read as what it should be."""
    import yaml

    try:
        groups = yaml.safe_load(file.read_text("utf-8-sig"))
    except OSError as error:
        raise ValueError(f"cannot read {file}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = getattr(error, "problem_mark", None)
        line = f" in line {where.line + 1}" if where is not None else ""
        raise ValueError(f"{file} is no valid YAML{line}; compare it with the example in the documentation") from None
    if not isinstance(groups, dict | None):
        raise ValueError(f"{file} must have groups of folders, each with a name")
    return tuple(folder for name, group in (groups or {}).items() for folder in _group(file, str(name), group))


def _group(file: Path, name: str, group: Any) -> Iterator[ExtraFolder]:
    if group is None:
        return
    if not isinstance(group, dict):
        raise ValueError(f"{file}: the group {name} must list folders by kind of model")
    base = file.resolve().parent / _expanded(group.get("base_path") or "")
    first = str(group.get("is_default", "")).lower() in ("true", "1", "yes")
    for key, value in group.items():
        kind = OLD_KINDS.get(str(key), str(key))
        if kind in NO_KINDS:
            continue
        if kind not in MODEL_KINDS:
            log.warning("%s: %s is no kind of model that this program knows; its folders are not searched", file, key)
            continue
        for place in _lines(value):
            yield ExtraFolder(kind, (base / _expanded(place)).resolve(), first)


def _lines(value: Any) -> list[str]:
    texts = value if isinstance(value, list) else str(value or "").splitlines()
    return [text for one in texts if (text := str(one).strip())]


def _expanded(text: Any) -> str:
    return os.path.expanduser(os.path.expandvars(str(text)))
