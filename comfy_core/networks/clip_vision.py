"""CLIP's vision transformer (Radford et al. 2021, arXiv:2103.00020), with the key names of `transformers`."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from comfy_core.networks.clip_text import Encoder


@dataclass(frozen=True)
class ClipVisionDims:
    """The shape of the encoder, for square pictures of `image` pixels in patches of `patch`."""

    width: int = 1024
    layers: int = 24
    heads: int = 16
    mlp_width: int = 4096
    patch: int = 14
    image: int = 224
    projection: int = 768
    activation: str = "quick_gelu"

    @property
    def places(self) -> int:
        """Tokens of a picture: one for the whole, and one a patch."""
        return 1 + (self.image // self.patch) ** 2


@dataclass(frozen=True)
class Seen:
    """`last` [B, places, width]: after all layers; `penultimate`: after all but one; `embedding` [B, projection]: the
    picture as a whole, beside texts."""

    last: Tensor
    penultimate: Tensor
    embedding: Tensor


class Embeddings(nn.Module):
    def __init__(self, dims: ClipVisionDims) -> None:
        super().__init__()
        self.class_embedding = nn.Parameter(torch.empty(dims.width))
        self.patch_embedding = nn.Conv2d(3, dims.width, dims.patch, stride=dims.patch, bias=False)
        self.position_embedding = nn.Embedding(dims.places, dims.width)

    def forward(self, pixels: Tensor) -> Tensor:
        patches = self.patch_embedding(pixels).flatten(2).transpose(1, 2)
        whole = self.class_embedding.expand(len(pixels), 1, -1)
        return torch.cat([whole, patches], dim=1) + self.position_embedding.weight


class VisionTransformer(nn.Module):
    def __init__(self, dims: ClipVisionDims) -> None:
        super().__init__()
        self.embeddings = Embeddings(dims)
        self.pre_layrnorm = nn.LayerNorm(dims.width)
        self.encoder = Encoder(dims)
        self.post_layernorm = nn.LayerNorm(dims.width)


class ClipVision(nn.Module):
    def __init__(self, dims: ClipVisionDims) -> None:
        super().__init__()
        self.dims = dims
        self.vision_model = VisionTransformer(dims)
        self.visual_projection = nn.Linear(dims.width, dims.projection, bias=False)

    def forward(self, pixels: Tensor) -> Seen:
        """Look at normalised pictures [B, 3, image, image]."""
        model = self.vision_model
        x = penultimate = model.pre_layrnorm(model.embeddings(pixels))
        for layer in model.encoder.layers:
            penultimate, x = x, layer(x)
        return Seen(x, penultimate, self.visual_projection(model.post_layernorm(x[:, 0])))
