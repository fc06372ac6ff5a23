"""Parts of a model from files of their own: U-Nets, text encoders, and whole pipelines in the folders of diffusers."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from comfy_core.checkpoint import Checkpoint, Missing
from comfy_core.families import Family, UnknownCheckpoint, description, families
from comfy_core.families._clip import SD1_L, SD2_H, SDXL_G, SDXL_L, Kind, layer_count, load_clip, transformers_layout
from comfy_core.families._diffusers import is_unet, unet_renamed
from comfy_core.families._ldm import reading
from comfy_core.families._settings import with_config
from comfy_core.families._unet import UNET
from comfy_core.model import DiffusionModel
from comfy_core.networks.stored import cast_when_used
from comfy_core.patcher import ModelPatcher
from comfy_core.text.clip import CLIP
from comfy_core.vae import VAE
from comfy_core.vae_files import load_vae_file
from comfy_core.weights import Weights, WeightsError, open_weights

log = logging.getLogger(__name__)
TEXT_PREFIXES = (
    "cond_stage_model.transformer.",
    "cond_stage_model.model.",
    "clip_l.transformer.",
    "clip_g.transformer.",
    "clip_h.transformer.",
    "clip_l.",
    "clip_g.",
    "clip_h.",
)
TOKENS = ("embeddings.token_embedding.weight", "text_model.embeddings.token_embedding.weight", "token_embedding.weight")
LAYERS_OF_L, WIDTH_OF_L, LAYERS_OF_H = 12, 768, 24
WEIGHTS = ("diffusion_pytorch_model", "model", "pytorch_model")
ZERO_SNR = "rescale_betas_zero_snr"
ENDINGS = (".fp16.safetensors", ".safetensors", ".fp16.bin", ".bin")


def load_diffusion_model(path: Path, dtype: torch.dtype | None = None) -> ModelPatcher:
    """A model from its U-Net alone, in the layout of latent diffusion (with or without prefix) or of diffusers.

    `dtype` is a type to store the weights in. Raises WeightsError, or UnknownCheckpoint.
    """
    family, weights = _recognised(with_config(open_weights(path)))
    with reading(path.name):
        checkpoint = family.load(weights)
    log.info("%s: %s", path.name, checkpoint.note)
    if dtype is not None:
        store_as(checkpoint.model, dtype)
    return checkpoint.model


def store_as(patcher: ModelPatcher, dtype: torch.dtype) -> None:
    """Keep a model's matrices in a smaller type; it computes in the same one as before."""
    model: DiffusionModel = patcher.model  # type: ignore[assignment]
    model.manual_cast_dtype = patcher.model_dtype()
    patcher.storage = dtype
    cast_when_used(model.diffusion_model, model.manual_cast_dtype)


def _recognised(weights: Weights) -> tuple[Family, Weights]:
    """The family of a U-Net in any layout, and its table in the layout of a checkpoint."""
    named = unet_renamed(weights) if is_unet(weights) else weights
    if not named.has_prefix(UNET):
        named = named.renamed(lambda name: UNET + name.removeprefix("diffusion_model."))
    for family in families():
        if family.recognise(named):
            return family, named
    raise UnknownCheckpoint(description(weights, "diffusion model"))


def load_text_encoders(paths: Sequence[Path], type: str, device: torch.device | None = None) -> CLIP:
    """One text encoder, or two of `sdxl`, from files of their own, in the layout of `transformers` or OpenCLIP.

    Raises WeightsError when a file is not one, UnknownCheckpoint when `type` is not known.
    """
    tables = [_text_of(open_weights(path)) for path in paths]
    with reading(" or ".join(path.name for path in paths)):
        if type == "stable_diffusion" and len(tables) == 1:
            return load_clip({_kind_of(tables[0]): tables[0]}, device)
        if type == "sdxl" and len(tables) == 2:
            return load_clip(_pair(tables), device)
    wanted = "stable_diffusion" if len(tables) == 1 else "sdxl"
    raise UnknownCheckpoint(f"text encoders of type {type!r} are not supported yet; {wanted!r} is.")


