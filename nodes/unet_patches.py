"""Nodes that change what passes through a U-Net, to better its pictures or to make them sooner."""

from __future__ import annotations

from typing import Annotated

from comfy_core.media.resize import LATENT_METHODS
from comfy_core.patcher import ModelPatcher
from comfy_core.step_cache import with_step_cache
from comfy_core.unet_patches.deep_shrink import DeepShrink
from comfy_core.unet_patches.free_u import free_u
from comfy_core.unet_patches.hyper_tile import hyper_tile
from comfy_core.unet_patches.network import unet_of
from comfy_core.unet_patches.token_merging import token_merging
from nodes.guidance import END, START, levels_of, share
from nodes.schema import Boolean, Combo, Float, Int, node
from nodes.types import Model

CATEGORY = "model/patch/unet"
FREE = "comfy_extras.nodes_freelunch"
METHODS = ("bicubic", *(one for one in LATENT_METHODS if one != "bicubic"))


def factor(default: float, tooltip: str) -> Float:
    return Float(default=default, min=0.0, max=10.0, step=0.01, advanced=True, tooltip=tooltip)


B1, B2 = "How strong the backbone is on the lowest level but one.", "How strong the backbone is a level above."
S1, S2 = "How strong the skips' coarse structure is there.", "How strong the skips' coarse structure is a level above."


@node("FreeU", category=CATEGORY, python_module=FREE)
def free_u_1(
    model: Model,
    b1: Annotated[float, factor(1.1, B1)],
    b2: Annotated[float, factor(1.2, B2)],
    s1: Annotated[float, factor(0.9, S1)],
    s2: Annotated[float, factor(0.2, S2)],
) -> Model:
    """Strengthen the U-Net's backbone over its skips: better pictures at no cost. 1 changes nothing."""
    return _with_free_u(model, b1, b2, s1, s2, structured=False)


@node("FreeU_V2", category=CATEGORY, python_module=FREE)
def free_u_2(
    model: Model,
    b1: Annotated[float, factor(1.3, B1)],
    b2: Annotated[float, factor(1.4, B2)],
    s1: Annotated[float, factor(0.9, S1)],
    s2: Annotated[float, factor(0.2, S2)],
) -> Model:
    """As FreeU, where the picture has structure more than where it is smooth."""
    return _with_free_u(model, b1, b2, s1, s2, structured=True)


def _with_free_u(model: ModelPatcher, b1: float, b2: float, s1: float, s2: float, structured: bool) -> ModelPatcher:
    width = unet_of(model, "FreeU").dims.model_channels
    model = model.clone()
    model.set_model_output_block_patch(free_u({4 * width: (b1, s1), 2 * width: (b2, s2)}, structured))
    return model


@node("HyperTile", category=CATEGORY, python_module="comfy_extras.nodes_hypertile")
def hyper_tile_node(
    model: Model,
    tile_size: Annotated[
        int, Int(default=256, min=1, max=2048, advanced=True, tooltip="The least side of a tile, in pixels.")
    ],
    swap_size: Annotated[
        int, Int(default=2, min=1, max=128, advanced=True, tooltip="How many sizes of tiles take turns.")
    ],
    max_depth: Annotated[
        int,
        Int(
            default=0, min=0, max=10, advanced=True, tooltip="0 tiles the largest maps alone, each more half the size."
        ),
    ],
    scale_depth: Annotated[
        bool, Boolean(default=False, advanced=True, tooltip="Tiles of smaller maps show more of the picture.")
    ],
) -> Model:
    """Let self-attention look at tiles of large pictures: much quicker from 1024 pixels on."""
    unet_of(model, "HyperTile")
    before, after = hyper_tile(tile_size, swap_size, max_depth, scale_depth)
    model = model.clone()
    model.set_model_attn1_patch(before)
    model.set_model_attn1_output_patch(after)
    return model


