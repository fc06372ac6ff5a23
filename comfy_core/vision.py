"""What nodes call a CLIP_VISION: an encoder of pictures, and the pictures as it takes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from comfy_core.concat import repeated
from comfy_core.families._clip import transformers_layout
from comfy_core.families._ldm import build, count, file_name, patcher_of
from comfy_core.families._views import transposed, viewed
from comfy_core.memory import devices, residency
from comfy_core.networks.clip_vision import ClipVision, ClipVisionDims
from comfy_core.patcher import ModelPatcher
from comfy_core.weights import Weights, WeightsError

MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)
HEADS, HEADS_OF_B, WIDTH_OF_B = 16, 12, 768
LAYERS_OF_L = 24
VALUES_PER_TOKEN = 20
OPEN_CLIP_NAMES = {
    "class_embedding": "vision_model.embeddings.class_embedding",
    "conv1.weight": "vision_model.embeddings.patch_embedding.weight",
    "embeddings.position_embedding.weight": "vision_model.embeddings.position_embedding.weight",
    "ln_pre": "vision_model.pre_layrnorm",
    "ln_post": "vision_model.post_layernorm",
    "proj": "visual_projection.weight",
}


@dataclass(frozen=True)
class ClipVisionOutput:
    """What an encoder saw in B pictures; also read by name, `output["image_embeds"]`."""

    last_hidden_state: Tensor
    """[B, 1 + patches, width], after all layers."""
    penultimate_hidden_states: Tensor
    """[B, 1 + patches, width], after all layers but one."""
    image_embeds: Tensor
    """[B, projection], the pictures as wholes."""

    def __getitem__(self, name: str) -> Tensor:
        return getattr(self, name)


class ClipVisionModel:
    """Pictures in, what they show out."""

    def __init__(self, patcher: ModelPatcher) -> None:
        self.patcher = patcher

    @property
    def model(self) -> ClipVision:
        return self.patcher.model  # type: ignore[return-value]

    @property
    def image_size(self) -> int:
        return self.model.dims.image

    def encode_image(self, image: Tensor, crop: bool = True, mask: Tensor | None = None) -> ClipVisionOutput:
        """Look at pictures [B, H, W, 3] in 0..1; with `crop` at their middle square, else at all of them, squeezed;
        where a mask [b, H, W] is black, at nothing."""
        pixels = clip_preprocess(image.to(self.patcher.load_device), self.image_size, crop)
        if mask is not None:
            seen = squared(mask[:, None].to(pixels), self.image_size, crop).clamp(0, 1)
            pixels = pixels * repeated(seen, len(pixels))
        return self._encode(pixels)

    def encode_nothing(self) -> ClipVisionOutput:
        """What it sees in one picture that is as even as can be."""
        return self._encode(torch.zeros(1, 3, self.image_size, self.image_size, device=self.patcher.load_device))

    @torch.no_grad()
    def _encode(self, pixels: Tensor) -> ClipVisionOutput:
        """Look at pictures as `clip_preprocess` leaves them."""
        dims = self.model.dims
        values = len(pixels) * dims.places * dims.mlp_width * VALUES_PER_TOKEN
        with residency.use([self.patcher], values * self.patcher.model_dtype().itemsize):
            seen = self.model(pixels.to(self.patcher.model_dtype()))
        here = devices.offload_device()
        return ClipVisionOutput(*(one.float().to(here) for one in (seen.last, seen.penultimate, seen.embedding)))


def clip_preprocess(image: Tensor, size: int = 224, crop: bool = True) -> Tensor:
    """Pictures [B, H, W, 3] in 0..1 as CLIP takes them: resized (bicubic), rounded to 8 bits and normalised,
    [B, 3, size, size]."""
    pixels = image[..., :3].movedim(-1, 1).float()
    if pixels.shape[1] == 1:
        pixels = pixels.expand(-1, 3, -1, -1)
    pixels = (squared(pixels, size, crop) * 255).clamp(0, 255).round() / 255
    mean, std = (torch.tensor(values, device=pixels.device)[:, None, None] for values in (MEAN, STD))
    return (pixels - mean) / std


def squared(pixels: Tensor, size: int, crop: bool) -> Tensor:
    """Pictures [B, C, H, W] as squares of a size: their middles, or all of them, squeezed."""
    height, width = pixels.shape[2:]
    if (height, width) == (size, size):
        return pixels
    scale = size / min(height, width)
    to = (round(height * scale), round(width * scale)) if crop else (size, size)
    pixels = F.interpolate(pixels, size=to, mode="bicubic", antialias=True)
    top, left = (to[0] - size) // 2, (to[1] - size) // 2
    return pixels[:, :, top : top + size, left : left + size]


def load_clip_vision(weights: Weights) -> ClipVisionModel:
    """A CLIP vision encoder (ViT-L, -H, -bigG) in the layout of `transformers` or of OpenCLIP.

    Raises:
        WeightsError: the table holds no such encoder, or not all of it.
    """
    table = _transformers_vision(weights)
    dims = _dims(table)
    network = build(ClipVision, dims, "CLIP vision encoder", table)
    dtype = devices.network_dtype(devices.compute_device())
    return ClipVisionModel(patcher_of(network, table, dtype, "CLIP vision encoder"))


def _dims(table: Weights) -> ClipVisionDims:
    """The dimensions of an encoder, from its shapes. What does not show in them: CLIP's have 16 heads, ViT-B
    12, and OpenAI's B and L have another activation than OpenCLIP's larger ones."""
    embeddings = "vision_model.embeddings."
    try:
        width, _, patch, _ = table.shape(embeddings + "patch_embedding.weight")
        places, _ = table.shape(embeddings + "position_embedding.weight")
        projection, _ = table.shape("visual_projection.weight")
        mlp_width, _ = table.shape("vision_model.encoder.layers.0.mlp.fc1.weight")
    except (KeyError, ValueError) as error:
        raise WeightsError(
            f"{file_name(table)} holds no CLIP vision encoder that this version knows ({error} is missing); supported: "
            "ViT-L, ViT-H and ViT-bigG in the layouts of transformers and OpenCLIP."
        ) from error
    layers = count(table, "vision_model.encoder.layers.{}.layer_norm1.weight")
    return ClipVisionDims(
        width=width,
        layers=layers,
        heads=int(table.metadata.get("easel.vision_heads", HEADS_OF_B if width == WIDTH_OF_B else HEADS)),
        mlp_width=mlp_width,
        patch=patch,
        image=patch * round((places - 1) ** 0.5),
        projection=projection,
        activation="quick_gelu" if layers <= LAYERS_OF_L else "gelu",
    )


def _transformers_vision(weights: Weights) -> Weights:
    """The encoder's table under the names of `transformers`, whichever of both layouts it has."""
    visual = weights.under("visual.") if weights.has_prefix("visual.") else weights
    if not visual.has_prefix("transformer.resblocks."):
        return weights
    views = {"proj": transposed(visual, "proj")} if "proj" in visual else {}
    return transformers_layout(viewed(visual, views)).renamed(_renamed)


def _renamed(name: str) -> str:
    if name.startswith("encoder."):
        return f"vision_model.{name}"
    match: Any = re.fullmatch(r"(ln_pre|ln_post)\.(weight|bias)", name)
    return f"{OPEN_CLIP_NAMES[match[1]]}.{match[2]}" if match else OPEN_CLIP_NAMES.get(name, name)
