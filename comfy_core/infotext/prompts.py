"""The networks that a prompt of A1111's web UI names: `<lora:name:0.8>`."""

from __future__ import annotations

import re
from dataclasses import dataclass

TAG = re.compile(r"<(\w+):([^<>]+)>")


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
