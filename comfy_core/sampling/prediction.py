"""What a network predicts: the bridge between a network and the samplers.

Samplers work with x = x0 + sigma * noise and want x0 back ("denoised"); a network was trained with its own scaling of
the input, its own notion of time and its own target. Karras et al. 2022, https://arxiv.org/abs/2206.00364, section 5.
A model's `model_sampling` is a prediction and the noise levels it was trained at, for example
`model_sampling(Velocity, EDMSchedule, sigma_min=0.002, sigma_max=700.0)`.
"""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor

from comfy_core.sampling.noise_levels import DiscreteSchedule, NoiseSchedule


class Epsilon:
    """The network predicts the noise. x0 = x - sigma * out."""

    sigma_data = 1.0

    def calculate_input(self, sigma: Tensor, noise: Tensor) -> Tensor:
        """What the network sees: `noise` [B, ...] at `sigma` [B], scaled to unit variance."""
        return noise / (_beside(sigma, noise) ** 2 + self.sigma_data**2) ** 0.5

    def calculate_denoised(self, sigma: Tensor, model_output: Tensor, model_input: Tensor) -> Tensor:
        """The x0 that the network's output implies; `model_input` is x before `calculate_input`."""
        return model_input - model_output * _beside(sigma, model_output)

    def noise_scaling(self, sigma: Tensor, noise: Tensor, latent_image: Tensor, max_denoise: bool = False) -> Tensor:
        """`latent_image` with noise of level `sigma` added.

        At the top of the schedule (`max_denoise`) the noise has the variance that training data had there.
        """
        sigma = _beside(sigma, noise)
        scale = torch.sqrt(1.0 + sigma**2) if max_denoise else sigma
        return noise * scale + latent_image

    def inverse_noise_scaling(self, sigma: Tensor, latent: Tensor) -> Tensor:
        """Undo what `noise_scaling` did to the scale of the latent (nothing, for this prediction)."""
        return latent


class Velocity(Epsilon):
    """The network predicts v = alpha * noise - sigma * x0 (Salimans & Ho 2022, https://arxiv.org/abs/2202.00512)."""

    def calculate_denoised(self, sigma: Tensor, model_output: Tensor, model_input: Tensor) -> Tensor:
        sigma = _beside(sigma, model_output)
        variance = sigma**2 + self.sigma_data**2
        return model_input * self.sigma_data**2 / variance - model_output * sigma * self.sigma_data / variance**0.5


class EDM(Velocity):
    """The network predicts what is missing from the part of x that it may keep (Karras et al. 2022, equation 7): as
    v, of the other sign. `sigma_data` is the spread of the training data."""

    sigma_data = 0.5

    def calculate_denoised(self, sigma: Tensor, model_output: Tensor, model_input: Tensor) -> Tensor:
        return super().calculate_denoised(sigma, -model_output, model_input)


class Sample(Epsilon):
    """The network predicts x0 itself."""

    def calculate_denoised(self, sigma: Tensor, model_output: Tensor, model_input: Tensor) -> Tensor:
        return model_output


class ImageToImage(Sample):
    """The network predicts x0 and sees x unscaled: one-step models from picture to picture."""

    def calculate_input(self, sigma: Tensor, noise: Tensor) -> Tensor:
        return noise


class Consistency(Epsilon):
    """A noise prediction held to the identity where the noise ends: c_out x0 + c_skip x.

    Luo et al. 2023, https://arxiv.org/abs/2310.04378, section 4.1: c_skip = d² / (t² + d²), c_out = t / sqrt(t² + d²)
    with d = 0.5 and t ten times the timestep.
    """

    TIME_SCALE = 10.0
    DATA = 0.5

    def calculate_denoised(self, sigma: Tensor, model_output: Tensor, model_input: Tensor) -> Tensor:
        x0 = super().calculate_denoised(sigma, model_output, model_input)
        time = _beside(self.timestep(sigma), model_output) * self.TIME_SCALE  # type: ignore[attr-defined]
        variance = time**2 + self.DATA**2
        return x0 * time / variance**0.5 + model_input * self.DATA**2 / variance


