"""Nodes that turn prompts into conditioning."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

from comfy_core import folders
from comfy_core.text.a1111 import encode_a1111
from comfy_core.text.embeddings import embedding_file
from nodes.schema import Int, String, node
from nodes.types import Clip, Conditioning


@node(
    "CLIPTextEncode",
    title="CLIP Text Encode (Prompt)",
    category="model/conditioning",
    search_aliases=(
        "text",
        "prompt",
        "text prompt",
        "positive prompt",
        "negative prompt",
        "encode text",
        "text encoder",
        "encode prompt",
    ),
)
def clip_text_encode(
    text: Annotated[
        str,
        String(
            multiline=True,
            dynamicPrompts=True,
            tooltip=r"The prompt. (word:1.2) weighs more, \( is a bracket, embedding:name puts a file's vectors in.",
        ),
    ],
    clip: Clip,
) -> Conditioning:
    """Encode a prompt for the model that the text encoder belongs to."""
    return clip.encode_from_tokens_scheduled(clip.tokenize(text))


@clip_text_encode.fingerprint
def _(text: str | None, clip: Any) -> list[Any]:
    """The files of the embeddings that the prompt names: they may be replaced, or appear."""
    names = re.findall(r"embedding:([^\s:(),]+)", text or "")
    files = [embedding_file(name) for name in dict.fromkeys(names)]
    return [_state(path) or None for path in files]


def _state(path: Path | None) -> list[int]:
    return [path.stat().st_mtime_ns, path.stat().st_size] if path else []


@node(
    "CLIPTextEncodeA1111",
    title="CLIP Text Encode (A1111)",
    category="model/conditioning",
    search_aliases=("automatic1111", "a1111", "webui", "prompt editing", "alternating prompt"),
)
def clip_text_encode_a1111(
    text: Annotated[
        str,
        String(
            multiline=True,
            dynamicPrompts=False,
            tooltip="(more), [less], (word:1.2), BREAK, a AND b :0.5, [from:to:0.5], [this|that], an embedding's name.",
        ),
    ],
    clip: Clip,
    steps: Annotated[
        int,
        Int(default=20, min=1, max=10_000, tooltip="The sampler's steps, for [from:to:when] and [this|that]."),
    ],
    steps_before: Annotated[
        int,
        Int(
            default=0, min=0, max=10_000, tooltip="For a second pass: the steps of the first, which `when` counts too."
        ),
    ]
    | None = None,
) -> Conditioning:
    """Encode a prompt as AUTOMATIC1111's web UI does, so that a prompt from there says here what it said there."""
    return encode_a1111(clip, text, steps, steps_before or 0)


@clip_text_encode_a1111.fingerprint
def _(text: str | None, **_: Any) -> list[Any]:
    """All embeddings: any word of the prompt may be the name of one."""
    names = folders.current().files("embeddings") if text else []
    return [[name, *_state(embedding_file(name))] for name in names]


@node("CLIPSetLastLayer", title="CLIP Set Last Layer", category="model/conditioning")
def clip_set_last_layer(
    clip: Clip,
    stop_at_clip_layer: Annotated[
        int,
        Int(
            default=-1,
            min=-24,
            max=-1,
            step=1,
            advanced=True,
            tooltip="The layer the text is taken from, counted from the end: -1 is the last, -2 is 'CLIP skip 2'.",
        ),
    ],
) -> Clip:
    """Take the encoded text from an earlier layer of the text encoder."""
    clip = clip.clone()
    clip.clip_layer(stop_at_clip_layer)
    return clip
