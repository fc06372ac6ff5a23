"""A prompt as an infotext of A1111's web UI: what of a graph can be said in it, for programs that read nothing else.

Never imports torch.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from comfy_core import folders
from comfy_core.infotext import Infotext
from comfy_core.infotext.names import LABELS, SCHEDULE_LABELS
from comfy_core.model_hashes import AUTO_V2, AUTO_V3, MEMORY, ModelHashes
from nodes.expansion import is_link
from nodes.parameter_controls import control_fields
from nodes.walk import CONTROLS, ENCODERS, Prompt, Walk, before_control

LORAS = ("LoraLoader", "LoraLoaderModelOnly")
UPSCALERS = {"bilinear": "Latent", "bicubic": "Latent (bicubic)", "nearest-exact": "Latent (nearest-exact)"}


def infotext_of(prompt: Prompt, output: str | None = None) -> Infotext:
    """What made the picture that node `output` saves (or any one node that saves one).

    Raises ValueError when no KSampler leads to it, or the graph is a ring.
    """
    graph = _Graph(prompt, ModelHashes(folders.current().user / MEMORY))
    ends = [output] if output is not None else [id for id, node in prompt.items() if "images" in node["inputs"]]
    chain = next((found for end in ends if (found := graph.samplers(end))), [])
    if not chain:
        raise ValueError(
            "no KSampler leads to a picture of this graph; its way of sampling has no words in an infotext"
        )
    return graph.said(chain, ends[0])


def for_batch(infotext: Infotext, place: int, count: int) -> Infotext:
    """The infotext of one of several pictures: with A1111's noise each has a seed, or a variation seed, of its own."""
    fields = dict(infotext.fields)
    if count > 1 and "Variation seed" in fields:
        fields["Variation seed"] = str(int(fields["Variation seed"]) + place)
    elif count > 1 and fields.get("RNG") != "CPU":
        fields["Seed"] = str(int(fields.get("Seed", 0)) + place)
    elif count > 1:
        fields |= {"Batch size": str(count), "Batch pos": str(place)}
    return Infotext(infotext.prompt, infotext.negative, fields)


