"""What packs derive from `SaveImage` and `PreviewImage` for: a `save_images` that writes where the instance says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from comfy_core import folders
from comfy_core.media.images import to_pictures
from comfy_core.media.save import COMPRESSION, png_texts, save_pngs
from nodes import registry
from nodes.images import RUN
from nodes.recipe import with_recipe


class SavesImages:
    """Packs set these four for themselves, and call `save_images`."""

    type = "output"
    prefix_append = ""
    compress_level = COMPRESSION

    @property
    def output_dir(self) -> str:
        """Where the files go: in the folder of `type` of whoever runs the prompt, unless a pack has set another."""
        return str(self.__dict__.get("output_dir") or folders.current().of_type(self.type))

    @output_dir.setter
    def output_dir(self, path: str) -> None:
        self.__dict__["output_dir"] = path

    def save_images(
        self,
        images: Any,
        filename_prefix: str = "ComfyUI",
        prompt: Any = None,
        extra_pnginfo: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Write pictures [B, H, W, C] as PNG files with the workflow inside, and name them as interfaces do.

        Raises ImageError when the prefix leaves the folder or the disk has no room.
        """
        texts = png_texts(prompt, with_recipe(prompt, extra_pnginfo))
        prefix = filename_prefix + self.prefix_append
        files = save_pngs(to_pictures(images), Path(self.output_dir), prefix, texts, self.compress_level)
        return {"ui": {"images": [one | {"type": self.type} for one in files]}, "result": (images,)}


class PreviewsImages(SavesImages):
    type = "temp"
    prefix_append = f"_temp_{RUN}"
    compress_level = 1


registry.BASES |= {"SaveImage": SavesImages, "PreviewImage": PreviewsImages}
