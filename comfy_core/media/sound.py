"""Sound as `{"waveform": [B, channels, samples] in -1..1, "sample_rate"}`, from files of any kind and into them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from comfy_core.media.errors import ImageError
from comfy_core.media.save import save_files
from comfy_core.progress import check_interrupted

Sound = dict[str, Any]
LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}


class Format(NamedTuple):
    """How a kind of file is written; `rate` where it is bound to one."""

    container: str
    codec: str
    ending: str
    rate: int | None = None


FORMATS = {
    "flac": Format("flac", "flac", ".flac"),
    "mp3": Format("mp3", "libmp3lame", ".mp3"),
    "opus": Format("ogg", "libopus", ".opus", 48_000),
}
BEST_MP3 = "V0"
KILO = 1000


def read_sound(path: Path | IO[bytes], start: float = 0.0, duration: float | None = None) -> Sound | None:
    """The sound of a file, of a sound or a video, from `start` on, in seconds; None where a video has none.

    Raises ImageError when the file is neither.
    """
    import av

    try:
        with av.open(openable(path)) as file:
            if not file.streams.audio:
                return None
            stream = file.streams.audio[0]
            resampler = av.AudioResampler(format="fltp")
            parts = []
            for frame in file.decode(stream):
                check_interrupted()
                parts += [one.to_ndarray() for one in resampler.resample(frame)]
            rate = stream.rate
    except (av.FFmpegError, OSError, ValueError) as error:
        raise ImageError(f"{name_of(path)} is not a sound that can be read: {error}.") from error
    if not parts:
        return None
    waveform = torch.from_numpy(np.concatenate(parts, axis=1))[None]
    return cut({"waveform": waveform, "sample_rate": rate}, start, duration)


def cut(sound: Sound, start: float, duration: float | None) -> Sound:
    """A part of a sound, in seconds; a `start` below 0 counts from its end. Raises ValueError where nothing is left."""
    waveform, rate = sound["waveform"], sound["sample_rate"]
    count = waveform.shape[-1]
    first = round(start * rate) + (count if start < 0 else 0)
    last = count if duration is None else first + round(duration * rate)
    part = waveform[..., max(first, 0) : max(last, 0)]
    if not part.shape[-1]:
        raise ValueError(f"nothing is left of {count / rate:.2f} s of sound from {start} s on; start earlier")
    return sound | {"waveform": part}


def save_sounds(
    sound: Sound, folder: Path, prefix: str, kind: str, quality: str, texts: Mapping[str, str]
) -> list[dict[str, str]]:
    """Write each sound of a batch as a file of its own, see `write_sound` and `save_files`, whose errors it raises.

    Raises ImageError for a kind that is none of FORMATS.
    """
    if kind not in FORMATS:
        raise ImageError(f"sound cannot be saved as {kind!r}; use {', '.join(FORMATS)}.")
    writers = [
        partial(write_sound, waveform=one, rate=sound["sample_rate"], kind=kind, quality=quality, texts=texts)
        for one in sound["waveform"]
    ]
    return save_files(writers, folder, prefix, f"_{FORMATS[kind].ending}")


def write_sound(
    file: IO[bytes], waveform: Tensor, rate: int, kind: str, quality: str, texts: Mapping[str, str]
) -> None:
    """Write one sound [channels, samples] as a file of one of FORMATS, `quality` `V0` or in kilobits (`128k`)."""
    import av

    form = FORMATS[kind]
    with av.open(file, "w", format=form.container) as container:
        container.metadata.update(texts)
        stream = add_sound(container, form.codec, form.rate or rate, len(waveform))
        if quality == BEST_MP3:
            stream.codec_context.qscale = 1
        elif quality:
            stream.bit_rate = int(quality.removesuffix("k")) * KILO
        encode_sound(container, stream, waveform, rate)


def add_sound(container: Any, codec: str, rate: int, channels: int) -> Any:
    """A stream for sound in an open container. Raises ValueError for a number of channels that files do not have."""
    if channels not in LAYOUTS:
        raise ValueError(f"the sound has {channels} channels; 1, 2 or 6 can be saved")
    return container.add_stream(codec, rate=rate, layout=LAYOUTS[channels])


def encode_sound(container: Any, stream: Any, waveform: Tensor, rate: int) -> None:
    import av

    samples = waveform.detach().float().clamp(-1, 1).cpu().contiguous().numpy()
    frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=LAYOUTS[len(samples)])
    frame.sample_rate, frame.pts = rate, 0
    for one in (frame, None):
        container.mux(stream.encode(one))


def openable(path: Path | IO[bytes]) -> Any:
    """What PyAV opens: a path as text, or a file in memory from its beginning."""
    if isinstance(path, Path):
        return str(path)
    path.seek(0)
    return path


def name_of(path: Path | IO[bytes]) -> str:
    return path.name if isinstance(path, Path) else "the file in memory"
