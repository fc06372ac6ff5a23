"""The tables: `files` on the disk, and `assets`, which are files as a person knows them, with their tags."""

from __future__ import annotations

import sqlalchemy as sa

from execution.store.tables import JsonText

metadata = sa.MetaData()

files = sa.Table(
    "files",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("path", sa.Text, nullable=False, unique=True),
    sa.Column("place", sa.String(16), nullable=False),  # input, output or models
    sa.Column("loader_path", sa.Text, nullable=False),  # the name a loader node takes
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("changed", sa.BigInteger, nullable=False),  # nanoseconds since 1970
    sa.Column("hash", sa.String(80), index=True),  # None until somebody had a reason to read the file
    sa.Column("metadata", JsonText, nullable=False),
    sa.Column("is_missing", sa.Boolean, nullable=False, default=False),
    sa.Index("files_of_size", "size"),
)

assets = sa.Table(
    "assets",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("file", sa.ForeignKey(files.c.id), nullable=False, index=True),
    sa.Column("owner", sa.String(64), nullable=False),  # empty: everybody's
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("mime_type", sa.String(128)),
    sa.Column("preview_id", sa.String(36)),
    sa.Column("user_metadata", JsonText, nullable=False),
    sa.Column("job_id", sa.String(64)),
    # microseconds since 1970
    sa.Column("created_at", sa.BigInteger, nullable=False, index=True),
    sa.Column("updated_at", sa.BigInteger, nullable=False, index=True),
    sa.Column("last_access_time", sa.BigInteger, nullable=False, index=True),
    sa.Column("is_deleted", sa.Boolean, nullable=False, default=False),
    sa.Index("assets_of_name", "name"),
)

tags = sa.Table(
    "tags",
    metadata,
    sa.Column("asset", sa.ForeignKey(assets.c.id), primary_key=True),
    sa.Column("tag", sa.String(256), primary_key=True),
    sa.Index("assets_of_tag", "tag"),
)
