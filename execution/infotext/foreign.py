"""The metadata of InvokeAI, NovelAI, Fooocus and SwarmUI, said with the fields of an infotext."""

from __future__ import annotations

import json
import re
from typing import Any

from comfy_core.infotext import Infotext

Said = dict[str, Any]
NOVELAI_MORE = 1.05


def of_invoke(said: Said) -> Infotext:
    """`invokeai_metadata` of InvokeAI 3 and later."""
    model = _part(said, "model")
    fields = {
        "Steps": said.get("steps"),
        "Sampler": said.get("scheduler"),
        "CFG scale": said.get("cfg_scale"),
        "Seed": said.get("seed"),
        "Size": _size(said.get("width"), said.get("height")),
        "Model": model.get("name") or model.get("model_name"),
        "VAE": _part(said, "vae").get("name"),
        "Clip skip": _clip_skip(said.get("clip_skip")),
        "RNG": "CPU",
    }
    tags = [
        _lora(_part(one, "model").get("name") or _part(one, "lora").get("model_name"), one.get("weight"))
        for one in _list(said.get("loras"))
    ]
    prompt = " ".join([_text(said.get("positive_prompt")), *tags]).strip()
    return Infotext(prompt, _text(said.get("negative_prompt")), _fields(fields))


def of_old_invoke(said: Said) -> Infotext:
    """`sd-metadata` of InvokeAI 2, which has the negative prompt in square brackets."""
    image = _part(said, "image")
    prompt = image.get("prompt")
    if isinstance(prompt, list):
        prompt = " ".join(_text(_part({"one": one}, "one").get("prompt")) for one in prompt)
    negative = " ".join(re.findall(r"\[([^\[\]]*)\]", _text(prompt)))
    fields = {
        "Steps": image.get("steps"),
        "Sampler": _text(image.get("sampler")),
        "CFG scale": image.get("cfg_scale"),
        "Seed": image.get("seed"),
        "Size": _size(image.get("width"), image.get("height")),
        "Model": said.get("model_weights"),
        "RNG": "CPU",
    }
    return Infotext(re.sub(r"\[[^\[\]]*\]", "", _text(prompt)).strip(), negative, _fields(fields))


def of_novelai(said: Said, texts: dict[str, str], size: tuple[int, int] | None) -> Infotext:
    """The `Comment` of NovelAI; the prompt is the `Description`, and `{more}` counts 1.05 there."""
    width, height = said.get("width") or (size or (None,))[0], said.get("height") or (size or (None, None))[-1]
    fields = {
        "Steps": said.get("steps"),
        "Sampler": _text(said.get("sampler")),
        "CFG scale": said.get("scale"),
        "Seed": said.get("seed"),
        "Size": _size(width, height),
        "Model": texts.get("Source"),
        "Denoising strength": said.get("strength") if texts.get("Generation type") == "img2img" else None,
    }
    prompt = texts.get("Description") or _text(said.get("prompt"))
    return Infotext(_weights_of_novelai(prompt), _weights_of_novelai(_text(said.get("uc"))), _fields(fields))


def _weights_of_novelai(prompt: str) -> str:
    """`{a}` as `(a:1.05)` and `[a]` as `(a:0.952)`; brackets that are said are escaped."""
    prompt = prompt.replace("(", r"\(").replace(")", r"\)")
    for opening, closing, weight in (("{", "}", NOVELAI_MORE), ("[", "]", 1 / NOVELAI_MORE)):
        if prompt.count(opening) == prompt.count(closing):
            prompt = prompt.replace(opening, "(").replace(closing, f":{weight:.3g})")
    return prompt


def of_fooocus(said: Said) -> Infotext:
    """The JSON scheme of Fooocus, old (`Prompt`) and new (`prompt`)."""
    said = {key.lower().replace(" ", "_"): value for key, value in said.items()}
    width, height = [*re.findall(r"\d+", _text(said.get("resolution"))), None, None][:2]
    fields = {
        "Steps": said.get("steps"),
        "Sampler": said.get("sampler"),
        "Schedule type": said.get("scheduler"),
        "CFG scale": said.get("guidance_scale"),
        "Seed": said.get("seed"),
        "Size": _size(width, height),
        "Model": said.get("base_model"),
        "Model hash": said.get("base_model_hash"),
        "Refiner": None if said.get("refiner_model") in (None, "None") else said.get("refiner_model"),
        "Refiner switch at": said.get("refiner_switch"),
        "VAE": None if said.get("vae") in (None, "Default (model)") else said.get("vae"),
        "Clip skip": said.get("clip_skip"),
        "RNG": "CPU",
    }
    loras = [one for one in _list(said.get("loras"), list) if len(one) > 1]
    loras += [_text(value).split(" : ") for key, value in said.items() if key.startswith("lora_combined")]
    tags = [_lora(one[0], one[1]) for one in loras if len(one) > 1]
    prompt = _first(said.get("full_prompt")) or _text(said.get("prompt"))
    negative = _first(said.get("full_negative_prompt")) or _text(said.get("negative_prompt"))
    return Infotext(" ".join([prompt, *tags]).strip(), negative, _fields(fields))


def of_swarm(said: Said) -> Infotext:
    """The `sui_image_params` of SwarmUI, which has ComfyUI's samplers."""
    said = _part(said, "sui_image_params")
    fields = {
        "Steps": said.get("steps"),
        "Sampler": said.get("sampler", "euler"),
        "Schedule type": said.get("scheduler"),
        "CFG scale": said.get("cfgscale"),
        "Seed": said.get("seed"),
        "Size": _size(said.get("width"), said.get("height")),
        "Model": said.get("model"),
        "VAE": None if said.get("vae") in (None, "Automatic") else said.get("vae"),
        "RNG": "CPU",
    }
    pairs = zip(_list(said.get("loras"), str), _list(said.get("loraweights"), str), strict=False)
    tags = [_lora(name, weight) for name, weight in pairs]
    prompt = " ".join([_text(said.get("prompt")), *tags]).strip()
    return Infotext(prompt, _text(said.get("negativeprompt")), _fields(fields))


def _fields(values: dict[str, Any]) -> dict[str, str]:
    return {name: _text(value) for name, value in values.items() if value not in (None, "")}


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value)


def _first(value: Any) -> str:
    return "\n".join(map(_text, value)) if isinstance(value, list) else _text(value)


def _part(said: Said, name: str) -> Said:
    value = said.get(name)
    return value if isinstance(value, dict) else {"name": value} if isinstance(value, str) else {}


def _list(value: Any, of: type = dict) -> list[Any]:
    return [one for one in value if isinstance(one, of)] if isinstance(value, list) else []


def _lora(name: Any, weight: Any) -> str:
    return f"<lora:{name}:{weight}>" if name else ""


def _size(width: Any, height: Any) -> str | None:
    return f"{width}x{height}" if width and height else None


def _clip_skip(value: Any) -> int | None:
    """InvokeAI counts the layers that are left out, A1111 the one that is used."""
    return value + 1 if isinstance(value, int) and value > 0 else None
