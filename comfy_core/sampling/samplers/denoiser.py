"""What samplers share: the model as they like to call it, the geometry of noise levels, and noise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from tqdm import trange

from comfy_core.sampling.noise import NoiseSampler, brownian_noise_sampler, default_noise_sampler
from comfy_core.sampling.prediction import Flow

Callback = Callable[[dict[str, Any]], None]


class Denoiser:
    """A model that takes one sigma for the whole batch, and knows how its noise levels relate.

    Has the progress bar, the callback and the seed of a run. A bare denoiser counts as variance exploding.
    """

    def __init__(
        self,
        model: Callable[..., Tensor],
        extra_args: dict[str, Any] | None,
        callback: Callback | None,
        disable: bool | None,
    ) -> None:
        self.model, self.callback, self.disable = model, callback, disable
        self.extra_args = extra_args or {}
        patcher = getattr(getattr(model, "inner_model", None), "model_patcher", None)
        self.sampling: Any = patcher and patcher.get_model_object("model_sampling")
        self.flow = isinstance(self.sampling, Flow)

    # --- asking ---------------------------------------------------------------------------------------------------

    def __call__(self, x: Tensor, sigma: Tensor, step: int | None = None) -> Tensor:
        """The clean latent; with `step` the callback is told of it."""
        denoised = self.model(x, sigma * x.new_ones(len(x)), **self.extra_args)
        if step is not None:
            self.tell(step, x, sigma, denoised)
        return denoised

    def both(self, x: Tensor, sigma: Tensor, step: int | None = None) -> tuple[Tensor, Tensor]:
        """The guided clean latent and the one without the prompt (equal where a model has no guidance)."""
        unguided: list[Tensor] = []

        def listen(args: dict[str, Any]) -> Tensor:
            unguided.append(args["uncond_denoised"])
            return args["denoised"]

        options = dict(self.extra_args.get("model_options") or {})
        options["sampler_post_cfg_function"] = [*options.get("sampler_post_cfg_function", ()), listen]
        options["disable_cfg1_optimization"] = True
        arguments = {**self.extra_args, "model_options": options}
        denoised = self.model(x, sigma * x.new_ones(len(x)), **arguments)
        if step is not None:
            self.tell(step, x, sigma, denoised)
        return denoised, unguided[-1] if unguided else denoised

    def tell(self, step: int, x: Tensor, sigma: Tensor, denoised: Tensor) -> None:
        if self.callback is not None:
            self.callback({"i": step, "x": x, "sigma": sigma, "sigma_hat": sigma, "denoised": denoised})

    def steps(self, sigmas: Tensor) -> Iterator[tuple[int, Tensor, Tensor]]:
        """(number, sigma, next sigma) of each step, with a progress bar."""
        for i in trange(len(sigmas) - 1, disable=self.disable):
            yield i, sigmas[i], sigmas[i + 1]

    # --- noise levels ---------------------------------------------------------------------------------------------

    def alpha(self, sigma: Tensor) -> Tensor:
        """How much of x0 there is at a noise level."""
        return 1 - sigma if self.flow else torch.ones_like(sigma)

    def lam(self, sigma: Tensor) -> Tensor:
        """lambda = log(alpha / sigma), half the logarithm of the signal-to-noise ratio."""
        return (self.alpha(sigma) / sigma).log()

    def sigma(self, lam: Tensor) -> Tensor:
        """The inverse of `lam`."""
        return (-lam).sigmoid() if self.flow else (-lam).exp()

    def finite(self, sigmas: Tensor) -> Tensor:
        """`sigmas` with a first level where lambda is finite: in a flow, all noise has no logarithm."""
        if not self.flow or sigmas[0] < 1:
            return sigmas
        first = sigmas.new_tensor([self.sampling.percent_to_sigma(1e-4)])
        return torch.cat([first, sigmas[1:]])

    def ancestral_step(self, sigma: Tensor, sigma_next: Tensor, eta: float) -> tuple[Tensor, Tensor, Tensor]:
        """(sigma_down, keep, sigma_up): go down to the first, then `keep * x + sigma_up * noise` is at `sigma_next`.

        In a flow: sigma_down = sigma_next (1 + eta (sigma_next / sigma - 1)), and x shrinks so that alpha comes right.
        """
        if not self.flow:
            down, up = ancestral_step(sigma, sigma_next, eta)
            return down, torch.ones_like(down), up
        down = sigma_next * (1 + (sigma_next / sigma - 1) * eta)
        keep = (1 - sigma_next) / (1 - down)
        return down, keep, (sigma_next**2 - (keep * down) ** 2).clamp(min=0).sqrt()

    # --- noise ----------------------------------------------------------------------------------------------------

    @property
    def seed(self) -> int | None:
        return self.extra_args.get("seed")

    def fresh_noise(self, x: Tensor) -> NoiseSampler:
        return default_noise_sampler(x, seed=self.seed)

    def brownian_noise(self, x: Tensor, sigmas: Tensor, device: str = "cpu") -> NoiseSampler:
        """Noise of one Brownian path; drawn on the CPU it is the same on every machine, on x's device it is faster."""
        lowest = float(sigmas[sigmas > 0].min())
        return brownian_noise_sampler(x, lowest, float(sigmas.max()), self.seed, cpu=device == "cpu")


def to_d(x: Tensor, sigma: Tensor, denoised: Tensor) -> Tensor:
    """The slope dx/dsigma that leads from x to `denoised`."""
    return (x - denoised) / sigma


def toward(denoised: Tensor, x: Tensor, share: Tensor) -> Tensor:
    """The step of an exponential integrator of first order from sigma to `share * sigma`."""
    return share * x + (1 - share) * denoised


def phi_1(h: Tensor) -> Tensor:
    """1 - e^-h: what an exponential integrator gives a constant x0 over a step h in lambda."""
    return -(-h).expm1()


def phi_2(h: Tensor) -> Tensor:
    """The same for x0 rising from 0 to 1 over the step: the integral of (u / h) e^(u - h)."""
    return 1 - phi_1(h) / h


def phi_3(h: Tensor) -> Tensor:
    """The same for half a parabola, (u / h)² / 2, with its sign turned."""
    return phi_2(h) / h - 1 / 2


def ancestral_step(sigma: Tensor, sigma_next: Tensor, eta: float = 1.0) -> tuple[Tensor, Tensor]:
    """(sigma_down, sigma_up): go down to the first, add noise of the second, and be at `sigma_next`.

    sigma_up² = eta² sigma_next² (sigma² - sigma_next²) / sigma², held below sigma_next;
    sigma_down² = sigma_next² - sigma_up². Song et al. 2020, https://arxiv.org/abs/2011.13456, equation 47.
    """
    up = eta * sigma_next * (1 - (sigma_next / sigma) ** 2).clamp(min=0).sqrt()
    sigma_up = torch.minimum(sigma_next, up)
    return (sigma_next**2 - sigma_up**2).sqrt(), sigma_up
