"""What is read from and written to the tables of assets, by one user: they see their own and everybody's, the server's
owner sees all."""

from __future__ import annotations

import time
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from web.server.access.rights import DEFAULT_USER
from web.server.assets.query import Cursor, Filters, Page
from web.server.assets.tables import assets, files, tags

preview_assets, preview_files = assets.alias("preview_assets"), files.alias("preview_files")
SHOWN = (
    sa.select(
        assets,
        *(files.c[name] for name in ("path", "place", "loader_path", "size", "changed", "hash", "metadata")),
        preview_files.c.place.label("preview_place"),
        preview_files.c.loader_path.label("preview_path"),
    )
    .join_from(assets, files, assets.c.file == files.c.id)
    .outerjoin(preview_assets, assets.c.preview_id == preview_assets.c.id)
    .outerjoin(preview_files, preview_assets.c.file == preview_files.c.id)
)
SORTED_BY: dict[str, sa.ColumnElement[Any]] = {
    "name": assets.c.name,
    "created_at": assets.c.created_at,
    "updated_at": assets.c.updated_at,
    "size": files.c.size,
    "last_access_time": assets.c.last_access_time,
}


def now() -> int:
    """Microseconds since 1970."""
    return time.time_ns() // 1000


# --- reading ---


def find(connection: sa.Connection, user: str, id: str) -> sa.Row[Any] | None:
    return connection.execute(SHOWN.where(_seen(user), assets.c.id == id)).first()


def find_by_hash(connection: sa.Connection, user: str, hash: str) -> list[sa.Row[Any]]:
    """The assets with these bytes, oldest first."""
    return list(connection.execute(SHOWN.where(_seen(user), files.c.hash == hash).order_by(assets.c.created_at)))


def find_by_path(connection: sa.Connection, user: str, path: str) -> sa.Row[Any] | None:
    """The asset that is this file and that the user may change."""
    owners = ("", user) if user == DEFAULT_USER else (user,)
    return connection.execute(SHOWN.where(_seen(user), files.c.path == path, assets.c.owner.in_(owners))).first()


def ids_by_path(connection: sa.Connection, user: str, paths: Collection[str]) -> dict[str, str]:
    """The assets that are these files, of this user or of nobody, by path."""
    query = sa.select(files.c.path, assets.c.id).join(files, assets.c.file == files.c.id)
    found = query.where(files.c.path.in_(paths), assets.c.owner.in_(("", user))).order_by(assets.c.created_at)
    return {row.path: row.id for row in connection.execute(found)}


def listed(
    connection: sa.Connection, user: str, filters: Filters, page: Page
) -> tuple[list[sa.Row[Any]], int, Cursor | None]:
    """A page of assets, how many there are in all, and the cursor of the next page if there is one."""
    wanted = _wanted(user, filters)
    count = sa.select(sa.func.count()).select_from(assets.join(files, assets.c.file == files.c.id)).where(*wanted)
    column = SORTED_BY[page.sort]
    falls = page.order == "desc"
    query = SHOWN.where(*wanted).order_by(*((one.desc() if falls else one) for one in (column, assets.c.id)))
    if page.after is not None:
        here, last = sa.tuple_(column, assets.c.id), sa.tuple_(sa.literal(page.after.value), sa.literal(page.after.id))
        query = query.where(here < last if falls else here > last)
    rows = list(connection.execute(query.offset(page.offset).limit(page.limit + 1)))
    following = None
    if len(rows) > page.limit:
        end = rows[page.limit - 1]._mapping
        following = Cursor(page.sort, page.order, end[page.sort], end["id"])
    return rows[: page.limit], connection.execute(count).scalar_one(), following


def tags_of(connection: sa.Connection, ids: Sequence[str]) -> dict[str, list[str]]:
    """The tags of each asset, in order of the alphabet."""
    found: dict[str, list[str]] = {id: [] for id in ids}
    for asset, tag in connection.execute(sa.select(tags).where(tags.c.asset.in_(ids)).order_by(tags.c.tag)):
        found[asset].append(tag)
    return found


def tag_counts(connection: sa.Connection, user: str, filters: Filters, most: int) -> dict[str, int]:
    """How many of the assets that the filters let through have each tag; the commonest first."""
    number = sa.func.count().label("number")
    query = (
        sa.select(tags.c.tag, number)
        .select_from(tags.join(assets, tags.c.asset == assets.c.id).join(files, assets.c.file == files.c.id))
        .where(*_wanted(user, filters))
        .group_by(tags.c.tag)
        .order_by(number.desc(), tags.c.tag)
        .limit(most)
    )
    return {row.tag: row.number for row in connection.execute(query)}


