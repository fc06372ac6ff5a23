"""What pictures of other programs carry: infotexts in PNG text chunks and EXIF comments, and formats of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from comfy_core.infotext import Infotext, parse
from execution.convert.files import PNG, Found, png_texts, read_workflow_file
from execution.infotext import foreign

EXIF_IFD, USER_COMMENT = 0x8769, 0x9286
ENCODINGS = {b"ASCII\0\0\0": "ascii", b"JIS\0\0\0\0\0": "shift_jis", b"\0" * 8: "utf-8"}
UNICODE = b"UNICODE\0"


@dataclass(frozen=True)
class Carried:
    """`text` as it stood in the picture, what it says, and whether A1111's rules are those of its prompts and noise."""

    text: str
    infotext: Infotext
    a1111: bool = True


def read_picture(path: Path) -> Carried | Found:
    """What a picture says of how it was made: a ComfyUI workflow, else the text of one of the other programs.

    Raises ValueError with one sentence if it says nothing, OSError if it cannot be read.
    """
    with path.open("rb") as file:
        is_png = file.read(8) == PNG
    texts = dict(png_texts(path.read_bytes())) if is_png else {}
    try:
        return read_workflow_file(path)  # which says more than the parameters that may be beside it
    except ValueError as error:
        problem = error
    texts |= {} if "parameters" in texts else dict(_exif_texts(path))
    found = read_texts(texts, _size(path))
    if found is None:
        raise ValueError(
            f"{path.name} does not say how it was made, neither as a workflow nor as the parameters of AUTOMATIC1111, "
            f"Forge, InvokeAI, NovelAI, Fooocus or SwarmUI ({problem})"
        )
    return found


def read_texts(texts: dict[str, str], size: tuple[int, int] | None = None) -> Carried | None:
    """What text chunks by name say; None if nothing of it is known here. `size` is that of the picture.

    Raises ValueError when they are known, and damaged.
    """
    if "invokeai_metadata" in texts:
        text = texts["invokeai_metadata"]
        return Carried(text, foreign.of_invoke(_object(text)))
    if "sd-metadata" in texts:
        text = texts["sd-metadata"]
        return Carried(text, foreign.of_old_invoke(_object(text)))
    if texts.get("Software") == "NovelAI" and "Comment" in texts:
        text = texts["Comment"]
        return Carried(text, foreign.of_novelai(_object(text), texts, size))
    text = texts.get("parameters", "").strip()
    if not text:
        return None
    if not text.startswith("{"):
        return Carried(text, parse(text))
    said = _object(text)
    if "sui_image_params" in said:
        return Carried(text, foreign.of_swarm(said), a1111=False)
    return Carried(text, foreign.of_fooocus(said), a1111=False)


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ValueError("the picture's text about how it was made is damaged: it should be a JSON object")
    return found


def _exif_texts(path: Path) -> Iterator[tuple[str, str]]:
    """EXIF's user comment and a JPEG's own comment, as `parameters`."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            comment = image.getexif().get_ifd(EXIF_IFD).get(USER_COMMENT)
            own = image.info.get("comment")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return
    for value in (own, comment):
        text = decoded(value) if isinstance(value, bytes) else value
        if isinstance(text, str) and text.strip():
            yield "parameters", text


def decoded(comment: bytes) -> str:
    """An EXIF user comment: 8 bytes that name its characters, then these. UTF-16 comes in both orders of bytes."""
    prefix, body = comment[:8], comment[8:]
    if prefix == UNICODE:
        if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return body.decode("utf-16", "replace").rstrip("\0")
        big = body[0::2].count(0) >= body[1::2].count(0)  # most of it is ASCII, whose high bytes are 0
        return body.decode("utf-16-be" if big else "utf-16-le", "replace").rstrip("\0")
    encoding = ENCODINGS.get(prefix)
    return (comment.decode("utf-8", "replace") if encoding is None else body.decode(encoding, "replace")).strip("\0")


def _size(path: Path) -> tuple[int, int] | None:
    from PIL import Image

    try:
        with Image.open(path) as image:
            return image.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None
