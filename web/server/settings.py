"""What the server is told at start."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

DIST = Path(__file__).resolve().parent.parent / "dist"
MIB = 1024 * 1024


@dataclass(frozen=True)
class ServerSettings:
    """`listen` are the addresses and host names of `--listen`; `dist` is the folder of the built editor."""

    listen: tuple[str, ...] = ("127.0.0.1",)
    port: int = 8188
    max_upload_bytes: int = 100 * MIB
    dist: Path = DIST
