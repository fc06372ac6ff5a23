"""A small convolutional encoder that tells the taught nouns apart: the ruler that generated pictures are held to."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageEnhance, ImageFilter
from torch import Tensor, nn

from tools.starter import data, settings
from tools.starter.nouns import NOUNS

PATH = settings.WORK / "judge.pt"
EDGE = 64
STEPS, BATCH = 1500, 48
PROTOTYPES = 24  # held-out renderings averaged for each noun


class Encoder(nn.Module):
    """Pictures [B, 3, 64, 64] in -1..1 to features [B, 128] of unit length; `head` scores the nouns in training."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 32, 64, 96, 128)
        layers: list[nn.Module] = []
        for a, b in pairwise(widths):
            layers += [nn.Conv2d(a, b, 3, stride=2, padding=1), nn.BatchNorm2d(b), nn.ReLU()]
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.2), nn.Linear(128 * 16, 128))
        self.head = nn.Linear(128, len(NOUNS))

    def forward(self, x: Tensor) -> Tensor:
        return F.normalize(self.body(x), dim=-1)


def distorted(picture: Image.Image, rng: random.Random) -> Image.Image:
    """What a generator may get wrong without losing the thing: sharpness, saturation, brightness, grain."""
    picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0, 2.5)))
    picture = ImageEnhance.Color(picture).enhance(rng.uniform(0.6, 1.4))
    picture = ImageEnhance.Brightness(picture).enhance(rng.uniform(0.85, 1.15))
    grain = np.random.default_rng(rng.randrange(2**32)).normal(0, rng.uniform(0, 8), (data.SIZE, data.SIZE, 3))
    return Image.fromarray((np.asarray(picture) + grain).clip(0, 255).astype(np.uint8))


def prepared(pictures: list[Image.Image]) -> Tensor:
    return torch.from_numpy(
        data.pixels([one.convert("RGB").resize((EDGE, EDGE), Image.Resampling.BOX) for one in pictures])
    )


def trained(device: torch.device) -> Encoder:
    """The encoder, from disk or trained now (a few minutes on a CPU)."""
    torch.manual_seed(1)
    encoder = Encoder().to(device)
    if PATH.exists():
        encoder.load_state_dict(torch.load(PATH, map_location=device))
        return encoder.eval()
    rng = random.Random(77)
    optimizer = torch.optim.AdamW(encoder.parameters(), lr=2e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=STEPS)
    for step in range(1, STEPS + 1):
        samples = [data.sample(rng) for _ in range(BATCH)]
        x = prepared([distorted(one.picture, rng) for one in samples]).to(device)
        wanted = torch.tensor([one.noun for one in samples], device=device)
        loss = F.cross_entropy(encoder.head(encoder(x) * 12), wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 100 == 0:
            print(f"judge step {step}/{STEPS} loss {loss.item():.3f}", flush=True)
    PATH.parent.mkdir(parents=True, exist_ok=True)
    torch.save(encoder.state_dict(), PATH)
    return encoder.eval()


@torch.inference_mode()
def prototypes(encoder: Encoder, seed: int = 424242) -> Tensor:
    """One feature [nouns, 128] a noun: the mean over held-out distorted renderings."""
    rng = random.Random(seed)
    device = next(encoder.parameters()).device
    rows = []
    for noun in NOUNS:
        pictures = []
        for _ in range(PROTOTYPES):
            picture, _ = data.background(rng)
            data.place(picture, noun, rng)
            pictures.append(distorted(picture, rng))
        rows.append(F.normalize(encoder(prepared(pictures).to(device)).mean(dim=0), dim=-1))
    return torch.stack(rows)


@torch.inference_mode()
def ranks(encoder: Encoder, known: Tensor, pictures: list[Image.Image], wanted: list[int]) -> list[int]:
    """For each picture the place (0 is nearest) at which the wanted noun comes among all nouns."""
    features = encoder(prepared(pictures).to(known.device))
    order = (features @ known.T).argsort(dim=1, descending=True)
    return [row.tolist().index(noun) for row, noun in zip(order, wanted, strict=True)]
