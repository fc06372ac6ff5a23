"""Nodes that load, change and save pictures."""

from __future__ import annotations

import hashlib
import random
import string
from pathlib import Path
from typing import Annotated, Any

from comfy_core import folders
from comfy_core.media.batches import resized
from comfy_core.media.images import load_image as read_image
from comfy_core.media.images import load_mask as read_mask
from comfy_core.media.images import to_pictures
from comfy_core.media.resize import CROPS, IMAGE_METHODS
from comfy_core.media.save import png_texts, save_pngs
from nodes.recipe import with_recipe
from nodes.schema import Combo, File, Float, Int, String, node
from nodes.types import MAX_RESOLUTION, Image, Mask, PngInfo, Prompt

InputImage = Annotated[str, File("input", image_upload=True, tooltip="A picture in input/.")]
OutputImage = Annotated[
    str,
    Combo(
        None,
        image_upload=True,
        image_folder="output",
        remote={"route": "/internal/files/output", "refresh_button": True, "control_after_refresh": "first"},
        tooltip="A picture in output/, as `name [output]`.",
    ),
]
RUN = "".join(random.choices(string.ascii_lowercase, k=5))


@node(
    "LoadImage",
    title="Load Image",
    category="image",
    search_aliases=(
        "load image",
        "open image",
        "import image",
        "image input",
        "upload image",
        "read image",
        "image loader",
    ),
    essentials_category="Basics",
)
def load_image(image: InputImage) -> tuple[Image, Mask]:
    """Open a picture; its transparent part is the mask."""
    return read_image(input_path(image))


@node(
    "LoadImageMask",
    title="Load Image (as Mask)",
    category="image",
    search_aliases=("import mask", "alpha mask", "channel mask"),
    essentials_category="Image Tools",
)
def load_image_mask(
    image: InputImage,
    channel: Annotated[str, Combo(("alpha", "red", "green", "blue"), tooltip="The channel that is the mask.")],
) -> Mask:
    """Open one channel of a picture as a mask."""
    return read_mask(input_path(image), channel)


@node(
    "LoadImageOutput",
    title="Load Image (from Outputs)",
    category="image",
    experimental=True,
    search_aliases=("output image", "previous generation"),
    essentials_category="Basics",
)
def load_image_output(image: OutputImage) -> tuple[Image, Mask]:
    """Open a picture that was made here; its transparent part is the mask."""
    return read_image(input_path(image))


def input_path(name: str) -> Path:
    """The path of an input picture. Raises FileNotFoundError naming what there is."""
    path = folders.current().find("input", name)
    if path.is_file():
        return path
    there = folders.current().files("input")
    hint = f"upload it or pick one of: {', '.join(there[:10])}" if there else "upload it"
    raise FileNotFoundError(f"{name!r} is not in input/; {hint}")


def file_hash(name: str | None) -> str:
    """Stands for a picture's content, so that a replaced file is read again."""
    return "" if name is None else hashlib.sha256(input_path(name).read_bytes()).hexdigest()


def file_stamp(name: str | None) -> list[int]:
    """Stands for the content of a file that may be large: when it was written, and its size."""
    if name is None:
        return []
    state = input_path(name).stat()
    return [state.st_mtime_ns, state.st_size]


@load_image.fingerprint
def _(image: str | None) -> str:
    return file_hash(image)


@load_image_output.fingerprint
def _(image: str | None) -> str:
    return file_hash(image)


@load_image_mask.fingerprint
def _(image: str | None, channel: str | None) -> str:
    return file_hash(image)


@node(
    "SaveImage",
    title="Save Image",
    category="image",
    outputs=("images",),
    is_output=True,
    search_aliases=("save", "save image", "export image", "output image", "write image", "download"),
    essentials_category="Basics",
)
def save_image(
    images: Image,
    filename_prefix: Annotated[
        str, String(default="ComfyUI", tooltip="May name a subfolder, and hold %year%, %month%, %day%, %width% …")
    ] = "ComfyUI",
    prompt: Prompt = None,
    extra_pnginfo: PngInfo = None,
) -> Image:
    """Save pictures as PNG in output/, with the workflow inside the file."""
    files = _saved(images, "output", filename_prefix, prompt, extra_pnginfo)
    return {"ui": {"images": files}, "result": (images,)}  # type: ignore[return-value]


@node(
    "PreviewImage",
    title="Preview Image",
    category="image",
    outputs=("images",),
    is_output=True,
    search_aliases=("preview", "preview image", "show image", "view image", "display image", "image viewer"),
    essentials_category="Basics",
)
def preview_image(images: Image, prompt: Prompt = None, extra_pnginfo: PngInfo = None) -> Image:
    """Show pictures without keeping them."""
    return {"ui": {"images": shown(images, prompt, extra_pnginfo)}, "result": (images,)}  # type: ignore[return-value]


def shown(images: Any, prompt: Any = None, extra_pnginfo: Any = None) -> list[dict[str, str]]:
    """Pictures [B, H, W, C] as files in temp/, the way the interface names them."""
    return _saved(images, "temp", f"easel_temp_{RUN}", prompt, extra_pnginfo, compress_level=1)


def _saved(
    images: Any, type: str, prefix: str, prompt: Any, extra_pnginfo: Any, compress_level: int = 4
) -> list[dict[str, str]]:
    texts = png_texts(prompt, with_recipe(prompt, extra_pnginfo))
    files = save_pngs(to_pictures(images), folders.current().of_type(type), prefix, texts, compress_level)
    return [one | {"type": type} for one in files]


@node(
    "ImageScale",
    title="Upscale Image",
    category="image/upscaling",
    search_aliases=("resize", "resize image", "scale image", "image resize", "zoom", "zoom in", "change size"),
    essentials_category="Image Tools",
)
def image_scale(
    image: Image,
    upscale_method: Annotated[str, Combo(IMAGE_METHODS, tooltip="How pixels between pixels are found.")],
    width: Annotated[
        int, Int(default=512, min=0, max=MAX_RESOLUTION, step=1, tooltip="In pixels; 0 follows the height.")
    ],
    height: Annotated[
        int, Int(default=512, min=0, max=MAX_RESOLUTION, step=1, tooltip="In pixels; 0 follows the width.")
    ],
    crop: Annotated[str, Combo(CROPS, tooltip="Cut the longer way instead of stretching the shorter.")],
) -> Image:
    """Resize pictures to a size."""
    if width == 0 and height == 0:
        return image
    old_height, old_width = image.shape[1:3]
    width = width or max(1, round(old_width * height / old_height))
    height = height or max(1, round(old_height * width / old_width))
    return resized(image, width, height, upscale_method, crop)


@node(
    "ImageScaleBy",
    title="Upscale Image By",
    category="image/upscaling",
    essentials_category="Image Tools",
)
def image_scale_by(
    image: Image,
    upscale_method: Annotated[str, Combo(IMAGE_METHODS, tooltip="How pixels between pixels are found.")],
    scale_by: Annotated[float, Float(default=1.0, min=0.01, max=8.0, step=0.01, tooltip="New size by old size.")],
) -> Image:
    """Resize pictures by a factor."""
    height, width = (max(1, round(side * scale_by)) for side in image.shape[1:3])
    return resized(image, width, height, upscale_method)


@node(
    "ImageInvert",
    title="Invert Image Colors",
    category="image/color",
    search_aliases=("reverse colors",),
    essentials_category="Image Tools",
)
def image_invert(image: Image) -> Image:
    """Turn pictures into their negatives."""
    return 1.0 - image
