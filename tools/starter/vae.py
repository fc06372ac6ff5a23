"""First stage: the autoencoder. L1 on pixels and on gradients; pictures at half size first, which is cheap, then whole."""

from __future__ import annotations

import random
import time

import torch
from torch import Tensor

from comfy_core.networks.autoencoder_kl import AutoencoderKL
from tools.starter import data, muon, settings
from tools.starter.clock import Clock

HALF_BATCH, WHOLE_BATCH = 6, 3
WHOLE_FROM = 0.35  # part of the budget after which pictures come at their full size
HIGHEST_RATE = 4e-3
PATH = settings.WORK / "vae.pt"


def batch(rng: random.Random, whole: bool) -> Tensor:
    """Pictures [B, 3, s, s] in -1..1, s the full size or half of it."""
    pictures = [data.sample(rng).picture for _ in range(WHOLE_BATCH if whole else HALF_BATCH)]
    if not whole:
        pictures = [picture.reduce(2) for picture in pictures]
    return torch.from_numpy(data.pixels(pictures)).to(memory_format=torch.channels_last)


def loss_of(model: AutoencoderKL, image: Tensor) -> tuple[Tensor, Tensor]:
    """The training loss, and the plain L1 beside it."""
    mean, logvar = model.moments(image)
    out = model.decode(mean + (0.5 * logvar).exp() * torch.randn_like(mean))
    l1 = (out - image).abs().mean()
    edges = sum((out.diff(dim=d) - image.diff(dim=d)).abs().mean() for d in (2, 3))
    kl = 0.5 * (mean.square() + logvar.exp() - 1 - logvar).sum(dim=(1, 2, 3)).mean() / image[0].numel()
    return l1 + 0.5 * edges + 1e-5 * kl, l1


def train(minutes: float, device: torch.device) -> AutoencoderKL:
    """Train, or go on training, until the budget is used; returns the averaged model."""
    torch.manual_seed(0)
    model = AutoencoderKL(settings.VAE).to(device, memory_format=torch.channels_last)
    average = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.995)
    )
    optimizers = muon.optimizers(model, HIGHEST_RATE)
    step, spent = 0, 0.0
    if PATH.exists():
        state = torch.load(PATH, map_location=device)
        model.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        for optimizer, old in zip(optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(old)
        step, spent = state["step"], state["spent"]
    clock, rng, saved = Clock(minutes, spent), random.Random(step), time.monotonic()
    recent: float | None = None
    while clock.part < 1:
        for optimizer in optimizers:
            optimizer.param_groups[0]["lr"] = clock.rate(HIGHEST_RATE, 5e-5)
        loss, l1 = loss_of(model, batch(rng, whole=clock.part > WHOLE_FROM).to(device))
        model.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
        average.update_parameters(model)
        step += 1
        recent = l1.item() if recent is None else recent + (l1.item() - recent) * 0.02
        if step % 50 == 0:
            print(f"vae {clock.part:5.1%} step {step} l1 {recent:.4f}", flush=True)
        if time.monotonic() - saved > 180 or clock.part >= 1:
            saved = time.monotonic()
            state = {
                "model": model.state_dict(),
                "average": average.state_dict(),
                "optimizers": [optimizer.state_dict() for optimizer in optimizers],
                "step": step,
                "spent": clock.spent,
            }
            PATH.parent.mkdir(parents=True, exist_ok=True)
            torch.save(state, PATH.with_suffix(".new"))
            PATH.with_suffix(".new").replace(PATH)
    return average.module.eval()
