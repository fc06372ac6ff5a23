"""Pictures to share: the same picture without what it says of its making (prompt, workflow, EXIF, XMP, comments).

Works on the file's own parts, so that no pixel changes and nothing is encoded anew.
"""

from __future__ import annotations

import struct

PNG_MARK = b"\x89PNG\r\n\x1a\n"
PNG_WORDS = {b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"}
WEBP_WORDS = {b"EXIF", b"XMP "}
WEBP_FLAGS = 0b0000_1100  # of the VP8X part: there is EXIF, there is XMP
JPEG_COMMENT, JPEG_SCAN = 0xFE, 0xDA
JPEG_KEPT_APPS = {0xE0, 0xE2, 0xEE}  # JFIF, colour profile, Adobe's colour transform


class Unshareable(ValueError):
    """The file is of no kind whose words can be taken out, or is damaged."""


def without_words(data: bytes) -> bytes:
    """A PNG, WebP or JPEG file without metadata. Raises Unshareable."""
    try:
        if data.startswith(PNG_MARK):
            return _png(data)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp(data)
        if data.startswith(b"\xff\xd8"):
            return _jpeg(data)
    except (struct.error, IndexError):
        raise Unshareable("the picture is damaged") from None
    raise Unshareable("metadata can be taken out of PNG, WebP and JPEG pictures")


def _png(data: bytes) -> bytes:
    """PNG specification, 5.3: length, type, data, checksum; what follows IEND is no picture."""
    kept, at = [PNG_MARK], len(PNG_MARK)
    while True:
        length, kind = struct.unpack_from(">I4s", data, at)
        part = data[at : at + 12 + length]
        if len(part) < 12 + length:
            raise Unshareable("the picture is damaged")
        if kind not in PNG_WORDS:
            kept.append(part)
        at += len(part)
        if kind == b"IEND":
            return b"".join(kept)


def _webp(data: bytes) -> bytes:
    """RIFF container of WebP: type, length, data, padded to an even length."""
    kept, at = [], 12
    while at < len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        part = bytearray(data[at : at + 8 + length + length % 2])
        if len(part) < 8 + length:
            raise Unshareable("the picture is damaged")
        if kind == b"VP8X":
            part[8] &= ~WEBP_FLAGS
        if kind not in WEBP_WORDS:
            kept.append(bytes(part))
        at += len(part)
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _jpeg(data: bytes) -> bytes:
    """Segments up to the scan (ITU T.81, B.1.1): those of applications and comments leave, but for how colours are
    meant."""
    kept, at = [data[:2]], 2
    while True:
        if data[at] != 0xFF:
            raise Unshareable("the picture is damaged")
        kind = data[at + 1]
        if kind == JPEG_SCAN:
            return b"".join([*kept, data[at:]])
        (length,) = struct.unpack_from(">H", data, at + 2)
        is_word = kind == JPEG_COMMENT or (0xE0 <= kind <= 0xEF and kind not in JPEG_KEPT_APPS)
        if not is_word:
            kept.append(data[at : at + 2 + length])
        at += 2 + length
