"""Pictures read with care: nothing is decoded that is no picture or has more pixels than a machine should hold."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from comfy_core.folders import IMAGES
from web.server.answers import Refusal
from web.server.files import write_whole

if TYPE_CHECKING:
    from PIL.Image import Image


def open_picture(source: Path | bytes, name: str) -> Image:
    """The picture, decoded. Raises Refusal naming `name` if it is none, or too large (before memory is taken)."""
    from PIL import Image

    try:
        image = Image.open(source if isinstance(source, Path) else BytesIO(source))
        image.load()
    except Image.DecompressionBombError:  # raised on reading the header
        raise _too_large(name) from None
    except (OSError, SyntaxError, ValueError):
        raise Refusal(f"{name} is not a picture that can be read", type="not_an_image") from None
    return image


def check_picture(path: Path, name: str) -> None:
    """Judge a file called a picture by what is in it. Raises Refusal for a page or script under a picture's name, and
    for a picture that unpacks to more pixels than a machine should hold; kinds that Pillow does not know pass."""
    from PIL import Image

    if Path(name).suffix.lower() not in IMAGES:
        return
    with path.open("rb") as file:
        if file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            raise Refusal(f"{name} is called a picture, but holds a page", type="not_an_image")
    try:
        with Image.open(path):
            pass
    except Image.DecompressionBombError:
        raise _too_large(name) from None
    except (OSError, SyntaxError, ValueError):
        return


def _too_large(name: str) -> Refusal:
    from PIL import Image

    most = 2 * (Image.MAX_IMAGE_PIXELS or 0)
    return Refusal(
        f"{name} has more pixels than this server opens ({most / 1e6:.0f} million); make it smaller first",
        type="too_large",
    )


def encoded(image: Image, form: str, **options: object) -> bytes:
    out = BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def put_mask_on(original: Path, mask: Path, mask_name: str) -> None:
    """Replace the file `mask` with the original picture under the mask's transparency.

    The original is turned as its camera was held, as browsers and LoadImage turn it. A PNG with the same text chunks as
    the original, so that it still carries its workflow. Raises Refusal when either is no picture or their sizes differ.
    """
    from PIL.ImageOps import exif_transpose
    from PIL.PngImagePlugin import PngInfo

    found, above = open_picture(original, original.name), open_picture(mask, mask_name)
    below = exif_transpose(found)
    if below.size != above.size:
        raise Refusal(
            f"the mask has {above.width} × {above.height} pixels and {original.name} {below.width} × {below.height}; "
            "draw the mask at the size of the picture"
        )
    info = PngInfo()
    for key, text in getattr(found, "text", {}).items():
        info.add_text(key, text)
    result = below.convert("RGBA")
    result.putalpha(above.convert("RGBA").getchannel("A"))
    write_whole(mask, encoded(result, "png", pnginfo=info, compress_level=4))
