"""What a network predicts and at which noise levels: the bridge between a network and the samplers.

Samplers work with x = x0 + sigma * noise and want x0 back ("denoised"); a network was trained with its own scaling of
the input, its own notion of time and its own target. Karras et al. 2022, https://arxiv.org/abs/2206.00364, section 5.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


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


class DiscreteSchedule(nn.Module):
    """The noise levels of a model trained at `len(sigmas)` whole timesteps, ascending."""

    sigmas: Tensor
    log_sigmas: Tensor

    def __init__(self, betas: Tensor | None = None) -> None:
        super().__init__()
        self.set_sigmas(sigmas_of(scaled_linear_betas() if betas is None else betas))

    def set_sigmas(self, sigmas: Tensor) -> None:
        self.register_buffer("sigmas", sigmas.float(), persistent=False)
        self.register_buffer("log_sigmas", sigmas.log().float(), persistent=False)

    @property
    def sigma_min(self) -> Tensor:
        return self.sigmas[0]

    @property
    def sigma_max(self) -> Tensor:
        return self.sigmas[-1]

    def timestep(self, sigma: Tensor) -> Tensor:
        """The training timestep whose noise level is nearest to `sigma` (in the logarithm)."""
        distance = sigma.log() - self.log_sigmas.to(sigma.device)[:, None]
        return distance.abs().argmin(dim=0).view(sigma.shape).to(sigma.device)

    def sigma(self, timestep: Tensor) -> Tensor:
        """The noise level at a timestep, which may lie between two whole ones (log-linear)."""
        time = timestep.float().clamp(min=0, max=len(self.sigmas) - 1)
        low, high, weight = time.floor().long(), time.ceil().long(), time.frac()
        logs = self.log_sigmas.to(time.device)
        return ((1 - weight) * logs[low] + weight * logs[high]).exp()

    def percent_to_sigma(self, percent: float) -> float:
        """The noise level after `percent` (0..1) of the way from all noise to none; 0 is above every level."""
        if percent <= 0.0:
            return 999999999.9
        if percent >= 1.0:
            return 0.0
        return float(self.sigma(torch.tensor((1.0 - percent) * (len(self.sigmas) - 1))))


class EpsilonSampling(DiscreteSchedule, Epsilon):
    """Discrete timesteps, noise prediction: Stable Diffusion 1."""


class VelocitySampling(DiscreteSchedule, Velocity):
    """Discrete timesteps, velocity prediction."""


PREDICTIONS: dict[str, type[EpsilonSampling] | type[VelocitySampling]] = {
    "eps": EpsilonSampling,
    "epsilon": EpsilonSampling,
    "v": VelocitySampling,
    "v_prediction": VelocitySampling,
}


def scaled_linear_betas(start: float = 0.00085, end: float = 0.012, steps: int = 1000) -> Tensor:
    """The variance schedule of latent diffusion: linear in the square root (Rombach et al. 2022, arXiv 2112.10752)."""
    return torch.linspace(start**0.5, end**0.5, steps, dtype=torch.float64) ** 2


def sigmas_of(betas: Tensor) -> Tensor:
    """The noise level sqrt((1 - a) / a) at each timestep, a being the running product of 1 - beta."""
    alphas = torch.cumprod(1.0 - betas, dim=0)
    return ((1 - alphas) / alphas) ** 0.5


def _beside(sigma: Tensor, samples: Tensor) -> Tensor:
    """`sigma` [B] (or a scalar) shaped so that it multiplies `samples` [B, ...]."""
    return sigma.view(sigma.shape[:1] + (1,) * (samples.ndim - 1)) if sigma.ndim else sigma
