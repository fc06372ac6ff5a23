"""The second pass of A1111's "hires fix": the picture enlarged, and gone over once more."""

from __future__ import annotations

import re
from dataclasses import replace

from comfy_core.infotext.names import Sampling
from execution.infotext.control import SECOND, Units
from execution.infotext.fields import number, size, whole
from execution.infotext.stage import Builder, Link, Stage, make_stage, named_model

PIXELS = 8
LATENT_METHODS = {
    "latent": "bilinear",
    "latent (bicubic)": "bicubic",
    "latent (nearest)": "nearest-exact",
    "latent (nearest-exact)": "nearest-exact",
    "latent (antialiased)": "bilinear",
    "latent (bicubic antialiased)": "bicubic",
}
PLAIN_UPSCALERS = {"lanczos": "lanczos", "nearest": "nearest-exact", "none": "lanczos"}
FILES = {
    "r-esrgan 4x+": "RealESRGAN_x4plus",
    "r-esrgan 4x+ anime6b": "RealESRGAN_x4plus_anime_6B",
    "r-esrgan 2x+": "RealESRGAN_x2plus",
    "swinir 4x": "SwinIR_4x",
}
"""What the web UI calls some upscalers, and how their files are called."""
SAME = ("", "Use same sampler", "Use same scheduler", "Use same checkpoint")
OLD_WAY = "Old prompt editing timelines"
CHANGING = re.compile(r"\[[^\[\]:|]*[:|][^\[\]]*\]")
"""`[from:to:when]` and `[a|b]`, which depend on the number of steps."""


def second_pass(
    make: Builder,
    units: Units,
    checkpoint: str | None,
    first: Stage,
    latent: Link,
    sampling: Sampling,
    before: tuple[int, int],
    steps: int,
) -> tuple[Stage, Link]:
    """The stage and the latent of the second pass; `before` is the size of the first one's picture."""
    fields = make.fields
    factor = number(fields, "Hires upscale", 1)
    target = size(fields.get("Hires resize", "")) or (int(before[0] * factor), int(before[1] * factor))
    second_steps = max(whole(fields, "Hires steps", 0), 0) or steps
    stage = _stage(make, checkpoint, first, second_steps, _counted_on(make, steps))
    enlarged = _enlarged(make, first, latent, target, fields.get("Hires upscaler", "Latent"))
    sampling = _sampling(make, sampling)
    led = units.on(stage, SECOND)
    sampled = make.add(
        "KSampler",
        "Hires fix",
        seed=whole(fields, "Seed", 0) % 2**64,
        steps=second_steps,
        cfg=stage.cfg,
        sampler_name=sampling.sampler,
        scheduler=sampling.scheduler,
        model=stage.model,
        positive=led.positive,
        negative=led.negative,
        latent_image=enlarged,
        denoise=number(fields, "Denoising strength", 0.7),
    )
    return stage, [sampled, 0]


def _stage(make: Builder, checkpoint: str | None, first: Stage, steps: int, before: int) -> Stage:
    """The first pass's models and prompts again, unless the second has some of its own, or the steps count in them."""
    fields, infotext = make.fields, make.infotext
    cfg = number(fields, "Hires CFG Scale", number(fields, "CFG scale", 7))
    prompt = fields.get("Hires prompt", infotext.prompt)
    negative = fields.get("Hires negative prompt", infotext.negative)
    name, hash = named_model(fields.get("Hires checkpoint", ""))
    is_same = (prompt, negative) == (infotext.prompt, infotext.negative)
    if name in SAME and is_same and not CHANGING.search(prompt) and not CHANGING.search(negative):
        return replace(first, cfg=cfg)
    if name in SAME:
        return make_stage(make, checkpoint, prompt, negative, steps, cfg, steps_before=before)
    found = make.models.find("checkpoints", name, hash)
    return make_stage(make, found, prompt, negative, steps, cfg, name, before)


def _counted_on(make: Builder, steps: int) -> int:
    """The steps of the first pass, if changes of the prompt count on through the second, as they do since version 1.6
    of the web UI unless its user wants the old way."""
    version = re.match(r"v(\d+)\.(\d+)", make.fields.get("Version", ""))
    is_old = version is not None and (int(version[1]), int(version[2])) < (1, 6)
    return 0 if is_old or make.fields.get(OLD_WAY, "").casefold() == "true" else steps


def _sampling(make: Builder, first: Sampling) -> Sampling:
    """The sampler of the first pass, unless the second has one, or a schedule, of its own."""
    fields = make.fields
    sampler, schedule = fields.get("Hires sampler", ""), fields.get("Hires schedule type", "")
    if sampler in SAME and schedule in SAME:
        return first
    return make.sampling(
        fields.get("Sampler", "Euler") if sampler in SAME else sampler,
        fields.get("Schedule type", "") if schedule in SAME else schedule,
    )


def _enlarged(make: Builder, stage: Stage, latent: Link, target: tuple[int, int], upscaler: str) -> Link:
    """The latent at the size of the second pass."""
    width, height = (side // PIXELS * PIXELS for side in target)  # as A1111 does, which rounds down
    method = LATENT_METHODS.get(upscaler.casefold())
    if method is not None:
        if "antialiased" in upscaler.casefold():
            make.warn(f"the upscaler {upscaler!r} is not known here; without antialiasing it is a little sharper")
        node = make.add(
            "LatentUpscale", samples=latent, upscale_method=method, width=width, height=height, crop="disabled"
        )
        return [node, 0]
    image = [make.add("VAEDecode", samples=latent, vae=stage.vae), 0]
    method = PLAIN_UPSCALERS.get(upscaler.casefold())
    if method is None:
        image, method = _by_model(make, image, upscaler), "lanczos"
    scaled = make.add("ImageScale", image=image, upscale_method=method, width=width, height=height, crop="center")
    return [make.add("VAEEncode", pixels=[scaled, 0], vae=stage.vae), 0]


def _by_model(make: Builder, image: Link, upscaler: str) -> Link:
    name = None
    if "ImageUpscaleWithModel" in make.schemas:
        name = make.models.find("upscale_models", FILES.get(upscaler.casefold(), upscaler))
    if name is None:
        make.warn(f"the upscaler {upscaler!r} is not here; Lanczos enlarges in its place")
        return image
    model = make.add("UpscaleModelLoader", model_name=name)
    return [make.add("ImageUpscaleWithModel", upscale_model=[model, 0], image=image), 0]
