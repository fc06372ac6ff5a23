"""Sound in files of every kind, and what is made of it."""

from __future__ import annotations

import json
import shutil
import wave
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch

from comfy_core import folders
from comfy_core.folders import Folders
from comfy_core.media.errors import ImageError
from nodes import audio as nodes
from nodes import audio_edits as edits

RATE = 44_100
PROMPT, WORKFLOW = {"1": {"class_type": "LoadAudio"}}, {"nodes": []}


def tone(hertz: float = 440.0, seconds: float = 0.5, channels: int = 2, rate: int = RATE) -> dict[str, Any]:
    time = torch.arange(round(seconds * rate)) / rate
    wave_ = 0.5 * torch.sin(2 * torch.pi * hertz * time)
    return {"waveform": wave_.expand(1, channels, -1).clone(), "sample_rate": rate}


def pitch(sound: dict[str, Any]) -> float:
    """The strongest frequency, in hertz."""
    one = sound["waveform"][0, 0]
    return torch.fft.rfft(one).abs().argmax().item() * sound["sample_rate"] / len(one)


def saved(result: dict[str, Any]) -> Path:
    (file,) = result["ui"]["audio"]
    return folders.current().of_type(file["type"]) / file["subfolder"] / file["filename"]


@pytest.mark.parametrize(
    ("format", "ending"),
    [
        ({"format": "flac"}, ".flac"),
        ({"format": "mp3", "quality": "V0"}, ".mp3"),
        ({"format": "mp3", "quality": "128k"}, ".mp3"),
        ({"format": "opus", "quality": "96k"}, ".opus"),
    ],
)
def test_sound_is_saved_and_opened_again(base: Folders, format: dict[str, Any], ending: str):
    result = nodes.save_audio_advanced(tone(), "mine", format, prompt=PROMPT, extra_pnginfo={"workflow": WORKFLOW})
    path = saved(result)
    assert path.name == f"mine_00001_{ending}"
    with av.open(str(path)) as file:
        texts = {name.lower(): text for part in (file, *file.streams) for name, text in part.metadata.items()}
    assert json.loads(texts["prompt"]) == PROMPT
    assert json.loads(texts["workflow"]) == WORKFLOW
    shutil.copy(path, base.input)
    again = nodes.load_audio(path.name)
    assert again["sample_rate"] == (48_000 if ending == ".opus" else RATE)
    assert again["waveform"].shape[:2] == (1, 2)
    assert pitch(again) == pytest.approx(440, abs=10)
    assert again["waveform"].std() == pytest.approx(tone()["waveform"].std().item(), rel=0.1)
    if ending == ".flac":
        assert (again["waveform"] - tone()["waveform"]).abs().max() < 1e-4


def test_every_sound_of_a_batch_is_a_file(base: Folders):
    both = torch.cat([tone(440)["waveform"], tone(880)["waveform"]])
    result = nodes.preview_audio({"waveform": both, "sample_rate": RATE})
    assert len(result["ui"]["audio"]) == 2
    assert {one["type"] for one in result["ui"]["audio"]} == {"temp"}


def test_a_wave_file_of_16_bits_is_opened(base: Folders):
    levels = np.array([[0, 16384], [-32768, 32767]], np.int16)
    with wave.open(str(base.input / "a.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(levels.tobytes())
    sound = nodes.load_audio("a.wav")
    assert sound["sample_rate"] == 8000
    assert sound["waveform"][0].T.flatten().tolist() == pytest.approx([0, 0.5, -1, 1], abs=1e-4)


@pytest.mark.parametrize("content", [b"", b"hello", b"RIFF" + b"\0" * 40])
def test_what_is_no_sound_is_named(base: Folders, content: bytes):
    (base.input / "a.wav").write_bytes(content)
    with pytest.raises(ImageError, match=r"a\.wav"):
        nodes.load_audio("a.wav")


def test_a_part_is_cut_out():
    sound = tone(seconds=2)
    assert torch.equal(edits.trim_audio_duration(sound, 0.5, 1.0)["waveform"], sound["waveform"][..., 22050:66150])
    assert torch.equal(edits.trim_audio_duration(sound, -0.5, 9.0)["waveform"], sound["waveform"][..., -22050:])
    with pytest.raises(ValueError, match=r"nothing is left of 2\.00 s of sound from 3\.0 s on"):
        edits.trim_audio_duration(sound, 3.0, 1.0)


def test_silence_and_volume():
    assert edits.empty_audio(0.5, 8000, 1)["waveform"].shape == (1, 1, 4000)
    louder = edits.audio_adjust_volume(tone(), 20)["waveform"]
    torch.testing.assert_close(louder, 10 * tone()["waveform"])


def test_channels_apart_and_together():
    sound = tone()
    sound["waveform"][:, 1] *= 0.5
    left, right = edits.split_audio_channels(sound)
    assert torch.equal(edits.join_audio_channels(left, right)["waveform"], sound["waveform"])
    with pytest.raises(ValueError, match="has 1 channels"):
        edits.split_audio_channels(left)


def test_sounds_one_after_another_and_at_once():
    one, other = tone(440, 0.5), tone(880, 0.25, channels=1)
    after = edits.audio_concat(one, other, "after")["waveform"]
    assert after.shape == (1, 2, 22050 + 11025)
    assert torch.equal(edits.audio_concat(one, other, "before")["waveform"][..., 11025:], one["waveform"])
    mean = edits.audio_merge(one, other, "mean")["waveform"]
    assert mean.shape == one["waveform"].shape
    torch.testing.assert_close(mean[..., 11025:], one["waveform"][..., 11025:] / 2)
    loud = edits.audio_merge(edits.audio_adjust_volume(one, 6), edits.audio_adjust_volume(one, 6), "add")["waveform"]
    assert loud.abs().max() == pytest.approx(1)
    with pytest.raises(ValueError, match="44100 and 8000 numbers in a second"):
        edits.audio_merge(one, tone(rate=8000), "add")
