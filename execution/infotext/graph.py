"""An infotext as a graph: the prompt that makes the picture again here, and warnings for what it cannot carry."""

from __future__ import annotations

from typing import Any

from comfy_core.infotext import Infotext
from comfy_core.infotext.control import is_unit
from comfy_core.infotext.grammar import pairs_of
from comfy_core.infotext.names import Sampling
from execution.infotext.control import FIRST, Units
from execution.infotext.fields import CARRIED, SILENT, is_on, number, size, whole
from execution.infotext.hires import second_pass
from execution.infotext.models import Models
from execution.infotext.stage import Builder, Link, Schemas, Stage, make_stage, named_model

GROUPS = ("ControlNet", "ADetailer", "Tiled", "Regional Prompter", "FreeU", "Dynamic thresholding")


def build(infotext: Infotext, models: Models, schemas: Schemas, a1111: bool = True) -> dict[str, Any]:
    """The API prompt of an infotext; `models.warnings` tells what it leaves out.

    With `a1111` prompts are read and noise is drawn as in that program, else as in ComfyUI.
    """
    make = Builder(infotext, models, schemas, a1111)
    steps = max(whole(infotext.fields, "Steps", 20), 1)
    checkpoint = _checkpoint(make, infotext.fields.get("Model", ""), infotext.fields.get("Model hash", ""))
    first = make_stage(
        make, checkpoint, infotext.prompt, infotext.negative, steps, number(infotext.fields, "CFG scale", 7)
    )
    width, height = size(infotext.fields.get("Size", "")) or (512, 512)
    units = Units(make, (width, height))
    latent = [make.add("EmptyLatentImage", width=width, height=height, batch_size=1), 0]
    sampling = make.sampling(infotext.fields.get("Sampler", "Euler"), infotext.fields.get("Schedule type", ""))
    latent = _sampled(make, units, first, latent, steps, sampling)
    last = first
    if "Hires upscale" in infotext.fields or "Hires resize" in infotext.fields:
        last, latent = second_pass(make, units, checkpoint, first, latent, sampling, (width, height), steps)
    elif "Denoising strength" in infotext.fields:
        make.warn("the picture was made from another picture, which the infotext does not have; this graph begins anew")
    decoded = make.add("VAEDecode", samples=latent, vae=last.vae)
    make.add("SaveImage", images=[decoded, 0], filename_prefix="Easel")
    _warn_of_the_rest(make)
    return make.nodes


def _checkpoint(make: Builder, name: str, hash: str) -> str | None:
    """The checkpoint's file, if it is here. Without a name the first one there is stands in, and a warning says so."""
    if name or hash:
        return make.models.find("checkpoints", name or hash, hash)
    make.warn("the infotext names no model; choose one in the loader")
    return next(iter(make.models.folders.files("checkpoints")), None)


def _sampled(make: Builder, units: Units, stage: Stage, latent: Link, steps: int, sampling: Sampling) -> Link:
    """The first pass, with a second model for its end where there is a refiner."""
    stage = units.on(stage, FIRST)
    inputs: dict[str, Any] = {
        "steps": steps,
        "cfg": stage.cfg,
        "sampler_name": sampling.sampler,
        "scheduler": sampling.scheduler,
    }
    prompts: dict[str, Any] = {"model": stage.model, "positive": stage.positive, "negative": stage.negative}
    seed = whole(make.fields, "Seed", 0) % 2**64
    name, hash = named_model(make.fields.get("Refiner", ""))
    if not name:
        return [make.add("KSampler", seed=seed, **inputs, **prompts, latent_image=latent, denoise=1.0), 0]
    switch = round(steps * number(make.fields, "Refiner switch at", 0.8))
    checkpoint = make.models.find("checkpoints", name, hash)
    text, negative = make.infotext.prompt, make.infotext.negative
    refiner = make_stage(make, checkpoint, text, negative, steps, number(make.fields, "CFG scale", 7), name)
    common = {"noise_seed": seed, **inputs}
    begun = make.add(
        "KSamplerAdvanced", "Base", add_noise="enable", **common, **prompts, latent_image=latent,
        start_at_step=0, end_at_step=switch, return_with_leftover_noise="enable",
    )  # fmt: skip
    prompts = {"model": refiner.model, "positive": refiner.positive, "negative": refiner.negative}
    ended = make.add(
        "KSamplerAdvanced", "Refiner", add_noise="disable", **common, **prompts, latent_image=[begun, 0],
        start_at_step=switch, end_at_step=10_000, return_with_leftover_noise="disable",
    )  # fmt: skip
    return [ended, 0]


def _warn_of_the_rest(make: Builder) -> None:
    """Say what the infotext has besides: by name, extensions with many fields by their first word."""
    for name in pairs_of(make.fields.get("TI hashes", "")):
        make.models.find("embeddings", name)
    rest = [name for name in make.fields if name not in CARRIED and name not in SILENT and not is_unit(name)]
    groups = {
        next((group for group in GROUPS if name.startswith(group)), name) for name in rest if is_on(make.fields[name])
    }
    if groups:
        make.warn(f"not carried over: {', '.join(sorted(groups))}; the note on the canvas has what they said")
