"""Videos: files that are opened when their pictures are wanted, and pictures that become files.

The methods are those by which packs know a VIDEO. Times are in seconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch

from comfy_core import progress
from comfy_core.media.encoding import AUTO, CONTAINERS, Encoding, VideoComponents, write_video
from comfy_core.media.errors import ImageError
from comfy_core.media.sound import cut, name_of, openable, read_sound

Place = str | Path | IO[bytes]


@dataclass(frozen=True)
class VideoFile:
    """A part of a file: from `start` on, `duration` long, or to its end."""

    path: Path | IO[bytes]
    start: float = 0.0
    duration: float | None = None

    @property
    def is_whole(self) -> bool:
        return not self.start and self.duration is None

    def get_components(self) -> VideoComponents:
        """Raises ImageError when the file is not a video, or nothing lies within the part."""
        with opened(self.path) as file:
            stream = file.streams.video[0]
            depth = max((part.bits for part in stream.format.components), default=8)
            rate = Fraction(stream.average_rate or 1)
            frames = list(self._frames(file, stream, "rgb48le" if depth > 8 else "rgb24"))
        if not frames:
            raise ImageError(f"{name_of(self.path)} has no picture from {self.start} s on; start earlier.")
        largest = np.iinfo(frames[0].dtype).max
        images = torch.stack([torch.from_numpy(one.astype(np.float32) / largest) for one in frames])
        sound = read_sound(self.path)
        if sound is not None and not self.is_whole:
            length = sound["waveform"].shape[-1] / sound["sample_rate"]
            sound = cut(sound, self.start, self.duration) if self.start < length else None
        return VideoComponents(images, rate, sound, bit_depth=10 if depth > 8 else 8)

    def _frames(self, file: Any, stream: Any, form: str) -> Iterator[np.ndarray]:
        import av

        try:
            for frame in file.decode(stream):
                progress.check_interrupted()
                time = frame.time or 0.0
                if self.duration is not None and time >= self.start + self.duration:
                    return
                if time >= self.start:
                    yield frame.to_ndarray(format=form)
        except av.FFmpegError as error:
            raise ImageError(f"{name_of(self.path)} is damaged: {error}.") from error

    def get_dimensions(self) -> tuple[int, int]:
        with opened(self.path) as file:
            stream = file.streams.video[0]
            return stream.width, stream.height

    def get_frame_rate(self) -> Fraction:
        with opened(self.path) as file:
            return Fraction(file.streams.video[0].average_rate or 1)

    def get_duration(self) -> float:
        with opened(self.path) as file:
            stream = file.streams.video[0]
            time = stream.duration * stream.time_base if stream.duration else (file.duration or 0) / 1_000_000
        left = max(0.0, float(time) - self.start)
        return left if self.duration is None else min(left, self.duration)

    def get_frame_count(self) -> int:
        return round(self.get_duration() * self.get_frame_rate())

    def get_container_format(self) -> str:
        with opened(self.path) as file:
            return file.format.name

    def as_trimmed(
        self, start_time: float = 0.0, duration: float = 0.0, strict_duration: bool = False
    ) -> VideoFile | None:
        """A part of it; a `start_time` below 0 counts from its end, a `duration` of 0 goes on to it. None where it is
        shorter than that and `strict_duration`."""
        length = self.get_duration()
        start = max(0.0, start_time + length if start_time < 0 else start_time)
        if strict_duration and start + duration > length:
            return None
        return replace(self, start=self.start + start, duration=min(duration or length, max(0.0, length - start)))

    def save_to(self, path: Place, format: str = "auto", codec: str = "auto", metadata: Any = None) -> None:
        VideoFrames(self.get_components()).save_to(path, format, codec, metadata)


@dataclass(frozen=True)
class VideoFrames:
    """Pictures and sound that are in memory."""

    components: VideoComponents

    def get_components(self) -> VideoComponents:
        return self.components

    def get_dimensions(self) -> tuple[int, int]:
        height, width = self.components.images.shape[1:3]
        return width, height

    def get_frame_rate(self) -> Fraction:
        return self.components.frame_rate

    def get_frame_count(self) -> int:
        return len(self.components.images)

    def get_duration(self) -> float:
        return float(len(self.components.images) / self.components.frame_rate)

    def get_container_format(self) -> str:
        return "mp4"

    def as_trimmed(
        self, start_time: float = 0.0, duration: float = 0.0, strict_duration: bool = False
    ) -> VideoFrames | None:
        """As of a `VideoFile`."""
        given, length = self.components, self.get_duration()
        start = max(0.0, start_time + length if start_time < 0 else start_time)
        if strict_duration and start + duration > length:
            return None
        first = round(start * given.frame_rate)
        images = given.images[first : first + round(duration * given.frame_rate) if duration else None]
        if not len(images):
            raise ValueError(f"nothing is left of {length:.2f} s of video from {start_time} s on; start earlier")
        sound = None if given.audio is None else cut(given.audio, start, duration or None)
        return VideoFrames(replace(given, images=images, audio=sound))

    def save_to(self, path: Place, format: str = "auto", codec: str = "auto", metadata: Any = None) -> None:
        container = "mp4" if format == "auto" else format
        given = (metadata or {}).items()
        texts = {name: value if isinstance(value, str) else json.dumps(value, default=str) for name, value in given}
        encoding = Encoding(container, AUTO[container] if codec == "auto" else codec)
        if isinstance(path, str | Path):
            with open(path, "wb") as file:
                write_video(file, self.components, encoding, texts)
        else:
            write_video(path, self.components, encoding, texts)


Video = VideoFile | VideoFrames


def container_of(video: Video) -> str:
    """Which of CONTAINERS a video is in, mp4 where it is in none."""
    names = video.get_container_format().split(",")
    return next((ours for ours, theirs in CONTAINERS.items() if theirs in names), "mp4")


def copy_video(file: IO[bytes], video: VideoFile, container: str, texts: Mapping[str, str]) -> None:
    """Write a file anew with texts inside, its pictures and sound as they are."""
    import av

    options = {"movflags": "use_metadata_tags"} if container == "mp4" else {}
    with opened(video.path) as source, av.open(file, "w", format=CONTAINERS[container], options=options) as target:
        target.metadata.update(texts)
        streams = [one for one in source.streams if one.type in ("video", "audio")]
        twins = {one.index: target.add_stream_from_template(one) for one in streams}
        for packet in source.demux(streams):
            if packet.dts is not None:
                packet.stream = twins[packet.stream.index]
                target.mux(packet)


def opened(path: Path | IO[bytes]) -> Any:
    """An open container with a video in it. Raises ImageError when the file has none."""
    import av

    try:
        file = av.open(openable(path))
    except (av.FFmpegError, OSError, ValueError) as error:
        raise ImageError(f"{name_of(path)} is not a video that can be read: {error}.") from error
    if not file.streams.video:
        file.close()
        raise ImageError(f"{name_of(path)} has no pictures: it is not a video.")
    stream = file.streams.video[0]
    if stream.codec_context is None or stream.format is None:
        file.close()
        raise ImageError(f"{name_of(path)} has no picture that can be read: it is cut off, or its codec is not known.")
    return file
