"""The model families. Each module here is one, found by being there; `Family` says what it offers."""

from __future__ import annotations

import importlib
import logging
import pkgutil
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Protocol, cast

from comfy_core.checkpoint import Checkpoint
from comfy_core.families._clip import Kind
from comfy_core.families._ldm import reading
from comfy_core.families._settings import chosen_weights, with_config
from comfy_core.text.clip import CLIP
from comfy_core.weights import Weights, WeightsError, open_weights

log = logging.getLogger(__name__)


class Family(Protocol):
    """What a family module offers."""

    NAME: str
    TEXTS: Mapping[Kind, tuple[str, ...]]
    """Its text encoders, and under which prefixes a checkpoint may hold each."""

    def recognise(self, weights: Weights) -> bool:
        """Whether a checkpoint is of this family, from its tensors' names and shapes alone."""
        ...

    def load(self, weights: Weights) -> Checkpoint: ...


class UnknownCheckpoint(WeightsError):
    """A weight file that no family recognises. The message says what was seen and what is supported."""


LOOKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "a LoRA (use a Load LoRA node)",
        ("lora_up.weight", "lora_down.weight", "lora_A.weight", ".lora.up.weight", "hada_w1_a", "lokr_w1"),
    ),
    ("a ControlNet-LLLite (use a Load LLLite node)", ("lllite_unet_",)),
    ("an embedding (put it into models/embeddings/)", ("string_to_param", "emb_params")),
    ("a video model", (".time_stack.", ".time_mixer.", "motion_modules.")),
    ("Stable Zero123", ("cc_projection.weight",)),
    ("FLUX", ("double_blocks.0.img_attn.",)),
    ("Stable Diffusion 3", ("joint_blocks.0.",)),
    (
        "a ControlNet or T2I-Adapter (use a Load ControlNet Model node)",
        ("control_model.", "zero_convs.", "controlnet_cond_embedding.", "body.0.block1.", "adapter.body."),
    ),
    ("an IP-Adapter (use a Load IPAdapter Model node)", ("ip_adapter.", "image_proj.")),
    ("an upscaling model", ("conv_first.weight", "model.1.sub.", "params_ema", ".lk.conv.")),
    ("a Stable Diffusion model with inputs of another kind (depth or upscaling)", ("model.diffusion_model.input_",)),
    ("a U-Net alone (use a Load Diffusion Model node)", ("input_blocks.1.0.in_layers.", "down_blocks.0.resnets.")),
    ("a VAE (use a Load VAE node)", ("decoder.conv_in.weight", "decoder.up_blocks.")),
    ("text encoders (use a Load CLIP node)", ("text_model.encoder.", "encoder.block.0.layer.0.", ".resblocks.0.")),
)


@cache
def families() -> tuple[Family, ...]:
    """All families, in the order of their module names."""
    names = sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    return tuple(cast(Family, importlib.import_module(f"{__name__}.{name}")) for name in names if name[0] != "_")


def recognise(weights: Weights) -> Family:
    """The family of a checkpoint. Raises UnknownCheckpoint when none knows it."""
    for family in families():
        if family.recognise(weights):
            return family
    raise UnknownCheckpoint(description(weights))


def load_checkpoint(path: str | Path, choice: str = "auto", config: Path | None = None) -> Checkpoint:
    """Open a checkpoint file of any supported family.

    `choice` is `auto`, `ema` or `live`, where the file has both kinds of weights; `config` a YAML to go by in place of
    the one beside the file. Raises WeightsError, or UnknownCheckpoint.
    """
    weights, sentence = chosen_weights(with_config(open_weights(path), config), choice)
    with reading(Path(path).name):
        checkpoint = recognise(weights).load(weights)
    layer = weights.metadata.get("yaml.clip_layer")
    if layer is not None and isinstance(checkpoint.clip, CLIP):
        checkpoint.clip.clip_layer(int(layer))
    note = "; ".join(part for part in (checkpoint.note, sentence) if part)
    log.info("%s: %s", Path(path).name, note)
    return replace(checkpoint, note=note)


def description(weights: Weights, kind: str = "checkpoint", supported: str = "") -> str:
    """What a file is that is not of a `kind` that is known: what it holds, what it looks like, what is supported."""
    file = weights.path.name if weights.path else "the file"
    prefixes = list(dict.fromkeys(".".join(name.split(".")[:2]) for name in weights))[:3]
    looks = next((f"{one.NAME} (use a Load Checkpoint node)" for one in families() if one.recognise(weights)), "")
    looks = looks or next(
        (guess for guess, marks in LOOKS if any(mark in name for name in weights for mark in marks)), ""
    )
    guess = f", which looks like {looks}" if looks else ""
    supported = supported or ", ".join(family.NAME for family in families())
    return (
        f"{file} is not a {kind} this version knows: it holds {len(weights)} tensors "
        f"({', '.join(prefixes)}, …){guess}; supported: {supported}."
    )
