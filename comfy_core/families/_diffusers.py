"""U-Nets and autoencoders in the layout of diffusers, under the names of the original releases.

The layout is that of `UNet2DConditionModel` and `AutoencoderKL`, https://github.com/huggingface/diffusers. Its text
encoders are those of `transformers`, which need no renaming.
"""

from __future__ import annotations

from collections.abc import Mapping

from comfy_core.families._ldm import count
from comfy_core.weights import Weights

RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
LAYERS = {".resnets.": RESNET, ".downsamplers.": {"conv": "op"}}
UNET_ENDS = {
    "conv_in": "input_blocks.0.0",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "time_embedding.cond_proj": "time_embed.cond_proj",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "class_embedding.linear_1": "label_emb.0.0",
    "class_embedding.linear_2": "label_emb.0.2",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
VAE_ATTENTION = {
    "group_norm": "norm",
    "to_q": "q",
    "to_k": "k",
    "to_v": "v",
    "to_out.0": "proj_out",
    "query": "q",
    "key": "k",
    "value": "v",
    "proj_attn": "proj_out",
}


def is_unet(weights: Weights) -> bool:
    return "conv_in.weight" in weights and "down_blocks.0.resnets.0.time_emb_proj.weight" in weights


def is_vae(weights: Weights) -> bool:
    return "decoder.conv_in.weight" in weights and "decoder.up_blocks.0.resnets.0.norm1.weight" in weights


def unet_renamed(unet: Weights) -> Weights:
    """A U-Net of diffusers under the names of latent diffusion, without prefix."""
    places = {**_down_blocks(unet), **_up_blocks(unet), **_middle(unet)}

    def rename(name: str) -> str:
        place, inner = _split(name, 3 if name.startswith("mid_block.") else 4)
        if place in places:
            layers = next((table for kind, table in LAYERS.items() if kind in place), {})
            return f"{places[place]}.{_swapped(inner, layers)}"
        return _swapped(name, UNET_ENDS)

    return unet.renamed(rename)


def vae_renamed(vae: Weights) -> Weights:
    """An autoencoder of diffusers under the names of latent diffusion."""
    levels = count(vae, "decoder.up_blocks.{}.resnets.0.norm1.weight")

    def rename(name: str) -> str:
        side, _, inner = name.partition(".")
        match inner.split("."):
            case ["down_blocks", level, "resnets", number, *rest]:
                inner = f"down.{level}.block.{number}." + _shortcut(rest)
            case ["down_blocks", level, "downsamplers", _, *rest]:
                inner = f"down.{level}.downsample." + ".".join(rest)
            case ["up_blocks", level, "resnets", number, *rest]:
                inner = f"up.{levels - 1 - int(level)}.block.{number}." + _shortcut(rest)
            case ["up_blocks", level, "upsamplers", _, *rest]:
                inner = f"up.{levels - 1 - int(level)}.upsample." + ".".join(rest)
            case ["mid_block", "resnets", number, *rest]:
                inner = f"mid.block_{int(number) + 1}." + _shortcut(rest)
            case ["mid_block", "attentions", _, *rest]:
                inner = "mid.attn_1." + _swapped(".".join(rest), VAE_ATTENTION)
            case ["conv_norm_out", kind]:
                inner = f"norm_out.{kind}"
        return f"{side}.{inner}"

    return vae.renamed(rename)


def _shortcut(rest: list[str]) -> str:
    return ".".join(rest).replace("conv_shortcut", "nin_shortcut")


def _down_blocks(unet: Weights) -> dict[str, str]:
    """Where the layers on the way down go: input block 0 is the first convolution, each layer is one block more."""
    places: dict[str, str] = {}
    block = 1
    for level in range(count(unet, "down_blocks.{}.resnets.0.conv1.weight")):
        at = f"down_blocks.{level}"
        for number in range(count(unet, at + ".resnets.{}.conv1.weight")):
            places[f"{at}.resnets.{number}"] = f"input_blocks.{block}.0"
            places[f"{at}.attentions.{number}"] = f"input_blocks.{block}.1"
            block += 1
        if f"{at}.downsamplers.0.conv.weight" in unet:
            places[f"{at}.downsamplers.0"] = f"input_blocks.{block}.0"
            block += 1
    return places


def _up_blocks(unet: Weights) -> dict[str, str]:
    """Where the layers on the way up go; a level's last block ends with the step to the next resolution."""
    places: dict[str, str] = {}
    block = 0
    for level in range(count(unet, "up_blocks.{}.resnets.0.conv1.weight")):
        at = f"up_blocks.{level}"
        for number in range(count(unet, at + ".resnets.{}.conv1.weight")):
            places[f"{at}.resnets.{number}"] = f"output_blocks.{block}.0"
            places[f"{at}.attentions.{number}"] = f"output_blocks.{block}.1"
            block += 1
        attends = f"{at}.attentions.0.norm.weight" in unet
        places[f"{at}.upsamplers.0"] = f"output_blocks.{block - 1}.{2 if attends else 1}"
    return places


def _middle(unet: Weights) -> dict[str, str]:
    attends = "mid_block.attentions.0.norm.weight" in unet
    last = "middle_block.2" if attends else "middle_block.1"
    return {
        "mid_block.resnets.0": "middle_block.0",
        "mid_block.attentions.0": "middle_block.1",
        "mid_block.resnets.1": last,
    }


def _split(name: str, parts: int) -> tuple[str, str]:
    words = name.split(".")
    return ".".join(words[:parts]), ".".join(words[parts:])


def _swapped(name: str, table: Mapping[str, str]) -> str:
    """The name with its beginning replaced by the table's word for it."""
    head, _, kind = name.rpartition(".")
    return f"{table[head]}.{kind}" if head in table else name
