"""What a video is made of, and the files it can be in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any


class VideoCodec(StrEnum):
    AUTO = "auto"
    H264 = "h264"

    @classmethod
    def as_input(cls) -> list[str]:
        """The values as a combo offers them."""
        return [one.value for one in cls]


class VideoContainer(StrEnum):
    AUTO = "auto"
    MP4 = "mp4"

    @classmethod
    def as_input(cls) -> list[str]:
        """The values as a combo offers them."""
        return [one.value for one in cls]

    @classmethod
    def get_extension(cls, value: str) -> str:
        """The ending of its files; mp4 unless the value says otherwise."""
        return "mp4" if cls(value) in (cls.AUTO, cls.MP4) else str(value)


@dataclass
class VideoComponents:
    """Frames [T, H, W, C] in 0..1, their rate, and the sound `{"waveform", "sample_rate"}` if there is any."""

    images: Any
    frame_rate: Fraction
    audio: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
