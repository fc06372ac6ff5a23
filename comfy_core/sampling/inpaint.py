"""Denoising only where a mask says so: elsewhere the latent is put back, noised to the level of the step."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor

if TYPE_CHECKING:
    from comfy_core.sampling.guidance import CFGGuider

SHORTEST = 1e-6


class MaskedDenoiser:
    """Stands between sampler and guider. `denoise_mask` [B, C, h, w] is 1 where the picture may change; without one
    this passes everything through."""

    def __init__(
        self,
        inner_model: CFGGuider,
        sigmas: Tensor,
        latent_image: Tensor,
        noise: Tensor,
        denoise_mask: Tensor | None = None,
    ) -> None:
        self.inner_model = inner_model
        self.sigmas = sigmas
        self.latent_image = latent_image
        self.noise = noise
        self.denoise_mask = denoise_mask

    def __call__(
        self, x: Tensor, sigma: Tensor, model_options: dict[str, Any] | None = None, seed: int | None = None
    ) -> Tensor:
        if self.denoise_mask is None:
            return self.inner_model(x, sigma, model_options=model_options, seed=seed)
        mask = self._mask(sigma, model_options or {})
        sampling = self.inner_model.model_patcher.get_model_object("model_sampling")
        kept = sampling.noise_scaling(sigma, self.noise, self.latent_image)
        out = self.inner_model(x * mask + kept * (1 - mask), sigma, model_options=model_options, seed=seed)
        return out * mask + self.latent_image * (1 - mask)

    def _mask(self, sigma: Tensor, model_options: dict[str, Any]) -> Tensor:
        assert self.denoise_mask is not None
        change = model_options.get("denoise_mask_function")
        if change is None:
            return self.denoise_mask
        extra = {"model": self.inner_model, "sigmas": self.sigmas}
        return change(sigma, self.denoise_mask, extra_options=extra)


def gradual_mask(strength: float = 1.0) -> Callable[..., Tensor]:
    """A function for `set_model_denoise_mask_function` that denoises a place only once the noise left is as low as its
    mask is grey, and black places never; with `strength` below 1 the mask itself counts for the rest.

    Levin & Fried 2023, "Differential Diffusion", https://arxiv.org/abs/2306.00950, algorithm 1.
    """

    def mask_at(sigma: Tensor, denoise_mask: Tensor, extra_options: dict[str, Any]) -> Tensor:
        sampling = extra_options["model"].model_patcher.get_model_object("model_sampling")
        sigmas = extra_options["sigmas"]
        ends = sigmas[0], torch.maximum(sigmas[-1], sampling.sigma_min.to(sigmas.device))
        first, last, now = (sampling.timestep(one).float() for one in (*ends, sigma[0]))
        way_left = (now - last) / (first - last).clamp(min=SHORTEST)
        open_now = ((denoise_mask >= way_left) & (denoise_mask > 0)).to(denoise_mask.dtype)
        return strength * open_now + (1 - strength) * denoise_mask

    return mask_at


def prepare_mask(noise_mask: Tensor, shape: torch.Size, device: torch.device) -> Tensor:
    """A mask [H, W], [B, H, W] or [B, 1, H, W] of any size as [B, C, h, w] over a latent of `shape`.

    Raises:
        ValueError: a mask of another form.
    """
    if noise_mask.ndim < 2 or not noise_mask.numel():
        raise ValueError(f"a mask is [height, width] or a batch of them, not of shape {list(noise_mask.shape)}")
    mask = noise_mask.reshape(-1, 1, *noise_mask.shape[-2:]).float()
    mask = F.interpolate(mask, size=tuple(shape[-2:]), mode="bilinear")
    times = -(-shape[0] // mask.shape[0])
    return mask.repeat(times, 1, 1, 1)[: shape[0]].expand(-1, shape[1], -1, -1).to(device)
