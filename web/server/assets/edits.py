"""What a user does to assets, within one transaction. Functions raise AssetRefusal for what the user may not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from web.server.access.rights import DEFAULT_USER
from web.server.assets import store
from web.server.assets.new import New
from web.server.assets.query import Filters, Page, written
from web.server.assets.refusals import AssetRefusal, no_asset
from web.server.assets.shapes import shown


def page(connection: sa.Connection, user: str, filters: Filters, page: Page) -> dict[str, Any]:
    """A page of assets as clients see it."""
    rows, total, following = store.listed(connection, user, filters, page)
    tags = store.tags_of(connection, [row.id for row in rows])
    answer: dict[str, Any] = {"assets": [shown(row._mapping, tags[row.id], user) for row in rows]}
    answer |= {"total": total, "has_more": following is not None}
    return answer | ({"next_cursor": written(following)} if following else {})


def find(connection: sa.Connection, user: str, id: str) -> sa.Row[Any]:
    row = store.find(connection, user, id)
    if row is None:
        raise no_asset(id)
    return row


def show(connection: sa.Connection, user: str, id: str) -> dict[str, Any]:
    """An asset as clients see it."""
    row = find(connection, user, id)
    return shown(row._mapping, store.tags_of(connection, [id])[id], user)


def add(connection: sa.Connection, user: str, file: int, new: New, tags: Sequence[str]) -> dict[str, Any]:
    """Make an asset of a file."""
    if new.preview_id is not None:
        _check_preview(connection, user, new.preview_id)
    id = store.add(
        connection,
        file,
        user,
        new.name or "",
        mime_type=new.mime_type,
        tagged=dict.fromkeys(tags),
        user_metadata=new.user_metadata,
        preview_id=new.preview_id,
    )
    return show(connection, user, id)


def change(connection: sa.Connection, user: str, id: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Another name, other words or another preview."""
    _check_own(connection, user, id)
    if values.get("preview_id") is not None:
        _check_preview(connection, user, values["preview_id"])
    store.change(connection, id, **values)
    return show(connection, user, id)


def delete(connection: sa.Connection, user: str, id: str) -> None:
    """The asset is no more; its file stays."""
    _check_own(connection, user, id)
    store.change(connection, id, is_deleted=True)


def tag(connection: sa.Connection, user: str, id: str, tags: Sequence[str]) -> dict[str, Any]:
    had = _tags_of_own(connection, user, id)
    new, present = [tag for tag in tags if tag not in had], [tag for tag in tags if tag in had]
    store.tag(connection, id, new)
    return {"added": new, "already_present": present, "total_tags": sorted({*had, *new})}


def untag(connection: sa.Connection, user: str, id: str, tags: Sequence[str]) -> dict[str, Any]:
    had = _tags_of_own(connection, user, id)
    gone, absent = [tag for tag in tags if tag in had], [tag for tag in tags if tag not in had]
    store.untag(connection, id, gone)
    return {"removed": gone, "not_present": absent, "total_tags": sorted(had - set(gone))}


def _tags_of_own(connection: sa.Connection, user: str, id: str) -> set[str]:
    _check_own(connection, user, id)
    return set(store.tags_of(connection, [id])[id])


def _check_own(connection: sa.Connection, user: str, id: str) -> None:
    """What is everybody's is the server's owner's to change."""
    owner = find(connection, user, id).owner
    if user not in (DEFAULT_USER, owner):
        hint = "make one of your own of it: /api/assets/from-hash"
        raise AssetRefusal("FORBIDDEN", f"this asset is everybody's; {hint}", 403)


def _check_preview(connection: sa.Connection, user: str, id: str) -> None:
    if store.find(connection, user, id) is None:
        raise AssetRefusal("INVALID_BODY", f"preview_id must be the id of an asset; there is none {id[:80]!r}")