class Flow:
    """The network predicts the velocity noise - x0 of a straight path x = (1 - sigma) x0 + sigma noise, sigma 0..1.

    Liu et al. 2022, https://arxiv.org/abs/2209.03003.
    """

    sigma_data = 1.0

    def calculate_input(self, sigma: Tensor, noise: Tensor) -> Tensor:
        """What the network sees: x as it is."""
        return noise

    def calculate_denoised(self, sigma: Tensor, model_output: Tensor, model_input: Tensor) -> Tensor:
        return model_input - model_output * _beside(sigma, model_output)

    def noise_scaling(self, sigma: Tensor, noise: Tensor, latent_image: Tensor, max_denoise: bool = False) -> Tensor:
        """The point of the path between `latent_image` and `noise`."""
        sigma = _beside(sigma, noise)
        return sigma * noise + (1.0 - sigma) * latent_image

    def inverse_noise_scaling(self, sigma: Tensor, latent: Tensor) -> Tensor:
        """Bring a latent that still has noise back to the scale of clean ones."""
        return latent / (1.0 - _beside(sigma, latent))


class ImageToImageFlow(Flow):
    """A flow whose network predicts x0 itself."""

    def calculate_denoised(self, sigma: Tensor, model_output: Tensor, model_input: Tensor) -> Tensor:
        return model_output


class ExplodingFlow(Epsilon):
    """A flow's velocity prediction for samplers that think in x0 + sigma * noise: the flow's x is (1 - t) times theirs,
    with t = sigma / (sigma + 1)."""

    def calculate_input(self, sigma: Tensor, noise: Tensor) -> Tensor:
        return noise / (_beside(sigma, noise) + 1)

    def calculate_denoised(self, sigma: Tensor, model_output: Tensor, model_input: Tensor) -> Tensor:
        sigma = _beside(sigma, model_output)
        return (model_input - model_output * sigma) / (sigma + 1)


class ModelSampling(Protocol):
    """A prediction and a schedule in one: what a model's `model_sampling` is."""

    sigma_data: float
    sigmas: Tensor

    @property
    def sigma_min(self) -> Tensor: ...
    @property
    def sigma_max(self) -> Tensor: ...

    def calculate_input(self, sigma: Tensor, noise: Tensor) -> Tensor: ...
    def calculate_denoised(self, sigma: Tensor, model_output: Tensor, model_input: Tensor) -> Tensor: ...
    def noise_scaling(
        self, sigma: Tensor, noise: Tensor, latent_image: Tensor, max_denoise: bool = False
    ) -> Tensor: ...
    def inverse_noise_scaling(self, sigma: Tensor, latent: Tensor) -> Tensor: ...
    def timestep(self, sigma: Tensor) -> Tensor: ...
    def sigma(self, timestep: Tensor) -> Tensor: ...
    def percent_to_sigma(self, percent: float) -> float: ...


def model_sampling(
    prediction: type[Epsilon] | type[Flow], schedule: type[NoiseSchedule], *levels: Any, **options: Any
) -> Any:
    """A `ModelSampling` of a prediction and a schedule, which is made with the rest of the arguments."""
    joined = type(prediction.__name__ + schedule.__name__, (schedule, prediction), {})
    return joined(*levels, **options)


class EpsilonSampling(DiscreteSchedule, Epsilon):
    """Discrete timesteps, noise prediction: Stable Diffusion 1."""


class VelocitySampling(DiscreteSchedule, Velocity):
    """Discrete timesteps, velocity prediction."""


def _beside(sigma: Tensor, samples: Tensor) -> Tensor:
    """`sigma` [B] (or a scalar) shaped so that it multiplies `samples` [B, ...]."""
    return sigma.view(sigma.shape[:1] + (1,) * (samples.ndim - 1)) if sigma.ndim else sigma