@dataclass
class _Graph(Walk):
    hashes: ModelHashes
    tags: list[str] = field(default_factory=list)
    lora_hashes: list[str] = field(default_factory=list)

    def said(self, chain: list[str], end: str) -> Infotext:
        """The infotext of a chain of samplers whose picture goes to `end`."""
        first = self.prompt[chain[0]]["inputs"]
        fields: dict[str, Any] = {
            "Steps": first.get("steps"),
            "Sampler": _sampler_label(first.get("sampler_name")),
            "Schedule type": _schedule_label(first.get("scheduler")),
            "CFG scale": first.get("cfg"),
            "Seed": first.get("seed", first.get("noise_seed")),
            "Size": self.size(chain[0]),
        }
        fields |= self.model(first.get("model")) | self.vae(end)
        positive, cfg = self.text(first.get("positive"))
        negative, _ = self.text(first.get("negative"))
        if cfg != 1 and isinstance(fields["CFG scale"], int | float):
            fields["CFG scale"] /= cfg
        if skip := self.clip_skip(first.get("positive")):
            fields["Clip skip"] = skip
        if len(chain) > 1:
            fields |= self.second(chain[0], chain[1], cfg)
        fields |= control_fields(self, chain)
        fields["Lora hashes"] = ", ".join(self.lora_hashes) or None
        said = {
            name: _number(value) for name, value in fields.items() if value not in (None, "") and not is_link(value)
        }
        return Infotext(" ".join([positive, *self.tags]).strip(), negative, said | {"Version": "Easel"})

    def second(self, first: str, second: str, cfg: float) -> dict[str, Any]:
        """The fields of a second pass: with another model (a refiner), or at another size ("hires fix")."""
        inputs, before = self.prompt[second]["inputs"], self.prompt[first]["inputs"]
        if inputs.get("add_noise") == "disable":
            return self.refiner(inputs, before)
        fields: dict[str, Any] = {
            "Denoising strength": inputs.get("denoise"),
            "Hires steps": inputs.get("steps"),
            "Hires upscaler": self.upscaler(second),
            **self.enlargement(second),
        }
        scale = inputs.get("cfg")
        if scale != before.get("cfg") and isinstance(scale, int | float):
            fields["Hires CFG Scale"] = scale / cfg
        if inputs.get("sampler_name") != before.get("sampler_name"):
            fields["Hires sampler"] = _sampler_label(inputs.get("sampler_name"))
        if inputs.get("scheduler") != before.get("scheduler"):
            fields["Hires schedule type"] = _schedule_label(inputs.get("scheduler"))
        for name, slot in (("Hires prompt", "positive"), ("Hires negative prompt", "negative")):
            text = self.text(inputs.get(slot))[0]
            if text and text != self.text(before.get(slot))[0]:
                fields[name] = text
        return fields

    def refiner(self, inputs: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
        model, steps = self.model(inputs.get("model")), before.get("steps")
        hash = f" [{model['Model hash']}]" if model.get("Model hash") else ""
        share = before.get("end_at_step", 0) / steps if isinstance(steps, int) and steps else None
        return {"Refiner": f"{model.get('Model', '')}{hash}", "Refiner switch at": share}

    def enlargement(self, sampler: str) -> dict[str, Any]:
        """The size of the second pass, or the factor to it."""
        for id in self.picture_way(sampler):
            inputs = self.prompt[id]["inputs"]
            if "scale_by" in inputs:
                return {"Hires upscale": inputs["scale_by"]}
            if "width" in inputs and not self.prompt[id]["class_type"].startswith("Empty"):
                return {"Hires resize": f"{inputs['width']}x{inputs.get('height')}"}
        return {"Hires upscale": 1}

    def upscaler(self, sampler: str) -> str:
        """How the picture is enlarged on the way to a second pass."""
        for id in self.picture_way(sampler):
            node = self.prompt[id]
            if node["class_type"].startswith("LatentUpscale"):
                return UPSCALERS.get(node["inputs"].get("upscale_method", ""), "Latent")
            if node["class_type"] == "ImageUpscaleWithModel":
                loader = self.at(node["inputs"].get("upscale_model"))
                return Path(str(loader["inputs"].get("model_name", "None"))).stem
            if node["class_type"].startswith("ImageScale"):
                way = [self.prompt[one]["class_type"] for one in self.picture_way(id)]
                if "ImageUpscaleWithModel" not in way:
                    return "Nearest" if node["inputs"].get("upscale_method") == "nearest-exact" else "Lanczos"
        return "Latent"

    def model(self, link: Any) -> dict[str, Any]:
        """The checkpoint, the noise, and (as tags) the LoRAs of a model."""
        fields: dict[str, Any] = {"RNG": "CPU"}
        tags: list[str] = []
        for node in self.back(link, "model"):
            inputs = node["inputs"]
            if node["class_type"] == "EaselNoiseSource" and inputs.get("source") == "A1111":
                del fields["RNG"]
                fields["ENSD"] = inputs.get("eta_noise_seed_delta") or None
            elif node["class_type"] == "EaselVariationSeed":
                fields |= _variation(inputs)
            elif node["class_type"] in LORAS:
                tags.insert(0, self.tag(inputs))
            elif name := inputs.get("ckpt_name", inputs.get("unet_name")):
                kind = "checkpoints" if "ckpt_name" in inputs else "diffusion_models"
                fields |= {"Model hash": self.hash(kind, name, AUTO_V2), "Model": Path(name).stem}
        self.tags = self.tags or tags
        return fields

    def tag(self, inputs: dict[str, Any]) -> str:
        name, unet = str(inputs.get("lora_name", "")), inputs.get("strength_model", 1.0)
        text = inputs.get("strength_clip", 0.0)
        if (hash := self.hash("loras", name, AUTO_V3)) and (
            said := f"{Path(name).stem}: {hash}"
        ) not in self.lora_hashes:
            self.lora_hashes.append(said)
        return f"<lora:{Path(name).stem}:{_number(text)}{'' if text == unet else f':{_number(unet)}'}>"

    def hash(self, kind: str, name: str, digits: int) -> str | None:
        with suppress(OSError, ValueError):
            path = folders.current().find_model(kind, name)
            return (self.hashes.auto_v3 if digits == AUTO_V3 else self.hashes.sha256)(path)[:digits]
        return None

    def vae(self, end: str) -> dict[str, Any]:
        for id in self.picture_way(end):
            loader = self.at(self.prompt[id]["inputs"].get("vae"))
            if name := loader["inputs"].get("vae_name"):
                return {"VAE hash": self.hash("vae", name, AUTO_V2), "VAE": name}
        return {}

    def size(self, sampler: str) -> str | None:
        for id in self.picture_way(sampler):
            inputs = self.prompt[id]["inputs"]
            if isinstance(inputs.get("width"), int) and isinstance(inputs.get("height"), int):
                return f"{inputs['width']}x{inputs['height']}"
        return None

    def clip_skip(self, link: Any) -> int | None:
        while (node := self.at(link))["class_type"] in CONTROLS:
            link = before_control(node, link)
        encoder = next((node for node in self.back(link, "conditioning") if node["class_type"] in ENCODERS), None)
        for node in self.back(encoder["inputs"].get("clip") if encoder else None, "clip"):
            if node["class_type"] == "CLIPSetLastLayer":
                return -int(node["inputs"].get("stop_at_clip_layer", -1))
        return None


def _variation(inputs: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if strength := inputs.get("strength"):
        fields = {"Variation seed": inputs.get("variation_seed"), "Variation seed strength": strength}
    width, height = inputs.get("resize_from_width"), inputs.get("resize_from_height")
    return fields | ({"Seed resize from": f"{width}x{height}"} if width and height else {})


def _sampler_label(name: Any) -> str:
    name = str(name)
    return LABELS.get(name.removesuffix("_gpu"), name)


def _schedule_label(name: Any) -> str:
    return SCHEDULE_LABELS.get(str(name), str(name))


def _number(value: Any) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)
