"""Pictures and sound encoded as videos."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import IO, Any

import numpy as np
from torch import Tensor

from comfy_core import progress
from comfy_core.media.sound import Sound, add_sound, encode_sound

CONTAINERS = {"mp4": "mp4", "mkv": "matroska", "webm": "webm"}
CODECS = {"h264": "libx264", "av1": "libsvtav1", "vp9": "libvpx-vp9"}
CRF = {"h264": 23.0, "av1": 30.0, "vp9": 32.0}
"""How much is saved by leaving out: more makes smaller and worse files."""
AUTO = {"mp4": "h264", "mkv": "h264", "webm": "av1"}
SOUND_CODECS = {"mp4": "aac", "mkv": "libopus", "webm": "libopus"}
OPUS_RATE = 48_000
FINEST = 1000
"""Rates of pictures are told in so many parts of one."""


@dataclass
class VideoComponents:
    """Pictures [T, H, W, 3] in 0..1, how many of them a second, and the sound, if there is any."""

    images: Tensor
    frame_rate: Fraction
    audio: Sound | None = None
    metadata: dict[str, Any] | None = None
    bit_depth: int = 8


@dataclass(frozen=True)
class Encoding:
    """What kind of file is written, with which codec, and how finely."""

    container: str = "mp4"
    codec: str = "h264"
    crf: float | None = None


def write_video(file: IO[bytes], video: VideoComponents, encoding: Encoding, texts: Mapping[str, str]) -> None:
    """Encode a video, with texts inside. Sides that are odd lose a row or a column, as codecs want even ones."""
    import av

    height, width = (side - side % 2 for side in video.images.shape[1:3])
    if not height or not width:
        raise ValueError(f"pictures of {list(video.images.shape[1:3])} pixels are too small for a video")
    deep = getattr(video, "bit_depth", 8) > 8
    options = {"movflags": "use_metadata_tags"} if encoding.container == "mp4" else {}
    with av.open(file, "w", format=CONTAINERS[encoding.container], options=options) as container:
        container.metadata.update(texts)
        rate = Fraction(round(video.frame_rate * FINEST), FINEST)
        stream: Any = container.add_stream(CODECS[encoding.codec], rate=rate)
        stream.width, stream.height, stream.bit_rate = width, height, 0
        stream.pix_fmt = "yuv420p10le" if deep or encoding.codec == "av1" else "yuv420p"
        crf = CRF[encoding.codec] if encoding.crf is None else encoding.crf
        stream.options = {"crf": f"{crf:g}"} | ({"preset": "8"} if encoding.codec == "av1" else {})
        sound = _sound_stream(container, video.audio, encoding.container)
        bar = progress.ProgressBar(len(video.images))
        for picture in video.images:
            container.mux(stream.encode(_frame(picture[:height, :width, :3], deep)))
            bar.update()
        container.mux(stream.encode(None))
        if sound is not None and video.audio is not None:
            encode_sound(container, sound, video.audio["waveform"][0], video.audio["sample_rate"])


def _sound_stream(container: Any, sound: Sound | None, kind: str) -> Any:
    if sound is None:
        return None
    codec = SOUND_CODECS[kind]
    return add_sound(
        container, codec, OPUS_RATE if codec == "libopus" else sound["sample_rate"], sound["waveform"].shape[1]
    )


def _frame(picture: Tensor, deep: bool) -> Any:
    import av

    largest, kind = (65535, np.uint16) if deep else (255, np.uint8)
    levels = picture.detach().float().clamp(0, 1).mul(largest).round().cpu().numpy().astype(kind)
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(levels), format="rgb48le" if deep else "rgb24")
