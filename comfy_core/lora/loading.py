"""Put a LoRA file on a model and its text encoders, and say what of it was left out."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from torch import Tensor

from comfy_core.lora.names import FOR_TEXT, text_names, unet_names
from comfy_core.lora.reading import Reading, file_name, read_lora
from comfy_core.patcher import ModelPatcher
from comfy_core.progress import warn
from comfy_core.text.clip import CLIP
from comfy_core.weights import Weights

log = logging.getLogger(__name__)
MARKS = (
    ("FLUX", ("double_blocks", "single_blocks", "single_transformer_blocks")),
    ("Stable Diffusion 3", ("joint_blocks", "transformer.transformer_blocks", "lora_transformer_transformer_blocks")),
    ("Stable Cascade", ("lora_prior_unet",)),
    ("a video model", ("blocks_0_cross_attn", "blocks.0.cross_attn", "motion_modules")),
)
TEXT_WIDTHS = {
    768: "Stable Diffusion 1",
    1024: "Stable Diffusion 2",
    2048: "Stable Diffusion XL",
    1280: "the refiner of Stable Diffusion XL",
}
"""The families by the width of the text that cross-attention sees."""


def load_lora_for_models(
    model: ModelPatcher | None, clip: CLIP | None, lora: Weights, strength_model: float, strength_clip: float
) -> tuple[ModelPatcher | None, CLIP | None]:
    """Clones of a model and its text encoder with a LoRA on them. A strength of 0 leaves that one as it is.

    Names in the file that fit neither are listed in one warning. Of a LoRA that is for another family nothing is
    applied, and one sentence says so. Raises WeightsError when the file is not a LoRA.
    """
    places: dict[str, str] = {}
    shapes: dict[str, tuple[int, ...]] = {}
    if model is not None:
        places |= unet_names(model.source)
        shapes |= _shapes(model.source)
    if clip is not None:
        places |= text_names(clip.patcher.source)
        shapes |= _shapes(clip.patcher.source)
    relevant = lora.renamed(lambda name: None if (clip if name.startswith(FOR_TEXT) else model) is None else name)
    if lora and not relevant:
        return model, clip
    reading = read_lora(relevant, places, shapes)
    if _is_for_another(reading):
        warn(_refusal(lora, reading, model))
        log.info("%s: names that fit nothing: %s", file_name(lora), ", ".join(reading.unknown + reading.unfit))
        return model, clip
    _tell_left_out(lora, reading)
    if model is not None and strength_model:
        model = model.clone()
        model.add_patches(reading.patches, strength_model)
    if clip is not None and strength_clip:
        clip = clip.clone()
        clip.add_patches(reading.patches, strength_clip)
    return model, clip


def _shapes(source: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    """The shapes of weights, read from the file's header where there is one."""
    if isinstance(source, Weights):
        return {name: source.shape(name) for name in source}
    return {name: tuple(tensor.shape) for name, tensor in source.items()}


def _is_for_another(reading: Reading) -> bool:
    """Whether a file was made for another family: it knows few of the modules here, or some of them in other shapes.

    A LoRA of SDXL knows half of SSD-1B, in the same shapes; one of SD 1 all of SD 2, a ninth of it in other shapes; one
    of an inpainting model has one other shape, that of the first convolution.
    """
    known = reading.modules - reading.unknown_modules
    return 4 * known < reading.modules or 20 * reading.unfit_modules > known


def _refusal(lora: Weights, reading: Reading, model: ModelPatcher | None) -> str:
    theirs, ours = _family(lora), _family(model.source) if model else None
    made_for = f"for {theirs}" if theirs else "for another model"
    here = f", not for {ours}," if theirs and ours and ours != theirs else ""
    left_out = reading.unknown + reading.unfit
    return (
        f"{file_name(lora)} is a LoRA {made_for}{here} and is not applied: "
        f"{reading.unknown_modules + reading.unfit_modules} of its {reading.modules} modules fit nothing here "
        f"({_some(left_out)})."
    )


def _family(names: Mapping[str, Tensor]) -> str | None:
    """The family that a LoRA is for, or a U-Net is of, as names and the width of the text tell."""
    for family, marks in MARKS:
        if any(mark in name for name in names for mark in marks):
            return family
    for name in names:
        if "attn2" in name and "to_k" in name and name.endswith(("down.weight", "A.weight", "_b", "to_k.weight")):
            return TEXT_WIDTHS.get(next(reversed(names[name].shape), 0))
    return None


def _tell_left_out(lora: Weights, reading: Reading) -> None:
    left_out = reading.unknown + reading.unfit
    if left_out:
        warn(f"{file_name(lora)}: {len(left_out)} names fit nothing here and are left out: {_some(left_out)}")
        log.info("%s: names left out: %s", file_name(lora), ", ".join(left_out))


def _some(names: list[str]) -> str:
    return ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
