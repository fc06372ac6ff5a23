"""First stage: the autoencoder. L1 on pixels and on gradients; pictures at half size first, which is cheap, then whole.

Last stage: its decoder again, alone. The latents stay what the U-Net learned; the pictures get sharper.
"""

from __future__ import annotations

import random

import torch
from torch import Tensor, nn

from comfy_core.networks.autoencoder_kl import AutoencoderKL
from tools.starter import data, loop, settings

HALF_BATCH, WHOLE_BATCH = 6, 3
WHOLE_FROM = 0.35  # part of the budget after which pictures come at their full size
PATH = settings.WORK / "vae.pt"
POLISHED = settings.WORK / "decoder.pt"


def batch(whole: bool, generator: torch.Generator, device: torch.device) -> Tensor:
    """Pictures [B, 3, s, s] in -1..1, s the full size or half of it."""
    rng = random.Random(int(torch.randint(2**31, (), generator=generator)))
    pictures = [data.sample(rng).picture for _ in range(WHOLE_BATCH if whole else HALF_BATCH)]
    if not whole:
        pictures = [picture.reduce(2) for picture in pictures]
    return torch.from_numpy(data.pixels(pictures)).to(device, memory_format=torch.channels_last)


def difference(out: Tensor, image: Tensor) -> tuple[Tensor, float]:
    """L1 on pixels and half of that on their gradients; and the plain L1 to watch."""
    l1 = (out - image).abs().mean()
    edges = sum(((out.diff(dim=d) - image.diff(dim=d)).abs().mean() for d in (2, 3)), start=torch.zeros_like(l1))
    return l1 + 0.5 * edges, l1.item()


def train(minutes: float, device: torch.device) -> AutoencoderKL:
    """Train, or go on training, until the budget is used; returns the averaged model."""
    torch.manual_seed(0)
    model = AutoencoderKL(settings.VAE)
    model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch leaves it undeclared

    def losses(part: float, generator: torch.Generator) -> tuple[Tensor, float]:
        image = batch(part > WHOLE_FROM, generator, device)
        mean, logvar = model.moments(image)
        out = model.decode(mean + (0.5 * logvar).exp() * torch.randn_like(mean))
        kl = 0.5 * (mean.square() + logvar.exp() - 1 - logvar).sum(dim=(1, 2, 3)).mean() / image[0].numel()
        loss, l1 = difference(out, image)
        return loss + 1e-5 * kl, l1

    loop.run(model, losses, PATH, minutes, rate=4e-3, average_rate=0.005)
    return model.eval()


def polish(model: AutoencoderKL, minutes: float, device: torch.device) -> AutoencoderKL:
    """Train the decoder alone for its own budget; returns the model with the averaged decoder."""
    decoder = nn.ModuleDict({"decoder": model.decoder, "post_quant_conv": model.post_quant_conv})

    def losses(part: float, generator: torch.Generator) -> tuple[Tensor, float]:
        image = batch(True, generator, device)
        with torch.no_grad():
            mean = model.encode(image)
        return difference(model.decode(mean), image)

    loop.run(decoder, losses, POLISHED, minutes, rate=1.5e-3, average_rate=0.005)
    return model.eval()
