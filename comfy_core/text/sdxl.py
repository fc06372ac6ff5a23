"""A prompt for each of SDXL's two text encoders, in one conditioning."""

from __future__ import annotations

from typing import Any

from comfy_core.conditioning import Conditioning
from comfy_core.text.clip import CLIP


def encode_sdxl(clip: CLIP, text_g: str, text_l: str, **told: Any) -> Conditioning:
    """Encode `text_g` by OpenCLIP bigG and `text_l` by CLIP-L; the shorter is filled up with empty chunks.

    `told` goes into the entry: the sizes that the model is told (`width`, `height`, `crop_w` …).

    Raises:
        ValueError: this CLIP has other text encoders.
    """
    tokens = clip.tokenize(text_g)
    if not {"g", "l"} <= set(tokens):
        raise ValueError(
            f"this node takes the CLIP of an SDXL model, with the text encoders l and g; this one has: "
            f"{', '.join(tokens)}. Use the node CLIP Text Encode (Prompt)."
        )
    tokens["l"] = clip.tokenize(text_l)["l"]
    empty = clip.tokenize("")
    longest = max(len(tokens["l"]), len(tokens["g"]))
    for name in ("l", "g"):
        tokens[name] = tokens[name] + empty[name] * (longest - len(tokens[name]))
    return clip.encode_from_tokens_scheduled(tokens, add_dict=told)
