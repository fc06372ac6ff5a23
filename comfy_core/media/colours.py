"""Colours as people write them, and a picture's colours brought to those of another one."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

TINY = 1e-6


def rgb(text: str) -> tuple[float, float, float]:
    """Red, green and blue in 0..1 of `#rrggbb` (or `#rgb`, or with an alpha, which is left out), or of a colour's name.

    Raises ValueError for anything else.
    """
    return rgba(text)[:3]


def rgba(text: str) -> tuple[float, float, float, float]:
    """`rgb`, and alpha in 0..1."""
    from PIL import ImageColor

    try:
        red, green, blue, *alpha = ImageColor.getrgb(text.strip())
    except ValueError as error:
        raise ValueError(f"{text!r} is not a colour; write it as #rrggbb") from error
    return red / 255, green / 255, blue / 255, (alpha[0] if alpha else 255) / 255


# --- one picture's colours for another -------------------------------------------------------------------------------


def by_moments(target: Tensor, source: Tensor, reference: Tensor) -> Tensor:
    """Means and deviations of the channels of CIE Lab made those of `reference`.

    Reinhard et al. 2001, "Color Transfer between Images". `target` [N, 3] and `reference` [M, 3] are colours in 0..1,
    `source` those whose moments stand for the target's.
    """
    lab, own, wanted = (_lab(one) for one in (target, source, reference))
    (own_deviation, own_mean), (deviation, mean) = (torch.std_mean(one, dim=0) for one in (own, wanted))
    return _rgb((lab - own_mean) * (deviation / own_deviation.clamp(min=TINY)) + mean)


def by_covariance(target: Tensor, source: Tensor, reference: Tensor) -> Tensor:
    """The linear map in CIE Lab that moves colours least of those that give them `reference`'s covariance.

    Pitié and Kokaram 2007, "The linear Monge-Kantorovitch linear colour mapping"; arguments as in `by_moments`.
    """
    lab, own, wanted = (_lab(one) for one in (target, source, reference))
    root, inverse = _root(_covariance(own), 0.5), _root(_covariance(own), -0.5)
    map_ = inverse @ _root(root @ _covariance(wanted) @ root, 0.5) @ inverse
    return _rgb((lab - own.mean(0)) @ map_ + wanted.mean(0))


def by_histogram(target: Tensor, source: Tensor, reference: Tensor) -> Tensor:
    """Every channel's values given those that `reference` has at the same rank; arguments as in `by_moments`."""
    channels = []
    for own, ranked, wanted in zip(target.T, source.T, reference.T, strict=True):
        ranked, wanted, own = ranked.sort().values, wanted.sort().values, own.contiguous()
        below, upto = (torch.searchsorted(ranked, own, right=right) for right in (False, True))
        place = ((below + upto) / 2 / len(ranked) * len(wanted) - 0.5).clamp(0, len(wanted) - 1)
        channels.append(wanted[place.floor().long()].lerp(wanted[place.ceil().long()], place.frac()))
    return torch.stack(channels, dim=-1)


TRANSFERS: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "reinhard_lab": by_moments,
    "mkl_lab": by_covariance,
    "histogram": by_histogram,
}


def _lab(colours: Tensor) -> Tensor:
    from kornia.color import rgb_to_lab

    return rgb_to_lab(colours.T[:, :, None]).squeeze(-1).T


def _rgb(lab: Tensor) -> Tensor:
    from kornia.color import lab_to_rgb

    return lab_to_rgb(lab.T[:, :, None]).squeeze(-1).T


def _covariance(colours: Tensor) -> Tensor:
    return torch.cov(colours.T) + TINY * torch.eye(3).to(colours)


def _root(matrix: Tensor, power: float) -> Tensor:
    """A power of a symmetric matrix."""
    values, vectors = torch.linalg.eigh(matrix)
    return vectors @ torch.diag(values.clamp(min=TINY) ** power) @ vectors.T
