"""Nodes that save pictures in other ways than as plain PNG, and text; and one that compares two pictures."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from torch import Tensor

from comfy_core import folders, progress
from comfy_core.infotext import write
from comfy_core.media import animation, compressed, deep, metadata
from comfy_core.media.images import to_pictures
from comfy_core.media.save import COMPRESSION, png_texts, save_files, save_pngs
from nodes.images import shown
from nodes.parameters import for_batch, infotext_of
from nodes.recipe import with_recipe
from nodes.schema import Boolean, Cases, Combo, Float, Hidden, Int, String, Widget, node
from nodes.types import Image, PngInfo, Prompt

MODULE = "comfy_extras.nodes_images"
Prefix = Annotated[
    str, String(default="ComfyUI", tooltip="May name a subfolder, and hold %year%, %month%, %day%, %width% …")
]
Fps = Annotated[float, Float(default=6.0, min=0.01, max=1000.0, step=0.01, tooltip="Pictures in a second.")]
Depth = partial(Combo, advanced=True, tooltip="Bits of each channel.")
Space = partial(Combo, default="sRGB", advanced=True, tooltip="What the numbers of the picture mean.")
Format = Cases(
    {
        "png": {"bit_depth": Depth(("8-bit", "16-bit"), default="8-bit"), "input_color_space": Space(("sRGB",))},
        "exr": {
            "bit_depth": Depth(("32-bit float",), default="32-bit float"),
            "input_color_space": Space(("sRGB", "HDR", "linear")),
        },
    },
    tooltip="png for everyday use, exr for light without limits.",
)


@node(
    "SaveAnimatedWEBP",
    title="Save Animated WEBP",
    category="image",
    outputs=("images",),
    is_output=True,
    python_module=MODULE,
)
def save_animated_webp(
    images: Image,
    filename_prefix: Prefix,
    fps: Fps,
    lossless: Annotated[bool, Boolean(default=True, tooltip="Every pixel as it is, in a larger file.")],
    quality: Annotated[int, Int(default=80, min=0, max=100, tooltip="Of the picture; if lossless, of the packing.")],
    method: Annotated[str, Combo(tuple(animation.WEBP_METHODS), tooltip="Slower makes smaller files.")],
    prompt: Prompt = None,
    extra_pnginfo: PngInfo = None,
) -> Image:
    """Save a batch of pictures as an animated WebP in output/, with the workflow inside the file."""
    texts = png_texts(prompt, with_recipe(prompt, extra_pnginfo))
    write = animation.webp(to_pictures(images), fps, texts, lossless, quality, animation.WEBP_METHODS[method])
    return _animated(images, save_files([write], folders.current().output, filename_prefix, "_.webp", _size(images)))


@node(
    "SaveAnimatedPNG",
    title="Save Animated PNG",
    category="image",
    outputs=("images",),
    is_output=True,
    python_module=MODULE,
)
def save_animated_png(
    images: Image,
    filename_prefix: Prefix,
    fps: Fps,
    compress_level: Annotated[
        int, Int(default=COMPRESSION, min=0, max=9, advanced=True, tooltip="More makes smaller files, slower.")
    ],
    prompt: Prompt = None,
    extra_pnginfo: PngInfo = None,
) -> Image:
    """Save a batch of pictures as an animated PNG in output/, with the workflow inside the file."""
    texts = png_texts(prompt, with_recipe(prompt, extra_pnginfo))
    write = animation.apng(to_pictures(images), fps, texts, compress_level)
    return _animated(images, save_files([write], folders.current().output, filename_prefix, "_.png", _size(images)))


def _animated(images: Tensor, files: list[dict[str, str]]) -> Any:
    return {"ui": {"images": _outputs(files), "animated": (len(images) > 1,)}, "result": (images,)}


@node(
    "SaveImageAdvanced",
    title="Save Image (Advanced)",
    category="image",
    outputs=("images",),
    is_output=True,
    python_module=MODULE,
    search_aliases=("save", "save image", "export image", "output image", "write image"),
    essentials_category="Basics",
)
def save_image_advanced(
    images: Image,
    filename_prefix: Prefix,
    format: Annotated[dict[str, Any], Format],
    prompt: Prompt = None,
    extra_pnginfo: PngInfo = None,
) -> Image:
    """Save pictures as PNG of 8 or 16 bits or as OpenEXR in output/, with the workflow inside the file."""
    texts = png_texts(prompt, with_recipe(prompt, extra_pnginfo))
    place = folders.current().output
    if format["format"] == "exr":
        light = deep.linear(images) if format["input_color_space"] == "sRGB" else images
        writers = [partial(deep.write_exr, image=one, texts=texts) for one in light]
        files = save_files(writers, place, filename_prefix, "_.exr", _size(images))
    elif format["bit_depth"] == "16-bit":
        writers = [partial(deep.write_png16, image=one, texts=texts, compress_level=COMPRESSION) for one in images]
        files = save_files(writers, place, filename_prefix, "_.png", _size(images))
    else:
        files = save_pngs(to_pictures(images), place, filename_prefix, texts)
    return {"ui": {"images": _outputs(files)}, "result": (images,)}  # type: ignore[return-value]


@node(
    "EaselSaveCompressed",
    title="Save Image (WebP, JPEG, AVIF)",
    category="image",
    outputs=("images",),
    is_output=True,
    search_aliases=("jpg", "jpeg", "webp", "avif", "compressed", "small file"),
)
def save_compressed(
    images: Image,
    filename_prefix: Prefix,
    format: Annotated[str, Combo(tuple(compressed.ENDINGS), tooltip="AVIF is the smallest, JPEG opens everywhere.")],
    quality: Annotated[int, Int(default=90, min=0, max=100, tooltip="Higher is closer to the picture, and larger.")],
    lossless: Annotated[bool, Boolean(default=False, tooltip="Every pixel as it is; WebP only.")],
    prompt: Prompt = None,
    extra_pnginfo: PngInfo = None,
) -> Image:
    """Save pictures as small files in output/, with the workflow inside as far as there is room for it."""
    texts = png_texts(prompt, with_recipe(prompt, extra_pnginfo))
    writers = [compressed.still(one, format, quality, lossless, texts) for one in to_pictures(images)]
    ending = f"_.{compressed.ENDINGS[format]}"
    files = save_files(writers, folders.current().output, filename_prefix, ending, _size(images))
    return {"ui": {"images": _outputs(files)}, "result": (images,)}  # type: ignore[return-value]


@node(
    "EaselSaveWithParameters",
    title="Save Image (A1111 Parameters)",
    category="image",
    outputs=("images",),
    is_output=True,
    search_aliases=("infotext", "a1111", "civitai", "parameters", "automatic1111"),
)
def save_with_parameters(
    images: Image,
    filename_prefix: Prefix,
    prompt: Prompt = None,
    extra_pnginfo: PngInfo = None,
    unique_id: Annotated[str, Hidden("UNIQUE_ID")] = "",
) -> Image:
    """Save pictures as PNG in output/ with the workflow, and with the parameters line that A1111's web UI and model
    sites read, as far as the graph can be said in it."""
    texts = png_texts(prompt, with_recipe(prompt, extra_pnginfo))
    place = folders.current().output
    files = [
        one
        for number, picture in enumerate(to_pictures(images))
        for one in save_pngs(
            [picture], place, filename_prefix, _parameters(prompt, unique_id, number, len(images)) | texts
        )
    ]
    return {"ui": {"images": _outputs(files)}, "result": (images,)}  # type: ignore[return-value]


def _parameters(prompt: Any, saver: str, place: int, count: int) -> dict[str, str]:
    """The text chunk of one of several pictures; none, and a warning, for a graph that has no such words."""
    if not isinstance(prompt, dict) or not metadata.is_wanted():
        return {}
    try:
        return {"parameters": write(for_batch(infotext_of(prompt, saver), place, count))}
    except ValueError as error:
        progress.warn(f"the picture is saved without parameters: {error}")
        return {}


@node(
    "SaveText",
    title="Save Text",
    category="text",
    outputs=("text",),
    is_output=True,
    python_module="comfy_extras.nodes_text",
    search_aliases=("save text", "write text", "export text"),
)
def save_text(
    text: Annotated[str, String(forceInput=True, tooltip="What the file holds.")],
    filename_prefix: Prefix,
    format: Annotated[str, Combo(("txt", "csv", "md", "json"), default="txt", tooltip="The ending of its name.")],
    prompt: Prompt = None,
    extra_pnginfo: PngInfo = None,
) -> Annotated[str, String()]:
    """Save text as a file in output/."""
    content = text.encode("utf-8", "surrogatepass")
    files = save_files([lambda file: file.write(content)], folders.current().output, filename_prefix, f".{format}")
    return {"ui": {"text": (text,), "files": _outputs(files)}, "result": (text,)}  # type: ignore[return-value]


@node(
    "ImageCompare",
    title="Compare Images",
    category="image",
    is_output=True,
    experimental=True,
    python_module="comfy_extras.nodes_image_compare",
    essentials_category="Image Tools",
)
def image_compare(
    compare_view: Annotated[Any, Widget("IMAGECOMPARE", tooltip="Both pictures, one on either side of a slider.")],
    image_a: Image | None = None,
    image_b: Image | None = None,
    prompt: Prompt = None,
    extra_pnginfo: PngInfo = None,
) -> None:
    """Show two pictures in one place, to look for differences."""
    sides = {"a_images": image_a, "b_images": image_b}
    seen = {name: shown(one, prompt, extra_pnginfo) for name, one in sides.items() if one is not None}
    return {"ui": seen}  # type: ignore[return-value]


def _outputs(files: list[dict[str, str]]) -> list[dict[str, str]]:
    return [one | {"type": "output"} for one in files]


def _size(images: Tensor) -> tuple[int, int]:
    return images.shape[2], images.shape[1]
