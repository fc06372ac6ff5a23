"""Pictures [B, H, W, C] in 0..1 laid over one another."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from comfy_core.media.batches import as_many

Combine = Callable[[Tensor, Tensor], Tensor]
Premultiplied = Callable[[Tensor, Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]
ALMOST_TRANSPARENT = 1e-5


def pasted(destination: Tensor, source: Tensor, mask: Tensor, x: int, y: int) -> Tensor:
    """`source` over `destination` with its top left corner at (x, y), where `mask` [B, H, W], of its size, is white.

    What lies outside of the destination is left out; the shorter batches are repeated.
    """
    out = destination.clone()
    place = out[:, y : y + source.shape[1], x : x + source.shape[2]]
    height, width = place.shape[1:3]
    part = as_many(source, len(out))[:, :height, :width].to(out)
    weight = as_many(mask, len(out))[:, :height, :width, None].to(out)
    place.copy_(place + weight * (part - place))
    return out


def _soft_light(below: Tensor, above: Tensor) -> Tensor:
    root = torch.where(below <= 0.25, ((16 * below - 12) * below + 4) * below, below.clamp(min=0).sqrt())
    darker = below - (1 - 2 * above) * below * (1 - below)
    return torch.where(above <= 0.5, darker, below + (2 * above - 1) * (root - below))


BLENDS: dict[str, Combine] = {
    "normal": lambda below, above: above,
    "multiply": torch.mul,
    "screen": lambda below, above: 1 - (1 - below) * (1 - above),
    "overlay": lambda below, above: torch.where(below <= 0.5, 2 * below * above, 1 - 2 * (1 - below) * (1 - above)),
    "soft_light": _soft_light,
    "difference": torch.sub,
}
"""The blend modes of W3C Compositing and Blending Level 1, but for `difference`, which the ecosystem leaves signed."""


def blended(below: Tensor, above: Tensor, mode: str, factor: float) -> Tensor:
    """The picture `below` mixed with what a blend mode makes of it and the picture `above`: at 0 `below` itself."""
    return below.lerp(BLENDS[mode](below, above), factor).clamp(0, 1)


# --- Porter and Duff, "Compositing Digital Images" (1984) ------------------------------------------------------------


def _covering(source_share: Combine, destination_share: Combine) -> Premultiplied:
    """An operator by the shares of both that are seen, each computed of both alphas."""

    def operator(s: Tensor, sa: Tensor, d: Tensor, da: Tensor) -> tuple[Tensor, Tensor]:
        one, other = source_share(sa, da), destination_share(sa, da)
        return s * one + d * other, sa * one + da * other

    return operator


def _blending(colour: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]) -> Premultiplied:
    """An operator whose alpha is that of the union."""
    return lambda s, sa, d, da: (colour(s, sa, d, da), sa + da - sa * da)


def _overlay(s: Tensor, sa: Tensor, d: Tensor, da: Tensor) -> Tensor:
    return torch.where(2 * d < da, 2 * s * d, sa * da - 2 * (da - d) * (sa - s))


def _none(sa: Tensor, da: Tensor) -> Tensor:
    return torch.zeros_like(sa)


def _all(sa: Tensor, da: Tensor) -> Tensor:
    return torch.ones_like(sa)


def _in_source(sa: Tensor, da: Tensor) -> Tensor:
    return sa


def _in_destination(sa: Tensor, da: Tensor) -> Tensor:
    return da


def _out_of_source(sa: Tensor, da: Tensor) -> Tensor:
    return 1 - sa


def _out_of_destination(sa: Tensor, da: Tensor) -> Tensor:
    return 1 - da


OPERATORS: dict[str, Premultiplied] = {
    "ADD": lambda s, sa, d, da: ((s + d).clamp(max=1), (sa + da).clamp(max=1)),
    "CLEAR": _covering(_none, _none),
    "DARKEN": _blending(lambda s, sa, d, da: (1 - da) * s + (1 - sa) * d + torch.minimum(s, d)),
    "DST": _covering(_none, _all),
    "DST_ATOP": _covering(_out_of_destination, _in_source),
    "DST_IN": _covering(_none, _in_source),
    "DST_OUT": _covering(_none, _out_of_source),
    "DST_OVER": _covering(_out_of_destination, _all),
    "LIGHTEN": _blending(lambda s, sa, d, da: (1 - da) * s + (1 - sa) * d + torch.maximum(s, d)),
    "MULTIPLY": lambda s, sa, d, da: (s * d, sa * da),
    "OVERLAY": _blending(_overlay),
    "SCREEN": _blending(lambda s, sa, d, da: s + d - s * d),
    "SRC": _covering(_all, _none),
    "SRC_ATOP": _covering(_in_destination, _out_of_source),
    "SRC_IN": _covering(_in_destination, _none),
    "SRC_OUT": _covering(_out_of_destination, _none),
    "SRC_OVER": _covering(_all, _out_of_source),
    "XOR": _covering(_out_of_destination, _out_of_source),
}
"""By the names and formulas of android.graphics.PorterDuff.Mode, on colours multiplied by their alphas."""


def composed(
    source: Tensor, source_alpha: Tensor, destination: Tensor, destination_alpha: Tensor, mode: str
) -> tuple[Tensor, Tensor]:
    """Colours [B, H, W, 3] and alphas [B, H, W], 1 where opaque, of two pictures of one size put together."""
    sa, da = source_alpha[..., None], destination_alpha[..., None]
    colour, alpha = OPERATORS[mode](source * sa, sa, destination * da, da)
    colour = torch.where(alpha > ALMOST_TRANSPARENT, colour / alpha, torch.zeros_like(colour))
    return colour.clamp(0, 1), alpha[..., 0].clamp(0, 1)
