"""A diffusion model whole: the network, what it predicts, and the scale of its latents. What a MODEL's `.model` is."""

from __future__ import annotations

from math import prod
from typing import Any

import torch
from torch import Tensor, nn

from comfy_core.latent_format import LatentFormat
from comfy_core.sampling.prediction import EpsilonSampling, VelocitySampling


class DiffusionModel(nn.Module):
    """Turns a noisy latent into a guess of the clean one. `model_config` is the family module it was loaded by."""

    def __init__(
        self,
        diffusion_model: nn.Module,
        model_sampling: EpsilonSampling | VelocitySampling,
        latent_format: LatentFormat,
        model_config: Any = None,
        values_per_pixel: int = 10_000,
    ) -> None:
        super().__init__()
        self.diffusion_model = diffusion_model
        self.model_sampling = model_sampling
        self.latent_format = latent_format
        self.model_config = model_config
        self.values_per_pixel = values_per_pixel

    def apply_model(
        self,
        x: Tensor,
        t: Tensor,
        c_concat: Tensor | None = None,
        c_crossattn: Tensor | None = None,
        control: Any = None,
        transformer_options: dict[str, Any] | None = None,
        **kwargs: Tensor,
    ) -> Tensor:
        """The clean latent [B, C, h, w] that the model sees in `x` [B, C, h, w] at the noise levels `t` [B].

        `c_crossattn` [B, N, width] is the text, `c_concat` [B, c, h, w] goes beside the input's channels.
        """
        model_input = self.model_sampling.calculate_input(t, x)
        if c_concat is not None:
            model_input = torch.cat([model_input, c_concat], dim=1)
        dtype = self.get_dtype()
        extra = {name: value.to(dtype) for name, value in kwargs.items()}
        timestep = self.model_sampling.timestep(t).float()
        context = None if c_crossattn is None else c_crossattn.to(dtype)
        output = self.diffusion_model(model_input.to(dtype), timestep, context, **extra).float()
        return self.model_sampling.calculate_denoised(t, output, x)

    def extra_conds(self, **cond: Any) -> dict[str, Tensor]:
        """What `apply_model` needs of a conditioning entry, as tensors [1, ...] by argument name."""
        return {"c_crossattn": cond["cross_attn"]}

    def get_dtype(self) -> torch.dtype:
        return next(self.diffusion_model.parameters()).dtype

    def process_latent_in(self, latent: Tensor) -> Tensor:
        return self.latent_format.process_in(latent)

    def process_latent_out(self, latent: Tensor) -> Tensor:
        return self.latent_format.process_out(latent)

    def memory_required(self, input_shape: tuple[int, ...]) -> int:
        """An upper estimate of the bytes a forward pass on [B, C, h, w] holds: `values_per_pixel` numbers (all
        skips and the         widest block's temporaries) for each of its B * h * w places."""
        return input_shape[0] * prod(input_shape[2:]) * self.values_per_pixel * self.get_dtype().itemsize
