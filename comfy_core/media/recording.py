"""A file as what it shows and sounds: the frames of a picture or of a film, and samples. Free of torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from comfy_core.media.containers import ENOUGH, kind_of, open_container
from comfy_core.media.errors import ImageError

PICTURE, FILM, SOUND = "picture", "film", "sound"
PNG, DEPTH_AT = b"\x89PNG\r\n\x1a\n", 24
EXR = b"v/1\x01"
FORMS = {8: ("rgb24", "rgba", 255), 16: ("rgb48le", "rgba64le", 65535)}
"""FFmpeg's names for pixels of so many bits, without and with alpha, and their largest value."""
FLOAT_BITS = 32


@dataclass(frozen=True)
class Recording:
    """`frames` gives arrays [H, W, channels] of values up to `white`, beyond which only light without limits goes,
    `pace` of them a second where they move. `samples` are [samples, channels] in -1..1, `rate` of them a second."""

    kind: str
    size: tuple[int, int] = (0, 0)
    white: int = 255
    pace: float = 0.0
    frames: Callable[[], Iterator[np.ndarray]] = lambda: iter(())
    samples: np.ndarray | None = None
    rate: int = 0


def open_recording(path: Path) -> Recording:
    """A picture, a film, or sound. Raises OSError, and ImageError for a file that is none or is damaged."""
    with path.open("rb") as file:
        head = file.read(DEPTH_AT + 1)
    if kind_of(head[:ENOUGH]) is not None:
        return _container(path)
    if head.startswith(EXR):
        return _deep_picture(path, "exr_pipe")
    if head.startswith(PNG) and head[DEPTH_AT:] > b"\x08":  # of which Pillow reads 8 bits
        return _deep_picture(path, "png_pipe")
    return _picture(path)


def _picture(path: Path) -> Recording:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            image.load()
            count, milliseconds = getattr(image, "n_frames", 1), image.info.get("duration")
            pace = 1000 / milliseconds if count > 1 and milliseconds else 0.0
            return Recording(PICTURE, image.size, pace=pace, frames=lambda: _drawn(path))
    except UnidentifiedImageError:
        raise ImageError(f"{path.name} is neither a picture, a film nor sound") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise _unreadable(path, PICTURE, error) from None


def _drawn(path: Path) -> Iterator[np.ndarray]:
    """The frames of a picture; most have one."""
    from PIL import Image, ImageSequence

    with Image.open(path) as image:
        try:
            for frame in ImageSequence.Iterator(image):
                yield np.asarray(frame.convert("RGBA" if frame.has_transparency_data else "RGB"))
        except (OSError, SyntaxError, ValueError) as error:
            raise _unreadable(path, PICTURE, error) from None


def _deep_picture(path: Path, kind: str) -> Recording:
    try:
        with open_container(path, kind) as file:
            size, white, form = _shape(file.streams.video[0])
            return Recording(PICTURE, size, white, frames=lambda: _shot(path, kind, form))
    except _errors() as error:
        raise _unreadable(path, PICTURE, error) from None


def _container(path: Path) -> Recording:
    """A film with its sound, or sound, be there a picture of its cover."""
    try:
        with open_container(path) as file:
            if any(one.codec_context is None for one in (*file.streams.video, *file.streams.audio)):
                raise ValueError("it has a codec that is not known here")
            films = [one for one in file.streams.video if not _is_cover(one)]
            samples, rate = _samples(path) if file.streams.audio else (None, 0)
            if not films:
                return Recording(SOUND, samples=samples, rate=rate)
            pace = float(films[0].average_rate or 0)
            size, white, form = _shape(films[0])
            return Recording(FILM, size, white, pace, lambda: _shot(path, None, form), samples, rate)
    except _errors() as error:
        raise _unreadable(path, "film or sound", error) from None


def _is_cover(stream: Any) -> bool:
    from av.stream import Disposition

    return bool(stream.disposition & Disposition.attached_pic)


def _shape(stream: Any) -> tuple[tuple[int, int], int, str]:
    """The size, the largest value of a pixel, and how pixels are to be read so that nothing of them is lost.

    Raises ValueError for a stream of which not one frame is there.
    """
    if stream.format is None:
        raise ValueError("it ends before its first frame")
    parts = stream.format.components
    size, bits = (stream.width, stream.height), max(one.bits for one in parts)
    if bits == FLOAT_BITS:
        return size, 1, stream.format.name
    opaque, transparent, white = FORMS[16 if bits > 8 else 8]
    return size, white, transparent if any(one.is_alpha for one in parts) else opaque


def _shot(path: Path, kind: str | None, form: str) -> Iterator[np.ndarray]:
    with open_container(path, kind) as file:
        try:
            for frame in file.decode(video=0):
                values = frame.to_ndarray(format=form)
                yield values if values.ndim == 3 else values[..., None]
        except _errors() as error:
            raise _unreadable(path, "film" if kind is None else PICTURE, error) from None


def _samples(path: Path) -> tuple[np.ndarray, int]:
    import av

    resampler = av.AudioResampler(format="fltp")
    with open_container(path) as file:
        stream = file.streams.audio[0]
        parts = [one.to_ndarray() for frame in file.decode(stream) for one in resampler.resample(frame)]
        return (np.concatenate(parts, axis=1).T if parts else np.zeros((0, stream.channels), np.float32)), stream.rate


def _errors() -> tuple[type[Exception], ...]:
    import av

    return av.FFmpegError, OSError, ValueError, IndexError


def _unreadable(path: Path, kind: str, error: BaseException) -> ImageError:
    return ImageError(f"{path.name} cannot be read as a {kind}: {getattr(error, 'strerror', None) or error}")
