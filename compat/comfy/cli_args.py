"""How the process was started, as far as packs ask."""

from __future__ import annotations

from argparse import Namespace
from enum import StrEnum

from comfy_core import folders, preview_method
from comfy_core.media import metadata


class LatentPreviewMethod(StrEnum):
    NoPreviews = "none"
    Auto = "auto"
    Latent2RGB = "latent2rgb"
    TAESD = "taesd"


args = Namespace(
    base_directory=str(folders.current().base),
    cpu=False,
    disable_metadata=not metadata.is_wanted(),
    highvram=False,
    listen="127.0.0.1",
    lowvram=False,
    novram=False,
    port=8188,
    preview_method=LatentPreviewMethod(preview_method.current()),
)
