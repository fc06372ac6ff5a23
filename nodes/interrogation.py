"""Nodes that say what pictures show, in words of editable lists, and how well a text fits a picture."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from comfy_core import folders
from comfy_core.interrogate import (
    MODES,
    Interrogator,
    check_same_space,
    embedder,
    remembering,
    similarity,
    word_lists,
)
from comfy_core.weights import open_weights
from comfy_core.whole_clip import load_whole_clip
from nodes.loaders import file_state
from nodes.schema import Combo, File, Float, Int, String, node
from nodes.types import Clip, ClipVision, Image

CATEGORY = "image/interrogation"


@node("EaselLoadWholeCLIP", title="Load Whole CLIP", category="model/loaders", search_aliases=("interrogator",))
def load_clip_of_both(
    clip_name: Annotated[str, File("clip_vision", tooltip="A file in models/clip_vision/ with both encoders.")],
) -> tuple[ClipVision, Clip]:
    """Open a CLIP with its encoders of pictures and of texts, such as clip-vit-large-patch14 or FashionCLIP."""
    return load_whole_clip(open_weights(folders.current().find_model("clip_vision", clip_name)))


@node(
    "EaselInterrogate",
    title="Interrogate Image",
    category=CATEGORY,
    outputs=("prompt",),
    list_outputs=True,
    search_aliases=("clip interrogator", "image to prompt", "img2prompt", "caption", "describe"),
)
def interrogate(
    images: Image,
    clip_vision: ClipVision,
    clip: Clip,
    mode: Annotated[
        str,
        Combo(MODES, tooltip="The nearest words, words that improve the whole one by one, or what is not to be seen."),
    ],
    most_words: Annotated[int, Int(default=8, min=1, max=64, tooltip="How many words of the lists are taken.")],
    caption: Annotated[str, String(default="", tooltip="What the prompt begins with; empty: the nearest medium.")],
) -> Annotated[str, String()]:
    """Say what each picture shows, in words of the lists in models/interrogator/, which are yours to edit."""
    seen = clip_vision.encode_image(images).image_embeds
    embed = embedder(clip)
    check_same_space(seen, embed([""]))
    asked = Interrogator(word_lists(folders.current()), embed, remembering(clip, embed))
    prompts = [asked.describe(one, mode, most_words, caption) for one in seen]
    return {"ui": {"text": tuple(prompts)}, "result": (prompts,)}  # type: ignore[return-value]


@node(
    "EaselClipScore",
    title="CLIP Score",
    category=CATEGORY,
    outputs=("score",),
    list_outputs=True,
    search_aliases=("similarity", "clip score", "text fits image"),
)
def clip_score(
    images: Image,
    clip_vision: ClipVision,
    clip: Clip,
    text: Annotated[str, String(multiline=True, tooltip="What the pictures should show.")],
) -> Annotated[float, Float()]:
    """How well a text fits each picture: the cosine of their CLIP embeddings, about 0.2 to 0.35 where it does."""
    (wanted,) = embedder(clip)([text])
    scores = similarity(clip_vision.encode_image(images).image_embeds, wanted).tolist()
    return {"ui": {"text": tuple(f"{one:.3f}" for one in scores)}, "result": (scores,)}  # type: ignore[return-value]


@load_clip_of_both.fingerprint
def _(clip_name: str | None) -> list[Any]:
    return file_state("clip_vision", clip_name)


@interrogate.fingerprint
def _(**_: Any) -> str:
    """The lists: they may be edited."""
    return hashlib.sha256(repr(word_lists(folders.current())).encode()).hexdigest()
