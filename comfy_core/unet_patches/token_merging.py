"""Token merging: places that look alike are one for self-attention.

Bolya & Hoffman 2023, "Token Merging for Fast Stable Diffusion", https://arxiv.org/abs/2303.17604, section 4: of every
square of 2 x 2 places one, drawn by chance, stays; of the others the share that is most like one of those joins it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import torch
import torch.nn.functional as F
from torch import Tensor

from comfy_core.networks.transformer_options import Options
from comfy_core.unet_patches.network import Place, chance, level_here, place_of, size_here

SQUARE = 2


@dataclass(frozen=True)
class Merge:
    """`kept` [B, n] and `joining` [B, r] are places among the sources, `into` [B, r] the destinations that those join;
    `sources` and `destinations` are places of the feature map."""

    sources: Tensor
    destinations: Tensor
    kept: Tensor
    joining: Tensor
    into: Tensor

    def merged(self, x: Tensor) -> Tensor:
        """Places [B, N, C] with the joining ones in the mean of where they go: sources first, destinations last."""
        source, target = x[:, self.sources], x[:, self.destinations]
        joined = target.scatter_reduce(1, self._of(self.into, x), _taken(source, self.joining), "mean")
        return torch.cat([_taken(source, self.kept), joined], dim=1)

    def restored(self, merged: Tensor) -> Tensor:
        """All places [B, N, C] again; those that joined have what they joined."""
        count = self.kept.shape[1]
        kept, target = merged[:, :count], merged[:, count:]
        source = merged.new_empty(len(merged), len(self.sources), merged.shape[-1])
        source.scatter_(1, self._of(self.kept, merged), kept)
        source.scatter_(1, self._of(self.joining, merged), _taken(target, self.into))
        out = merged.new_empty(len(merged), len(self.sources) + len(self.destinations), merged.shape[-1])
        out[:, self.sources], out[:, self.destinations] = source, target
        return out

    @staticmethod
    def _of(places: Tensor, like: Tensor) -> Tensor:
        return places[..., None].expand(-1, -1, like.shape[-1])


def token_merging(ratio: float) -> tuple[Callable[..., tuple[Tensor, Tensor, Tensor]], Callable[..., Tensor]]:
    """A patch before self-attention and one after it, on feature maps of the latent's own size: `ratio` 0..1 of their
    places join others (three quarters at most)."""
    plans: dict[Place, Merge] = {}

    def before(x: Tensor, context: Tensor, value: Tensor, options: Options) -> tuple[Tensor, Tensor, Tensor]:
        (height, width), count = size_here(options), int(x.shape[1] * ratio)
        if not count or level_here(options) or x.shape[1] != height * width:
            return x, context, value
        plan = plans[place_of(options)] = matched(x, (height, width), count, chance(options))
        x, context, value = (plan.merged(one) for one in (x, context, value))
        return x, context, value

    def after(out: Tensor, options: Options) -> Tensor:
        plan = plans.pop(place_of(options), None)
        return out if plan is None else plan.restored(out)

    return before, after


def matched(x: Tensor, size: tuple[int, int], count: int, random: Random) -> Merge:
    """Which of the places of a feature map [B, N, C] join which; `count` of them, or all that can."""
    sources, destinations = (one.to(x.device) for one in drawn(size, random))
    unit = F.normalize(x, dim=-1)
    likeness, into = (unit[:, sources] @ unit[:, destinations].mT).max(-1)
    order = likeness.argsort(-1, descending=True)
    joining, kept = order[:, :count], order[:, count:]
    return Merge(sources, destinations, kept, joining, into.gather(1, joining))


def drawn(size: tuple[int, int], random: Random) -> tuple[Tensor, Tensor]:
    """The places that may join, and those that may be joined: one of every whole square."""
    height, width = size
    targets = [
        (y + random.randrange(SQUARE)) * width + x + random.randrange(SQUARE)
        for y in range(0, height - SQUARE + 1, SQUARE)
        for x in range(0, width - SQUARE + 1, SQUARE)
    ]
    is_target = torch.zeros(height * width, dtype=torch.bool)
    is_target[targets] = True
    return (~is_target).nonzero()[:, 0], is_target.nonzero()[:, 0]


def _taken(x: Tensor, places: Tensor) -> Tensor:
    return x.gather(1, Merge._of(places, x))
