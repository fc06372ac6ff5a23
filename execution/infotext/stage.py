"""What a pass of sampling needs, as nodes: a checkpoint with its networks, a source of noise, and encoded prompts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from comfy_core.infotext import Infotext
from comfy_core.infotext.grammar import pairs_of
from comfy_core.infotext.names import Sampling, sampling_of
from comfy_core.infotext.prompts import ExtraNetwork, extra_networks
from execution.infotext.fields import is_on, number, size, whole
from execution.infotext.models import Models
from nodes.schema import NodeSchema

Link = list[Any]
Schemas = dict[str, NodeSchema]
LORAS = ("lora", "lyco")
NOT_FOUND_ENDING = ".safetensors"


@dataclass
class Builder:
    """Collects nodes of a prompt, and what could not be said with them."""

    infotext: Infotext
    models: Models
    schemas: Schemas
    a1111: bool = True
    nodes: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def fields(self) -> dict[str, str]:
        return self.infotext.fields

    def warn(self, sentence: str) -> None:
        self.models.warn(sentence)

    def add(self, class_type: str, title: str = "", /, **inputs: Any) -> str:
        """Add a node; its id."""
        name = str(len(self.nodes) + 1)
        schema = self.schemas.get(class_type)
        shown = title or (schema.title if schema else class_type)
        self.nodes[name] = {"class_type": class_type, "inputs": inputs, "_meta": {"title": shown}}
        return name

    def sampling(self, sampler: str, schedule: str) -> Sampling:
        known = self.schemas.get("KSampler")
        names = {str(choice) for one in known.inputs for choice in one.choices or ()} if known else set()
        found = sampling_of(sampler, schedule, frozenset(names))
        for problem in found.problems:
            self.warn(problem)
        return found


@dataclass(frozen=True)
class Stage:
    """What one pass of sampling needs: a model with its text encoder and VAE, and the two prompts."""

    model: Link
    clip: Link
    vae: Link
    positive: Link
    negative: Link
    cfg: float


def named_model(value: str) -> tuple[str, str]:
    """The name and the hash of `name [hash]`; either may be missing."""
    match = re.fullmatch(r"(.*)\[(\w+)\]", value.strip(), re.DOTALL)
    return (match[1].strip(), match[2]) if match else (value.strip(), "")


def make_stage(
    make: Builder,
    checkpoint: str | None,
    prompt: str,
    negative: str,
    steps: int,
    cfg: float,
    name: str = "",
    steps_before: int = 0,
) -> Stage:
    """Loader, LoRAs, clip skip, noise and both prompts, whose changes also count the steps of a pass before."""
    named = checkpoint or f"{name or make.fields.get('Model', 'model')}{NOT_FOUND_ENDING}"
    loader = make.add("CheckpointLoaderSimple", ckpt_name=named)
    text, networks = extra_networks(prompt)
    negative, unused = extra_networks(negative)
    if unused:
        make.warn(f"tags in the negative prompt do nothing: {', '.join(one.name for one in unused)}")
    model, clip = _with_networks(make, [loader, 0], [loader, 1], networks)
    skip, is_sdxl = whole(make.fields, "Clip skip", 1), make.models.is_sdxl(checkpoint)
    if skip > 1 and not is_sdxl:  # A1111 leaves SDXL at the layer it was trained with
        clip = [make.add("CLIPSetLastLayer", clip=clip, stop_at_clip_layer=-skip), 0]
    model = _with_variation(make, _with_noise(make, _with_patches(make, model)))
    positive = [_encoder(make, "Positive prompt", text, clip, steps, steps_before), 0]
    against = [_encoder(make, "Negative prompt", negative, clip, steps, steps_before), 0]
    if is_sdxl and not negative and make.a1111:
        against = [make.add("ConditioningZeroOut", conditioning=against), 0]
    return Stage(model, clip, _vae(make, loader), positive, against, cfg)


def _with_networks(make: Builder, model: Link, clip: Link, networks: list[ExtraNetwork]) -> tuple[Link, Link]:
    hashes = pairs_of(make.fields.get("Lora hashes", ""))
    for one in networks:
        if one.kind in LORAS:
            found = make.models.find("loras", one.name, hashes.get(one.name, ""))
            node = make.add(
                "LoraLoader",
                model=model,
                clip=clip,
                lora_name=found or f"{one.name}{NOT_FOUND_ENDING}",
                strength_model=one.unet,
                strength_clip=one.text,
            )
            model, clip = [node, 0], [node, 1]
        elif one.kind == "hypernet" and "HypernetworkLoader" in make.schemas:
            found = make.models.find("hypernetworks", one.name)
            name = found or f"{one.name}.pt"
            model = [make.add("HypernetworkLoader", model=model, hypernetwork_name=name, strength=one.text), 0]
        else:
            make.warn(f"<{one.kind}:{one.name}> is left out: this kind of network is not known here")
    return model, clip


def _with_patches(make: Builder, model: Link) -> Link:
    """The model as options of the web UI change it, where there are nodes for them."""
    if is_on(make.fields.get("Tiling", "")):
        if "SeamlessTile" in make.schemas:
            model = [make.add("SeamlessTile", model=model, tiling="enable", copy_model="Make a copy"), 0]
        else:
            make.warn("Tiling is left out: there is no node for it here")
    ratio = number(make.fields, "Token merging ratio", 0)
    if ratio and "TomePatchModel" in make.schemas:
        model = [make.add("TomePatchModel", model=model, ratio=ratio), 0]
    elif ratio:
        make.warn("Token merging is left out: there is no node for it here")
    return model


def _with_noise(make: Builder, model: Link) -> Link:
    """The model with the noise of A1111's seeds, which it draws as an NVIDIA GPU does unless told otherwise."""
    delta, source = whole(make.fields, "ENSD", 0), make.fields.get("RNG", "GPU").upper()
    if not make.a1111 or source == "CPU":
        if delta:
            make.warn("the eta noise seed delta (ENSD) is left out: it is known for noise of the GPU only")
        return model
    return [make.add("EaselNoiseSource", model=model, source="A1111", eta_noise_seed_delta=delta % 2**32), 0]


