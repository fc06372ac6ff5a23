"""Last stage: one SD 1.x single-file checkpoint in half precision, with what its shapes cannot tell in the metadata."""

from __future__ import annotations

import torch
from safetensors.torch import save_file

from comfy_core.networks.autoencoder_kl import AutoencoderKL
from tools.starter import data, settings
from tools.starter.colours import latent_rgb
from tools.starter.diffusion import Pair, tokens_of
from tools.starter.nouns import NOUNS

PREFIXES = {
    "model.diffusion_model.": "unet",
    "first_stage_model.": "vae",
    "cond_stage_model.transformer.text_model.": "text",
}


def export(vae: AutoencoderKL, pair: Pair, scale: float) -> None:
    """Write `models/checkpoints/easel-starter.safetensors` (temporary name first, then renamed)."""
    forget_unseen_tokens(pair)
    networks = {"unet": pair.unet, "vae": vae, "text": pair.text}
    tensors = {
        prefix + key: value.detach().cpu().to(storage_of(key)).contiguous()
        for prefix, name in PREFIXES.items()
        for key, value in networks[name].state_dict().items()
    }
    metadata = {
        "modelspec.title": "Easel starter",
        "modelspec.architecture": "stable-diffusion-v1",
        "modelspec.license": "MIT; pictures of Noto Color Emoji, SIL OFL 1.1",
        "easel.norm_groups": str(settings.UNET.norm_groups),
        "easel.vae_norm_groups": str(settings.VAE.norm_groups),
        "easel.num_heads": str(settings.UNET.heads),
        "easel.clip_heads": str(settings.TEXT.heads),
        "easel.prediction_type": "eps",
        "easel.scale_factor": f"{scale:.6f}",
        "easel.native_size": str(data.SIZE),
        **latent_rgb(vae, scale),
    }
    new = settings.CHECKPOINT.with_suffix(".new")
    save_file(tensors, new, metadata)
    new.replace(settings.CHECKPOINT)
    print(f"{settings.CHECKPOINT}: {settings.CHECKPOINT.stat().st_size / 1e6:.1f} MB, {len(tensors)} tensors")


def storage_of(key: str) -> torch.dtype:
    """Half precision; eight bits for the token vectors, a third of the file: that moves encoded prompts by 0.5 %."""
    return torch.float8_e4m3fn if key == "embeddings.token_embedding.weight" else torch.float16


def forget_unseen_tokens(pair: Pair) -> None:
    """Zero the vectors of words that no caption holds, so that they say nothing instead of noise."""
    names = " ".join(name for noun in NOUNS for name in noun.names)
    words = [names, "a an picture of on in the background", " ".join(data.COLOURS), " ".join(data.SCENES.values()), ""]
    seen = torch.zeros(settings.TEXT.vocabulary, dtype=torch.bool)
    for text in words:
        for part in text.split() or [""]:
            seen[tokens_of([part])[0]] = True
    pair.text.embeddings.token_embedding.weight.data[~seen.to(pair.text.embeddings.token_embedding.weight.device)] = 0
