"""Checkpoints without what sampling does not need: second sets of weights, leftovers of training, tensors twice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch

from comfy_core.families._settings import EMA, chosen_weights
from comfy_core.weights import Weights, WeightsError
from comfy_core.weights.write import Planned, copied

DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
CASTABLE = (torch.float64, *DTYPES.values())
VAE_PREFIXES = ("first_stage_model.", "vae.")
TEXT_PREFIXES = ("cond_stage_model.", "conditioner.embedders.", "text_encoders.")
DUPLICATES = {"vae.": "first_stage_model.", "cond_stage_model.transformer.": "cond_stage_model.transformer.text_model."}
"""Prefixes under which some programs keep a second copy of what stands under the other."""
TRAINING = re.compile(
    r"(optimizer|optimizer_states|lr_schedulers?|callbacks|loops|scaler|hyper_parameters|global_step|epoch)(\.|$)"
    r"|first_stage_model\.(loss|discriminator)\."
)
UNUSED = re.compile(
    r"(.*\.)?(betas|alphas_cumprod|alphas_cumprod_prev|lvlb_weights|logvar|log_one_minus_alphas_cumprod"
    r"|sqrt_\w*alphas_cumprod\w*|posterior_\w+)$"
    r"|.*\.embeddings\.position_ids$"
)
STALE = ("modelspec.hash_sha256", "sshs_model_hash", "sshs_legacy_hash")
"""Metadata that says what the old file's bytes were."""
SCALES = (".scale_weight", ".weight_scale", ".scale_input", ".input_scale")


@dataclass(frozen=True)
class Pruned:
    """What a file is to hold; bytes that are `dropped`, by their reason; `note` on the choice of weights."""

    tensors: dict[str, Planned]
    metadata: dict[str, str]
    dropped: Counter[str] = field(default_factory=Counter)
    note: str = ""


def prune(
    weights: Weights, choice: str = "auto", dtype: str | None = None, vae: bool = True, text: bool = True
) -> Pruned:
    """What is left of a table. `choice` is `ema`, `live`, or `auto`, by which a loader would go too; `dtype` is a name
    of `DTYPES`, None keeps each tensor's own; `vae` and `text` say whether these parts stay.

    Raises WeightsError where the wanted weights are not there, or nothing is left.
    """
    chosen, note = chosen_weights(weights, choice)
    dropped: Counter[str] = Counter()
    tensors: dict[str, Planned] = {}
    for name in chosen:
        reason = _reason(chosen, name, vae, text)
        if reason:
            dropped[reason] += chosen.entries[chosen.stored[name]].bytes
        else:
            tensors[name] = copied(chosen, name, kept_type(chosen, name, dtype))
    if not tensors:
        raise WeightsError(f"{weights.path.name if weights.path else 'the file'}: nothing would be left of it.")
    return Pruned(tensors, lasting_metadata(weights.metadata), dropped, note)


def _reason(weights: Weights, name: str, vae: bool, text: bool) -> str:
    """Why a tensor is dropped; empty where it stays."""
    if name.startswith(EMA):
        return "second set of weights"
    if TRAINING.match(name):
        return "leftovers of training"
    if UNUSED.match(name):
        return "tables that are computed anew"
    if any(_is_copy(weights, name, copy, of) for copy, of in DUPLICATES.items()):
        return "kept twice"
    if not vae and name.startswith(VAE_PREFIXES):
        return "VAE"
    return "text encoders" if not text and name.startswith(TEXT_PREFIXES) else ""


def _is_copy(weights: Weights, name: str, copy: str, of: str) -> bool:
    is_original = of.startswith(copy) and name.startswith(of)
    return name.startswith(copy) and not is_original and of + name.removeprefix(copy) in weights


def kept_type(weights: Weights, name: str, dtype: str | None) -> torch.dtype | None:
    """The type that a tensor is to have: `dtype`, unless it is none of floating point, a scale, or a single number."""
    is_plain = weights.dtype(name) in CASTABLE and not name.endswith(SCALES) and len(weights.shape(name)) > 0
    return DTYPES[dtype] if dtype is not None and is_plain else None


def lasting_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """What is still true of a file when its bytes have changed."""
    return {name: value for name, value in metadata.items() if name not in STALE and not name.startswith("yaml.")}