def vocabulary(
    connection: sa.Connection, user: str, prefix: str, *, by_name: bool, with_zero: bool, limit: int, offset: int
) -> tuple[list[tuple[str, int]], int]:
    """A page of the tags that begin so, with their counts, and how many tags there are; those of deleted assets count
    zero."""
    number = sa.func.sum(sa.case((sa.and_(~assets.c.is_deleted, ~files.c.is_missing), 1), else_=0)).label("number")
    query = (
        sa.select(tags.c.tag, number)
        .select_from(tags.join(assets, tags.c.asset == assets.c.id).join(files, assets.c.file == files.c.id))
        .where(_owned(user), tags.c.tag.startswith(prefix, autoescape=True))
        .group_by(tags.c.tag)
    )
    if not with_zero:
        query = query.having(number > 0)
    total = connection.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar_one()
    order = (tags.c.tag,) if by_name else (number.desc(), tags.c.tag)
    return [
        (tag, count) for tag, count in connection.execute(query.order_by(*order).limit(limit).offset(offset))
    ], total


def _owned(user: str) -> sa.ColumnElement[bool]:
    return sa.true() if user == DEFAULT_USER else assets.c.owner.in_(("", user))


def _seen(user: str) -> sa.ColumnElement[bool]:
    return sa.and_(_owned(user), ~assets.c.is_deleted, ~files.c.is_missing)


def _wanted(user: str, filters: Filters) -> list[sa.ColumnElement[bool]]:
    conditions = [_seen(user), *(_has(tag) for tag in filters.all)]
    if filters.none:
        conditions.append(~_has(*filters.none))
    if filters.any:
        conditions.append(_has(*filters.any))
    if filters.name:
        conditions.append(assets.c.name.icontains(filters.name, autoescape=True))
    return [*conditions, *(_says(key, values) for key, values in filters.words.items())]


def _has(*any_of: str) -> sa.ColumnElement[bool]:
    return assets.c.id.in_(sa.select(tags.c.asset).where(tags.c.tag.in_(any_of)))


def _says(key: str, values: list[Any]) -> sa.ColumnElement[bool]:
    """Whether the user's metadata has one of these values under a key; null also stands for no such key."""
    word = sa.func.json_each(sa.type_coerce(assets.c.user_metadata, sa.Text)).table_valued("key", "value", "type")
    here = sa.select(sa.literal(1)).select_from(word).where(word.c.key == key)
    fits: list[sa.ColumnElement[bool]] = [
        sa.exists(here.where(_equals(word, value))) for value in values if value is not None
    ]
    if None in values:
        fits.append(~sa.exists(here.where(word.c.type != "null")))
    return sa.or_(sa.false(), *fits)


def _equals(word: Any, value: Any) -> sa.ColumnElement[bool]:
    if isinstance(value, bool):
        return word.c.type == ("true" if value else "false")
    kinds = ("text",) if isinstance(value, str) else ("integer", "real")
    return sa.and_(word.c.type.in_(kinds), word.c.value == value)


# --- writing ---


def add(
    connection: sa.Connection,
    file: int,
    owner: str,
    name: str,
    *,
    mime_type: str | None,
    tagged: Iterable[str],
    user_metadata: Mapping[str, Any] | None = None,
    preview_id: str | None = None,
) -> str:
    """Make an asset of a file; its id."""
    id, time = str(uuid.uuid4()), now()
    row = {
        "id": id,
        "file": file,
        "owner": owner,
        "name": name,
        "mime_type": mime_type,
        "preview_id": preview_id,
        "user_metadata": dict(user_metadata or {}),
        **dict.fromkeys(("created_at", "updated_at", "last_access_time"), time),
    }
    connection.execute(sa.insert(assets).values(row))
    tag(connection, id, tagged)
    return id


def change(connection: sa.Connection, id: str, **values: Any) -> None:
    connection.execute(sa.update(assets).where(assets.c.id == id).values(updated_at=now(), **values))


def note_use(connection: sa.Connection, id: str) -> None:
    connection.execute(sa.update(assets).where(assets.c.id == id).values(last_access_time=now()))


def tag(connection: sa.Connection, id: str, tagged: Iterable[str]) -> None:
    """Give an asset tags that it does not have."""
    rows = [{"asset": id, "tag": one} for one in tagged]
    if rows:
        connection.execute(sa.insert(tags), rows)


def untag(connection: sa.Connection, id: str, tagged: Sequence[str]) -> None:
    connection.execute(sa.delete(tags).where(tags.c.asset == id, tags.c.tag.in_(tagged)))
