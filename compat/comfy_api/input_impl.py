"""VIDEO values as packs make them; nothing is read before its pictures are wanted."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import IO, Any

from comfy_core.media.video import VideoFile, VideoFrames


def VideoFromFile(
    file: str | PathLike[str] | IO[bytes], *, start_time: float = 0.0, duration: float = 0.0
) -> VideoFile:
    """A video in a file, on the disk or in memory; a `duration` of 0 goes on to its end."""
    return VideoFile(Path(file) if isinstance(file, str | PathLike) else file, start_time, duration or None)


def VideoFromComponents(components: Any) -> VideoFrames:
    """A video of `VideoComponents`."""
    return VideoFrames(components)
