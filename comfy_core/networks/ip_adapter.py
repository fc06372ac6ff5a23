"""IP-Adapter: pictures as words that a U-Net attends to beside the text. Ye et al. 2023,
https://arxiv.org/abs/2308.06721; names as in its release (tencent-ailab/IP-Adapter).

What CLIP saw becomes words in one of three ways: of the picture as a whole (`WholePicture`), by questions put to its
patches (`Resampler`, "plus"), or of every patch (`EveryPatch`, "full face").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from comfy_core.memory.attention import attention

HEAD_WIDTH = 64


@dataclass(frozen=True)
class ResamplerDims:
    """`seen` is the width of CLIP's patches, `width` that inside, `inner` that of the attention, `mlp` that of the
    feed-forward layers, `questions` how many words come out."""

    seen: int
    width: int
    inner: int
    mlp: int
    layers: int
    questions: int


@dataclass(frozen=True)
class IPAdapterDims:
    """How pictures become words of width `context`: `whole` (the width of a picture's embedding, and how many words),
    `patches` (the width of CLIP's patches), or `resampler`; and the width of each cross-attention by its number in the
    file."""

    context: int
    attentions: Mapping[str, int]
    whole: tuple[int, int] | None = None
    patches: int | None = None
    resampler: ResamplerDims | None = None


class WholePicture(nn.Module):
    def __init__(self, seen: int, words: int, context: int) -> None:
        super().__init__()
        self.words = words
        self.proj = nn.Linear(seen, words * context)
        self.norm = nn.LayerNorm(context)

    def forward(self, seen: Tensor) -> Tensor:
        return self.norm(self.proj(seen).unflatten(-1, (self.words, -1)))


class EveryPatch(nn.Module):
    def __init__(self, seen: int, context: int) -> None:
        super().__init__()
        self.proj = nn.Sequential(nn.Linear(seen, seen), nn.GELU(), nn.Linear(seen, context), nn.LayerNorm(context))

    def forward(self, seen: Tensor) -> Tensor:
        return self.proj(seen)


class PerceiverAttention(nn.Module):
    """Questions that look at what was seen, and at one another (Jaegle et al. 2021, arXiv:2103.03206)."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.heads = inner // HEAD_WIDTH
        self.norm1 = nn.LayerNorm(width)
        self.norm2 = nn.LayerNorm(width)
        self.to_q = nn.Linear(width, inner, bias=False)
        self.to_kv = nn.Linear(width, 2 * inner, bias=False)
        self.to_out = nn.Linear(inner, width, bias=False)

    def forward(self, seen: Tensor, questions: Tensor) -> Tensor:
        questions = self.norm2(questions)
        k, v = self.to_kv(torch.cat([self.norm1(seen), questions], dim=1)).chunk(2, dim=-1)
        return self.to_out(attention(self.to_q(questions), k, v, self.heads))


class ResamplerLayer(nn.ModuleList):
    """Attention, and a feed-forward layer."""

    def __init__(self, dims: ResamplerDims) -> None:
        feed_forward = nn.Sequential(
            nn.LayerNorm(dims.width),
            nn.Linear(dims.width, dims.mlp, bias=False),
            nn.GELU(),
            nn.Linear(dims.mlp, dims.width, bias=False),
        )
        super().__init__([PerceiverAttention(dims.width, dims.inner), feed_forward])

    def forward(self, seen: Tensor, questions: Tensor) -> Tensor:
        questions = questions + self[0](seen, questions)
        return questions + self[1](questions)


class Resampler(nn.Module):
    def __init__(self, dims: ResamplerDims, context: int) -> None:
        super().__init__()
        self.latents = nn.Parameter(torch.empty(1, dims.questions, dims.width))
        self.proj_in = nn.Linear(dims.seen, dims.width)
        self.proj_out = nn.Linear(dims.width, context)
        self.norm_out = nn.LayerNorm(context)
        self.layers = nn.ModuleList(ResamplerLayer(dims) for _ in range(dims.layers))

    def forward(self, seen: Tensor) -> Tensor:
        seen, questions = self.proj_in(seen), self.latents.expand(len(seen), -1, -1)
        for layer in self.layers:
            questions = layer(seen, questions)
        return self.norm_out(self.proj_out(questions))


class KeysAndValues(nn.Module):
    """What one cross-attention makes of a picture's words."""

    def __init__(self, context: int, width: int) -> None:
        super().__init__()
        self.to_k_ip = nn.Linear(context, width, bias=False)
        self.to_v_ip = nn.Linear(context, width, bias=False)

    def forward(self, words: Tensor) -> tuple[Tensor, Tensor]:
        return self.to_k_ip(words), self.to_v_ip(words)


class IPAdapter(nn.Module):
    def __init__(self, dims: IPAdapterDims) -> None:
        super().__init__()
        self.dims = dims
        self.image_proj = _words_of(dims)
        self.ip_adapter = nn.ModuleDict(
            {number: KeysAndValues(dims.context, width) for number, width in dims.attentions.items()}
        )

    def forward(self, seen: Tensor) -> Tensor:
        """Words [B, n, context] of pictures: of their embeddings [B, seen], or of their patches [B, places, seen]."""
        return self.image_proj(seen)

    @property
    def takes_patches(self) -> bool:
        return self.dims.whole is None

    @property
    def attentions(self) -> Sequence[KeysAndValues]:
        """In the order in which the release counts a U-Net's: on the way down, on the way up, in the middle."""
        return [self.ip_adapter[number] for number in sorted(self.ip_adapter, key=int)]  # type: ignore[misc]


def _words_of(dims: IPAdapterDims) -> nn.Module:
    if dims.resampler is not None:
        return Resampler(dims.resampler, dims.context)
    if dims.patches is not None:
        return EveryPatch(dims.patches, dims.context)
    assert dims.whole is not None
    return WholePicture(*dims.whole, dims.context)
