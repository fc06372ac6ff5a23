"""Small pictures of a latent while it is sampled, as packs make them."""

from __future__ import annotations

from typing import Any

from comfy_core import preview, preview_method
from comfy_core.latent_format import LatentFormat
from comfy_core.sampling.sample import prepare_callback

__all__ = ["MAX_PREVIEW_RESOLUTION", "LatentPreviewer", "get_previewer", "prepare_callback"]

MAX_PREVIEW_RESOLUTION = preview.SIZE


class LatentPreviewer:
    """Packs derive from it to show latents their own way."""

    def decode_latent_to_preview(self, x0: Any) -> Any:
        """A Pillow image of a scaled latent [B, C, h, w]."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it shows a latent")

    def decode_latent_to_preview_image(self, preview_format: str, x0: Any) -> tuple[str, Any, int]:
        """The same as a progress bar takes it."""
        return "JPEG", self.decode_latent_to_preview(x0), MAX_PREVIEW_RESOLUTION


class _Previewer(LatentPreviewer):
    """Shows latents as sampling does."""

    def __init__(self, latent_format: LatentFormat) -> None:
        self.latent_format = latent_format

    def decode_latent_to_preview(self, x0: Any) -> Any:
        return preview.latent_picture(x0, self.latent_format)


def get_previewer(device: Any, latent_format: LatentFormat) -> LatentPreviewer | None:
    """What shows latents of a format; None where nobody wants to see them."""
    return None if preview_method.current() == "none" else _Previewer(latent_format)