def _with_variation(make: Builder, model: Link) -> Link:
    """The model with noise between that of two seeds, or of a picture of another size."""
    strength, before = number(make.fields, "Variation seed strength", 0), size(make.fields.get("Seed resize from", ""))
    if not strength and before is None:
        return model
    width, height = before or (0, 0)
    seed = whole(make.fields, "Variation seed", 0) % 2**64
    varied = make.add(
        "EaselVariationSeed", model=model, variation_seed=seed, strength=min(max(strength, 0.0), 1.0),
        resize_from_width=width, resize_from_height=height,
    )  # fmt: skip
    return [varied, 0]


def _vae(make: Builder, loader: str) -> Link:
    vae = _loaded_vae(make, loader)
    if is_on(make.fields.get("Tiling", "")) and "MakeCircularVAE" in make.schemas:
        return [make.add("MakeCircularVAE", vae=vae, tiling="enable", copy_vae="Make a copy"), 0]
    return vae


def _loaded_vae(make: Builder, loader: str) -> Link:
    name = make.fields.get("VAE", "")
    if name and name.casefold() not in ("none", "automatic"):
        found = make.models.find("vae", name, make.fields.get("VAE hash", ""))
        if found is not None:
            known = next((id for id, one in make.nodes.items() if one["class_type"] == "VAELoader"), None)
            return [known or make.add("VAELoader", vae_name=found), 0]
        make.warn(f"the checkpoint's own VAE stands in for {name}")
    return [loader, 2]


def _encoder(make: Builder, title: str, text: str, clip: Link, steps: int, steps_before: int) -> str:
    if make.a1111:
        counted = {"steps_before": steps_before} if steps_before else {}
        return make.add("CLIPTextEncodeA1111", title, text=text, clip=clip, steps=steps, **counted)
    return make.add("CLIPTextEncode", title, text=text, clip=clip)
