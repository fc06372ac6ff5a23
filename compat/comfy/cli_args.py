"""How the process was started, as far as packs ask and the worker is told: not where the server listens."""

from __future__ import annotations

import sys
from argparse import Namespace
from enum import StrEnum
from typing import Any

from comfy_core import folders, preview_method
from comfy_core.media import metadata


class LatentPreviewMethod(StrEnum):
    NoPreviews = "none"
    Auto = "auto"
    Latent2RGB = "latent2rgb"
    TAESD = "taesd"


def _device_flags() -> dict[str, Any]:
    """The flags of the device; those of the start without any while nobody has imported torch, and so no device is."""
    devices = sys.modules.get("comfy_core.memory.devices")
    policy = devices.policy() if devices is not None else None
    return {name: getattr(policy, name, False) for name in ("cpu", "highvram", "lowvram", "novram")}


args = Namespace(
    base_directory=str(folders.current().base),
    disable_metadata=not metadata.is_wanted(),
    listen="127.0.0.1",
    port=8188,
    preview_method=LatentPreviewMethod(preview_method.current()),
    **_device_flags(),
)
