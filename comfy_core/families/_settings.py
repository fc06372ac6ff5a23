"""What is said of a checkpoint outside of it: in the YAML beside it, or by the person who loads it.

The YAML is that of the original releases: `model.params.parameterization`, `.use_ema`, and the layer the text is read
from. What it says is put into the table's metadata as `yaml.…`, where the families look; the choice between two sets of
weights is made here.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from comfy_core.families._unet import UNET
from comfy_core.weights import Weights, WeightsError

log = logging.getLogger(__name__)
EMA = "model_ema."
CHOICES = ("auto", "ema", "live")


def with_config(weights: Weights, config: Path | None = None) -> Weights:
    """The table with what its YAML says: `config`, or `<name>.yaml` beside the file. One that is not readable is an
    error (WeightsError) where it was chosen, else a warning."""
    beside = weights.path.with_suffix(".yaml") if weights.path else None
    path = config or (beside if beside is not None and beside.is_file() else None)
    if path is None:
        return weights
    try:
        said = read_config(path)
    except WeightsError as error:
        if config is not None:
            raise
        log.warning("%s It is not used.", error)
        return weights
    return replace(weights, metadata={**weights.metadata, **said})


def read_config(path: Path) -> dict[str, str]:
    """What a YAML says of a model, as metadata. Raises WeightsError when it is not one of a model."""
    try:
        params: Any = yaml.safe_load(path.read_text(encoding="utf-8"))["model"]["params"]
        said = {key: params[key] for key in ("parameterization", "use_ema") if params.get(key) is not None}
        text = params.get("cond_stage_config", {}).get("params", {})
        if text.get("layer") == "hidden":
            said["clip_layer"] = int(text["layer_idx"])
    except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise WeightsError(f"{path.name} is not the YAML of a model: it has no model.params.") from error
    return {f"yaml.{key}": str(value).lower() for key, value in said.items()}


def chosen_weights(weights: Weights, choice: str = "auto") -> tuple[Weights, str]:
    """The table with the wanted ones of the two sets of weights that training leaves, and a sentence if it had both.

    `ema` are the running averages (`model_ema.…`, names without their dots), `live` the ones last trained, `auto`
    follows the YAML's `use_ema` and is `live` without one.

    Raises:
        WeightsError: `ema` is wanted and the file has none.
    """
    if choice not in CHOICES:
        raise ValueError(f"weights {choice!r} is not one of: {', '.join(CHOICES)}")
    averages = {name: _average(name) for name in weights if name.startswith(UNET) and _average(name) in weights}
    if not averages:
        if choice == "ema":
            raise WeightsError(f"{weights.path.name if weights.path else 'the file'} has no EMA weights; choose auto.")
        return weights, ""
    ema = choice == "ema" or (choice == "auto" and weights.metadata.get("yaml.use_ema") == "true")
    if not ema:
        return weights, "uses the live weights (the file has EMA weights too)"
    stored = {**weights.stored, **{name: weights.stored[average] for name, average in averages.items()}}
    return replace(weights, stored=stored), "uses the EMA weights"


def _average(name: str) -> str:
    """Where the running average of a weight is kept."""
    return EMA + name.removeprefix("model.").replace(".", "")
