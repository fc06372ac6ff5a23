"""Second stage: text encoder and U-Net together, on latents that were encoded beforehand.

The usual epsilon objective (DDPM, arXiv:2006.11239) on the scaled-linear schedule of SD 1.x, weighted by min-SNR-5
(arXiv:2303.09556); a tenth of the captions is dropped for classifier-free guidance (arXiv:2207.12598).
"""

from __future__ import annotations

import random
from pathlib import Path

import torch
from torch import Tensor, nn

from comfy_core.networks.autoencoder_kl import AutoencoderKL
from comfy_core.networks.clip_text import ClipText
from comfy_core.networks.unet import UNet
from comfy_core.sampling.noise_levels import scaled_linear_betas
from comfy_core.text.tokenizer import END, START, clip_tokens
from tools.starter import data, loop, settings

PATH = settings.WORK / "diffusion.pt"
LATENTS = settings.WORK / "latents"
CHUNK = 2048
ENCODED = 32  # pictures encoded at once
BATCH = 48
HIGHEST_RATE = 3e-3
DROPPED = 0.1  # part of the captions replaced by the empty one


class Pair(nn.Module):
    """What is trained together and averaged together."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ClipText(settings.TEXT)
        self.unet = UNet(settings.UNET)
        nn.init.normal_(self.text.embeddings.token_embedding.weight, std=0.02)
        nn.init.normal_(self.text.embeddings.position_embedding.weight, std=0.02)
        nn.init.zeros_(self.unet.out.get_parameter("2.weight"))

    def forward(self, x: Tensor, timesteps: Tensor, tokens: Tensor) -> Tensor:
        ends = (tokens == END).int().argmax(dim=1)
        context = self.text(self.text.embed(tokens), ends).last
        return self.unet(x, timesteps, context)


def tokens_of(captions: list[str]) -> Tensor:
    """Token ids [B, 77]: start, words, end marks to the full length."""
    rows = []
    for caption in captions:
        words = clip_tokens(caption)[:75]
        rows.append([START, *words] + [END] * (76 - len(words)))
    return torch.tensor(rows)


@torch.inference_mode()
def encode_chunk(vae: AutoencoderKL, path: Path, seed: int, device: torch.device) -> None:
    """Draw `CHUNK` samples, keep their latents (fp16) and captions in `path`."""
    rng = random.Random(seed)
    means, captions = [], []
    for _ in range(0, CHUNK, ENCODED):
        samples = [data.sample(rng) for _ in range(ENCODED)]
        image = torch.from_numpy(data.pixels([one.picture for one in samples])).to(device)
        means.append(vae.encode(image.to(memory_format=torch.channels_last)).half().cpu())
        captions += [one.caption for one in samples]
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"latents": torch.cat(means), "captions": captions}, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)


def latents(vae: AutoencoderKL, chunks: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Latents [N, 4, h, w] and tokens [N, 77] of `chunks` chunks, encoding those that are not on disk yet."""
    found = []
    for index in range(chunks):
        path = LATENTS / f"{index:03d}.pt"
        if not path.exists():
            encode_chunk(vae, path, 1000 + index, device)
            print(f"latents {index + 1}/{chunks}", flush=True)
        found.append(torch.load(path))
    return (
        torch.cat([one["latents"] for one in found]).float(),
        torch.cat([tokens_of(one["captions"]) for one in found]),
    )


def train(
    vae: AutoencoderKL, minutes: float, chunks: int, device: torch.device, batch: int = BATCH
) -> tuple[Pair, float]:
    """Train, or go on training; returns the averaged pair and the latents' scale factor (1 / their deviation)."""
    torch.manual_seed(0)
    z, tokens = latents(vae, chunks, device)
    scale = 1 / z.std().item()
    z = z * scale
    alphas = torch.cumprod(1 - scaled_linear_betas(), dim=0).float()
    empty = tokens_of([""])
    pair = Pair().to(device)

    def losses(part: float, generator: torch.Generator) -> tuple[Tensor, float]:
        rows = torch.randint(len(z), (batch,), generator=generator)
        clean, words = z[rows], tokens[rows].clone()
        words[torch.rand(batch, generator=generator) < DROPPED] = empty
        t = torch.randint(len(alphas), (batch,), generator=generator)
        noise = torch.randn(clean.shape, generator=generator)
        alpha = alphas[t][:, None, None, None]
        noisy = alpha.sqrt() * clean + (1 - alpha).sqrt() * noise
        out = pair(noisy.to(device), t.to(device), words.to(device))
        error = (out - noise.to(device)).square().mean(dim=(1, 2, 3))
        snr = alphas[t] / (1 - alphas[t])
        weight = (snr.clamp(max=5.0) / snr).to(device)
        return (weight * error).mean(), error.mean().item()

    loop.run(pair, losses, PATH, minutes, rate=HIGHEST_RATE, average_rate=0.002)
    return pair.eval(), scale
