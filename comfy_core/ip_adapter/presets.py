"""The files of an IP-Adapter's release by what they are for, and the encoder that sees pictures for one."""

from __future__ import annotations

import re
from pathlib import Path

from comfy_core.folders import Folders
from comfy_core.ip_adapter.loading import IPAdapter, load_ip_adapter
from comfy_core.vision import ClipVisionModel, load_clip_vision
from comfy_core.weights import WeightsError, open_weights

PRESETS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "LIGHT - SD1.5 only (low strength)": (("ip-adapter_sd15_light_v11", "ip-adapter_sd15_light"), ()),
    "STANDARD (medium strength)": (("ip-adapter_sd15",), ("ip-adapter_sdxl_vit-h",)),
    "VIT-G (medium strength)": (("ip-adapter_sd15_vit-g",), ("ip-adapter_sdxl",)),
    "PLUS (high strength)": (("ip-adapter-plus_sd15",), ("ip-adapter-plus_sdxl_vit-h",)),
    "PLUS FACE (portraits)": (("ip-adapter-plus-face_sd15",), ("ip-adapter-plus-face_sdxl_vit-h",)),
    "FULL FACE - SD1.5 only (portraits stronger)": (("ip-adapter-full-face_sd15",), ()),
}
"""The names of the release's files, for Stable Diffusion 1.5 and for XL, the better first."""


def load_preset(where: Folders, preset: str, for_sdxl: bool) -> IPAdapter:
    """The IP-Adapter of a preset, with an encoder that fits it, from the user's models.

    Raises:
        ValueError: one of both is not there; the message names what to put where.
    """
    names = PRESETS[preset][1 if for_sdxl else 0]
    family = "Stable Diffusion XL" if for_sdxl else "Stable Diffusion 1.5"
    if not names:
        raise ValueError(f"there is no IP-Adapter '{preset}' for {family}; choose another preset")
    files = {_plain(Path(file).stem): file for file in where.files("ipadapter")}
    file = next((files[_plain(name)] for name in names if _plain(name) in files), None)
    if file is None:
        raise ValueError(f"'{preset}' for {family} is not in models/ipadapter/: put {names[0]}.safetensors there")
    adapter = load_ip_adapter(open_weights(where.find_model("ipadapter", file)))
    return adapter.seeing_with(_encoder_for(where, adapter))


def _plain(name: str) -> str:
    """A file's name without what people change of it."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _encoder_for(where: Folders, adapter: IPAdapter) -> ClipVisionModel:
    """The first encoder whose vectors are as wide as the adapter takes them."""
    for file in where.files("clip_vision"):
        try:
            found = load_clip_vision(open_weights(where.find_model("clip_vision", file)))
        except WeightsError:
            continue
        dims = found.model.dims
        if adapter.seen_width == (dims.width if adapter.network.takes_patches else dims.projection):
            return found
    raise ValueError(
        f"{adapter.name} takes pictures as vectors of {adapter.seen_width} numbers, and no encoder in "
        f"models/clip_vision/ gives them: put {adapter.encoder} there"
    )
