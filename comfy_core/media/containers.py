"""Files of films and sound: which kind one is, by its first bytes, and the texts that it carries. Free of torch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

ENOUGH = 12
STARTS = {b"\x1aE\xdf\xa3": "matroska", b"fLaC": "flac", b"OggS": "ogg", b"ID3": "mp3"}
STILL = (b"avif", b"avis")  # pictures, in the boxes of MP4


def kind_of(head: bytes) -> str | None:
    """FFmpeg's name for the kind of file that begins with these bytes; None for all but films and sound."""
    if head[4:8] == b"ftyp":
        return None if head[8:12] in STILL else "mov"
    return next((kind for start, kind in STARTS.items() if head.startswith(start)), None)


def open_container(path: Path, kind: str | None = None) -> Any:
    """The open file, read as of this kind, or as what it begins as; never as a list that leads to other files.

    Raises av.FFmpegError, ValueError for what begins as none.
    """
    import av

    with path.open("rb") as file:
        kind = kind or kind_of(file.read(ENOUGH))
    if kind is None:
        raise ValueError(f"{path.name} is neither a film nor sound")
    return av.open(str(path), format=kind, metadata_errors="replace")


def texts(path: Path) -> Iterator[tuple[str, str]]:
    """The texts of a file and of its streams, as some kinds keep them there. Raises av.FFmpegError."""
    with open_container(path) as file:
        for part in (file, *file.streams):
            yield from part.metadata.items()
