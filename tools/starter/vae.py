"""First stage: the autoencoder. Crops for most of the time, whole pictures at the end, L1 on pixels and gradients."""

from __future__ import annotations

import random
import time

import torch
from torch import Tensor

from comfy_core.networks.autoencoder_kl import AutoencoderKL
from tools.starter import data, settings
from tools.starter.clock import Clock

CROP, CROP_BATCH = 64, 16
WHOLE_BATCH = 4
WHOLE_FROM = 0.7  # part of the budget after which whole pictures are shown
PATH = settings.WORK / "vae.pt"


def batch(rng: random.Random, whole: bool) -> Tensor:
    """Pictures [B, 3, s, s] in -1..1, s either `CROP` or the full size."""
    pictures = []
    for _ in range(WHOLE_BATCH if whole else CROP_BATCH):
        picture = data.sample(rng).picture
        if not whole:
            x, y = rng.randrange(data.SIZE - CROP + 1), rng.randrange(data.SIZE - CROP + 1)
            picture = picture.crop((x, y, x + CROP, y + CROP))
        pictures.append(picture)
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
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.99), weight_decay=0.0)
    step, spent = 0, 0.0
    if PATH.exists():
        state = torch.load(PATH, map_location=device)
        model.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        step, spent = state["step"], state["spent"]
    clock, rng, saved = Clock(minutes, spent), random.Random(step), time.monotonic()
    while clock.part < 1:
        optimizer.param_groups[0]["lr"] = clock.rate(1.5e-3, 2e-5)
        loss, l1 = loss_of(model, batch(rng, whole=clock.part > WHOLE_FROM).to(device))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        average.update_parameters(model)
        step += 1
        if step % 50 == 0:
            print(f"vae {clock.part:5.1%} step {step} l1 {l1.item():.4f}", flush=True)
        if time.monotonic() - saved > 180 or clock.part >= 1:
            saved = time.monotonic()
            state = {
                "model": model.state_dict(),
                "average": average.state_dict(),
                "optimizer": optimizer.state_dict(),
                "step": step,
                "spent": clock.spent,
            }
            PATH.parent.mkdir(parents=True, exist_ok=True)
            torch.save(state, PATH.with_suffix(".new"))
            PATH.with_suffix(".new").replace(PATH)
    return average.module.eval()
