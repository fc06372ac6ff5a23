"""A pipeline in the folders of diffusers as one checkpoint in the layout of the original releases."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from comfy_core.families._clip import IN_LAYER, NAMES, SDXL_G
from comfy_core.families._diffusers import vae_renamed
from comfy_core.families._ldm import VAE_PREFIX, convolutional
from comfy_core.families._views import joined, transposed, viewed
from comfy_core.parts import find_weights, recognised_unet
from comfy_core.weights import Weights, WeightsError, open_weights
from comfy_core.weights.table import Entry

OPEN_CLIP_NAMES = {theirs: ours for ours, theirs in NAMES.items()}
OPEN_CLIP_LAYER = {theirs: ours for ours, theirs in IN_LAYER.items()}
PREDICTION, ZERO_SNR = "scheduler.prediction_type", "scheduler.zero_snr"


def single_file(folder: Path) -> Weights:
    """The table of a whole checkpoint. Raises WeightsError when a part is missing or not known."""
    family, unet = recognised_unet(folder)
    tables: dict[str, Weights] = {"": unet, VAE_PREFIX: _vae(folder)}
    for kind, prefixes in family.TEXTS.items():
        text = open_weights(_part(folder, "text_encoder_2" if kind == SDXL_G else "text_encoder"))
        tables[prefixes[0]] = text.renamed(_without_head) if kind.letter == "l" else open_clip_layout(text)
    whole = joined({**tables, **_marks(unet.metadata)})
    return replace(whole, metadata=_metadata(unet.metadata), path=folder)


def _part(folder: Path, name: str) -> Path:
    found = find_weights(folder / name)
    if found is None:
        raise WeightsError(f"{folder.name} has no weights in {name}/; download the whole folder again.")
    return found


def _vae(folder: Path) -> Weights:
    return convolutional(vae_renamed(open_weights(_part(folder, "vae"))))


def _metadata(said: Mapping[str, str]) -> dict[str, str]:
    """What a file has to say itself once its scheduler is not beside it."""
    kept = {name: value for name, value in said.items() if not name.startswith("scheduler.")}
    return kept | ({"modelspec.prediction_type": said[PREDICTION]} if PREDICTION in said else {})


def _marks(said: Mapping[str, str]) -> dict[str, Weights]:
    """Tensors without numbers by which checkpoints say what they predict."""
    marks = {"v_pred": said.get(PREDICTION) == "v_prediction", "ztsnr": said.get(ZERO_SNR) == "true"}
    return {name: Weights.of({"": torch.empty(0)}) for name, is_so in marks.items() if is_so}


def open_clip_layout(text: Weights) -> Weights:
    """A text encoder of `transformers` in OpenCLIP's layout, where the projections of attention are one matrix."""
    projection = {"text_projection": transposed(text, "text_projection.weight")} if _projects(text) else {}
    plain = viewed(text, projection).renamed(_open_clip_name)
    return _with_packed(plain, text, dict(_packed(text)))


def _projects(text: Weights) -> bool:
    return "text_projection.weight" in text


def _without_head(name: str) -> str:
    """A name without the prefix that older versions of `transformers` write."""
    return name.removeprefix("text_model.")


def _open_clip_name(name: str) -> str | None:
    inner = _without_head(name)
    match = re.fullmatch(r"encoder\.layers\.(\d+)\.(.+)\.(weight|bias)", inner)
    if match is None:
        return OPEN_CLIP_NAMES.get(inner, inner if inner == "text_projection" else None)
    if match[2] not in OPEN_CLIP_LAYER:
        return None
    return f"transformer.resblocks.{match[1]}.{OPEN_CLIP_LAYER[match[2]]}.{match[3]}"


def _packed(text: Weights) -> Iterator[tuple[str, list[str]]]:
    """The names of the packed projections, and of the three that each is made of."""
    for name in text:
        match = re.fullmatch(r"(?:text_model\.)?encoder\.layers\.(\d+)\.self_attn\.q_proj\.(weight|bias)", name)
        if match:
            parts = [name.replace("q_proj", f"{letter}_proj") for letter in "qkv"]
            yield f"transformer.resblocks.{match[1]}.attn.in_proj_{match[2]}", parts


def _with_packed(plain: Weights, text: Weights, packed: Mapping[str, list[str]]) -> Weights:
    """The table with the packed tensors beside the others."""
    entries = {}
    for name, parts in packed.items():
        rows, *rest = text.shape(parts[0])
        entries[f"{name}\0packed"] = Entry((3 * rows, *rest), text.dtype(parts[0]))

    def read(stored: str) -> Tensor:
        parts = packed.get(stored.removesuffix("\0packed")) if stored.endswith("\0packed") else None
        return plain.read(stored) if parts is None else torch.cat([text[part] for part in parts])

    return replace(
        plain,
        entries={**plain.entries, **entries},
        stored={**plain.stored, **{name: f"{name}\0packed" for name in packed}},
        read=read,
    )
