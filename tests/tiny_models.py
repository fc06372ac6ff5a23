"""Tiny checkpoints of every family, in the exact key layouts of the original releases, every parameter random.

    path = write_model(tmp_path / "tiny.safetensors", "sdxl")      # or any other name in `MODELS`
    tensors = model_tensors("sd2")                                 # the same, in memory

The names are `sd1`, `sd2`, `sdxl`, `refiner` and their variants (see `MODELS`). Widths are multiples of 64 where heads
are 64 wide, and norms have 32 groups, so that the files need no metadata: the loaders see what they see in real files.
Images are eight times as wide as latents. `tests/tiny_sd1.py` is the older, still smaller one of Stable Diffusion 1.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from safetensors.torch import save_file
from torch import Tensor

from comfy_core.networks.autoencoder_kl import AutoencoderDims, AutoencoderKL
from comfy_core.networks.clip_text import ClipText, ClipTextDims
from comfy_core.networks.unet import UNet, UNetDims
from tests.tiny_sd1 import randomise

Depths = tuple[tuple[int, ...], ...]
UNET = "model.diffusion_model."
VAE = "first_stage_model."
CLIP_L = ClipTextDims(width=32, layers=2, heads=1, mlp_width=64)
CLIP_H = ClipTextDims(width=64, layers=3, heads=1, mlp_width=128, activation="gelu", projection=64)
CLIP_G = CLIP_H
"""OpenCLIP's two encoders differ in size alone, and both are tiny here."""


@dataclass(frozen=True)
class Text:
    """A text encoder in a checkpoint: where, and whether in OpenCLIP's layout or in that of `transformers`."""

    prefix: str
    dims: ClipTextDims
    open_clip: bool = False


