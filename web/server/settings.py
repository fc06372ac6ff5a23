"""What the server is told at start."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

DIST = Path(__file__).resolve().parent.parent / "dist"
MIB = 1024 * 1024


@dataclass(frozen=True)
class ServerSettings:
    """`listen` are the addresses and host names of `--listen`; `dist` is the folder of the built editor, or of another
    front end (`own_page` False), whose pages may do more. `cors_origin` is the site whose pages may use this server
    (`*`: all sites). `compress` is for answers of JSON and text. With `wants_token` nobody gets in without one; `token`
    is the owner's own. With `multi_user` every user has their own queue, history, settings and results. `assets` turns
    the assets API on."""

    listen: tuple[str, ...] = ("127.0.0.1",)
    port: int = 8188
    max_upload_bytes: int = 100 * MIB
    dist: Path = DIST
    own_page: bool = True
    cors_origin: str | None = None
    compress: bool = False
    wants_token: bool = False
    token: str | None = None
    multi_user: bool = False
    assets: bool = False
