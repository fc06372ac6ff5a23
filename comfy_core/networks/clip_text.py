"""CLIP's text transformer (Radford et al. 2021, arXiv:2103.00020), with the key names of the `transformers` release."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from comfy_core.memory.attention import attention


@dataclass(frozen=True)
class ClipTextDims:
    """The shape of the encoder. `activation` is `quick_gelu` (OpenAI's CLIP) or `gelu` (OpenCLIP H and bigG)."""

    width: int = 768
    layers: int = 12
    heads: int = 12
    mlp_width: int = 3072
    vocabulary: int = 49408
    positions: int = 77
    activation: str = "quick_gelu"
    projection: int = 0


class LayerDims(Protocol):
    """What a layer needs to know of an encoder's shape, of text or of pictures."""

    @property
    def width(self) -> int: ...
    @property
    def layers(self) -> int: ...
    @property
    def heads(self) -> int: ...
    @property
    def mlp_width(self) -> int: ...
    @property
    def activation(self) -> str: ...


def quick_gelu(x: Tensor) -> Tensor:
    return x * torch.sigmoid(1.702 * x)


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {"quick_gelu": quick_gelu, "gelu": F.gelu}


@dataclass(frozen=True)
class Encoded:
    """`hidden` [B, N, width]: the asked layer, before the final norm; `last`: after all layers and the final norm;
    `pooled` [B, width or projection]: `last` at the end token."""

    hidden: Tensor
    last: Tensor
    pooled: Tensor


class Attention(nn.Module):
    def __init__(self, dims: LayerDims) -> None:
        super().__init__()
        self.heads = dims.heads
        self.q_proj = nn.Linear(dims.width, dims.width)
        self.k_proj = nn.Linear(dims.width, dims.width)
        self.v_proj = nn.Linear(dims.width, dims.width)
        self.out_proj = nn.Linear(dims.width, dims.width)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return self.out_proj(attention(self.q_proj(x), self.k_proj(x), self.v_proj(x), self.heads, mask))


class MLP(nn.Module):
    def __init__(self, dims: LayerDims) -> None:
        super().__init__()
        self.activation = ACTIVATIONS[dims.activation]
        self.fc1 = nn.Linear(dims.width, dims.mlp_width)
        self.fc2 = nn.Linear(dims.mlp_width, dims.width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(self.activation(self.fc1(x)))


class EncoderLayer(nn.Module):
    def __init__(self, dims: LayerDims) -> None:
        super().__init__()
        self.layer_norm1 = nn.LayerNorm(dims.width)
        self.self_attn = Attention(dims)
        self.layer_norm2 = nn.LayerNorm(dims.width)
        self.mlp = MLP(dims)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        x = x + self.self_attn(self.layer_norm1(x), mask)
        return x + self.mlp(self.layer_norm2(x))


class Embeddings(nn.Module):
    def __init__(self, dims: ClipTextDims) -> None:
        super().__init__()
        self.token_embedding = nn.Embedding(dims.vocabulary, dims.width)
        self.position_embedding = nn.Embedding(dims.positions, dims.width)


class Encoder(nn.Module):
    def __init__(self, dims: LayerDims) -> None:
        super().__init__()
        self.layers = nn.ModuleList(EncoderLayer(dims) for _ in range(dims.layers))


class ClipText(nn.Module):
    def __init__(self, dims: ClipTextDims) -> None:
        super().__init__()
        self.dims = dims
        self.embeddings = Embeddings(dims)
        self.encoder = Encoder(dims)
        self.final_layer_norm = nn.LayerNorm(dims.width)
        if dims.projection:
            self.text_projection = nn.Linear(dims.width, dims.projection, bias=False)

    def embed(self, tokens: Tensor) -> Tensor:
        """Token vectors [B, N, width] of ids [B, N]; a caller may put other vectors in (textual inversion)."""
        return self.embeddings.token_embedding(tokens)

    def forward(self, vectors: Tensor, ends: Tensor, layer: int = -1) -> Encoded:
        """Encode token vectors [B, N, width]; `ends` [B] is where each row's first end token stands.

        `layer` counts from the end: -1 the last layer's output, -2 the one before (CLIP skip 2) …
        Raises ValueError if the encoder has no such layer.
        """
        count = len(self.encoder.layers)
        if not -count <= layer <= -1:
            raise ValueError(f"this text encoder has {count} layers: choose from -1 to -{count}, not {layer}")
        length = vectors.shape[1]
        x = vectors + self.embeddings.position_embedding.weight[:length]
        mask = torch.full((length, length), float("-inf"), dtype=x.dtype, device=x.device).triu(1)
        hidden = x
        for i, block in enumerate(self.encoder.layers):
            x = block(x, mask)
            if i == count + layer:
                hidden = x
        last = self.final_layer_norm(x)
        pooled = last[torch.arange(len(last), device=last.device), ends]
        if self.dims.projection:
            pooled = self.text_projection(pooled)
        return Encoded(hidden, last, pooled)
