"""The words nodes are written in: one alias for each type of the ecosystem."""

from __future__ import annotations

from typing import Annotated, Any

from torch import Tensor

from comfy_core.patcher import ModelPatcher
from comfy_core.sampling.guidance import CFGGuider
from comfy_core.sampling.noise import Noise
from comfy_core.sampling.samplers import SAMPLERS, Sampler
from comfy_core.sampling.schedulers import SCHEDULERS
from comfy_core.text.clip import CLIP
from comfy_core.vae import VAE
from comfy_core.vision import ClipVisionModel
from comfy_core.vision import ClipVisionOutput as Seen
from nodes.schema import Combo, Float, Hidden, Int, Socket

MAX_RESOLUTION = 16384

Model = Annotated[ModelPatcher, Socket("MODEL", tooltip="The diffusion model.")]
Clip = Annotated[CLIP, Socket("CLIP", tooltip="The text encoder that belongs to the model.")]
Vae = Annotated[VAE, Socket("VAE", tooltip="The autoencoder between images and latents.")]
ClipVision = Annotated[ClipVisionModel, Socket("CLIP_VISION", tooltip="An encoder of pictures.")]
ClipVisionOutput = Annotated[Seen, Socket("CLIP_VISION_OUTPUT", tooltip="What an encoder saw in a picture.")]
Conditioning = Annotated[list, Socket("CONDITIONING", tooltip="An encoded prompt.")]
Positive = Annotated[list, Socket("CONDITIONING", tooltip="What the picture should show.")]
Negative = Annotated[list, Socket("CONDITIONING", tooltip="What the picture should not show.")]
Latent = Annotated[dict[str, Any], Socket("LATENT", tooltip="A picture in the model's latent space.")]
Image = Annotated[Tensor, Socket("IMAGE", tooltip="One picture or several of one size.")]
Mask = Annotated[Tensor, Socket("MASK", tooltip="White where something is to happen.")]
Sigmas = Annotated[Tensor, Socket("SIGMAS", tooltip="The noise levels of a run, from the first to the last.")]
SamplerObject = Annotated[Sampler, Socket("SAMPLER", tooltip="The method that walks down the noise levels.")]
Guider = Annotated[CFGGuider, Socket("GUIDER", tooltip="The model and the prompts that lead it.")]
NoiseObject = Annotated[Noise, Socket("NOISE", tooltip="What a run starts from.")]
Anything = Annotated[Any, Socket("*", tooltip="A value of any type.")]

SamplerName = Annotated[str, Combo(tuple(SAMPLERS), tooltip="The method that walks from noise to the picture.")]
SchedulerName = Annotated[str, Combo(tuple(SCHEDULERS), tooltip="How the noise levels are spread over the steps.")]

Prompt = Annotated[Any, Hidden("PROMPT")]
PngInfo = Annotated[Any, Hidden("EXTRA_PNGINFO")]

Steps = Annotated[int, Int(default=20, min=1, max=10_000, tooltip="More steps are slower and finer.")]
Cfg = Annotated[
    float,
    Float(
        default=8.0,
        min=0.0,
        max=100.0,
        step=0.1,
        round=0.01,
        tooltip="How closely the picture follows the prompt; at 1 the negative prompt is not used.",
    ),
]
Denoise = Annotated[
    float,
    Float(
        default=1.0, min=0.0, max=1.0, step=0.01, tooltip="How much is made anew: 1 everything, 0.5 keeps the layout."
    ),
]
Strength = Annotated[
    float, Float(default=1.0, min=-100.0, max=100.0, step=0.01, tooltip="0 changes nothing; it may be negative.")
]
