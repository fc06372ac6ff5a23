"""Assets as clients see them, and the bodies that clients send."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import msgspec
from msgspec import UNSET, UnsetType

from web.server.assets.places import ROOTS
from web.server.assets.query import MOST_TAGS, clean_tag
from web.server.assets.refusals import AssetRefusal

LONGEST_NAME = 512
LARGEST_METADATA = 64 * 1024
MIME_TYPE = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,60}", re.ASCII)
TIMES = ("created_at", "updated_at", "last_access_time")


class FromHash(msgspec.Struct):
    hash: str
    name: str | None = None
    tags: list[str] = []
    user_metadata: dict[str, Any] = {}
    mime_type: str | None = None
    preview_id: str | None = None


class Change(msgspec.Struct):
    name: str | UnsetType = UNSET
    user_metadata: dict[str, Any] | UnsetType = UNSET
    preview_id: str | UnsetType | None = UNSET


class Tags(msgspec.Struct):
    tags: list[str]


class Seed(msgspec.Struct):
    """`hash`: read all files that have no hash yet, too."""

    roots: list[str] = msgspec.field(default_factory=lambda: list(ROOTS))
    hash: bool = False


def shown(row: Mapping[Any, Any], tags: list[str], user: str) -> dict[str, Any]:
    """An asset as JSON; what is not known is left out."""
    name_for_loader = own_name(row["place"], row["loader_path"], user)
    asset = {
        "id": row["id"],
        "name": row["name"],
        "hash": row["hash"],
        "loader_path": name_for_loader,
        "display_name": name_for_loader,
        "asset_hash": row["hash"],
        "size": row["size"],
        "mime_type": row["mime_type"],
        "tags": tags,
        "preview_url": _preview_url(row, user),
        "preview_id": row["preview_id"],
        "user_metadata": row["user_metadata"] or {},
        "is_immutable": False,
        "metadata": row["metadata"] or {},
        "job_id": row["job_id"],
        "prompt_id": row["job_id"],
        **{name: _iso(row[name]) for name in TIMES},
    }
    return {key: value for key, value in asset.items() if value is not None}


def own_name(place: str, name: str, user: str) -> str:
    """The name of a file by which its user asks for it: among several users, each has a folder in output/."""
    return name.removeprefix(f"{user}/") if place == "output" else name


def check_name(name: str) -> str:
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        hint = f"a name has 1 to {LONGEST_NAME} printable characters"
        raise AssetRefusal("INVALID_BODY", f"{hint}; this is none: {name[:40]!r}")
    return name.strip()


def check_metadata(words: dict[str, Any]) -> dict[str, Any]:
    if len(msgspec.json.encode(words)) > LARGEST_METADATA:
        raise AssetRefusal("INVALID_BODY", f"user_metadata takes more than {LARGEST_METADATA // 1024} KiB")
    return words


def check_type(mime_type: str | None) -> str | None:
    if mime_type and not MIME_TYPE.fullmatch(mime_type):
        raise AssetRefusal("INVALID_BODY", f"mime_type is such as image/png, not {mime_type[:40]!r}")
    return mime_type or None


def check_tags(tags: list[str]) -> list[str]:
    if len(tags) > MOST_TAGS:
        raise AssetRefusal("INVALID_BODY", f"these are {len(tags)} tags; {MOST_TAGS} are the most")
    return list(dict.fromkeys(clean_tag(tag) for tag in tags))


def _preview_url(row: Mapping[Any, Any], user: str) -> str | None:
    """Where a picture of it is: of the asset that is its preview, or the file itself."""
    place, name = row["preview_place"], row["preview_path"]
    if place is None and (row["mime_type"] or "").startswith("image/"):
        place, name = row["place"], row["loader_path"]
    if place not in ("input", "output"):
        return None
    folder, _, name = own_name(place, name, user).rpartition("/")
    asked = {"type": place, "filename": name, **({"subfolder": folder} if folder else {})}
    return f"/api/view?{urlencode(asked)}"


def _iso(microseconds: int) -> str:
    return datetime.fromtimestamp(microseconds / 1e6, UTC).replace(tzinfo=None).isoformat()