def _text_of(weights: Weights) -> Weights:
    """The table of a text encoder without the prefix that it may have in its file."""
    for prefix in ("", *TEXT_PREFIXES):
        if any(prefix + name in weights for name in TOKENS):
            return weights.under(prefix)
    raise UnknownCheckpoint(description(weights, "text encoder", "CLIP-L, OpenCLIP ViT-H and ViT-bigG"))


def _kind_of(text: Weights) -> Kind:
    """Which encoder it is: by how many layers it has, and where that does not tell, by whose layout it has."""
    table = transformers_layout(text)
    layers, width = _size(table)
    if layers > LAYERS_OF_H:
        return SDXL_G
    if layers >= LAYERS_OF_H - 1:
        return SD2_H
    is_l = not text.has_prefix("transformer.resblocks.") or (layers, width) == (LAYERS_OF_L, WIDTH_OF_L)
    return SD1_L if is_l else SD2_H


def _pair(tables: list[Weights]) -> dict[Kind, Weights]:
    """SDXL's two encoders, in whichever order they come: the smaller is CLIP-L."""
    small, large = sorted(tables, key=lambda table: _size(transformers_layout(table))[::-1])
    if _size(transformers_layout(small)) == _size(transformers_layout(large)):
        names = " and ".join(table.path.name for table in tables if table.path)
        raise WeightsError(f"{names} are text encoders of the same size; SDXL takes a CLIP-L and an OpenCLIP bigG.")
    return {SDXL_L: small, SDXL_G: large}


def _size(text: Weights) -> tuple[int, int]:
    """How many layers an encoder has, and how wide it is."""
    return layer_count(text), text.shape("embeddings.token_embedding.weight")[1]


def load_diffusers(folder: Path) -> Checkpoint:
    """A pipeline in a folder of diffusers: `unet/`, `vae/`, `text_encoder/` and perhaps `text_encoder_2/`.

    Raises WeightsError when there is no U-Net, or a part is not whole.
    """
    family, weights = recognised_unet(folder)
    with reading(folder.name):
        checkpoint = family.load(weights)
        log.info("%s: %s", folder.name, checkpoint.note)
        return replace(checkpoint, clip=_clip_in(folder, family), vae=_vae_in(folder))


def recognised_unet(folder: Path) -> tuple[Family, Weights]:
    """The family of a pipeline, and the table of its U-Net in the layout of a checkpoint, with what its scheduler says.

    Raises WeightsError.
    """
    unet = find_weights(folder / "unet")
    if unet is None:
        raise WeightsError(f"{folder.name} has no weights in unet/; download the whole folder again.")
    return _recognised(_with_scheduler(open_weights(unet), folder))


def find_weights(folder: Path) -> Path | None:
    """The weight file of a part of a pipeline, half precision and safetensors first."""
    names = (name + ending for ending in ENDINGS for name in WEIGHTS)
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _clip_in(folder: Path, family: Family) -> CLIP | Missing:
    found: dict[Kind, Weights] = {}
    for kind in family.TEXTS:
        name = "text_encoder_2" if kind == SDXL_G else "text_encoder"
        path = find_weights(folder / name)
        if path is None:
            return Missing("text encoder", f"{folder.name}/{name}", "add a Load CLIP node")
        # ViT-H comes without its last layer, which Stable Diffusion 2 does not use
        found[replace(kind, missing=1) if kind == SD2_H else kind] = open_weights(path)
    return load_clip(found)


def _vae_in(folder: Path) -> VAE | Missing:
    path = find_weights(folder / "vae")
    return load_vae_file(path) if path else Missing("VAE", f"{folder.name}/vae", "add a Load VAE node")


def _with_scheduler(unet: Weights, folder: Path) -> Weights:
    """The table with what the pipeline's scheduler says of the prediction.

    Raises WeightsError for the pipelines whose noise levels are not those that their tensors tell.
    """
    try:
        said = json.loads((folder / "scheduler" / "scheduler_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return unet
    if str(said.get("_class_name")).startswith("EDM"):
        raise WeightsError(f"{folder.name} is an EDM pipeline; load the single file of this model in its place.")
    told = {"scheduler.prediction_type": said.get("prediction_type"), "scheduler.zero_snr": said.get(ZERO_SNR)}
    known = {key: str(value).lower() for key, value in told.items() if value is not None}
    return replace(unet, metadata={**unet.metadata, **known})
