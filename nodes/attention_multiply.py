"""Nodes that scale parts of attention's weights, to try what they do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from nodes.schema import Float, node
from nodes.types import Clip, Model

CATEGORY, MODULE = "experimental/attention_experiments", "comfy_extras.nodes_attention_multiply"


def times(tooltip: str) -> Float:
    return Float(default=1.0, min=0.0, max=10.0, step=0.01, advanced=True, tooltip=tooltip)


Q = Annotated[float, times("What is asked is times this.")]
K = Annotated[float, times("What is found is times this.")]
V = Annotated[float, times("What is told is times this.")]
Out = Annotated[float, times("What comes of it is times this.")]


@node("UNetSelfAttentionMultiply", category=CATEGORY, experimental=True, python_module=MODULE)
def unet_self_attention_multiply(model: Model, q: Q, k: K, v: V, out: Out) -> Model:
    """Scale the model's attention of the picture to itself."""
    return _multiplied(model, model.source, _unet("attn1", q, k, v, out))


@node("UNetCrossAttentionMultiply", category=CATEGORY, experimental=True, python_module=MODULE)
def unet_cross_attention_multiply(model: Model, q: Q, k: K, v: V, out: Out) -> Model:
    """Scale the model's attention of the picture to the prompt."""
    return _multiplied(model, model.source, _unet("attn2", q, k, v, out))


@node(
    "CLIPAttentionMultiply",
    category=CATEGORY,
    experimental=True,
    python_module=MODULE,
    search_aliases=("clip attention scale", "text encoder attention"),
)
def clip_attention_multiply(clip: Clip, q: Q, k: K, v: V, out: Out) -> Clip:
    """Scale the text encoder's attention."""
    factors = {"q_proj": q, "k_proj": k, "v_proj": v, "out_proj": out}
    return _multiplied(clip, clip.patcher.source, {rf"self_attn\.{name}\.": by for name, by in factors.items()})


@node("UNetTemporalAttentionMultiply", category=CATEGORY, experimental=True, python_module=MODULE)
def unet_temporal_attention_multiply(
    model: Model,
    self_structural: Annotated[float, times("The attention of a frame to itself is times this.")],
    self_temporal: Annotated[float, times("The attention of frames to each other is times this.")],
    cross_structural: Annotated[float, times("The attention of a frame to the prompt is times this.")],
    cross_temporal: Annotated[float, times("The attention of frames over time to the prompt is times this.")],
) -> Model:
    """Scale what comes of a video model's attention, within frames and over time."""
    factors = {
        r"^(?!.*time_stack).*attn1\.to_out\.0\.": self_structural,
        r"time_stack.*attn1\.to_out\.0\.": self_temporal,
        r"^(?!.*time_stack).*attn2\.to_out\.0\.": cross_structural,
        r"time_stack.*attn2\.to_out\.0\.": cross_temporal,
    }
    return _multiplied(model, model.source, factors)


def _unet(attention: str, q: float, k: float, v: float, out: float) -> dict[str, float]:
    factors = {"to_q": q, "to_k": k, "to_v": v, r"to_out\.0": out}
    return {rf"\.{attention}\.{name}\.": by for name, by in factors.items()}


def _multiplied(patched: Any, names: Iterable[str], factors: Mapping[str, float]) -> Any:
    """A clone whose weights with names that match a pattern are times its factor."""
    patched = patched.clone()
    for pattern, factor in factors.items():
        if factor != 1:
            patched.add_patches({name: (None,) for name in names if re.search(pattern, name)}, 0.0, factor)
    return patched