@node("TomePatchModel", category=CATEGORY, python_module="comfy_extras.nodes_tomesd")
def tome_patch_model(
    model: Model,
    ratio: Annotated[
        float, Float(default=0.3, min=0.0, max=1.0, step=0.01, tooltip="How many places join others; 0 is none.")
    ],
) -> Model:
    """Let places that look alike be one in self-attention (ToMe): quicker, a little coarser."""
    unet_of(model, "TomePatchModel")
    before, after = token_merging(ratio)
    model = model.clone()
    model.set_model_attn1_patch(before)
    model.set_model_attn1_output_patch(after)
    return model


@node(
    "PatchModelAddDownscale",
    title="PatchModelAddDownscale (Kohya Deep Shrink)",
    category=CATEGORY,
    python_module="comfy_extras.nodes_model_downscale",
)
def patch_model_add_downscale(
    model: Model,
    block_number: Annotated[
        int, Int(default=3, min=1, max=32, step=1, advanced=True, tooltip="Behind which block of the way down.")
    ],
    downscale_factor: Annotated[
        float, Float(default=2.0, min=0.1, max=9.0, step=0.001, tooltip="How much smaller; 1 changes nothing.")
    ],
    start_percent: Annotated[float, share(0.0, START)],
    end_percent: Annotated[float, share(0.35, END)],
    downscale_after_skip: Annotated[
        bool, Boolean(default=True, advanced=True, tooltip="The skip of that block keeps its size.")
    ],
    downscale_method: Annotated[str, Combo(METHODS, tooltip="How it is made smaller.")],
    upscale_method: Annotated[str, Combo(METHODS, tooltip="How it gets its size back on the way up.")],
) -> Model:
    """Begin large pictures in a smaller size inside the U-Net, so that nothing is there twice."""
    unet_of(model, "PatchModelAddDownscale")
    if downscale_factor == 1:
        return model
    levels = levels_of(model, start_percent, end_percent)
    shrink = DeepShrink(block_number, downscale_factor, *levels, down=downscale_method, up=upscale_method)
    model = model.clone()
    if downscale_after_skip:
        model.set_model_input_block_patch_after_skip(shrink.shrink)
    else:
        model.set_model_input_block_patch(shrink.shrink)
    model.set_model_output_block_patch(shrink.grow)
    return model


CACHE = "comfy_extras.nodes_easycache"
Threshold = Annotated[
    float,
    Float(
        default=0.2, min=0.0, max=3.0, step=0.01, advanced=True, tooltip="How much it may be off; 0 leaves out nothing."
    ),
]
CacheStart = Annotated[float, Float(default=0.15, min=0.0, max=1.0, step=0.01, advanced=True, tooltip=START)]
CacheEnd = Annotated[float, Float(default=0.95, min=0.0, max=1.0, step=0.01, advanced=True, tooltip=END)]
Verbose = Annotated[bool, Boolean(default=False, advanced=True, tooltip="Write to the log how many were left out.")]


@node("EasyCache", category="advanced/debug", experimental=True, python_module=CACHE)
def easy_cache(
    model: Model, reuse_threshold: Threshold, start_percent: CacheStart, end_percent: CacheEnd, verbose: Verbose
) -> Model:
    """Leave out evaluations of the network that would say nearly what the one before said."""
    model = model.clone()
    with_step_cache(model, reuse_threshold, *levels_of(model, start_percent, end_percent), verbose, whole=False)
    return model


@node("LazyCache", category="advanced/debug", experimental=True, python_module=CACHE)
def lazy_cache(
    model: Model, reuse_threshold: Threshold, start_percent: CacheStart, end_percent: CacheEnd, verbose: Verbose
) -> Model:
    """As EasyCache, for whole guided predictions: works with any model, and is coarser."""
    model = model.clone()
    with_step_cache(model, reuse_threshold, *levels_of(model, start_percent, end_percent), verbose, whole=True)
    return model
