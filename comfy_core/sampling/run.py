"""One run of a sampler with a guider: from noise and a latent to a sampled latent, whoever asks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from comfy_core.memory import residency
from comfy_core.memory.devices import offload_device
from comfy_core.patcher import ModelPatcher
from comfy_core.sampling.conditions import controls_ready, further_models
from comfy_core.sampling.inpaint import MaskedDenoiser, prepare_mask
from comfy_core.sampling.noise import generator
from comfy_core.sampling.resume import resumable
from comfy_core.sampling.samplers import Sampler
from comfy_core.wrappers import CallbacksMP, WrappersMP, wrapped

if TYPE_CHECKING:
    from comfy_core.sampling.guidance import CFGGuider

StepCallback = Callable[[int, Tensor, Tensor, int], None]
"""Hears of every step: `callback(step, x0, x, total_steps)`."""


@torch.no_grad()
def run_sampler(
    guider: CFGGuider,
    noise: Tensor,
    latent_image: Tensor,
    sampler: Sampler,
    sigmas: Tensor,
    denoise_mask: Tensor | None = None,
    callback: StepCallback | None = None,
    disable_pbar: bool | None = None,
    seed: int | None = None,
) -> Tensor:
    """Walk from `latent_image` with `noise` (both [B, C, ...]) down the `sigmas` [steps + 1].

    One sigma is no step, only noise of that level; none leave the latent as it is. The result is unscaled, on the
    offload device.

    Raises:
        ValueError: sigmas that are no list of numbers, noise or a mask that does not fit the latent, a ControlNet for
            another family of models.
    """
    check_sigmas(sigmas)
    if not len(sigmas):
        return latent_image
    if noise.shape != latent_image.shape:
        raise ValueError(f"the noise has shape {list(noise.shape)} and the latent {list(latent_image.shape)}")
    model = guider.model_patcher
    device, latent_format = model.load_device, model.get_model_object("latent_format")
    with ready(guider, noise.shape), at_work(model):
        sampling = model.get_model_object("model_sampling")
        sigmas, noise = sigmas.to(device, torch.float32), noise.to(device, torch.float32)
        scaled = latent_image.to(device, torch.float32)
        if torch.count_nonzero(scaled):
            scaled = latent_format.process_in(scaled)
        mask = None if denoise_mask is None else prepare_mask(denoise_mask, noise.shape, device)
        x = sampling.noise_scaling(sigmas[0], noise, scaled, is_max_denoise(sampling, sigmas))
        if len(sigmas) > 1:
            guider.prepare(noise, sigmas=sigmas, latent_image=scaled, denoise_mask=denoise_mask, seed=seed)
            walk = wrapped(WrappersMP.SAMPLER_SAMPLE, sampler, guider.model_options["transformer_options"], sampler)
            denoiser = MaskedDenoiser(guider, sigmas, scaled, _kept_noise(sampler, noise, seed), mask)
            with resumable():
                x = walk(denoiser, x, sigmas, **_call(guider, sigmas, callback, disable_pbar, seed))
        x = sampling.inverse_noise_scaling(sigmas[-1], x)
    return latent_format.process_out(x.float()).to(offload_device())


@contextmanager
def ready(guider: CFGGuider, shape: torch.Size) -> Iterator[None]:
    """Have a guider's model and all that controls it loaded inside the `with` block, as the model's wrappers want it.

    They are given the model, the `shape` of the latent (which says what memory a step takes) and the prompts by side;
    they give back the network, the prompts and what was loaded.
    """
    asked = guider.original_conds
    with ExitStack() as stack:

        def prepare(model: ModelPatcher, shape: torch.Size, conds: Any, *rest: Any, **options: Any) -> Any:
            models = [model, *model.get_additional_models(), *further_models(conds)]
            stack.enter_context(controls_ready(model, conds))
            stack.enter_context(residency.use(models, model.memory_required((2 * shape[0], *shape[1:]))))
            return model.model, conds, models

        options = guider.model_options
        prepared = wrapped(WrappersMP.PREPARE_SAMPLING, prepare, options["transformer_options"], guider)
        _, guider.original_conds, _ = prepared(guider.model_patcher, shape, asked, model_options=options)
        stack.callback(setattr, guider, "original_conds", asked)
        yield


@contextmanager
def at_work(model: ModelPatcher) -> Iterator[None]:
    """Tell a model's callbacks when a run with it begins and when it has ended."""
    for heard in model.get_all_callbacks(CallbacksMP.ON_PRE_RUN):
        heard(model)
    try:
        yield
    finally:
        for heard in model.get_all_callbacks(CallbacksMP.ON_CLEANUP):
            heard(model)


def check_sigmas(sigmas: Tensor) -> None:
    """Raises ValueError unless `sigmas` is a list of finite numbers, 0 or more."""
    if sigmas.ndim != 1:
        raise ValueError(f"sigmas are a list of numbers, not a tensor of shape {list(sigmas.shape)}")
    if not sigmas.isfinite().all() or (sigmas < 0).any():
        raise ValueError(f"sigmas are finite and 0 or more, not {[round(one, 4) for one in sigmas.tolist()]}")


def is_max_denoise(sampling: Any, sigmas: Tensor) -> bool:
    """Whether a run starts at the top of the model's schedule: from noise alone."""
    highest, first = float(sampling.sigma_max), float(sigmas[0])
    return first > highest or math.isclose(first, highest, rel_tol=1e-5)


def _kept_noise(sampler: Sampler, noise: Tensor, seed: int | None) -> Tensor:
    """The noise on the part that a mask leaves out."""
    if not sampler.random_inpaint_noise:
        return noise
    drawn = torch.randn(noise.shape, generator=generator((41 if seed is None else seed) + 1))
    return drawn.to(noise.device)


def _call(
    guider: CFGGuider, sigmas: Tensor, callback: StepCallback | None, disable_pbar: bool | None, seed: int | None
) -> dict[str, Any]:
    """The arguments of a sampler."""
    options = dict(guider.model_options)
    options["transformer_options"] = {**options.get("transformer_options", {}), "sample_sigmas": sigmas}

    def tell(state: dict[str, Any]) -> None:
        if callback is not None:
            callback(state["i"], state["denoised"], state["x"], len(sigmas) - 1)

    return {"extra_args": {"model_options": options, "seed": seed}, "callback": tell, "disable": disable_pbar}
