"""Nodes for drawings made of lines and curves."""

from __future__ import annotations

from typing import Annotated, Any

from comfy_core import folders
from comfy_core.media import vector
from comfy_core.media.save import png_texts, save_files
from nodes.recipe import with_recipe
from nodes.schema import Socket, String, node
from nodes.types import PngInfo, Prompt

Svg = Annotated[Any, Socket("SVG", tooltip="Drawings: an object whose `data` is a list of SVG files in memory.")]


@node(
    "SaveSVGNode",
    title="Save SVG",
    category="image",
    outputs=("svg",),
    is_output=True,
    python_module="comfy_extras.nodes_images",
    search_aliases=("export vector", "save vector graphics"),
)
def save_svg(
    svg: Svg,
    filename_prefix: Annotated[
        str, String(default="svg/ComfyUI", tooltip="May name a subfolder, and hold %year%, %month%, %day% …")
    ],
    prompt: Prompt = None,
    extra_pnginfo: PngInfo = None,
) -> Svg:
    """Save drawings as SVG in output/, with the workflow inside the file."""
    texts = png_texts(prompt, with_recipe(prompt, extra_pnginfo))
    contents = [vector.with_texts(one.getvalue(), texts) for one in svg.data]
    writers = [lambda file, content=content: file.write(content) for content in contents]
    files = save_files(writers, folders.current().output, filename_prefix, "_.svg")
    return {"ui": {"images": [one | {"type": "output"} for one in files]}, "result": (svg,)}  # type: ignore[return-value]
