"""The colours that previews show latents in: a fit to encoded pictures, kept in the checkpoint's metadata.

    python -m tools.starter.colours      fit anew and rewrite the header of the shipped checkpoint

A latent place alone does not tell its colour: this autoencoder keeps much of it in the picture's mean, for its norms
have two groups. So the fit is linear in the place's channels and in their mean over the picture.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import struct
from pathlib import Path

import torch
from torch import Tensor

from comfy_core.networks.autoencoder_kl import AutoencoderKL
from comfy_core.weights.safe import read_header
from tools.starter import data, settings

PICTURES = 300
Metadata = dict[str, str]


@torch.inference_mode()
def latent_rgb(vae: AutoencoderKL, scale: float) -> Metadata:
    """`easel.latent_rgb` (a row of red, green, blue for each channel, and the bias) and `easel.latent_rgb_mean` (a row
    for each channel's mean) that best give pictures in -1..1 from scaled latents."""
    rng = random.Random(5)
    device, channels = next(vae.parameters()).device, settings.VAE.latent_channels
    latents, colours = [], []
    for _ in range(PICTURES):
        image = torch.from_numpy(data.pixels([data.sample(rng).picture])).to(device)
        latents.append(vae.encode(image) * scale)
        colours.append(torch.nn.functional.avg_pool2d(image, settings.VAE.factor))
    seen, wanted = torch.cat([features(one) for one in latents]), torch.cat([_places(one) for one in colours])
    fit = torch.linalg.lstsq(seen.double().cpu(), wanted.double().cpu()).solution
    error = (seen.cpu() @ fit.float() - wanted.cpu()).square().mean(0) / wanted.cpu().var(0)
    print("explained of red, green, blue:", [f"{1 - part:.2f}" for part in error.tolist()])
    rows = [[round(value, 4) for value in row] for row in fit.tolist()]
    return {
        "easel.latent_rgb": json.dumps(rows[: channels + 1]),
        "easel.latent_rgb_mean": json.dumps(rows[channels + 1 :]),
    }


def features(latent: Tensor) -> Tensor:
    """What a place's colour is fitted to [h * w, 2 C + 1]: its channels, 1, and the channels' mean in the picture."""
    places = _places(latent)
    return torch.cat([places, torch.ones_like(places[:, :1]), places.mean(0, keepdim=True).expand_as(places)], dim=1)


def _places(picture: Tensor) -> Tensor:
    return picture[0].flatten(1).T


def rewrite_metadata(path: Path, changes: Metadata) -> None:
    """Change a safetensors file's metadata; the bytes of its tensors stay as they are. The file is replaced whole."""
    header = read_header(path)
    header["__metadata__"] = header.get("__metadata__", {}) | changes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    new = path.with_suffix(".new")
    with path.open("rb") as old, new.open("wb") as file:
        (length,) = struct.unpack("<Q", old.read(8))
        old.seek(8 + length)
        file.write(struct.pack("<Q", len(text)) + text)
        shutil.copyfileobj(old, file)
    new.replace(path)


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    from comfy_core.families import load_checkpoint
    from comfy_core.memory import residency

    checkpoint = load_checkpoint(settings.CHECKPOINT)
    scale = checkpoint.model.get_model_object("latent_format").scale_factor
    with residency.use([checkpoint.vae.patcher]):
        changes = latent_rgb(checkpoint.vae.first_stage_model, scale)
    rewrite_metadata(settings.CHECKPOINT, changes)


if __name__ == "__main__":
    main()
