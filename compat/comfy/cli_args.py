"""How the process was started, as far as packs ask. What this server has no flag for is as it is without one."""

from __future__ import annotations

import sys
from argparse import Namespace
from enum import StrEnum
from typing import Any

from comfy_core import folders, preview_method
from comfy_core.media import metadata
from nodes import registry


class LatentPreviewMethod(StrEnum):
    NoPreviews = "none"
    Auto = "auto"
    Latent2RGB = "latent2rgb"
    TAESD = "taesd"


def _device_flags() -> dict[str, Any]:
    """The flags of the device where the command line is not known; none while nobody has imported torch."""
    devices = sys.modules.get("comfy_core.memory.devices")
    policy = devices.policy() if devices is not None else None
    return {name: getattr(policy, name, False) for name in ("cpu", "highvram", "lowvram", "novram")}


_where = folders.current()
_without_flags = {
    "auto_launch": False,
    "base_directory": str(_where.base),
    "cuda_device": None,
    "deterministic": False,
    "disable_all_custom_nodes": False,
    "disable_metadata": not metadata.is_wanted(),
    "enable_manager": False,
    "enable_manager_legacy_ui": False,
    "extra_model_paths_config": None,
    "fast": set(),
    "force_fp16": False,
    "force_fp32": False,
    "front_end_root": None,
    "front_end_version": "comfyanonymous/ComfyUI@latest",
    "gpu_only": False,
    "input_directory": str(_where.input),
    "listen": "127.0.0.1",
    "multi_user": False,
    "normalvram": False,
    "output_directory": str(_where.output),
    "port": 8188,
    "preview_method": preview_method.current(),
    "preview_size": 512,
    "temp_directory": str(_where.temp),
    "user_directory": str(_where.user),
    "verbose": "INFO",
    "windows_standalone_build": False,
}
args = Namespace(**_without_flags | _device_flags() | registry.HOST.arguments)
args.preview_method = LatentPreviewMethod(args.preview_method)
