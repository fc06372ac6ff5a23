"""A checkpoint of Stable Diffusion 1, 2 or XL as a pipeline in the folders of diffusers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from comfy_core.families import Family, recognise, sd1, sd2, sdxl
from comfy_core.families._clip import SD2_H, Kind, layer_count, text_dims, transformers_layout
from comfy_core.families._ldm import VAE_PREFIX, file_name, vae_dims
from comfy_core.families._prediction import Choice, prediction_of, usual
from comfy_core.families._unet import UNET, unet_dims
from comfy_core.folders import PIPELINE
from comfy_core.model_tools import diffusers_config as config
from comfy_core.model_tools.diffusers_names import unet_names, vae_names
from comfy_core.model_tools.prune import kept_type, lasting_metadata
from comfy_core.sampling.prediction import Velocity
from comfy_core.text.tokenizer import clip_tokenizer
from comfy_core.weights import Weights, WeightsError
from comfy_core.weights.write import copied, write_safetensors
from comfy_core.whole_file import unfinished

KNOWN = (sd1, sd2, sdxl)
SCALES = {sd1: 0.18215, sd2: 0.18215, sdxl: 0.13025}
WEIGHTS, TEXT_WEIGHTS = "diffusion_pytorch_model.safetensors", "model.safetensors"
HEAD = "text_model."
Progress = Callable[[int], object]


def write_pipeline(weights: Weights, folder: Path, dtype: str | None, progress: Progress) -> int:
    """Write a new folder and return the bytes of its weights; it appears whole or not at all.

    Raises WeightsError when the checkpoint is none of the families that diffusers has in this layout, lacks a part, or
    cannot be written.
    """
    if folder.exists():
        raise WeightsError(f"{folder} is there already; choose another name, nothing is overwritten.")
    family = recognise(weights)
    if family not in KNOWN:
        names = ", ".join(one.NAME for one in KNOWN)
        raise WeightsError(f"{file_name(weights)} is {family.NAME}; folders of diffusers are written for {names}.")
    temporary = unfinished(folder.parent)
    try:
        total = _write(weights, family, temporary, dtype, progress)
        temporary.rename(folder)
    except OSError as error:
        raise WeightsError(f"{folder} cannot be written: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return total


def _write(weights: Weights, family: Family, folder: Path, dtype: str | None, progress: Progress) -> int:
    is_xl = family is sdxl
    choice = _prediction(weights, family)
    is_velocity = issubclass(choice.prediction, Velocity)
    _say(folder / PIPELINE, config.index(is_xl))
    _say(folder / "scheduler" / "scheduler_config.json", config.scheduler(is_velocity, choice.zero_snr))
    unet = weights.under(UNET)
    heads = int(weights.metadata.get("easel.num_heads", 8)) if family is sd1 else None
    dims = unet_dims(unet, heads=heads, norm_groups=int(weights.metadata.get("easel.norm_groups", 32)))
    named = unet_names(unet, dims, is_xl)
    total = _part(folder / "unet", WEIGHTS, named, config.unet(dims, is_xl), dtype, progress)
    vae = _present(weights, VAE_PREFIX, "VAE")
    shape = vae_dims(vae, norm_groups=int(weights.metadata.get("easel.vae_norm_groups", 32)))
    scale = float(weights.metadata.get("easel.scale_factor", SCALES[family]))  # type: ignore[index]
    total += _part(folder / "vae", WEIGHTS, vae_names(vae), config.vae(shape, scale), dtype, progress)
    for place, (kind, prefixes) in enumerate(family.TEXTS.items()):
        suffix = "_2" if place else ""
        total += _text(folder, suffix, _text_table(weights, prefixes), kind, dtype, progress)
    return total


def _text(folder: Path, suffix: str, table: Weights, kind: Kind, dtype: str | None, progress: Progress) -> int:
    table = transformers_layout(table)
    is_h = kind == SD2_H
    dims = text_dims(table, kind)
    if is_h:  # whose last layer and projection are not used; pipelines leave them out
        last = f"encoder.layers.{layer_count(table) - 1}."
        table = table.renamed(lambda name: None if name.startswith(last) else name)
        dims = replace(dims, layers=dims.layers - 1, projection=0)
    known = ("embeddings.token", "embeddings.position", "encoder.", "final_layer_norm.")
    projection = "text_projection.weight" if dims.projection else ""

    def rename(name: str) -> str | None:
        return HEAD + name if name.startswith(known) else name if name == projection else None

    tokens = folder / f"tokenizer{suffix}"
    _say(tokens / "tokenizer_config.json", config.tokenizer("<|endoftext|>" if kind.letter == "l" else "!"))
    clip_tokenizer().model.save(str(tokens))
    place = folder / f"text_encoder{suffix}"
    return _part(place, TEXT_WEIGHTS, table.renamed(rename), config.text(dims), dtype, progress)


def _part(folder: Path, name: str, table: Weights, said: dict[str, Any], dtype: str | None, progress: Progress) -> int:
    _say(folder / "config.json", said)
    tensors = {key: copied(table, key, kept_type(table, key, dtype)) for key in table}
    said_before = lasting_metadata(table.metadata)  # all of it with each part, for each may be loaded alone
    return write_safetensors(folder / name, tensors, {"format": "pt", **said_before}, progress)


def _say(path: Path, said: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(said, indent=2) + "\n")


def _present(weights: Weights, prefix: str, name: str) -> Weights:
    if not weights.has_prefix(prefix):
        raise WeightsError(f"{file_name(weights)} holds no {name}, and a pipeline needs one.")
    return weights.under(prefix)


def _text_table(weights: Weights, prefixes: tuple[str, ...]) -> Weights:
    prefix = next((one for one in prefixes if weights.has_prefix(one)), prefixes[0])
    return _present(weights, prefix, "text encoder")


def _prediction(weights: Weights, family: Family) -> Choice:
    return prediction_of(weights, sd2.guess if family is sd2 else usual())
