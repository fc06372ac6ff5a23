"""Self-attention guidance: away from what the model makes of the picture when the places it looks at are blurred.

Hong et al. 2022, "Improving Sample Quality of Diffusion Models Using Self-Attention Guidance",
https://arxiv.org/abs/2210.00939, algorithm 1.
"""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from comfy_core.guidance.perturbed import with_replacements
from comfy_core.guidance.projections import Args
from comfy_core.memory.attention import attention
from comfy_core.networks.transformer_options import Options
from comfy_core.sampling.guidance import predict_conditions

MIDDLE = ("attn1", ("middle", 0, 0))
KERNEL = 9
SALIENT = 1.0
SMALLEST_SIDE = 4
"""Latents no larger than this have no structure to blur."""


class SelfAttentionGuidance:
    """Holds on to the self-attention of the U-Net's middle on the negative side, from the evaluation to its use."""

    def __init__(self, scale: float, blur_sigma: float) -> None:
        self.scale, self.blur_sigma = scale, blur_sigma
        self._seen: Tensor | None = None

    def attend(self, q: Tensor, k: Tensor, v: Tensor, options: Options) -> Tensor:
        """A replacement for that attention which keeps what each place is looked at."""
        heads, sides = options["n_heads"], options["cond_or_uncond"]
        if 1 in sides:
            rows = len(q) // len(sides)
            place = slice(rows * sides.index(1), rows * (sides.index(1) + 1))
            self._seen = looked_at(q[place], k[place], heads)
        return attention(q, k, v, heads)

    def guide(self, args: Args) -> Tensor:
        """A function for `set_model_sampler_post_cfg_function`."""
        guided, x, x0 = args["denoised"], args["input"], args["uncond_denoised"]
        if not self.scale or min(guided.shape[2:]) <= SMALLEST_SIDE:
            return guided
        seen, self._seen = self._seen, None
        if seen is None:  # the answer came from a journal: ask once more
            seen = self._asked(args)
        degraded = torch.lerp(x0, blurred(x0, self.blur_sigma), salient(seen, x0))
        (without,) = predict_conditions(
            args["model"], [args["uncond"]], degraded + x - x0, args["sigma"], args["model_options"]
        )
        self._seen = None
        return guided + self.scale * (degraded - without)

    def _asked(self, args: Args) -> Tensor:
        options = with_replacements(args["model_options"], {MIDDLE: self.attend})
        sides: list[Any] = [[], args["uncond"]]
        predict_conditions(args["model"], sides, args["input"], args["sigma"], options)
        if self._seen is None:
            raise ValueError("self-attention guidance needs a negative prompt that counts at every step")
        return self._seen


def looked_at(q: Tensor, k: Tensor, heads: int) -> Tensor:
    """How much each of M places is attended to, [B, M]: summed over the places that look, the mean over heads. All
    equal it is 1."""
    q, k = (one.unflatten(-1, (heads, -1)).transpose(1, 2).float() for one in (q, k))
    return (q @ k.mT / math.sqrt(q.shape[-1])).softmax(-1).mean(1).sum(1)


def salient(seen: Tensor, x0: Tensor) -> Tensor:
    """The places that are attended to more than on average, as a mask [B, 1, h, w] over the latent `x0`."""
    height, width = x0.shape[-2:]
    rows = _rows(seen.shape[-1], height / width)
    mask = (seen > SALIENT).to(x0.dtype).view(len(seen), 1, rows, -1)
    return F.interpolate(mask, (height, width))


def _rows(places: int, aspect: float) -> int:
    """Into how many rows so many places are laid out, for a picture of this height by width."""
    wanted = math.sqrt(places * aspect)
    return min((one for one in range(1, places + 1) if places % one == 0), key=lambda one: abs(one - wanted))


def blurred(x: Tensor, sigma: float) -> Tensor:
    """`x` [B, C, h, w] under a Gaussian of nine places, mirrored at the edges."""
    if sigma == 0:
        return x
    places = torch.arange(KERNEL, dtype=x.dtype, device=x.device) - KERNEL // 2
    line = torch.exp(-0.5 * (places / sigma) ** 2)
    line = (line / line.sum()).expand(x.shape[1], 1, 1, -1)
    padded = F.pad(x, [KERNEL // 2] * 4, mode="reflect")
    across = F.conv2d(padded, line, groups=x.shape[1])
    return F.conv2d(across, line.mT, groups=x.shape[1])
