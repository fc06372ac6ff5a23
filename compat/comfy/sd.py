"""Model files as packs open them: by path, or as tables of tensors."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from pathlib import Path
from typing import Any

from comfy.controlnet import load_controlnet

from comfy_core import families, lora, parts, vae_files
from comfy_core import style_model as styles
from comfy_core import vae as vaes
from comfy_core.checkpoint import Missing
from comfy_core.families.sd2_unclip import VISION
from comfy_core.model_saving import checkpoint_table
from comfy_core.patcher import ModelPatcher
from comfy_core.text.clip import CLIP
from comfy_core.vision import ClipVisionModel, load_clip_vision
from comfy_core.weights import Weights, open_weights
from comfy_core.weights.write import copied, write_safetensors

__all__ = [
    "CLIP",
    "VAE",
    "CLIPType",
    "load_checkpoint",
    "load_checkpoint_guess_config",
    "load_clip",
    "load_controlnet",
    "load_diffusion_model",
    "load_lora_for_models",
    "load_style_model",
    "load_unet",
    "save_checkpoint",
]


class CLIPType(Enum):
    """What text encoders are for; those of other families than Stable Diffusion cannot be opened."""

    STABLE_DIFFUSION = 1
    STABLE_CASCADE = auto()
    SD3 = auto()
    STABLE_AUDIO = auto()
    HUNYUAN_DIT = auto()
    FLUX = auto()
    MOCHI = auto()
    LTXV = auto()
    HUNYUAN_VIDEO = auto()
    PIXART = auto()
    COSMOS = auto()
    LUMINA2 = auto()
    WAN = auto()
    HIDREAM = auto()
    CHROMA = auto()
    ACE = auto()
    OMNIGEN2 = auto()
    QWEN_IMAGE = auto()


class _Ours(type):
    """Counts every VAE of ours as one of the class that packs know."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, vaes.VAE)


class VAE(vaes.VAE, metaclass=_Ours):
    """A VAE from a table of tensors, as `comfy.utils.load_torch_file` gives it. Raises WeightsError."""

    def __init__(self, sd: Mapping[str, Any], *more: Any, **options: Any) -> None:
        super().__init__(vae_files.vae_of(_weights(sd)).patcher)


def load_checkpoint_guess_config(
    ckpt_path: str | Path, output_vae: bool = True, output_clip: bool = True, output_clipvision: bool = False, **_: Any
) -> tuple[ModelPatcher, CLIP | Missing | None, vaes.VAE | Missing | None, ClipVisionModel | None]:
    """A checkpoint's model, text encoder, VAE and encoder of pictures; None for what is not wanted, and for the last
    where the file has none."""
    checkpoint = families.load_checkpoint(ckpt_path)
    clip, vae = checkpoint.clip if output_clip else None, checkpoint.vae if output_vae else None
    vision = open_weights(ckpt_path).under(VISION) if output_clipvision else None
    return checkpoint.model, clip, vae, load_clip_vision(vision) if vision else None


def load_checkpoint(
    config_path: str | Path | None = None,
    ckpt_path: str | Path | None = None,
    output_vae: bool = True,
    output_clip: bool = True,
    **_: Any,
) -> tuple[Any, Any, Any]:
    """A checkpoint's model, text encoder and VAE, by the YAML at `config_path` if there is one."""
    if ckpt_path is None:
        raise TypeError("comfy.sd.load_checkpoint: say which file, as ckpt_path")
    config = None if config_path is None else Path(config_path)
    checkpoint = families.load_checkpoint(ckpt_path, config=config)
    return checkpoint.model, checkpoint.clip if output_clip else None, checkpoint.vae if output_vae else None


def load_lora_for_models(
    model: ModelPatcher | None,
    clip: CLIP | None,
    lora_sd: Mapping[str, Any],
    strength_model: float,
    strength_clip: float,
) -> tuple[ModelPatcher | None, CLIP | None]:
    """Copies of a model and its text encoder with a LoRA on them, given as a table of tensors."""
    return lora.load_lora_for_models(model, clip, _weights(lora_sd), strength_model, strength_clip)


def load_diffusion_model(
    unet_path: str | Path, model_options: Mapping[str, Any] | None = None, **_: Any
) -> ModelPatcher:
    """A diffusion model alone; its weights are stored in the `dtype` of the options if they name one."""
    return parts.load_diffusion_model(Path(unet_path), (model_options or {}).get("dtype"))


def load_unet(unet_path: str | Path, dtype: Any = None) -> ModelPatcher:
    return load_diffusion_model(unet_path, {"dtype": dtype})


def load_clip(
    ckpt_paths: list[str],
    embedding_directory: Any = None,
    clip_type: CLIPType = CLIPType.STABLE_DIFFUSION,
    model_options: Mapping[str, Any] | None = None,
) -> CLIP:
    """The text encoder in one file, or the two of SDXL. Raises WeightsError for those of other families."""
    wanted = "sdxl" if len(ckpt_paths) == 2 and clip_type is CLIPType.STABLE_DIFFUSION else clip_type.name.lower()
    return parts.load_text_encoders([Path(path) for path in ckpt_paths], wanted)


def load_style_model(ckpt_path: str | Path) -> styles.StyleModel:
    return styles.load_style_model(open_weights(ckpt_path))


def save_checkpoint(
    output_path: str | Path,
    model: ModelPatcher,
    clip: CLIP | None = None,
    vae: vaes.VAE | None = None,
    clip_vision: None = None,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write a checkpoint as it is used, patches and all. Raises WeightsError when there is such a file already."""
    table = checkpoint_table(model, clip, vae)
    tensors = {name: copied(table, name) for name in table}
    write_safetensors(Path(output_path), tensors, {**table.metadata, **(metadata or {})})


def _weights(table: Mapping[str, Any]) -> Weights:
    return table if isinstance(table, Weights) else Weights.of(dict(table))
