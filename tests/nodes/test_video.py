"""Videos in files of every kind, whole and in parts, with their sound."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import av
import pytest
import torch

from comfy_core import folders
from comfy_core.folders import Folders
from comfy_core.media.errors import ImageError
from comfy_core.media.video import VideoFile
from nodes import video as nodes
from nodes.audio import load_audio
from tests.nodes.test_audio import pitch, tone

PROMPT = {"1": {"class_type": "LoadVideo"}}
COUNT = 12
FINE = {"encoding": "re-encode", "crf": 10.0}


def frames(height: int = 48, width: int = 64) -> torch.Tensor:
    """Pictures that grow brighter."""
    return torch.linspace(0.1, 0.9, COUNT)[:, None, None, None].expand(-1, height, width, 3).clone()


def made(**options: Any) -> Any:
    return nodes.create_video(frames(), 12.0, **options)


def saved(result: dict[str, Any]) -> Path:
    (file,) = result["ui"]["images"]
    assert result["ui"]["animated"] == (True,)
    return folders.current().output / file["subfolder"] / file["filename"]


def save(video: Any, format: dict[str, Any]) -> Path:
    return saved(nodes.save_video(video, "mine", format, prompt=PROMPT))


def codec_of(path: Path) -> str:
    with av.open(str(path)) as file:
        assert json.loads({**file.metadata}.get("prompt") or file.metadata["PROMPT"]) == PROMPT
        return file.streams.video[0].codec_context.name


@pytest.mark.parametrize(
    ("format", "ending", "codec"),
    [
        ({"format": "auto", "codec": {"codec": "auto"}}, ".mp4", "h264"),
        (
            {"format": "mp4", "codec": {"codec": "h264", "encoding": {"encoding": "re-encode", "crf": 10.0}}},
            ".mp4",
            "h264",
        ),
        ({"format": "mkv", "codec": {"codec": "h264"}}, ".mkv", "h264"),
        ({"format": "webm", "codec": {"codec": "auto"}}, ".webm", "libdav1d"),
    ],
)
def test_a_video_is_saved_and_opened_again(base: Folders, format: dict[str, Any], ending: str, codec: str):
    path = save(made(audio=tone(440, 1.0)), format)
    assert path.suffix == ending
    assert codec_of(path) == codec
    shutil.copy(path, base.input)
    video = nodes.load_video(path.name)
    assert video.get_dimensions() == (64, 48)
    assert video.get_frame_count() == COUNT
    images, sound, fps, depth, space = nodes.get_video_components(video)
    assert images.shape == (COUNT, 48, 64, 3)
    assert (images.mean((1, 2, 3)) - frames().mean((1, 2, 3))).abs().max() < 0.03
    assert (fps, space) == (12.0, "sRGB")
    assert depth == (10 if ending == ".webm" else 8)
    assert pitch(sound) == pytest.approx(440, abs=10)
    assert sound["waveform"].shape[-1] / sound["sample_rate"] == pytest.approx(1.0, abs=0.1)
    assert pitch(load_audio(path.name)) == pytest.approx(440, abs=10)


def test_a_file_is_not_encoded_again_where_it_need_not_be(base: Folders):
    path = save(made(), {"format": "mp4", "codec": {"codec": "auto"}})
    shutil.copy(path, base.input)
    again = save(nodes.load_video(path.name), {"format": "auto", "codec": {"codec": "auto"}})
    assert codec_of(again) == "h264"
    one, other = (VideoFile(each).get_components().images for each in (path, again))
    assert torch.equal(one, other)


def test_ten_bits_are_kept(base: Folders):
    path = save(made(bit_depth=10), {"format": "mp4", "codec": {"codec": "auto"}})
    with av.open(str(path)) as file:
        assert file.streams.video[0].pix_fmt == "yuv420p10le"
    assert VideoFile(path).get_components().bit_depth == 10


@pytest.mark.parametrize("of_file", [False, True])
def test_a_part_of_a_video(base: Folders, of_file: bool):
    video = made(audio=tone(440, 1.0))
    if of_file:
        video = VideoFile(save(video, {"format": "mp4", "codec": {"codec": "auto"}}))
    part = nodes.video_slice(video, 0.25, 0.5, True)
    images, sound, *_ = nodes.get_video_components(part)
    assert (images.mean((1, 2, 3)) - frames()[3:9].mean((1, 2, 3))).abs().max() < 0.03
    assert sound["waveform"].shape[-1] / sound["sample_rate"] == pytest.approx(0.5, abs=0.05)
    assert len(nodes.get_video_components(nodes.video_slice(video, -0.25, 0.0, False))[0]) == 3
    inner = nodes.get_video_components(nodes.video_slice(part, 0.25, 0.0, False))[0]
    assert (inner.mean((1, 2, 3)) - frames()[6:9].mean((1, 2, 3))).abs().max() < 0.03
    with pytest.raises(ValueError, match=r"the video is 1\.\d\d s long, too short for 1\.0 s from 0\.5 s"):
        nodes.video_slice(video, 0.5, 1.0, True)


@pytest.mark.parametrize(("codec", "name"), [("vp9", "vp9"), ("av1", "libdav1d")])
def test_pictures_become_webm(base: Folders, codec: str, name: str):
    path = saved(nodes.save_webm(frames(), "mine", codec, 8.0, 32.0, prompt=PROMPT))
    assert codec_of(path) == name
    assert VideoFile(path).get_frame_rate() == 8


def test_odd_sides_lose_a_row(base: Folders):
    video = nodes.create_video(frames(33, 51), 12.0)
    path = save(video, {"format": "mp4", "codec": {"codec": "auto"}})
    assert VideoFile(path).get_dimensions() == (50, 32)


def test_a_video_without_sound_has_none(base: Folders):
    assert nodes.get_video_components(made())[1] is None
    path = save(made(), {"format": "mkv", "codec": {"codec": "auto"}})
    assert nodes.get_video_components(VideoFile(path))[1] is None
    shutil.copy(path, base.input)
    with pytest.raises(ImageError, match="has no sound"):
        load_audio(path.name)


@pytest.mark.parametrize("content", [b"", b"hello", b"\0\0\0\x18ftypmp42" + b"\0" * 40])
def test_what_is_no_video_is_named(base: Folders, content: bytes):
    (base.input / "a.mp4").write_bytes(content)
    with pytest.raises(ImageError, match=r"a\.mp4"):
        nodes.load_video("a.mp4")


def test_a_codec_that_nobody_knows_is_said(base: Folders):
    path = save(made(), {"format": "mkv", "codec": {"codec": "auto"}})
    (base.input / "a.mkv").write_bytes(path.read_bytes().replace(b"V_MPEG4/ISO/AVC", b"V_MPEG4/ISO/XYZ"))
    with pytest.raises(ImageError, match=r"a\.mkv has no picture that can be read"):
        nodes.load_video("a.mkv")


def test_light_beyond_srgb_is_refused(base: Folders):
    how = {"encoding": "re-encode", "crf": 20.0, "color_space": "HDR"}
    with pytest.raises(ValueError, match="only sRGB is written"):
        nodes.save_video(made(), "mine", {"format": "mp4", "codec": {"codec": "h264", "encoding": how}})
