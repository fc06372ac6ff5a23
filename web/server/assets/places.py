"""Where assets lie: input/, output/ and the folders of models; and which files are in there now."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from comfy_core.folders import MODEL_KINDS, Folders
from web.server.access.rights import DEFAULT_USER
from web.server.assets.contents import mime_type
from web.server.assets.refusals import AssetRefusal
from web.server.model_files import NOT_SHOWN

ROOTS = ("models", "input", "output")
MODEL_TYPE = "model_type:"
OF_FILES = [kind for kind in MODEL_KINDS if kind not in (*NOT_SHOWN, "diffusers")]


@dataclass(frozen=True)
class Place:
    """A folder of assets. Its files get these tags; only those with one of the `endings` count, or all."""

    root: str
    folder: Path
    tags: tuple[str, ...]
    endings: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "folder", self.folder.resolve())

    def takes(self, name: str) -> bool:
        if name.startswith(".") or name.endswith(".part"):
            return False
        return self.endings is None or Path(name).suffix.lower() in self.endings


@dataclass(frozen=True)
class Found:
    """A file as it lies on the disk; `size` in bytes, `changed` in nanoseconds since 1970."""

    path: Path
    root: str
    loader_path: str
    tags: tuple[str, ...]
    owner: str
    size: int
    changed: int
    job_id: str | None = None

    @property
    def mime_type(self) -> str | None:
        return mime_type(self.path.name)


def places(folders: Folders, roots: Collection[str] = ROOTS) -> list[Place]:
    """All folders beneath these roots."""
    found = [_of_kind(path, kind) for kind in OF_FILES for path in folders.models(kind) if "models" in roots]
    found += [Place(root, folders.of_type(root), (root,)) for root in ("input", "output") if root in roots]
    return found


def destination(folders: Folders, tags: Collection[str]) -> Place:
    """Where an upload with these tags goes. Raises AssetRefusal unless they name one place."""
    roots = [root for root in ROOTS if root in tags]
    if len(roots) != 1:
        raise AssetRefusal("INVALID_BODY", f"tag the upload with one of {', '.join(ROOTS)}, to say where it goes")
    if roots != ["models"]:
        return Place(roots[0], folders.of_type(roots[0]), (roots[0],))
    kinds = [tag.removeprefix(MODEL_TYPE) for tag in tags if tag.startswith(MODEL_TYPE)]
    if len(kinds) != 1 or kinds[0] not in OF_FILES:
        raise AssetRefusal("INVALID_BODY", f"tag the model with one {MODEL_TYPE}<folder>, of: {', '.join(OF_FILES)}")
    return _of_kind(folders.base / "models" / kinds[0], kinds[0])


def find_files(places: Iterable[Place], users: Collection[str], errors: list[str]) -> list[Found]:
    """What lies in these folders; a file in several of them once, with the tags of all. Links that lead out do not
    count. Folders that cannot be read are added to `errors`; those that are not there are no error."""

    def complain(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            errors.append(f"{Path(error.filename or '').name}/: {error.strerror}")

    found: dict[Path, Found] = {}
    for place in places:
        for at, names, here in os.walk(place.folder, onerror=complain):
            names[:] = [name for name in names if not name.startswith(".")]
            for path in (Path(at, name) for name in here if place.takes(name)):
                one = look(place, path, users)
                if one is not None:
                    earlier = found.get(path, one)
                    found[path] = replace(one, tags=tuple(dict.fromkeys((*earlier.tags, *one.tags))))
    return list(found.values())


def look(place: Place, path: Path, users: Collection[str] = ()) -> Found | None:
    """A file of a place, or None if there is none, or one whose name is no text and so cannot be told to anybody.
    Results belong to the user in whose folder they lie."""
    try:
        str(path).encode()
        if path.is_symlink() and not path.resolve().is_relative_to(place.folder):
            return None
        stat = path.stat()
    except (OSError, RuntimeError, UnicodeEncodeError):
        return None
    name = path.relative_to(place.folder).as_posix()
    owner = ""
    if place.root == "output":
        head = name.partition("/")[0]
        owner = head if head in users else DEFAULT_USER
    return Found(path, place.root, name, place.tags, owner, stat.st_size, stat.st_mtime_ns)


def _of_kind(folder: Path, kind: str) -> Place:
    return Place("models", folder, ("models", f"{MODEL_TYPE}{kind}"), MODEL_KINDS[kind])
