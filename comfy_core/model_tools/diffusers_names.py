"""U-Nets and autoencoders of the original releases under the names of diffusers: `families._diffusers`, backwards."""

from __future__ import annotations

import re
from collections.abc import Iterator

from comfy_core.families._diffusers import RESNET, UNET_ENDS, VAE_ATTENTION
from comfy_core.families._ldm import count
from comfy_core.families._views import reshaped, viewed
from comfy_core.networks.unet import UNetDims
from comfy_core.weights import Weights

RESNET_OF = {theirs: ours for ours, theirs in RESNET.items()}
ATTENTION_OF = {theirs: ours for ours, theirs in list(VAE_ATTENTION.items())[:5]}
VECTOR = {True: "add_embedding", False: "class_embedding"}


def unet_names(unet: Weights, dims: UNetDims, is_xl: bool) -> Weights:
    """A U-Net without prefix under the names of diffusers."""
    places = dict(_places(unet, dims))
    ends = {theirs: ours for ours, theirs in UNET_ENDS.items() if not ours.startswith(VECTOR[not is_xl])}

    def rename(name: str) -> str | None:
        words = name.split(".")
        for length in (3, 2):
            place, inner = ".".join(words[:length]), ".".join(words[length:])
            if place in places:
                return f"{places[place]}.{_inner(places[place], inner)}"
        head, _, kind = name.rpartition(".")
        return f"{ends[head]}.{kind}" if head in ends else None

    return unet.renamed(rename)


def _inner(place: str, name: str) -> str:
    head, _, kind = name.rpartition(".")
    if ".resnets." in place:
        head = RESNET_OF.get(head, head)
    elif ".downsamplers." in place:
        head = head.replace("op", "conv")
    return f"{head}.{kind}"


def _places(unet: Weights, dims: UNetDims) -> Iterator[tuple[str, str]]:
    """Where each block goes; a level's last block, but the lowest level's, ends with a change of resolution."""
    last = len(dims.res_blocks) - 1
    block = 0
    for level, layers in enumerate(dims.res_blocks):
        for number in range(layers):
            block += 1
            yield f"input_blocks.{block}.0", f"down_blocks.{level}.resnets.{number}"
            yield f"input_blocks.{block}.1", f"down_blocks.{level}.attentions.{number}"
        if level < last:
            block += 1
            yield f"input_blocks.{block}.0", f"down_blocks.{level}.downsamplers.0"
    block = 0
    for level, layers in enumerate(reversed(dims.res_blocks)):
        for number in range(layers + 1):
            attends = f"output_blocks.{block}.1.norm.weight" in unet
            yield f"output_blocks.{block}.0", f"up_blocks.{level}.resnets.{number}"
            if attends:
                yield f"output_blocks.{block}.1", f"up_blocks.{level}.attentions.{number}"
            if number == layers and level < last:
                yield f"output_blocks.{block}.{2 if attends else 1}", f"up_blocks.{level}.upsamplers.0"
            block += 1
    yield "middle_block.0", "mid_block.resnets.0"
    attends = "middle_block.1.norm.weight" in unet
    if attends:
        yield "middle_block.1", "mid_block.attentions.0"
    yield f"middle_block.{2 if attends else 1}", "mid_block.resnets.1"


def vae_names(vae: Weights) -> Weights:
    """An autoencoder without prefix under the names of diffusers, its attention's 1 x 1 convolutions as matrices."""
    levels = count(vae, "decoder.up.{}.block.0.norm1.weight")
    flat = [name for name in vae if re.search(r"\.attn_1\.(q|k|v|proj_out)\.weight", name)]
    matrices = viewed(vae, {name: reshaped(vae, name, vae.shape(name)[:2]) for name in flat})

    def rename(name: str) -> str | None:
        side, _, inner = name.partition(".")
        if side not in ("encoder", "decoder", "quant_conv", "post_quant_conv"):
            return None
        match inner.split("."):
            case ["down", level, "block", number, *rest]:
                inner = f"down_blocks.{level}.resnets.{number}." + _shortcut(rest)
            case ["down", level, "downsample", *rest]:
                inner = f"down_blocks.{level}.downsamplers.0." + ".".join(rest)
            case ["up", level, "block", number, *rest]:
                inner = f"up_blocks.{levels - 1 - int(level)}.resnets.{number}." + _shortcut(rest)
            case ["up", level, "upsample", *rest]:
                inner = f"up_blocks.{levels - 1 - int(level)}.upsamplers.0." + ".".join(rest)
            case ["mid", "attn_1", part, kind]:
                inner = f"mid_block.attentions.0.{ATTENTION_OF[part]}.{kind}"
            case ["mid", block, *rest]:
                inner = f"mid_block.resnets.{int(block.removeprefix('block_')) - 1}." + _shortcut(rest)
            case ["norm_out", kind]:
                inner = f"conv_norm_out.{kind}"
        return f"{side}.{inner}"

    return matrices.renamed(rename)


def _shortcut(rest: list[str]) -> str:
    return ".".join(rest).replace("nin_shortcut", "conv_shortcut")
