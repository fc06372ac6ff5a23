"""A diffusion model whole: the network, what it predicts, and the scale of its latents. What a MODEL's `.model` is."""

from __future__ import annotations

import math
from enum import Enum
from math import prod
from typing import Any

import torch
from torch import Tensor, nn

from comfy_core.concat import Concat, repeated, resized
from comfy_core.latent_format import LatentFormat
from comfy_core.sampling.noise_levels import EDMSchedule
from comfy_core.sampling.prediction import EDM, Flow, ModelSampling, Velocity
from comfy_core.wrappers import WrappersMP, wrapped

TAKE_PART = ("patches", "patches_replace", "wrappers")
"""What of `transformer_options` concerns a network; one that is never patched need not take them."""
LCM_GUIDANCE = 8.0
"""The guidance scale of latent consistency models where the conditioning names none."""


class ModelType(Enum):
    """What a model predicts, and at which noise levels. The numbers are those of the ecosystem."""

    EPS = 1
    V_PREDICTION = 2
    V_PREDICTION_EDM = 3
    EDM = 5
    FLOW = 6


class DiffusionModel(nn.Module):
    """Turns a noisy latent into a guess of the clean one. `model_config` is the family module it was loaded by.

    A family whose network takes more than text and time says so by overriding `encode_adm` (the vector `y`), or by
    `concat`, what its input has next to the noisy latent. With `manual_cast_dtype` it computes in that type, and its
    weights are kept in another.
    """

    def __init__(
        self,
        diffusion_model: nn.Module,
        model_sampling: ModelSampling,
        latent_format: LatentFormat,
        model_config: Any = None,
        values_per_pixel: int = 10_000,
        concat: Concat | None = None,
    ) -> None:
        super().__init__()
        self.diffusion_model = diffusion_model
        self.model_sampling = model_sampling
        self.latent_format = latent_format
        self.model_config = model_config
        self.values_per_pixel = values_per_pixel
        self.concat = concat
        self.manual_cast_dtype: torch.dtype | None = None

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

        `c_crossattn` [B, N, width] is the text, `c_concat` [B, c, h, w] goes beside the input's channels; further
        arguments (`y` [B, width] …) are the network's own, `control` is what is added to its feature maps. Functions
        in `transformer_options` take part in its blocks.
        """
        model_input = self.model_sampling.calculate_input(t, x)
        if c_concat is None and self.concat is not None:
            c_concat = self.concat(self.latent_format, x.shape, {})
        if c_concat is not None:
            c_concat = repeated(resized(c_concat.to(model_input), x.shape), len(x))
            model_input = torch.cat([model_input, c_concat], dim=1)
        dtype = self.manual_cast_dtype or self.get_dtype()
        extra: dict[str, Any] = {name: value.to(x.device, dtype) for name, value in kwargs.items()}
        if any((transformer_options or {}).get(one) for one in TAKE_PART):
            extra["transformer_options"] = transformer_options
        if control is not None:
            extra["control"] = control
        timestep = self.model_sampling.timestep(t).float()
        context = None if c_crossattn is None else c_crossattn.to(dtype)
        network = wrapped(WrappersMP.DIFFUSION_MODEL, self.diffusion_model, transformer_options, self.diffusion_model)
        output = network(model_input.to(dtype), timestep, context, **extra).float()
        return self.model_sampling.calculate_denoised(t, output, x)

    def extra_conds(self, **cond: Any) -> dict[str, Tensor]:
        """What `apply_model` needs of a conditioning entry, as tensors [b, ...] by argument name.

        `cond` is the entry's own values, its text as `cross_attn`, and what is known of the run: `prompt_type`
        ("positive" or "negative"), `noise` [B, C, h, w], `latent_image` (scaled), `denoise_mask`, `seed`.
        """
        inputs = {
            "c_crossattn": cond.get("cross_attn"),
            "crossattn_controlnet": cond.get("cross_attn_controlnet"),
            "c_concat": self.concat_cond(**cond),
            "y": self.encode_adm(**cond),
            "guidance": self.encode_guidance(**cond),
        }
        return {name: value for name, value in inputs.items() if value is not None}

    def encode_adm(self, **cond: Any) -> Tensor | None:
        """The vector [1, width] that a network takes beside the text, or None."""
        return None

    @property
    def adm_channels(self) -> int:
        """The width of the vector that the network takes beside the text; 0 for none."""
        return self._dim("vector_dim")

    def _dim(self, name: str) -> int:
        return getattr(getattr(self.diffusion_model, "dims", None), name, 0)

    def encode_guidance(self, guidance: float = LCM_GUIDANCE, **cond: Any) -> Tensor | None:
        """The guidance scale [1, width] for a network that was distilled with it, or None.

        Luo et al. 2023, https://arxiv.org/abs/2310.04378: sinusoids of 1000 (scale - 1), sines first.
        """
        width = self._dim("guidance_dim")
        if not width:
            return None
        half = width // 2
        frequencies = torch.exp(torch.arange(half) * -(math.log(10_000) / (half - 1)))
        angles = 1000 * (guidance - 1) * frequencies
        return torch.cat([angles.sin(), angles.cos()])[None]

    def concat_cond(self, **cond: Any) -> Tensor | None:
        """What goes beside the noisy latent, [b, c, h, w], or None."""
        image = cond.get("concat_latent_image")
        like = cond.get("noise") if cond.get("noise") is not None else image
        if self.concat is None or like is None:
            return None
        return self.concat(self.latent_format, like.shape, cond)

    @property
    def model_type(self) -> ModelType:
        sampling = self.model_sampling
        if isinstance(sampling, EDM):
            return ModelType.EDM
        if isinstance(sampling, Velocity):
            return ModelType.V_PREDICTION_EDM if isinstance(sampling, EDMSchedule) else ModelType.V_PREDICTION
        return ModelType.FLOW if isinstance(sampling, Flow) else ModelType.EPS

    def get_dtype(self) -> torch.dtype:
        return next(self.diffusion_model.parameters()).dtype

    def process_latent_in(self, latent: Tensor) -> Tensor:
        return self.latent_format.process_in(latent)

    def process_latent_out(self, latent: Tensor) -> Tensor:
        return self.latent_format.process_out(latent)

    def memory_required(self, input_shape: tuple[int, ...]) -> int:
        """An upper estimate of the bytes a forward pass on [B, C, h, w] holds: `values_per_pixel` numbers (all
        skips and the widest block's temporaries) for each of its B * h * w places."""
        return input_shape[0] * prod(input_shape[2:]) * self.values_per_pixel * self.get_dtype().itemsize
