"""Stable Diffusion 1.x: a U-Net with CLIP-L text, predicting noise in the latents of a KL autoencoder.

Rombach et al. 2022, "High-Resolution Image Synthesis with Latent Diffusion Models", https://arxiv.org/abs/2112.10752.
Files of any width and depth in its layout load; what shapes cannot tell is read from the file's metadata:

    easel.norm_groups      groups of the U-Net's norms            32
    easel.num_heads        attention heads of the U-Net           8
    easel.vae_norm_groups  groups of the autoencoder's norms      32
    easel.clip_heads       attention heads of the text encoder    width / 64
    easel.scale_factor     latents are multiplied by this         0.18215
    easel.prediction_type  `eps` or `v`                           eps
    easel.latent_rgb       preview: JSON, a row of red, green, blue for each latent channel, and one for the bias
"""

from __future__ import annotations

import json

from torch import Tensor, nn

from comfy_core.checkpoint import Checkpoint, Missing
from comfy_core.families._ldm import UNET, VAE_PREFIX, build, load_vae, patcher_of, unet_dims
from comfy_core.latent_format import LatentFormat
from comfy_core.memory import devices
from comfy_core.model import DiffusionModel
from comfy_core.networks.clip_text import ClipText, ClipTextDims
from comfy_core.networks.unet import UNet
from comfy_core.patcher import ModelPatcher
from comfy_core.sampling.prediction import PREDICTIONS
from comfy_core.text.clip import CLIP, Tokens
from comfy_core.text.embeddings import find_embedding
from comfy_core.text.encode import encode_chunks
from comfy_core.text.prompt import Chunk, chunks, words
from comfy_core.text.tokenizer import clip_tokens
from comfy_core.weights import Weights, WeightsError

NAME = "Stable Diffusion 1.x"
TEXT = ("cond_stage_model.transformer.text_model.", "cond_stage_model.transformer.")
LATENT_RGB = (
    (0.3512, 0.2297, 0.3227),
    (0.3250, 0.4974, 0.2350),
    (-0.2829, 0.1762, 0.2721),
    (-0.2120, -0.2616, -0.7177),
)


def recognise(weights: Weights) -> bool:
    """A latent-diffusion U-Net with 1x1 convolutions around its transformers, no vector input, as many channels in as
    out (inpainting models take more), and no other text encoder than a CLIP in the layout of `transformers`."""
    first = UNET + "input_blocks.0.0.weight"
    projections = [name for name in weights if name.startswith(UNET) and name.endswith("proj_in.weight")]
    return (
        first in weights
        and bool(projections)
        and len(weights.shape(projections[0])) == 4
        and weights.shape(first)[1] == weights.shape(UNET + "out.2.weight")[0]
        and not weights.has_prefix(UNET + "label_emb.")
        and not weights.has_prefix("conditioner.")
        and not weights.has_prefix("cond_stage_model.model.")
    )


def load(weights: Weights) -> Checkpoint:
    """The three parts of a checkpoint; nothing but the header is read yet. Raises WeightsError when it is not whole."""
    file = weights.path.name if weights.path else "the checkpoint"
    text = next((weights.under(prefix) for prefix in TEXT if weights.has_prefix(prefix)), None)
    vae = weights.under(VAE_PREFIX)
    return Checkpoint(
        model=load_model(weights),
        clip=load_clip(text) if text else Missing("text encoder", file, "add a node that loads one"),
        vae=load_vae(vae) if vae else Missing("VAE", file, "add a Load VAE node"),
    )


def load_model(weights: Weights) -> ModelPatcher:
    meta = weights.metadata
    unet = weights.under(UNET)
    dims = unet_dims(
        unet, heads=int(meta.get("easel.num_heads", 8)), norm_groups=int(meta.get("easel.norm_groups", 32))
    )
    prediction = meta.get("easel.prediction_type", "eps")
    if prediction not in PREDICTIONS:
        raise WeightsError(f"the prediction type {prediction!r} is not one of: {', '.join(PREDICTIONS)}.")
    network = build(UNet, dims, "U-Net", weights)
    model = DiffusionModel(
        network,
        PREDICTIONS[prediction](),
        latent_format(weights, dims.in_channels),
        model_config=__name__,
        values_per_pixel=32 * dims.model_channels,
    )
    dtype = devices.network_dtype(devices.compute_device())
    return patcher_of(model, unet.renamed(lambda key: f"diffusion_model.{key}"), dtype, "U-Net")


def latent_format(weights: Weights, channels: int) -> LatentFormat:
    """Latents are scaled to unit variance; the preview's colours are the original autoencoder's unless the file has its
    own."""
    rows = json.loads(weights.metadata.get("easel.latent_rgb", "null")) or LATENT_RGB
    return LatentFormat(
        scale_factor=float(weights.metadata.get("easel.scale_factor", 0.18215)),
        latent_channels=channels,
        latent_rgb_factors=tuple(tuple(row) for row in rows[:channels]),
        latent_rgb_factors_bias=tuple(rows[channels]) if len(rows) > channels else None,
    )


def load_clip(text: Weights) -> CLIP:
    """The text encoder, from its table without prefix."""
    try:
        vocabulary, width = text.shape("embeddings.token_embedding.weight")
        dims = ClipTextDims(
            width=width,
            layers=sum(name.endswith(".layer_norm1.weight") for name in text),
            heads=int(text.metadata.get("easel.clip_heads", max(1, width // 64))),
            mlp_width=text.shape("encoder.layers.0.mlp.fc1.weight")[0],
            vocabulary=vocabulary,
            positions=text.shape("embeddings.position_embedding.weight")[0],
        )
    except KeyError as error:
        raise WeightsError(f"the text encoder is not whole: it lacks {error}.") from error
    network = build(TextEncoder, dims, "text encoder", text)
    dtype = devices.network_dtype(devices.compute_device())
    return CLIP(patcher_of(network, text.renamed(lambda key: f"clip_l.{key}"), dtype, "text encoder"))


class TextEncoder(nn.Module):
    """CLIP ViT-L/14's text transformer: its last layer, normalised, is what the U-Net attends to."""

    def __init__(self, dims: ClipTextDims) -> None:
        super().__init__()
        self.clip_l = ClipText(dims)
        self.chunk = Chunk(length=dims.positions)

    def tokenize(self, text: str) -> Tokens:
        width = self.clip_l.dims.width
        groups = words(text, clip_tokens, lambda name: find_embedding(name, "clip_l", width))
        return {"l": chunks(groups, self.chunk)}

    def encode_token_weights(self, tokens: Tokens, layer: int | None) -> tuple[Tensor, Tensor]:
        return encode_chunks(self.clip_l, tokens["l"], self.chunk, layer)
