"""The fields of an infotext: which are carried into a graph, which need no word, and how their values are read."""

from __future__ import annotations

import re

CARRIED = {
    "Steps", "Sampler", "Schedule type", "CFG scale", "Seed", "Size", "Model hash", "Model", "VAE hash", "VAE",
    "Denoising strength", "Clip skip", "ENSD", "RNG", "Lora hashes", "TI hashes", "Refiner", "Refiner switch at",
    "Hires upscale", "Hires resize", "Hires steps", "Hires upscaler", "Hires CFG Scale", "Hires prompt",
    "Hires negative prompt", "Hires sampler", "Hires schedule type", "Hires checkpoint", "Tiling",
    "Token merging ratio", "Variation seed", "Variation seed strength", "Seed resize from",
    "Old prompt editing timelines",
}  # fmt: skip
SILENT = {
    "Version", "Hashes", "Batch size", "Batch pos", "User", "Created Date", "Civitai resources", "Civitai metadata",
    "Template", "Negative Template", "Styles", "Style", "Pad conds", "Time taken", "Downcast alphas_cumprod",
    "Wildcard prompt", "Wildcard negative prompt", "Hires Module 1", "Module 1",
}  # fmt: skip
"""What says how the text came about, not what the picture is made of."""
OFF = ("", "0", "false", "none", "disabled")


def number(fields: dict[str, str], name: str, default: float) -> float:
    """A field's number; `default` where it is none, or no finite one."""
    match = re.fullmatch(r"\s*([-+]?\d+(?:\.\d*)?|[-+]?\.\d+)\s*", fields.get(name, "")[:40])
    return float(match[1]) if match else default


def whole(fields: dict[str, str], name: str, default: int) -> int:
    """A field's whole number, exactly, however long it is."""
    match = re.fullmatch(r"\s*([-+]?\d{1,40})(?:\.0*)?\s*", fields.get(name, "")[:60])
    return int(match[1]) if match else default


def size(text: str) -> tuple[int, int] | None:
    """`512x768` as width and height."""
    match = re.fullmatch(r"\s*(\d{1,5})\s*[x×]\s*(\d{1,5})\s*", text)
    return (int(match[1]), int(match[2])) if match and int(match[1]) and int(match[2]) else None


def is_on(value: str) -> bool:
    """Whether a value says anything but that something is off."""
    return value.strip().casefold() not in OFF
