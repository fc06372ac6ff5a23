"""Pictures [H, W, C] with more than 8 bits a channel: PNG of 16 bits and OpenEXR, which Pillow does not write.

PNG: W3C Portable Network Graphics, third edition. OpenEXR: "OpenEXR File Layout", scan lines, ZIP compression.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from typing import IO

import numpy as np
from torch import Tensor

PNG = b"\x89PNG\r\n\x1a\n"
PNG_COLOURS = {1: 0, 3: 2, 4: 6}
EXR = struct.pack("<ii", 20000630, 2)
ZIP, FLOAT, ROWS = 3, 2, 16
EXR_CHANNELS = {1: "Y", 3: "RGB", 4: "RGBA"}


def write_png16(file: IO[bytes], image: Tensor, texts: Mapping[str, str], compress_level: int) -> None:
    """A picture of 1, 3 or 4 channels in 0..1 as PNG of 16 bits; texts stand before the picture."""
    height, width, channels = image.shape
    levels = (image.detach().cpu().float().clamp(0, 1).numpy() * 65535).round().astype(">u2")
    rows = np.zeros((height, 1 + 2 * width * channels), np.uint8)  # each row begins with its filter, 0 for none
    rows[:, 1:] = levels.reshape(height, -1).view(np.uint8)
    file.write(PNG)
    _chunk(file, b"IHDR", struct.pack(">IIBBBBB", width, height, 16, PNG_COLOURS[channels], 0, 0, 0))
    for name, text in texts.items():
        _chunk(file, b"tEXt", f"{name}\0{text}".encode("latin-1"))
    _chunk(file, b"IDAT", zlib.compress(rows.tobytes(), compress_level))
    _chunk(file, b"IEND", b"")


def _chunk(file: IO[bytes], kind: bytes, data: bytes) -> None:
    file.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)))


def linear(image: Tensor) -> Tensor:
    """sRGB as light (IEC 61966-2-1); alpha stays as it is."""
    colour = image[..., :3]
    light = ((colour.clamp(min=0) + 0.055) / 1.055) ** 2.4
    image = image.clone()
    image[..., :3] = light.where(colour > 0.04045, colour / 12.92)
    return image


def write_exr(file: IO[bytes], image: Tensor, texts: Mapping[str, str]) -> None:
    """A picture of 1, 3 or 4 channels of light as OpenEXR of 32-bit floats; texts are attributes of the file."""
    height, width, channels = image.shape
    names = EXR_CHANNELS[channels]
    order = sorted(range(channels), key=lambda place: names[place])
    values = np.ascontiguousarray(image.detach().cpu().float().numpy().astype("<f4")[..., order].transpose(0, 2, 1))
    header = EXR + _exr_header(width, height, [names[place] for place in order], texts)
    blocks = [_exr_block(values[row : row + ROWS], row) for row in range(0, height, ROWS)]
    starts = np.cumsum([len(header) + 8 * len(blocks), *(len(one) for one in blocks[:-1])])
    file.write(header + starts.astype("<u8").tobytes())
    file.writelines(blocks)


def _exr_header(width: int, height: int, channels: list[str], texts: Mapping[str, str]) -> bytes:
    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    listed = b"".join(name.encode() + b"\0" + struct.pack("<iB3xii", FLOAT, 0, 1, 1) for name in channels)
    attributes = [
        ("channels", "chlist", listed + b"\0"),
        ("compression", "compression", bytes([ZIP])),
        ("dataWindow", "box2i", window),
        ("displayWindow", "box2i", window),
        ("lineOrder", "lineOrder", b"\0"),
        ("pixelAspectRatio", "float", struct.pack("<f", 1)),
        ("screenWindowCenter", "v2f", struct.pack("<2f", 0, 0)),
        ("screenWindowWidth", "float", struct.pack("<f", 1)),
        *((name, "string", text.encode()) for name, text in texts.items()),
    ]
    return (
        b"".join(f"{name}\0{kind}\0".encode() + struct.pack("<i", len(data)) + data for name, kind, data in attributes)
        + b"\0"
    )


def _exr_block(rows: np.ndarray, first: int) -> bytes:
    """Up to 16 rows: low and high bytes apart, each byte as its difference from the last, packed where that helps."""
    plain = rows.view(np.uint8).ravel()
    apart = np.concatenate([plain[::2], plain[1::2]]).astype(np.int16)
    steps = np.concatenate([apart[:1], np.diff(apart) + 128]).astype(np.uint8)
    packed = zlib.compress(steps.tobytes())
    data = packed if len(packed) < plain.size else plain.tobytes()
    return struct.pack("<ii", first, len(data)) + data
