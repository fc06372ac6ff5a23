"""Files of every kind are opened as the frames and samples that they have, to the last bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from comfy_core.media import animation, deep
from comfy_core.media.encoding import Encoding, VideoComponents, write_video
from comfy_core.media.errors import ImageError
from comfy_core.media.recording import FILM, PICTURE, SOUND, Recording, open_recording
from comfy_core.media.sound import write_sound

FRAMES = torch.rand(5, 32, 48, 3, generator=torch.Generator().manual_seed(0))
LEVELS = (FRAMES.numpy() * 255).astype(np.uint8)
TONE = torch.sin(torch.arange(4800) * 0.05)[None] * 0.5


def frames_of(found: Recording) -> np.ndarray:
    return np.stack(list(found.frames()))


def film(path: Path, container: str = "mkv", codec: str = "h264") -> Path:
    parts = VideoComponents(FRAMES, 12, {"waveform": TONE[None], "sample_rate": 48_000})
    with path.open("wb") as file:
        write_video(file, parts, Encoding(container, codec), {})
    return path


def sound(path: Path, kind: str = "flac") -> Path:
    with path.open("wb") as file:
        write_sound(file, TONE, 48_000, kind, "", {})
    return path


def write_deep(path: Path) -> Path:
    with path.open("wb") as file:
        deep.write_png16(file, FRAMES[0], {}, 4)
    return path


def write_animation(path: Path) -> Path:
    with path.open("wb") as file:
        animation.webp([Image.fromarray(one) for one in LEVELS], 8.0, {}, True, 80, 0)(file)
    return path


@pytest.mark.parametrize(
    ("container", "codec", "white"), [("mp4", "h264", 255), ("webm", "vp9", 255), ("mkv", "av1", 65535)]
)
def test_a_film_has_frames_and_sound(tmp_path: Path, container: str, codec: str, white: int):
    found = open_recording(film(tmp_path / f"a.{container}", container, codec))
    assert (found.kind, found.size, found.white, found.pace) == (FILM, (48, 32), white, 12.0)
    assert frames_of(found).shape == (5, 32, 48, 3)
    assert len(found.samples) >= TONE.shape[-1]


def test_sound_that_keeps_everything_has_every_sample(tmp_path: Path):
    found = open_recording(sound(tmp_path / "a.flac"))
    assert (found.kind, found.rate, list(found.frames())) == (SOUND, 48_000, [])
    assert np.abs(found.samples[:, 0] - TONE[0].numpy()).max() < 1e-4


@pytest.mark.parametrize("kind", ["mp3", "opus"])
def test_other_sound_is_opened_too(tmp_path: Path, kind: str):
    assert open_recording(sound(tmp_path / f"a.{kind}", kind)).kind == SOUND


def test_a_picture_of_sixteen_bits_has_all_of_them(tmp_path: Path):
    found = open_recording(write_deep(tmp_path / "a.png"))
    assert (found.kind, found.size, found.white) == (PICTURE, (48, 32), 65535)
    assert np.array_equal(frames_of(found)[0], (FRAMES[0].numpy() * 65535).round().astype(np.uint16))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_light_without_limits_has_every_value(tmp_path: Path, channels: int):
    light = torch.rand(20, 24, channels, generator=torch.Generator().manual_seed(1)) * 3 - 0.5
    with (tmp_path / "a.exr").open("wb") as file:
        deep.write_exr(file, light, {})
    found = open_recording(tmp_path / "a.exr")
    assert (found.kind, found.size, found.white) == (PICTURE, (24, 20), 1)
    assert np.array_equal(frames_of(found)[0], light.numpy())


def test_an_animation_has_all_its_frames(tmp_path: Path):
    found = open_recording(write_animation(tmp_path / "a.webp"))
    assert (found.kind, found.pace) == (PICTURE, 8.0)
    assert np.array_equal(frames_of(found), LEVELS)


def cut_off(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


@pytest.mark.parametrize("ending", ["mp4", "flac", "opus", "png", "webp"])
def test_what_is_cut_off_is_named(tmp_path: Path, ending: str):
    path = tmp_path / f"cut.{ending}"
    if ending == "mp4":
        film(path, "mp4")
    elif ending == "png":
        write_deep(path)
    elif ending == "webp":
        write_animation(path)
    else:
        sound(path, ending)
    with pytest.raises(ImageError, match=rf"^cut\.{ending} cannot be read as a"):
        frames_of(open_recording(cut_off(path)))


def test_a_codec_that_nobody_knows_is_said(tmp_path: Path):
    path = film(tmp_path / "odd.mkv")
    path.write_bytes(path.read_bytes().replace(b"V_MPEG4/ISO/AVC", b"V_MPEG4/ISO/XYZ"))
    with pytest.raises(ImageError, match=r"^odd\.mkv cannot be read as a film or sound: it has a codec"):
        open_recording(path)


def test_of_a_film_that_is_cut_off_there_may_be_some_frames(tmp_path: Path):
    count = len(frames_of(open_recording(cut_off(film(tmp_path / "cut.mkv")))))
    assert 0 < count < len(FRAMES)


@pytest.mark.parametrize(
    "content", [b"", b"x", b"fLaC", b"\x1aE\xdf\xa3" + b"x" * 99, b"#EXTM3U\nfile:///etc/passwd\n"]
)
def test_what_is_none_is_named(tmp_path: Path, content: bytes):
    (tmp_path / "a.mkv").write_bytes(content)
    with pytest.raises(ImageError, match=r"^a\.mkv "):
        open_recording(tmp_path / "a.mkv")
