"""Models, text encoders and VAEs written to files as they are used: patched, merged, in the layout of the original
releases, so that they load again to the same numbers. No more of a model is in memory than one weight.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, cast

import torch
from torch import Tensor

from comfy_core import progress
from comfy_core.families import Family
from comfy_core.families._clip import TextEncoders
from comfy_core.families._ldm import VAE_PREFIX
from comfy_core.families._unet import UNET
from comfy_core.families._views import joined
from comfy_core.media.save import save_files
from comfy_core.model_tools.single_file import open_clip_layout
from comfy_core.patcher import ModelPatcher
from comfy_core.sampling.noise_levels import DiscreteSchedule
from comfy_core.sampling.prediction import Consistency, Flow, Sample, Velocity
from comfy_core.text.clip import CLIP
from comfy_core.vae import VAE
from comfy_core.weights import Weights
from comfy_core.weights.table import Entry
from comfy_core.weights.write import copied, write_into

ENDING = "_.safetensors"
NETWORK = "diffusion_model."
PREDICTION = "modelspec.prediction_type"
MARKS = ("v_pred", "ztsnr", "edm_mean", "edm_std", "edm_vpred.", "noise_augmentor.")
"""Names of tensors beside the three parts by which files say how their model is to be used."""
ARCHITECTURES = {
    "sd1": "stable-diffusion-v1",
    "sd2": "stable-diffusion-v2-512",
    "sdxl": "stable-diffusion-xl-v1-base",
    "sdxl_refiner": "stable-diffusion-xl-v1-refiner",
}


def checkpoint_table(model: ModelPatcher, clip: CLIP | None = None, vae: VAE | None = None) -> Weights:
    """The table of a checkpoint of these parts, under the names of the original release."""
    tables = {UNET: patched_table(model).under(NETWORK), **_marks(model)}
    if clip is not None:
        tables |= _texts(clip, family_of(model))
    if vae is not None:
        tables[VAE_PREFIX] = patched_table(vae.patcher)
    parts = [model, *([clip.patcher] if clip else []), *([vae.patcher] if vae else [])]
    return replace(joined(tables), metadata=_metadata(parts) | _model_spec(model))


def text_tables(clip: CLIP) -> dict[str, Weights]:
    """The table of each text encoder by its name (`clip_l`, `clip_g` …), in the layout of `transformers`."""
    whole = patched_table(clip.patcher)
    names = [f"clip_{kind.letter}" for kind in cast(TextEncoders, clip.cond_stage_model).kinds]
    tables = {name: whole.under(f"{name}.").renamed(_in_transformers) for name in names}
    return {name: replace(table, metadata=_metadata([clip.patcher])) for name, table in tables.items()}


def vae_table(vae: VAE) -> Weights:
    return replace(patched_table(vae.patcher), metadata=_metadata([vae.patcher]))


def save_table(table: Weights, folder: Path, prefix: str, texts: Mapping[str, str]) -> None:
    """Write a table as a numbered `.safetensors` file in `folder`, with `texts` and its title in the metadata.

    Raises ImageError when the prefix leaves the folder or the disk has no room.
    """
    tensors = {name: copied(table, name) for name in table}
    bar = progress.ProgressBar(table.nbytes())
    metadata = {**table.metadata, "modelspec.title": Path(prefix).name, **texts}

    def write(file: IO[bytes]) -> None:
        write_into(file, tensors, metadata, bar.update)

    save_files([write], folder, prefix, ENDING)


def patched_table(patcher: ModelPatcher) -> Weights:
    """A model's weights as they are used. One without patches is as in its file; a patched one is worked out when read,
    in the type that the model is loaded in."""
    source = patcher.source if isinstance(patcher.source, Weights) else Weights.of(dict(patcher.source))
    changed = {key for key, patches in patcher.patches.items() if not all(one.changes_nothing for one in patches)}

    def read(key: str) -> Tensor:
        return patcher.weight(key).to("cpu") if key in changed else source[key]

    def entry(key: str) -> Entry:
        stored = Entry(source.shape(key), source.dtype(key))
        return replace(stored, dtype=patcher.dtype or stored.dtype) if key in changed else stored

    names = {key: key for key in source}
    return Weights({key: entry(key) for key in source}, read, names, source.metadata, source.path, source.release)


def family_of(model: ModelPatcher) -> Family:
    """The family module that a model was loaded by. Raises ValueError for a model of unknown family."""
    name = getattr(model.model, "model_config", None)
    if not isinstance(name, str):
        raise ValueError("the model does not come from a checkpoint, and its family is not known: save its parts alone")
    return cast(Family, importlib.import_module(name))


def _texts(clip: CLIP, family: Family) -> dict[str, Weights]:
    """The text encoders under the names that a family's checkpoints have. Raises ValueError for another family's."""
    prefixes = {f"clip_{kind.letter}": names[0] for kind, names in family.TEXTS.items()}
    tables = text_tables(clip)
    if tables.keys() != prefixes.keys():
        raise ValueError(
            f"the text encoder has the parts {', '.join(tables)} and a checkpoint of {family.NAME} takes "
            f"{', '.join(prefixes)}: link the one that belongs to the model"
        )
    return {
        prefixes[name]: table.under("text_model.") if name == "clip_l" else open_clip_layout(table)
        for name, table in tables.items()
    }


def _in_transformers(name: str) -> str:
    return name if name.startswith("text_projection") else f"text_model.{name}"


def _marks(model: ModelPatcher) -> dict[str, Weights]:
    """The tensors that say how the model is to be used: what it predicts now, else what its file says."""
    sampling = model.get_model_object("model_sampling")
    if _is_discrete(sampling):
        said = {"v_pred": isinstance(sampling, Velocity), "ztsnr": float(sampling.sigma_max) > 1000}
        marks = {name: torch.empty(0) for name, is_so in said.items() if is_so}
    else:
        marks = {}
    if isinstance(model.source, Weights):
        for stored in model.source.entries:
            name = stored.removeprefix(UNET)
            if name.startswith(MARKS[2:]):
                marks[name] = model.source.read(stored)
    return {name: Weights.of({"": tensor}) for name, tensor in marks.items()}


def _is_discrete(sampling: Any) -> bool:
    """Whether a model predicts noise or velocity at whole timesteps, which marks and metadata can say."""
    return isinstance(sampling, DiscreteSchedule) and not isinstance(sampling, Consistency | Flow | Sample)


def _metadata(patchers: list[ModelPatcher]) -> dict[str, str]:
    """What the files of the parts say of dimensions that shapes do not tell; of each part its own."""
    said: dict[str, str] = {}
    for patcher in patchers:
        own = getattr(patcher.source, "metadata", {})
        said |= {name: value for name, value in own.items() if name.startswith("easel.") and name not in said}
    return said


def _model_spec(model: ModelPatcher) -> dict[str, str]:
    """The fields of the Model Metadata Standard (Stability AI 2023, https://github.com/Stability-AI/ModelSpec)."""
    spec: dict[str, str] = {"modelspec.sai_model_spec": "1.0.0", "modelspec.implementation": "sgm"}
    family = family_of(model).__name__.rpartition(".")[2]  # type: ignore[attr-defined]
    if family in ARCHITECTURES:
        spec["modelspec.architecture"] = ARCHITECTURES[family]
    sampling: Any = model.get_model_object("model_sampling")
    if _is_discrete(sampling):
        spec[PREDICTION] = "v" if isinstance(sampling, Velocity) else "epsilon"
    return spec