@dataclass(frozen=True)
class TinyModel:
    unet: UNetDims
    texts: tuple[Text, ...]
    vae: AutoencoderDims = field(default=AutoencoderDims(channels=32, channel_mult=(1, 1, 1, 1), res_blocks=1))
    extra: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Further tensors, by name and shape."""
    wide_norms: bool = True
    """Whether the biases of norms are as in models that predict velocity (SD 2 is told by them)."""


SD1 = TinyModel(
    unet=UNetDims(
        model_channels=64,
        channel_mult=(1, 2),
        res_blocks=(1, 1),
        depths=((1,), (0,)),
        up_depths=((1, 1), (0, 0)),
        context_dim=CLIP_L.width,
    ),
    texts=(Text("cond_stage_model.transformer.text_model.", CLIP_L),),
)
SD2 = TinyModel(
    unet=replace(SD1.unet, context_dim=CLIP_H.width, heads=None, linear_projections=True),
    texts=(Text("cond_stage_model.model.", CLIP_H, open_clip=True),),
    wide_norms=False,
)
SDXL = TinyModel(
    unet=UNetDims(
        model_channels=64,
        channel_mult=(1, 1, 2),
        res_blocks=(1, 1, 1),
        depths=((0,), (1,), (2,)),
        up_depths=((0, 0), (1, 1), (2, 2)),
        middle_depth=2,
        context_dim=CLIP_L.width + CLIP_G.width,
        heads=None,
        linear_projections=True,
        vector_dim=CLIP_G.width + 6 * 256,
    ),
    texts=(
        Text("conditioner.embedders.0.transformer.text_model.", CLIP_L),
        Text("conditioner.embedders.1.model.", CLIP_G, open_clip=True),
    ),
)
REFINER = TinyModel(
    unet=replace(
        SDXL.unet,
        depths=((0,), (1,), (0,)),
        up_depths=((0, 0), (1, 1), (0, 0)),
        middle_depth=1,
        context_dim=CLIP_G.width,
        vector_dim=CLIP_G.width + 5 * 256,
    ),
    texts=(Text("conditioner.embedders.0.model.", CLIP_G, open_clip=True),),
)


def _with_inputs(tiny: TinyModel, channels: int) -> TinyModel:
    return replace(tiny, unet=replace(tiny.unet, in_channels=channels))


def _pruned(depths: Depths, up_depths: Depths) -> TinyModel:
    """SDXL with all its levels and layers, but those blocks left out that SSD-1B or Vega leave out."""
    unet = replace(
        SDXL.unet, channel_mult=(1, 1, 1), res_blocks=(2, 2, 2), depths=depths, up_depths=up_depths, middle_depth=-1
    )
    return replace(SDXL, unet=unet)


MODELS: dict[str, TinyModel] = {
    "sd1": SD1,
    "sd1_inpainting": _with_inputs(SD1, 9),
    "sd1_ip2p": _with_inputs(SD1, 8),
    "sd1_lcm": replace(SD1, unet=replace(SD1.unet, guidance_dim=256)),
    "sd2": SD2,
    "sd2_v": replace(SD2, wide_norms=True),
    "sd2_inpainting": _with_inputs(SD2, 9),
    "sd2_unclip": replace(
        SD2,
        unet=replace(SD2.unet, vector_dim=64),
        extra={"noise_augmentor.data_mean": (32,), "noise_augmentor.data_std": (32,)},
    ),
    "sdxl": SDXL,
    "sdxl_inpainting": _with_inputs(SDXL, 9),
    "sdxl_v": replace(SDXL, extra={"v_pred": (0,), "ztsnr": (0,)}),
    "playground": replace(SDXL, extra={"edm_mean": (1, 4, 1, 1), "edm_std": (1, 4, 1, 1)}),
    "cosxl": replace(SDXL, extra={"edm_vpred.sigma_max": (), "edm_vpred.sigma_min": ()}),
    "ssd1b": _pruned(((0, 0), (2, 2), (4, 4)), ((0, 0, 0), (2, 1, 1), (4, 4, 10))),
    "vega": _pruned(((0, 0), (1, 1), (2, 2)), ((0, 0, 0), (1, 1, 1), (2, 2, 2))),
    "refiner": REFINER,
}


def write_model(
    path: Path,
    family: str,
    seed: int = 0,
    dtype: torch.dtype = torch.float32,
    without: tuple[str, ...] = (),
    metadata: dict[str, str] | None = None,
) -> Path:
    """Write a checkpoint of a family in `MODELS` to `path` (`.safetensors`, else a torch pickle) and return it.

    Tensors whose names start with one of `without` are left out. Equal checkpoints are one file under several names:
    do not write into it.
    """
    path.unlink(missing_ok=True)
    os.link(_written(path.suffix, family, seed, dtype, without, tuple((metadata or {}).items())), path)
    return path


_folder = TemporaryDirectory(prefix="easel_tiny_")


@cache
def _written(
    suffix: str,
    family: str,
    seed: int,
    dtype: torch.dtype,
    without: tuple[str, ...],
    metadata: tuple[tuple[str, str], ...],
) -> Path:
    """The file of a checkpoint, written once in this process."""
    path = Path(_folder.name, f"{len(os.listdir(_folder.name))}{suffix}")
    kept = {
        name: value.to(dtype) if value.is_floating_point() else value
        for name, value in model_tensors(family, seed).items()
        if not name.startswith(without or ("\0",))
    }
    if suffix == ".safetensors":
        save_file(kept, path, metadata=dict(metadata) or None)
    else:
        torch.save({"state_dict": kept}, path)
    return path


@cache
def model_tensors(family: str, seed: int = 0) -> dict[str, Tensor]:
    """The tensors of a checkpoint by name. They are shared between callers: copy before changing one."""
    tiny, generator = MODELS[family], torch.Generator().manual_seed(seed)
    found: dict[str, Tensor] = {}
    for prefix, network in ((UNET, UNet(tiny.unet)), (VAE, AutoencoderKL(tiny.vae))):
        randomise(network, generator)
        found |= {prefix + name: value.detach().clone() for name, value in network.state_dict().items()}
    for text in tiny.texts:
        encoder = ClipText(text.dims)
        randomise(encoder, generator)
        named = open_clip_layout(encoder) if text.open_clip else encoder.state_dict()
        found |= {text.prefix + name: value.detach().clone() for name, value in named.items()}
    if not tiny.wide_norms:
        found |= {name: value / 2 for name, value in found.items() if name.endswith(".norm1.bias")}
    for name, shape in tiny.extra.items():
        found[name] = torch.rand(shape, generator=generator) + 1
    return found


def open_clip_layout(encoder: ClipText) -> dict[str, Tensor]:
    """The weights of a CLIP text transformer under OpenCLIP's names: one input projection, the last one transposed."""
    return dict(_open_clip(encoder))


def _open_clip(encoder: ClipText) -> Iterator[tuple[str, Tensor]]:
    state = encoder.state_dict()
    yield "token_embedding.weight", state["embeddings.token_embedding.weight"]
    yield "positional_embedding", state["embeddings.position_embedding.weight"]
    yield "logit_scale", torch.tensor(4.6)
    for number in range(encoder.dims.layers):
        ours, theirs = f"encoder.layers.{number}.", f"transformer.resblocks.{number}."
        for kind in ("weight", "bias"):
            parts = [state[f"{ours}self_attn.{one}_proj.{kind}"] for one in "qkv"]
            yield f"{theirs}attn.in_proj_{kind}", torch.cat(parts)
            for a, b in OPEN_CLIP_LAYER.items():
                yield f"{theirs}{b}.{kind}", state[f"{ours}{a}.{kind}"]
    for kind in ("weight", "bias"):
        yield f"ln_final.{kind}", state[f"final_layer_norm.{kind}"]
    if encoder.dims.projection:
        yield "text_projection", state["text_projection.weight"].T.contiguous()


OPEN_CLIP_LAYER = {
    "self_attn.out_proj": "attn.out_proj",
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
}
