"""What a prompt of A1111's web UI says besides words: `<lora:name:0.8>`, and `one AND other :0.5`."""

from __future__ import annotations

import re
from dataclasses import dataclass

TAG = re.compile(r"<(\w+):([^<>]+)>")
AND = re.compile(r"\s*\bAND\b\s*")
WEIGHT = re.compile(r"\s*:\s*([-+]?(?:\d+\.?\d*|\.\d+))\s*$")


@dataclass(frozen=True)
class ExtraNetwork:
    """`<kind:name:…>`: a LoRA (or hypernetwork) and how much of it the text encoder and the U-Net get."""

    kind: str
    name: str
    text: float = 1.0
    unet: float = 1.0


def extra_networks(prompt: str) -> tuple[str, list[ExtraNetwork]]:
    """The prompt without its tags, and what they name, in their order."""
    found = [_network(match[1], match[2]) for match in TAG.finditer(prompt)]
    return TAG.sub("", prompt).strip(), found


def _network(kind: str, arguments: str) -> ExtraNetwork:
    name, *rest = arguments.split(":")
    named = dict(one.split("=", 1) for one in rest if "=" in one)
    plain = [one for one in rest if "=" not in one]
    text = _number(named.get("te", plain[0] if plain else ""), 1.0)
    unet = _number(named.get("unet", plain[1] if len(plain) > 1 else ""), text)
    return ExtraNetwork(kind.lower(), name.strip(), text, unet)


def _number(text: str, default: float) -> float:
    try:
        return float(text)
    except ValueError:
        return default


def composed(prompt: str) -> list[tuple[str, float]]:
    """The prompts that AND joins, each with its weight. One prompt without AND is one part with the weight 1."""
    parts = AND.split(prompt)
    if len(parts) == 1:
        return [(prompt, 1.0)]
    return [(WEIGHT.sub("", part), float(match[1]) if (match := WEIGHT.search(part)) else 1.0) for part in parts]
