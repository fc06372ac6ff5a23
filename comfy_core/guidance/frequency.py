"""FreSca: low and high frequencies of what guidance adds are scaled apart.

Huang et al. 2025, "FreSca: Scaling in Frequency Space Enhances Diffusion Models", https://arxiv.org/abs/2504.02154.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from comfy_core.guidance.projections import Args


def frequency_guidance(scale_low: float, scale_high: float, cutoff: int) -> Callable[[Args], list[Tensor]]:
    """A function for `set_model_sampler_pre_cfg_function`; `cutoff` counts waves over the picture, 1 and 1 change
    nothing."""

    def change(args: Args) -> list[Tensor]:
        cond, uncond, *others = args["conds_out"]
        if scale_low == scale_high == 1:
            return args["conds_out"]
        return [uncond + scaled_bands(cond - uncond, scale_low, scale_high, cutoff), uncond, *others]

    return change


def scaled_bands(x: Tensor, low: float, high: float, cutoff: int) -> Tensor:
    """`x` [..., h, w] with its waves of -cutoff up to cutoff over either side scaled by `low`, the rest by `high`."""
    spectrum = torch.fft.fft2(x.float())
    rows, columns = (torch.fft.fftfreq(size, 1 / size, device=x.device) for size in x.shape[-2:])
    is_low = _within(rows, cutoff)[:, None] & _within(columns, cutoff)
    return torch.fft.ifft2(spectrum * torch.where(is_low, low, high)).real.to(x.dtype)


def _within(waves: Tensor, cutoff: int) -> Tensor:
    return (waves >= -cutoff) & (waves < cutoff)
