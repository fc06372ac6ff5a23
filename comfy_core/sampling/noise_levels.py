"""At which noise levels (sigmas) a model was trained, and what it calls time.

One class for each kind of schedule, all with one face: `sigmas` ascending, the `timestep` of a sigma and back, and the
share of the way that a sigma stands for.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

ABOVE_EVERY_LEVEL = 999999999.9
LEAST_ALPHA = 4.8973451890853435e-08
"""What the last signal share of a zero-terminal-SNR schedule is held at: sigma is 4518.76 there instead of infinite."""


class NoiseSchedule(nn.Module):
    """The trained noise levels, ascending, as a table; what lies between them is up to the kinds below."""

    sigmas: Tensor
    log_sigmas: Tensor

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
        """The time that the network is told for a noise level."""
        raise NotImplementedError

    def sigma(self, timestep: Tensor) -> Tensor:
        """The noise level at a time; the inverse of `timestep`."""
        raise NotImplementedError

    def percent_to_sigma(self, percent: float) -> float:
        """The noise level after `percent` (0..1) of the way from all noise to none; 0 is above every level."""
        if percent <= 0.0:
            return self.highest
        if percent >= 1.0:
            return 0.0
        return self.sigma_after(percent)

    highest = ABOVE_EVERY_LEVEL

    def sigma_after(self, percent: float) -> float:
        """`percent_to_sigma` between the ends."""
        raise NotImplementedError


class DiscreteSchedule(NoiseSchedule):
    """The noise levels of a model trained at `len(betas)` whole timesteps, betas being the variances added at each.

    With `zsnr` the schedule is rescaled so that its last level is (almost) all noise.
    """

    def __init__(self, betas: Tensor | None = None, zsnr: bool = False) -> None:
        super().__init__()
        self.betas = scaled_linear_betas() if betas is None else betas
        sigmas = sigmas_of(self.betas)
        self.set_sigmas(zero_terminal_snr(sigmas) if zsnr else sigmas)

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

    def sigma_after(self, percent: float) -> float:
        return float(self.sigma(torch.tensor((1.0 - percent) * (len(self.betas) - 1))))


class DistilledSchedule(DiscreteSchedule):
    """A discrete schedule of which every n-th level only was trained, counted from the noisiest: latent consistency
    models know 50 of 1000 (Luo et al. 2023, https://arxiv.org/abs/2310.04378)."""

    LEVELS = 50

    def __init__(self, betas: Tensor | None = None, zsnr: bool = False) -> None:
        super().__init__(betas, zsnr)
        self.stride = len(self.sigmas) // self.LEVELS
        self.set_sigmas(self.sigmas.flip(0)[:: self.stride][: self.LEVELS].flip(0))

    def timestep(self, sigma: Tensor) -> Tensor:
        return super().timestep(sigma) * self.stride + (self.stride - 1)

    def sigma(self, timestep: Tensor) -> Tensor:
        return super().sigma((timestep.float() - (self.stride - 1)) / self.stride)


class EDMSchedule(NoiseSchedule):
    """Any level between two ends; time is log(sigma) / 4 (Karras et al. 2022, arXiv 2206.00364, table 1)."""

    TABLE = 1000

    def __init__(self, sigma_min: float = 0.002, sigma_max: float = 120.0) -> None:
        super().__init__()
        self.set_sigmas(torch.linspace(math.log(sigma_min), math.log(sigma_max), self.TABLE).exp())

    def timestep(self, sigma: Tensor) -> Tensor:
        return sigma.log() / 4

    def sigma(self, timestep: Tensor) -> Tensor:
        return (timestep * 4).exp()

    def sigma_after(self, percent: float) -> float:
        low, high = float(self.log_sigmas[0]), float(self.log_sigmas[-1])
        return math.exp(high + percent * (low - high))


class TangentSchedule(EDMSchedule):
    """As EDM, with the time of a variance preserving angle: sigma = tan(t pi / 2), t in 0..1."""

    def __init__(self, sigma_min: float = 0.03, sigma_max: float = 500.0) -> None:
        super().__init__(sigma_min, sigma_max)

    def timestep(self, sigma: Tensor) -> Tensor:
        return sigma.atan() / math.pi * 2

    def sigma(self, timestep: Tensor) -> Tensor:
        return (timestep * math.pi / 2).tan()


class FlowRatioSchedule(EDMSchedule):
    """As EDM, with the time of a rectified flow: t = sigma / (sigma + 1)."""

    def timestep(self, sigma: Tensor) -> Tensor:
        return sigma / (sigma + 1)

    def sigma(self, timestep: Tensor) -> Tensor:
        highest = self.sigma_max.to(timestep.device)
        return (timestep / (1 - timestep)).where(timestep < highest / (highest + 1), highest)


class FlowSchedule(NoiseSchedule):
    """The levels 0..1 of a rectified flow, shifted towards noise: sigma = s t / (1 + (s - 1) t).

    Esser et al. 2024, https://arxiv.org/abs/2403.03206, equation 23. The network is told sigma * `multiplier`.
    """

    highest = 1.0

    def __init__(self, shift: float = 1.0, multiplier: float = 1000.0, levels: int = 1000) -> None:
        super().__init__()
        self.shift, self.multiplier = shift, multiplier
        self.set_sigmas(self._shifted(torch.arange(1, levels + 1) / levels))

    def timestep(self, sigma: Tensor) -> Tensor:
        return sigma * self.multiplier

    def sigma(self, timestep: Tensor) -> Tensor:
        """The level at a time before the shift: the inverse of `timestep` where `shift` is 1 only, as schedulers of
        these models expect."""
        return self._shifted(timestep / self.multiplier)

    def sigma_after(self, percent: float) -> float:
        return float(self._shifted(torch.tensor(1.0 - percent, dtype=torch.float64)))

    def _shifted(self, t: Tensor) -> Tensor:
        return self.shift * t / (1 + (self.shift - 1) * t)


def scaled_linear_betas(start: float = 0.00085, end: float = 0.012, steps: int = 1000) -> Tensor:
    """The variance schedule of latent diffusion: linear in the square root (Rombach et al. 2022, arXiv 2112.10752)."""
    return torch.linspace(start**0.5, end**0.5, steps, dtype=torch.float64) ** 2


def sigmas_of(betas: Tensor) -> Tensor:
    """The noise level sqrt((1 - a) / a) at each timestep, a being the running product of 1 - beta."""
    alphas = torch.cumprod(1.0 - betas, dim=0)
    return ((1 - alphas) / alphas) ** 0.5


def zero_terminal_snr(sigmas: Tensor) -> Tensor:
    """A discrete schedule stretched so that its last level has no signal left, and its first stays.

    sqrt(a) is shifted and scaled (Lin et al. 2023, https://arxiv.org/abs/2305.08891, algorithm 1); the last level's
    infinite sigma is held at a finite one.
    """
    signal = (1 / (sigmas.double() ** 2 + 1)).sqrt()
    first, last = signal[0], signal[-1]
    alphas = ((signal - last) * first / (first - last)) ** 2
    alphas[-1] = LEAST_ALPHA
    return ((1 - alphas) / alphas).sqrt()
