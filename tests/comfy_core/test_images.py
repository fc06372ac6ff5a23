"""Picture files in, tensors out; sizes; previews."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from comfy_core.latent_format import LatentFormat
from comfy_core.media.deep import write_png16
from comfy_core.media.errors import ImageError
from comfy_core.media.images import load_image, load_mask, to_pictures, to_tensor
from comfy_core.media.resize import IMAGE_METHODS, LATENT_METHODS, bislerp, common_upscale
from comfy_core.preview import latent_preview, latent_to_image


def picture(mode: str = "RGB", size: tuple[int, int] = (4, 2)) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], len(mode)), dtype=np.uint8)
    return Image.fromarray(pixels.squeeze(-1) if len(mode) == 1 else pixels, mode)


def test_a_picture_is_a_tensor_in_0_to_1(tmp_path: Path):
    picture().save(tmp_path / "a.png")
    image, mask = load_image(tmp_path / "a.png")
    assert image.shape == (1, 2, 4, 3)
    assert image.dtype == torch.float32
    assert torch.equal(image[0], torch.from_numpy(np.array(picture())).float() / 255)
    assert torch.equal(mask, torch.zeros(1, 64, 64))


def test_the_mask_is_where_a_picture_is_transparent(tmp_path: Path):
    source = picture("RGBA")
    source.save(tmp_path / "a.png")
    image, mask = load_image(tmp_path / "a.png")
    assert image.shape == (1, 2, 4, 3)
    torch.testing.assert_close(mask[0], 1 - torch.from_numpy(np.array(source)[..., 3]).float() / 255)


def test_transparency_of_a_palette_counts(tmp_path: Path):
    source = Image.new("P", (2, 1))
    source.putpalette([255, 0, 0, 0, 255, 0])
    source.putdata([0, 1])
    source.save(tmp_path / "a.png", transparency=1)
    assert load_image(tmp_path / "a.png")[1].tolist() == [[[0.0, 1.0]]]


def test_a_photo_is_turned_upright(tmp_path: Path):
    source = picture(size=(4, 2))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter clockwise
    source.save(tmp_path / "a.png", exif=exif)
    image, _ = load_image(tmp_path / "a.png")
    assert image.shape == (1, 4, 2, 3)
    assert torch.equal(image[0], to_tensor(source.rotate(-90, expand=True)))


def test_an_animation_is_a_batch(tmp_path: Path):
    frames = [Image.new("RGB", (3, 3), color) for color in ("red", "green", "blue")]
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:])
    image, mask = load_image(tmp_path / "a.png")
    assert image.shape == (3, 3, 3, 3)
    assert mask.shape[0] == 3
    assert image[2, 0, 0].tolist() == [0, 0, 1]


def test_grey_of_16_bits_keeps_its_tones(tmp_path: Path):
    Image.fromarray(np.array([[0, 32768, 65535]], dtype=np.uint16)).save(tmp_path / "a.png")
    image, _ = load_image(tmp_path / "a.png")
    assert image[0, 0, :, 0].tolist() == pytest.approx([0, 0.5, 1], abs=0.01)


def test_ink_becomes_light(tmp_path: Path):
    Image.new("CMYK", (3, 2), (0, 255, 0, 0)).save(tmp_path / "a.tif")
    image, mask = load_image(tmp_path / "a.tif")
    assert image[0, 0, 0].tolist() == [1, 0, 1]
    assert not mask.any()


@pytest.mark.parametrize(("mode", "colour", "expected"), [("1", 1, 1.0), ("L", 51, 0.2), ("LA", (51, 255), 0.2)])
def test_grey_is_taken_in_every_depth(tmp_path: Path, mode: str, colour, expected: float):
    Image.new(mode, (3, 2), colour).save(tmp_path / "a.png")
    image, _ = load_image(tmp_path / "a.png")
    assert image[0, 1, 2].tolist() == pytest.approx([expected] * 3)


def test_colours_of_16_bits_are_taken(tmp_path: Path):
    with (tmp_path / "a.png").open("wb") as file:
        write_png16(file, torch.tensor([0.0, 0.5, 1.0]).expand(2, 2, 3), {}, 4)
    image, _ = load_image(tmp_path / "a.png")
    assert image[0, 0, 0].tolist() == pytest.approx([0, 0.5, 1], abs=1 / 255)


def test_a_picture_that_would_fill_the_memory_is_refused_by_its_header(tmp_path: Path):
    """The file has 2.5 billion pixels to say, but no byte of them."""
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    body = b"".join(struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks)
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    with pytest.raises(
        ImageError, match=r"a\.png has more pixels than are read \(179 million\): make it smaller .*2500000000"
    ):
        load_image(tmp_path / "a.png")


@pytest.mark.parametrize(("channel", "place"), [("red", 0), ("green", 1), ("blue", 2), ("alpha", 3)])
def test_one_channel_is_a_mask(tmp_path: Path, channel: str, place: int):
    source = picture("RGBA")
    source.save(tmp_path / "a.png")
    values = torch.from_numpy(np.array(source)[..., place]).float() / 255
    torch.testing.assert_close(load_mask(tmp_path / "a.png", channel)[0], 1 - values if channel == "alpha" else values)


def test_a_picture_without_alpha_masks_nothing(tmp_path: Path):
    picture().save(tmp_path / "a.png")
    assert load_mask(tmp_path / "a.png", "alpha").tolist() == torch.zeros(1, 2, 4).tolist()


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_a_file_that_is_no_picture_is_named(tmp_path: Path, content: bytes):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(ImageError, match=r"^a\.png is not a picture that can be read: [^\n]*\.$"):
        load_image(tmp_path / "a.png")


def test_half_a_picture_is_named(tmp_path: Path):
    file = io.BytesIO()
    picture(size=(200, 200)).save(file, "PNG")
    (tmp_path / "a.png").write_bytes(file.getvalue()[: len(file.getvalue()) // 2])
    with pytest.raises(ImageError, match=r"a\.png"):
        load_image(tmp_path / "a.png")


def test_tensors_become_pictures_cut_and_rounded_down():
    (out,) = to_pictures(torch.tensor([[[[-1.0, 0.5, 2.0]]]]))
    assert out.getpixel((0, 0)) == (0, 127, 255)
    (grey,) = to_pictures(torch.full((1, 2, 2, 1), 0.5))
    assert grey.mode == "L"
    (see_through,) = to_pictures(torch.full((1, 2, 2, 4), 0.5))
    assert see_through.mode == "RGBA"


@pytest.mark.parametrize("method", IMAGE_METHODS)
def test_every_method_makes_the_size_asked_for(method: str):
    image = torch.rand(2, 3, 10, 20)
    assert common_upscale(image, 7, 31, method, "disabled").shape == (2, 3, 31, 7)
    flat = common_upscale(torch.full((1, 3, 8, 8), 0.4), 16, 16, method, "disabled")
    assert float(flat.mean()) == pytest.approx(0.4, abs=1 / 255)


def test_lanczos_is_pillows():
    source = picture(size=(20, 10))
    ours = common_upscale(to_tensor(source).movedim(-1, 0)[None], 13, 17, "lanczos", "disabled")
    theirs = source.resize((13, 17), Image.Resampling.LANCZOS)
    assert torch.equal(ours[0].movedim(0, -1), to_tensor(theirs))


def test_a_centre_crop_keeps_proportions():
    """The left and right thirds of a 3:1 picture are cut away to make a square."""
    image = torch.tensor([0.0, 0.5, 1.0]).repeat_interleave(10).expand(1, 1, 10, 30)
    out = common_upscale(image, 8, 8, "nearest-exact", "center")
    assert torch.equal(out, torch.full((1, 1, 8, 8), 0.5))
    tall = common_upscale(image.transpose(2, 3), 8, 8, "nearest-exact", "center")
    assert torch.equal(tall, torch.full((1, 1, 8, 8), 0.5))


@pytest.mark.parametrize("method", LATENT_METHODS)
def test_latents_resize_too(method: str):
    assert common_upscale(torch.randn(1, 4, 8, 8), 12, 5, method, "disabled").shape == (1, 4, 5, 12)


def test_bislerp_keeps_the_length_of_vectors_and_turns_evenly():
    """Halfway between (1, 0) and (0, 1) lies the diagonal of length 1, not of length 0.7."""
    latent = torch.tensor([[1.0, 0.0], [0.0, 1.0]])[None, :, None]
    middle = bislerp(latent, 3, 1)[0, :, 0, 1]
    assert middle.tolist() == pytest.approx([0.5**0.5, 0.5**0.5])
    same = torch.randn(1, 4, 3, 3)
    torch.testing.assert_close(bislerp(same, 3, 3), same)
    assert bislerp(torch.zeros(1, 4, 2, 2), 5, 5).abs().max() == 0


def test_a_preview_maps_latent_channels_to_colours():
    rows = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (0.0, 0.0, 0.0))
    latent = torch.tensor([1.0, -1.0, 0.0, 5.0])[:, None, None].expand(4, 2, 3)
    image = latent_to_image(latent, LatentFormat(latent_rgb_factors=rows))
    assert image.size == (3, 2)
    assert image.getpixel((0, 0)) == (255, 0, 128)
    lighter = latent_to_image(latent, LatentFormat(latent_rgb_factors=rows, latent_rgb_factors_bias=(0.0, 1.0, 1.0)))
    assert lighter.getpixel((0, 0)) == (255, 128, 255)


def test_a_preview_is_a_jpeg_of_512_pixels():
    kind, data = latent_preview(torch.randn(2, 4, 8, 16), LatentFormat())
    image = Image.open(io.BytesIO(data))
    assert kind == "image/jpeg"
    assert image.format == "JPEG"
    assert image.size == (512, 256)
