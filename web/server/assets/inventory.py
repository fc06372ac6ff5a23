"""The files that the database knows: taken in as they are found, marked when they are gone."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from web.server.assets.places import Found
from web.server.assets.tables import assets, files, tags

Facts = Mapping[Path, dict[str, Any]]


def unknown(connection: sa.Connection, found: Sequence[Found]) -> list[Found]:
    """Those that are new, have changed, or were thought to be gone."""
    known = _known(connection, found)
    return [one for one in found if known.get(str(one.path), (0, 0, 0, True))[1:] != (one.size, one.changed, False)]


def take_in(connection: sa.Connection, found: Sequence[Found], facts: Facts) -> int:
    """Write down files that `unknown` named. New ones become assets; how many those are."""
    found = unknown(connection, found)  # an upload may have been quicker
    known = _known(connection, found)
    for one in (one for one in found if str(one.path) in known):
        _renew(connection, known[str(one.path)][0], one, facts[one.path])
    new = [one for one in found if str(one.path) not in known]
    if new:
        ids = connection.execute(
            sa.insert(files).returning(files.c.id, sort_by_parameter_order=True),
            [_row(one, facts[one.path]) for one in new],
        )
        _make_assets(connection, list(zip(ids.scalars(), new, strict=True)))
    return len(new)


def keep(connection: sa.Connection, found: Found, facts: dict[str, Any], hash: str | None) -> int:
    """Write down one file, and its hash if it is known, without making an asset of it; its number."""
    known = _known(connection, [found]).get(str(found.path))
    if known is None:
        row = {**_row(found, facts), "hash": hash}
        return connection.execute(sa.insert(files).values(row).returning(files.c.id)).scalar_one()
    _renew(connection, known[0], found, facts)
    set_hash(connection, known[0], hash)
    return known[0]


def set_hash(connection: sa.Connection, file: int, hash: str | None) -> None:
    connection.execute(sa.update(files).where(files.c.id == file).values(hash=hash))


def without_hash(connection: sa.Connection) -> list[tuple[int, Path]]:
    """Files that nobody has read yet."""
    query = sa.select(files.c.id, files.c.path).where(files.c.hash.is_(None), ~files.c.is_missing)
    return [(id, Path(path)) for id, path in connection.execute(query)]


def of_size(connection: sa.Connection, size: int) -> list[sa.Row[Any]]:
    """The files of so many bytes."""
    return list(connection.execute(sa.select(files).where(files.c.size == size, ~files.c.is_missing)))


def all_files(connection: sa.Connection) -> list[tuple[int, Path]]:
    """Every file that is not marked as gone."""
    query = sa.select(files.c.id, files.c.path).where(~files.c.is_missing)
    return [(id, Path(path)) for id, path in connection.execute(query)]


def mark_missing(connection: sa.Connection, ids: Sequence[int]) -> None:
    connection.execute(
        sa.update(files).where(files.c.id == sa.bindparam("one")), [{"one": id, "is_missing": True} for id in ids]
    )


def _known(connection: sa.Connection, found: Sequence[Found]) -> dict[str, tuple[int, int, int, bool]]:
    """By path: its number, size, time of change, and whether it was thought to be gone."""
    columns = (files.c.path, files.c.id, files.c.size, files.c.changed, files.c.is_missing)
    query = sa.select(*columns).where(files.c.path.in_([str(one.path) for one in found]))
    return {path: (id, size, changed, gone) for path, id, size, changed, gone in connection.execute(query)}


def _renew(connection: sa.Connection, id: int, found: Found, facts: dict[str, Any]) -> None:
    row = {**_row(found, facts), "hash": None}
    connection.execute(sa.update(files).where(files.c.id == id).values(row))


def _row(found: Found, facts: dict[str, Any]) -> dict[str, Any]:
    return {
        "path": str(found.path),
        "place": found.root,
        "loader_path": found.loader_path,
        "size": found.size,
        "changed": found.changed,
        "metadata": facts,
        "is_missing": False,
    }


def _make_assets(connection: sa.Connection, new: Sequence[tuple[int, Found]]) -> None:
    """Assets as old as their files, so that the newest results come first."""
    made = [(str(uuid.uuid4()), file, found) for file, found in new]
    times = ("created_at", "updated_at", "last_access_time")
    rows: list[dict[str, Any]] = [
        {
            "id": id,
            "file": file,
            "owner": found.owner,
            "name": found.path.name,
            "mime_type": found.mime_type,
            "user_metadata": {},
            "job_id": found.job_id,
            **dict.fromkeys(times, found.changed // 1000),
        }
        for id, file, found in made
    ]
    connection.execute(sa.insert(assets), rows)
    connection.execute(sa.insert(tags), [{"asset": id, "tag": tag} for id, _, found in made for tag in found.tags])
