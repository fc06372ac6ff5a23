"""Nodes that make, cut, join and mix sound."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import torch
from torch import Tensor

from comfy_core.media import sound as files
from nodes.audio import CATEGORY, MODULE, Audio
from nodes.schema import UINT64_MAX, Combo, Float, Int, node


@node("EmptyAudio", title="Empty Audio", category=CATEGORY, python_module=MODULE, search_aliases=("blank audio",))
def empty_audio(
    duration: Annotated[float, Float(default=60.0, min=0.0, max=UINT64_MAX, step=0.01, tooltip="In seconds.")],
    sample_rate: Annotated[int, Int(default=44100, min=1, max=192000, advanced=True, tooltip="Numbers in a second.")],
    channels: Annotated[int, Int(default=2, min=1, max=2, advanced=True, tooltip="1 or, for stereo, 2.")],
) -> Audio:
    """Silence."""
    return {"waveform": torch.zeros(1, channels, round(duration * sample_rate)), "sample_rate": sample_rate}


@node(
    "TrimAudioDuration",
    title="Trim Audio Duration",
    category=CATEGORY,
    python_module=MODULE,
    search_aliases=("cut audio", "audio clip", "shorten audio"),
)
def trim_audio_duration(
    audio: Audio,
    start_index: Annotated[
        float,
        Float(
            default=0.0,
            min=-UINT64_MAX,
            max=UINT64_MAX,
            step=0.01,
            tooltip="In seconds; below 0 it counts from the end.",
        ),
    ],
    duration: Annotated[float, Float(default=60.0, min=0.0, step=0.01, tooltip="In seconds.")],
) -> Audio:
    """Cut a part out of sound."""
    return files.cut(audio, start_index, duration)


@node(
    "AudioAdjustVolume",
    title="Adjust Audio Volume",
    category=CATEGORY,
    python_module=MODULE,
    search_aliases=("audio gain", "loudness", "audio level"),
)
def audio_adjust_volume(
    audio: Audio, volume: Annotated[int, Int(default=1, min=-100, max=100, tooltip="In decibels; 6 is twice as loud.")]
) -> Audio:
    """Make sound louder or quieter."""
    return audio | {"waveform": audio["waveform"] * 10 ** (volume / 20)}


@node(
    "SplitAudioChannels",
    title="Split Audio Channels",
    category=CATEGORY,
    outputs=("left", "right"),
    python_module=MODULE,
    search_aliases=("stereo to mono",),
)
def split_audio_channels(audio: Audio) -> tuple[Audio, Audio]:
    """The two channels of stereo sound."""
    waveform = audio["waveform"]
    if waveform.shape[1] != 2:
        raise ValueError(f"the sound has {waveform.shape[1]} channels; only stereo, of 2, has a left and a right one")
    return audio | {"waveform": waveform[:, :1]}, audio | {"waveform": waveform[:, 1:]}


@node("JoinAudioChannels", title="Join Audio Channels", category=CATEGORY, outputs=("audio",), python_module=MODULE)
def join_audio_channels(audio_left: Audio, audio_right: Audio) -> Audio:
    """Two sounds as the channels of one; the longer one is cut."""
    left, right = (one.mean(1, keepdim=True) for one in _alike(audio_left, audio_right))
    length = min(left.shape[-1], right.shape[-1])
    return audio_left | {"waveform": torch.cat([left[..., :length], right[..., :length]], dim=1)}


@node(
    "AudioConcat",
    title="Concatenate Audio",
    category=CATEGORY,
    python_module=MODULE,
    search_aliases=("join audio", "combine audio", "append audio"),
)
def audio_concat(
    audio1: Audio,
    audio2: Audio,
    direction: Annotated[str, Combo(("after", "before"), default="after", tooltip="Where the second one comes.")],
) -> Audio:
    """One sound after another."""
    both = _alike(audio1, audio2)
    return audio1 | {"waveform": torch.cat(both if direction == "after" else both[::-1], dim=-1)}


@node(
    "AudioMerge",
    title="Merge Audio",
    category=CATEGORY,
    python_module=MODULE,
    search_aliases=("mix audio", "overlay audio", "layer audio"),
)
def audio_merge(
    audio1: Audio,
    audio2: Audio,
    merge_method: Annotated[
        str, Combo(("add", "mean", "subtract", "multiply"), tooltip="What is made of two numbers.")
    ],
) -> Audio:
    """Two sounds at once, as long as the first; what becomes too loud is made quieter as a whole."""
    one, other = _alike(audio1, audio2)
    length = one.shape[-1]
    other = torch.nn.functional.pad(other[..., :length], (0, max(0, length - other.shape[-1])))
    made = MERGES[merge_method](one, other)
    return audio1 | {"waveform": made / made.abs().amax().clamp(min=1)}


MERGES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "add": torch.add,
    "mean": lambda one, other: (one + other) / 2,
    "subtract": torch.sub,
    "multiply": torch.mul,
}


def _alike(audio1: dict[str, Any], audio2: dict[str, Any]) -> list[Tensor]:
    """Two sounds with one number of channels. Raises ValueError when their rates differ."""
    rates = audio1["sample_rate"], audio2["sample_rate"]
    if rates[0] != rates[1]:
        raise ValueError(f"the sounds have {rates[0]} and {rates[1]} numbers in a second; they must have as many")
    waveforms = [one["waveform"] for one in (audio1, audio2)]
    most = max(one.shape[1] for one in waveforms)
    return [one.expand(-1, most, -1) if one.shape[1] == 1 else one for one in waveforms]
