"""HyperTile: self-attention of large feature maps looks at tiles of them, whose sizes change from step to step so that
no seams show (tfernd 2023, https://github.com/tfernd/HyperTile).
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from einops import rearrange
from torch import Tensor

from comfy_core.networks.transformer_options import Options
from comfy_core.unet_patches.network import Place, chance, level_here, place_of, size_here

SMALLEST_TILE = 32
"""Pixels along a side."""


def hyper_tile(
    tile_size: int, swap_size: int, max_depth: int, scale_depth: bool
) -> tuple[Callable[..., tuple[Tensor, Tensor, Tensor]], Callable[..., Tensor]]:
    """A patch before self-attention and one after it, on feature maps that were halved `max_depth` times at most.

    Tiles have `tile_size` pixels along a side or more, where one of the `swap_size` smallest numbers of them does;
    with `scale_depth` a halved map has tiles of as many places.
    """
    least = max(SMALLEST_TILE, tile_size) // 8

    cut: dict[Place, dict[str, int]] = {}

    def before(x: Tensor, context: Tensor, value: Tensor, options: Options) -> tuple[Tensor, Tensor, Tensor]:
        level, random, (height, width) = level_here(options), chance(options), size_here(options)
        if level > max_depth or x.shape[1] != height * width:
            return x, context, value
        smallest = least * 2**level if scale_depth else least
        rows, columns = (parts(side, smallest, swap_size, random) for side in (height, width))
        if rows * columns == 1:
            return x, context, value
        sizes = cut[place_of(options)] = {"nh": rows, "nw": columns, "h": height // rows, "w": width // columns}
        x, context, value = (
            rearrange(one, "b (nh h nw w) c -> (b nh nw) (h w) c", **sizes) for one in (x, context, value)
        )
        return x, context, value

    def after(out: Tensor, options: Options) -> Tensor:
        sizes = cut.pop(place_of(options), None)
        return out if sizes is None else rearrange(out, "(b nh nw) (h w) c -> b (nh h nw w) c", **sizes)

    return before, after


def parts(size: int, smallest: int, swap_size: int, random: Random) -> int:
    """Into how many equal parts a side is cut: by chance one of the `swap_size` greatest numbers that leave them no
    smaller than `smallest`."""
    sizes = [one for one in range(min(smallest, size), size + 1) if size % one == 0]
    return size // random.choice(sizes[:swap_size])
