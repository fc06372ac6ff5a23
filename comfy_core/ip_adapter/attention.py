"""What an IP-Adapter does in one cross-attention of a U-Net: attend to the words of pictures beside the text.

    out = attention(q, k, v) + weight * attention(q, k', v')

Ye et al. 2023, https://arxiv.org/abs/2308.06721, equation 5.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from comfy_core.memory.attention import attention
from comfy_core.networks.ip_adapter import KeysAndValues
from comfy_core.networks.transformer_options import Options

WIDEST = 1280
"""The width of a U-Net's widest attention; in narrower ones a penalty for channels counts."""
SCALINGS = ("V only", "K+V", "K+V w/ C penalty", "K+mean(V) w/ C penalty")


@dataclass(frozen=True)
class Shown:
    """The words of pictures [n, words, width] for the prompt and for the negative one, and when, where and for whom
    they count: between two sigmas, where `mask` [m, H, W] is white, each for the latent of its place in the batch
    (`unfold`) or all for every latent. `scaling` says what of the attention the weight multiplies."""

    words: Tensor
    negative: Tensor
    start: float = math.inf
    end: float = 0.0
    mask: Tensor | None = None
    unfold: bool = False
    scaling: str = SCALINGS[0]


@dataclass(frozen=True)
class ImageAttention:
    """A cross-attention with pictures; `before` is what stood in for it before."""

    shown: Shown
    layer: KeysAndValues
    weight: float
    against: bool = False
    before: Callable[..., Tensor] | None = None

    def __call__(self, q: Tensor, k: Tensor, v: Tensor, options: Options) -> Tensor:
        heads = options["n_heads"]
        out = attention(q, k, v, heads) if self.before is None else self.before(q, k, v, options)
        if not self._counts(options):
            return out
        ip_k, ip_v, by = self._scaled(*self.layer(self._words(q, options)))
        added = attention(q, ip_k, ip_v, heads) * by
        return out + (added if self.shown.mask is None else added * self._mask(self.shown.mask, q, options))

    def _counts(self, options: Options) -> bool:
        start, end = self.shown.start, self.shown.end
        always = start == math.inf and end == 0.0
        return always or end <= float(options["sigmas"][0]) <= start

    def _words(self, q: Tensor, options: Options) -> Tensor:
        """The words that each row of a batch attends to."""
        sides = options["cond_or_uncond"]
        count = len(q) // len(sides)
        words, negative = (_for_batch(one, count, self.shown.unfold) for one in (self.shown.words, self.shown.negative))
        if self.against:
            words, negative = torch.zeros_like(words), words
        return torch.cat([words if side == 0 else negative for side in sides]).to(q.dtype)

    def _scaled(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor, float]:
        """Keys and values with the weight in them, and what of it is left for the result."""
        scaling = self.shown.scaling
        if scaling == "V only":
            return k, v, self.weight
        weight = self.weight * (k.shape[-1] / WIDEST if scaling.endswith("C penalty") else 1.0)
        if "mean" not in scaling:
            return k * weight, v * weight, 1.0
        mean = v.mean(dim=1, keepdim=True)
        return k * weight, v - mean + mean * weight, 1.0

    @staticmethod
    def _mask(mask: Tensor, q: Tensor, options: Options) -> Tensor:
        """The mask at the size of the feature map, for each row of a batch: [B, places, 1]."""
        height, width = options["activations_shape"][-2:]
        fitted = F.interpolate(mask[:, None].float(), size=(height, width), mode="bilinear").flatten(2).mT
        sides = options["cond_or_uncond"]
        return _fitted(fitted, len(q) // len(sides)).repeat(len(sides), 1, 1).to(q)


def _for_batch(words: Tensor, count: int, unfold: bool) -> Tensor:
    """Words [count, n, width]: of one picture each, or of all pictures in a row."""
    return _fitted(words, count) if unfold else words.flatten(0, 1)[None].expand(count, -1, -1)


def _fitted(rows: Tensor, count: int) -> Tensor:
    """The first `count` rows; where there are fewer, the last one again."""
    missing = count - len(rows)
    return torch.cat([rows, rows[-1:].expand(missing, -1, -1)]) if missing > 0 else rows[:count]
