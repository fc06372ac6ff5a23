"""Stable Diffusion 1.x: a U-Net with CLIP-L text, predicting noise in the latents of a KL autoencoder.

Rombach et al. 2022, "High-Resolution Image Synthesis with Latent Diffusion Models", https://arxiv.org/abs/2112.10752.
With more input channels it paints a part anew or follows an instruction (Brooks et al. 2023, InstructPix2Pix,
https://arxiv.org/abs/2211.09800); distilled to few steps it is told the guidance scale (Luo et al. 2023, LCM,
https://arxiv.org/abs/2310.04378). Files of any width and depth in its layout load; what shapes cannot tell is read from
the file's metadata:

    easel.norm_groups      groups of the U-Net's norms            32
    easel.num_heads        attention heads of the U-Net           8
    easel.vae_norm_groups  groups of the autoencoder's norms      32
    easel.clip_heads       attention heads of the text encoder    width / 64
    easel.scale_factor     latents are multiplied by this         0.18215
    easel.prediction_type  `eps` or `v`                           eps
    easel.latent_rgb       preview: JSON, a row of red, green, blue for each latent channel, and one for the bias
    easel.latent_rgb_mean  preview: JSON, a row for each latent channel's mean over the picture
"""

from __future__ import annotations

from comfy_core.checkpoint import Checkpoint
from comfy_core.families._clip import SD1_L
from comfy_core.families._parts import adapted, checkpoint_of
from comfy_core.families._prediction import prediction_of, usual
from comfy_core.families._unet import layout, load_unet
from comfy_core.latent_format import LatentFormat
from comfy_core.weights import Weights

NAME = "Stable Diffusion 1.x"
TEXTS = {SD1_L: ("cond_stage_model.transformer.text_model.", "cond_stage_model.transformer.")}
LATENTS = LatentFormat(
    scale_factor=0.18215,
    latent_rgb_factors=(
        (0.3512, 0.2297, 0.3227),
        (0.3250, 0.4974, 0.2350),
        (-0.2829, 0.1762, 0.2721),
        (-0.2120, -0.2616, -0.7177),
    ),
    taesd_decoder_name="taesd_decoder",
)


def recognise(weights: Weights) -> bool:
    """1x1 convolutions around the transformers, and no vector beside the text."""
    found = layout(weights)
    return found is not None and not found.linear and not found.vector


def load(weights: Weights) -> Checkpoint:
    """The three parts of a checkpoint; nothing but the header is read yet. Raises WeightsError when it is not whole."""
    choice = prediction_of(weights, usual())
    heads = int(weights.metadata.get("easel.num_heads", 8))
    model = load_unet(weights, choice.sampling(), adapted(LATENTS, weights), heads=heads, family=__name__)
    return checkpoint_of(weights, model, TEXTS, note=f"{NAME}: {choice.sentence}")
