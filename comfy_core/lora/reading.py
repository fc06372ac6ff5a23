"""The changes in a LoRA file: which tensors belong to which module, and what they are there."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

from comfy_core.lora.dora import Decomposed
from comfy_core.lora.full import Difference, Replacement
from comfy_core.lora.glora import Glora
from comfy_core.lora.hadamard import Hadamard
from comfy_core.lora.kronecker import Kronecker
from comfy_core.lora.low_rank import LowRank
from comfy_core.lora.orthogonal import Rotation
from comfy_core.lora.recipe import LoraRecipe, Parts, fits, makes_sense, scale_of
from comfy_core.weights import Weights, WeightsError

KINDS = (LowRank, Hadamard, Kronecker, Glora, Rotation, Difference, Replacement)
OWN_NAMES = (
    *("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b", "hada_t1", "hada_t2"),
    *("lokr_w1", "lokr_w1_a", "lokr_w1_b", "lokr_w2", "lokr_w2_a", "lokr_w2_b", "lokr_t2"),
    *("oft_blocks", "rescale", "diff", "diff_b", "w_norm", "b_norm", "set_weight", "alpha", "dora_scale"),
)
SUFFIXES = {
    **{f".{name}": name for name in OWN_NAMES},
    **{f".{name}.weight": name for name in ("a1", "a2", "b1", "b2")},
    **dict.fromkeys((".lora_up.weight", ".lora_B.weight", ".lora_B.default.weight", ".lora_B"), "up"),
    **dict.fromkeys((".lora_down.weight", ".lora_A.weight", ".lora_A.default.weight", ".lora_A"), "down"),
    **dict.fromkeys((".lora.up.weight", "_lora.up.weight", ".lora_linear_layer.up.weight"), "up"),
    **dict.fromkeys((".lora.down.weight", "_lora.down.weight", ".lora_linear_layer.down.weight"), "down"),
    ".lora_mid.weight": "mid",
    **dict.fromkeys((".lora_B.bias", ".lora_B.default.bias"), "up_bias"),
    **dict.fromkeys((f".lora_magnitude_vector{end}" for end in ("", ".weight", ".default.weight")), "row_magnitude"),
}
BY_ENDING = re.compile(f"({'|'.join(map(re.escape, sorted(SUFFIXES, key=len, reverse=True)))})$")


@dataclass
class Reading:
    """The changes of a file by the weight they change, and its names that led to none: `unknown` ones, of no module
    here, and `unfit` ones, whose module here has another shape. `modules` counts what the file is for."""

    patches: dict[str, LoraRecipe] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    unfit: list[str] = field(default_factory=list)
    modules: int = 0
    unknown_modules: int = 0
    unfit_modules: int = 0


def read_lora(lora: Weights, places: Mapping[str, str], weights: Mapping[str, tuple[int, ...]]) -> Reading:
    """What a LoRA changes. `places` maps a module's name in files to the name of a weight, `weights` that to its shape.

    Raises WeightsError when nothing in the file is a change of any known kind.
    """
    modules, strays = _modules(lora)
    configuration = _configuration(lora)
    reading = Reading(unknown=strays)
    for module, names in modules.items():
        changes = _read(module, {part: lora[name] for part, name in names.items()}, configuration)
        if not changes:
            reading.unknown += names.values()
            continue
        reading.modules += 1
        key = places.get(module) or places.get(_plain(module))
        if key is None:
            reading.unknown += names.values()
            reading.unknown_modules += 1
            continue
        targets = {key if part == "weight" else f"{_stem(key)}.{part}": change for part, change in changes.items()}
        if all(name in weights and fits(change, weights[name]) for name, change in targets.items()):
            reading.patches |= targets
        else:
            reading.unfit += names.values()
            reading.unfit_modules += 1
    if not reading.modules:
        raise WeightsError(
            f"{file_name(lora)} holds no LoRA: none of its {len(lora)} tensors changes a weight; choose another file."
        )
    return reading


def _modules(lora: Weights) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Each module's tensors, part to name, and the names that are no part of any."""
    modules: dict[str, dict[str, str]] = {}
    strays = []
    for name in lora:
        ending = BY_ENDING.search(name)
        if ending is None:
            strays.append(name)
        else:
            modules.setdefault(name[: ending.start()], {})[SUFFIXES[ending[1]]] = name
    return modules, strays


def _read(module: str, parts: Parts, configuration: Mapping[str, Any]) -> dict[str, LoraRecipe]:
    """The changes of a module's `weight` and `bias`; none where the tensors make no whole one."""
    changes: dict[str, LoraRecipe] = {}
    try:
        alpha = _alpha(module, parts, configuration)
        found = next((recipe for kind in KINDS if (recipe := kind.read(parts, alpha)) is not None), None)
        if found is not None and makes_sense(found):
            changes["weight"] = _decomposed(found, parts)
        for name in ("diff_b", "b_norm"):
            if name in parts:
                changes["bias"] = Difference(parts[name])
        if "up_bias" in parts and "down" in parts:
            changes["bias"] = Difference(parts["up_bias"], scale_of(alpha, parts["down"].shape[0]))
    except (IndexError, RuntimeError, ValueError, TypeError):
        return {}
    return changes


def _decomposed(recipe: LoraRecipe, parts: Parts) -> LoraRecipe:
    if "row_magnitude" in parts:
        return Decomposed(recipe, parts["row_magnitude"].reshape(-1, 1))
    return Decomposed(recipe, parts["dora_scale"]) if "dora_scale" in parts else recipe


def _alpha(module: str, parts: Parts, configuration: Mapping[str, Any]) -> float | None:
    """A module's alpha: the file's tensor, else that of PEFT's configuration; None says alpha = rank."""
    if "alpha" in parts:
        return float(parts["alpha"])
    of_part = configuration.get(module.split(".")[0], configuration.get("", {}))
    alpha = of_part.get("lora_alpha", of_part.get("alpha"))
    for pattern, value in of_part.get("alpha_pattern", {}).items():
        if re.fullmatch(rf"(.*\.)?{pattern}", module):
            alpha = value
    if alpha is not None and of_part.get("use_rslora") and "down" in parts:
        return float(alpha) * sqrt(parts["down"].shape[0])
    return None if alpha is None else float(alpha)


def _configuration(lora: Weights) -> dict[str, dict[str, Any]]:
    """What PEFT was told, by the part of the pipeline (`unet`, `text_encoder`; the empty name for the whole file): from
    the file's metadata, as diffusers writes it, or from `adapter_config.json` beside the file, as PEFT does."""
    beside = lora.path.with_name("adapter_config.json") if lora.path and lora.path.stem == "adapter_model" else None
    try:
        if "lora_adapter_metadata" in lora.metadata:
            told = json.loads(lora.metadata["lora_adapter_metadata"])
            found: dict[str, dict[str, Any]] = {}
            for name, value in told.items():
                part, _, option = name.rpartition(".")
                found.setdefault(part, {})[option] = value
            return found
        if beside is not None and beside.is_file():
            return {"": dict(json.loads(beside.read_text(encoding="utf-8")))}
    except (ValueError, AttributeError, TypeError) as error:
        raise WeightsError(f"{file_name(lora)}: PEFT's configuration of it cannot be read ({error}).") from error
    return {}


def _plain(module: str) -> str:
    """A module's name without what old diffusers put into it."""
    module = module.replace(".processor.", ".")
    return module + ".0" if module.endswith(".to_out") else module


def _stem(key: str) -> str:
    return key.removesuffix(".weight")


def file_name(lora: Weights) -> str:
    return lora.path.name if lora.path else "the LoRA"
