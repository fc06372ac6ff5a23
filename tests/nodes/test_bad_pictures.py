"""Pictures of every odd kind, given to every node that opens one; and masks without a white or a black pixel, given to
every node that takes one."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from comfy_core.folders import Folders
from comfy_core.media.errors import ImageError
from execution.load_nodes import load_nodes
from nodes.images import load_image, load_image_mask, load_image_output
from nodes.painting import painter
from nodes.schema import Node

SIZE = (6, 4)
NODES = load_nodes(("nodes",))


def rotated(path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", SIZE[::-1], "red").save(path, exif=exif)


def animated(path: Path) -> None:
    frames = [Image.new("RGB", SIZE, colour) for colour in ("red", "green")]
    frames[0].save(path, save_all=True, append_images=frames[1:])


def sixteen_bits(path: Path) -> None:
    Image.fromarray(np.full(SIZE[::-1], 65535, np.uint16)).save(path)


def one_colour(mode: str, colour: Any) -> Callable[[Path], None]:
    return lambda path: Image.new(mode, SIZE, colour).save(path)


GOOD: dict[str, Callable[[Path], None]] = {
    "ink.tif": one_colour("CMYK", (0, 255, 255, 0)),
    "ink.jpg": one_colour("CMYK", (0, 255, 255, 0)),
    "palette.png": lambda path: Image.new("RGB", SIZE, "red").quantize(4).save(path),
    "palette.gif": lambda path: Image.new("RGB", SIZE, "red").quantize(4).save(path),
    "deep.png": sixteen_bits,
    "bits.png": one_colour("1", 1),
    "grey.png": one_colour("LA", (255, 0)),
    "clear.png": one_colour("RGBA", (255, 0, 0, 0)),
    "clear.webp": one_colour("RGBA", (255, 0, 0, 0)),
    "moving.png": animated,
    "moving.gif": animated,
    "moving.webp": animated,
    "turned.png": rotated,
    "turned.jpg": rotated,
}


def huge(pixels: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 1, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", pixels), (b"IEND", b"")]
    body = b"".join(struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + body


def blank_rows() -> bytes:
    """50,000 rows of 50,000 white pixels, packed."""
    packer = zlib.compressobj(1)
    rows = (b"\0" + b"\xff" * 6250) * 500
    return b"".join(packer.compress(rows) for _ in range(100)) + packer.flush()


BAD = {
    "empty.png": b"",
    "words.png": b"hello",
    "cut.jpg": b"\xff\xd8\xff\xe0" + b"\0" * 30,
    "header.png": huge(b"")[:40],
    "huge.png": huge(zlib.compress(b"")),
}
OPENERS: dict[str, Callable[[str], Any]] = {
    "LoadImage": load_image.function,
    "LoadImageOutput": lambda name: load_image_output(f"{name} [input]"),
    "LoadImageMask": lambda name: (load_image_mask(name, "red"),),
    "Painter": lambda name: painter(name, 64, 64, "#000000")["result"],
}


@pytest.mark.parametrize("opener", OPENERS)
@pytest.mark.parametrize("name", GOOD)
def test_odd_pictures_are_opened(base: Folders, name: str, opener: str):
    GOOD[name](base.input / name)
    opened = OPENERS[opener](name)
    assert all(one.isfinite().all() for one in opened)
    if opener == "LoadImage":
        image, mask = opened
        assert image.shape[1:] == (SIZE[1], SIZE[0], 3)
        assert image[0, 0, 0, 0] > 0.95
        assert len(image) == len(mask) == (2 if name.startswith("moving") else 1)


@pytest.mark.parametrize("opener", OPENERS)
@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_opened_is_named(base: Folders, name: str, opener: str):
    (base.input / name).write_bytes(BAD[name])
    with pytest.raises(ImageError, match=name):
        OPENERS[opener](name)


def test_a_picture_of_2500_million_pixels_is_refused_though_it_is_whole(base: Folders):
    (base.input / "white.png").write_bytes(huge(blank_rows()))
    with pytest.raises(ImageError, match=r"white\.png .*2500000000 pixels"):
        load_image("white.png")


def takers_of_masks() -> dict[str, Node]:
    """Nodes that want a mask, and nothing else but pictures, latents and what has a default."""
    given = {"MASK", "IMAGE", "LATENT"}
    return {
        name: node
        for name, node in NODES.items()
        if any(one.type == "MASK" for one in node.schema.inputs)
        and all(one.type in given or default_of(node, one.name) is not None for one in node.schema.inputs)
    }


def default_of(node: Node, name: str) -> Any:
    one = node.schema.input(name)
    assert one is not None
    if one.section in ("hidden", "optional"):
        return signature(node.function).parameters[name].default
    return one.options.get("default", one.choices[0] if one.choices else None)


@pytest.mark.parametrize("level", [0.0, 1.0])
@pytest.mark.parametrize("name", takers_of_masks())
def test_a_mask_without_a_pixel_of_one_kind_breaks_nothing(base: Folders, name: str, level: float):
    node = NODES[name]
    values: dict[str, Any] = {
        "MASK": torch.full((1, 32, 48), level),
        "IMAGE": torch.rand(1, 32, 48, 3),
        "LATENT": {"samples": torch.rand(1, 4, 4, 6)},
    }
    inputs = {one.name: values.get(one.type, default_of(node, one.name)) for one in node.schema.inputs}
    inputs = {key: value for key, value in inputs.items() if value is not signature(node.function).empty}
    made = node(**{key: [value] if node.schema.is_input_list else value for key, value in inputs.items()})
    assert made is not None


def test_there_are_such_nodes():
    assert {"GrowMask", "ImageCompositeMasked", "MaskToImage", "SetLatentNoiseMask"} <= takers_of_masks().keys()
