"""Nodes that save pictures and text in many ways: files that others read, with the workflow inside."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from comfy_core import folders
from comfy_core.media.errors import ImageError
from execution.convert.files import read_workflow_file
from nodes import saving

FRAMES = torch.rand(3, 10, 12, 3, generator=torch.Generator().manual_seed(0)).mul(255).floor().div(255)
PROMPT = {"1": {"class_type": "LoadImage", "inputs": {"image": "naïve 猫.png"}}}
WORKFLOW = {"nodes": [], "links": [], "version": 0.4}


def saved(result: dict, kind: str = "images") -> Path:
    (file,) = result["ui"][kind]
    assert file["type"] == "output"
    return folders.current().output / file["subfolder"] / file["filename"]


def levels(image: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.array(image.convert("RGB")))


def save_webp(images: torch.Tensor, **options):
    given = {"fps": 8.0, "lossless": True, "quality": 80, "method": "fastest"} | options
    return saving.save_animated_webp(images, "a", **given, prompt=dict(PROMPT), extra_pnginfo={"workflow": WORKFLOW})


def save_apng(images: torch.Tensor):
    return saving.save_animated_png(images, "a", 8.0, 4, PROMPT, {"workflow": WORKFLOW})


@pytest.mark.parametrize(("save", "ending"), [(save_webp, "webp"), (save_apng, "png")])
def test_a_batch_becomes_an_animation(save, ending: str):
    result = save(FRAMES)
    assert result["ui"]["animated"] == (True,)
    path = saved(result)
    assert path.name == f"a_00001_.{ending}"
    with Image.open(path) as file:
        assert file.n_frames == 3
        for number, frame in enumerate(FRAMES):
            file.seek(number)
            assert torch.equal(levels(file).float(), (frame * 255).round())
            assert file.info["duration"] == 125
    assert save(FRAMES[:1])["ui"]["animated"] == (False,)


def test_a_smaller_webp_is_close():
    with Image.open(saved(save_webp(FRAMES, lossless=False, quality=90, method="slowest"))) as file:
        assert file.n_frames == 3


@pytest.mark.parametrize("save", [save_webp, save_apng])
@pytest.mark.parametrize("count", [1, 3])
def test_the_workflow_and_the_recipe_are_inside_an_animation(save, count: int):
    path = saved(save(FRAMES[:count]))
    found = read_workflow_file(path)
    assert (found.prompt, found.workflow) == (PROMPT, WORKFLOW)
    assert found.recipe["machine"]["torch"] == torch.__version__


def test_texts_lie_where_the_ecosystem_looks_for_them():
    assert saved(save_apng(FRAMES)).read_bytes().index(b"comfprompt\0") > 0
    with Image.open(saved(save_webp(FRAMES))) as file:
        assert json.loads(file.getexif()[0x0110].removeprefix("prompt:")) == PROMPT
        assert json.loads(file.getexif()[0x010F].removeprefix("workflow:")) == WORKFLOW


@pytest.mark.parametrize(("kind", "ending"), [("webp", "webp"), ("jpeg", "jpg"), ("avif", "avif")])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_small_files_are_close_and_carry_the_workflow(kind: str, ending: str, channels: int):
    ramp = torch.linspace(0, 1, 48)[None, None, :, None].expand(1, 32, 48, channels)
    path = saved(saving.save_compressed(ramp, "a", kind, 95, False, PROMPT, {"workflow": WORKFLOW}))
    assert path.suffix == f".{ending}"
    found = read_workflow_file(path)
    assert (found.prompt, found.workflow) == (PROMPT, WORKFLOW)
    with Image.open(path) as file:
        assert file.format == kind.upper()
        colours = levels(file.convert("RGB")).float()
    assert (colours - ramp[0, ..., :1] * 255).abs().mean() < 2.5


def test_a_lossless_webp_has_every_pixel():
    path = saved(saving.save_compressed(FRAMES[:1], "a", "webp", 80, True, PROMPT, {"workflow": WORKFLOW}))
    with Image.open(path) as file:
        assert torch.equal(levels(file).float(), (FRAMES[0] * 255).round())


def test_a_workflow_too_long_for_a_jpeg_is_left_out_before_the_picture_is(caplog: pytest.LogCaptureFixture):
    long = {"1": {"class_type": "X", "inputs": {"text": "x" * 70_000}}}
    path = saved(saving.save_compressed(FRAMES[:1], "a", "jpeg", 80, False, long, {"workflow": WORKFLOW}))
    found = read_workflow_file(path)
    assert (found.prompt, found.workflow) == (None, WORKFLOW)
    path = saved(saving.save_compressed(FRAMES[:1], "b", "jpeg", 80, False, long, {"workflow": long}))
    assert "too long for a JPEG file" in caplog.text
    assert Image.open(path).size == (FRAMES.shape[2], FRAMES.shape[1])


def advanced(images: torch.Tensor, **format):
    return saving.save_image_advanced(images, "deep/a", format, PROMPT, {"workflow": WORKFLOW})


def test_a_png_of_8_bits_is_everyday():
    path = saved(advanced(FRAMES[:1], format="png", bit_depth="8-bit", input_color_space="sRGB"))
    with Image.open(path) as file:
        assert torch.equal(levels(file).float(), (FRAMES[0] * 255).round())
        assert json.loads(file.text["prompt"]) == PROMPT


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_png_of_16_bits_holds_65536_levels(channels: int):
    image = torch.linspace(-0.1, 1.1, 10 * 12 * channels).view(1, 10, 12, channels)
    path = saved(advanced(image, format="png", bit_depth="16-bit", input_color_space="sRGB"))
    with Image.open(path) as file:
        file.load()
        assert file.size == (12, 10)
        assert json.loads(file.text["workflow"]) == WORKFLOW
    chunks = dict(png_chunks(path.read_bytes()))
    assert chunks[b"IHDR"][8] == 16
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(10, -1)
    assert not rows[:, 0].any()
    stored = rows[:, 1:].copy().view(">u2").reshape(10, 12, channels).astype(np.float64)
    assert np.abs(stored - image[0].clamp(0, 1).numpy() * 65535).max() <= 0.51


def png_chunks(raw: bytes):
    place = 8
    while place < len(raw):
        (length,) = struct.unpack(">I", raw[place : place + 4])
        yield raw[place + 4 : place + 8], raw[place + 8 : place + 8 + length]
        place += length + 12


def read_exr(raw: bytes) -> tuple[dict[str, bytes], np.ndarray]:
    """Attributes and [rows, channels by name, columns] of an OpenEXR file of floats, packed by ZIP in blocks of 16."""
    assert raw[:8] == bytes.fromhex("762f310102000000")
    place, attributes = 8, {}
    while raw[place]:
        name = raw[place : raw.index(b"\0", place)]
        kind_at = place + len(name) + 1
        kind_end = raw.index(b"\0", kind_at)
        (size,) = struct.unpack("<i", raw[kind_end + 1 : kind_end + 5])
        attributes[name.decode()] = raw[kind_end + 5 : kind_end + 5 + size]
        place = kind_end + 5 + size
    _, _, right, bottom = struct.unpack("<4i", attributes["dataWindow"])
    height, width = bottom + 1, right + 1
    starts = struct.unpack(f"<{-(-height // 16)}Q", raw[place + 1 : place + 1 + 8 * -(-height // 16)])
    rows = []
    for start in starts:
        first, size = struct.unpack("<ii", raw[start : start + 8])
        count = min(16, height - first)
        data = raw[start + 8 : start + 8 + size]
        channels = attributes["channels"].count(struct.pack("<ii", 1, 1))
        if size < count * width * channels * 4:
            steps = np.frombuffer(zlib.decompress(data), np.uint8).astype(np.int64)
            apart = (np.cumsum(steps) - 128 * np.arange(len(steps))).astype(np.uint8)
            data = np.stack([apart[: len(apart) // 2], apart[len(apart) // 2 :]], -1).tobytes()
        rows.append(np.frombuffer(data, "<f4").reshape(count, channels, width))
    return attributes, np.concatenate(rows)


@pytest.mark.parametrize("flat", [True, False])
@pytest.mark.parametrize("space", ["linear", "HDR"])
def test_an_exr_holds_light_as_it_is(flat: bool, space: str):
    image = torch.full((1, 37, 5, 4), 2.5) if flat else torch.randn(1, 37, 5, 4)
    path = saved(advanced(image, format="exr", bit_depth="32-bit float", input_color_space=space))
    attributes, rows = read_exr(path.read_bytes())
    assert np.array_equal(rows.transpose(0, 2, 1)[..., [3, 2, 1, 0]], image[0].numpy())
    assert json.loads(attributes["prompt"]) == PROMPT


def test_srgb_becomes_light_in_an_exr():
    image = torch.tensor([0.0, 0.02, 0.5, 1.0]).view(1, 1, 4, 1).expand(-1, -1, -1, 3)
    path = saved(advanced(image, format="exr", bit_depth="32-bit float", input_color_space="sRGB"))
    assert read_exr(path.read_bytes())[1][0, 0].tolist() == pytest.approx([0, 0.02 / 12.92, 0.214041, 1], abs=1e-6)


def test_text_is_saved():
    result = saving.save_text("naïve 猫", "notes/a", "md")
    path = saved(result, "files")
    assert path.name == "a_00001.md"
    assert path.read_text("utf-8") == "naïve 猫"
    assert result["ui"]["text"] == ("naïve 猫",)


@pytest.mark.parametrize("save", [save_webp, save_apng])
def test_nothing_is_left_when_the_disk_is_full(save, monkeypatch: pytest.MonkeyPatch):
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ImageError, match="No space left on device"):
        save(FRAMES)
    assert not list(folders.current().output.iterdir())


def test_two_pictures_are_compared():
    seen = saving.image_compare(None, FRAMES[:1], FRAMES[1:])["ui"]
    assert [len(seen[name]) for name in ("a_images", "b_images")] == [1, 2]
    assert saving.image_compare(None)["ui"] == {}
