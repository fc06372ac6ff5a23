"""The released sizes: tensors under their released names, shapes only, as diffusers and transformers have them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import diffusers
import pytest
import transformers

from comfy_core.control import load_controlnet
from comfy_core.families import recognise
from comfy_core.families._clip import SD1_L, SD2_H, SDXL_G, Kind, load_clip
from comfy_core.families._diffusers import unet_renamed, vae_renamed
from comfy_core.families._ldm import convolutional, load_vae, vae_dims
from comfy_core.families._unet import UNET
from comfy_core.ip_adapter import load_ip_adapter
from comfy_core.ip_adapter.apply import places_in
from comfy_core.networks.autoencoder_kl import AutoencoderDims
from comfy_core.networks.build import shapes_only
from comfy_core.networks.ip_adapter import IPAdapter, IPAdapterDims, ResamplerDims
from comfy_core.networks.unet import UNet, UNetDims
from comfy_core.weights import Weights
from tests.reference.references import empty_controlnet, empty_unet

SD1 = UNetDims()
SD2 = replace(SD1, context_dim=1024, heads=None, linear_projections=True)
SDXL = UNetDims(
    channel_mult=(1, 2, 4),
    res_blocks=(2, 2, 2),
    depths=((0, 0), (2, 2), (10, 10)),
    up_depths=((0, 0, 0), (2, 2, 2), (10, 10, 10)),
    middle_depth=10,
    context_dim=2048,
    heads=None,
    linear_projections=True,
    vector_dim=2816,
)
REFINER = replace(
    SDXL,
    model_channels=384,
    channel_mult=(1, 2, 4, 4),
    res_blocks=(2, 2, 2, 2),
    depths=((0, 0), (4, 4), (4, 4), (0, 0)),
    up_depths=((0, 0, 0), (4, 4, 4), (4, 4, 4), (0, 0, 0)),
    middle_depth=4,
    context_dim=1280,
    vector_dim=2560,
)
SSD_1B = replace(SDXL, depths=((0, 0), (2, 2), (4, 4)), up_depths=((0, 0, 0), (2, 1, 1), (4, 4, 10)), middle_depth=-1)
VEGA = replace(SDXL, depths=((0, 0), (1, 1), (2, 2)), up_depths=((0, 0, 0), (1, 1, 1), (2, 2, 2)), middle_depth=-1)
UNETS = {
    "SD 1.5": (SD1, "Stable Diffusion 1.x", 686, 859_520_964),
    "SD 1.5 inpainting": (replace(SD1, in_channels=9), "Stable Diffusion 1.x", 686, 859_535_364),
    "InstructPix2Pix": (replace(SD1, in_channels=8), "Stable Diffusion 1.x", 686, 859_532_484),
    "LCM": (replace(SD1, guidance_dim=256), "Stable Diffusion 1.x", 687, 859_602_884),
    "SD 2.1": (SD2, "Stable Diffusion 2.x", 686, 865_910_724),
    "SD 2.1 unCLIP H": (replace(SD2, vector_dim=2048), "Stable Diffusion 2.1 unCLIP", 690, 870_173_124),
    "SD 2.1 unCLIP L": (replace(SD2, vector_dim=1536), "Stable Diffusion 2.1 unCLIP", 690, 869_517_764),
    "SDXL": (SDXL, "Stable Diffusion XL", 1680, 2_567_463_684),
    "SDXL inpainting": (replace(SDXL, in_channels=9), "Stable Diffusion XL", 1680, 2_567_478_084),
    "SDXL refiner": (REFINER, "SDXL refiner", 1220, 2_259_526_660),
    "SSD-1B": (SSD_1B, "Stable Diffusion XL", 944, 1_331_334_404),
    "Segmind Vega": (VEGA, "Stable Diffusion XL", 564, 745_225_604),
}


@pytest.mark.parametrize("name", UNETS)
def test_a_released_unet_is_recognised_and_whole(name: str):
    dims, family, tensors, parameters = UNETS[name]
    with shapes_only():
        theirs = unet_renamed(Weights.of(empty_unet(dims).state_dict()))
    # shapes have no values to guess the prediction from
    said = {"modelspec.prediction_type": "epsilon"}
    weights = replace(theirs.renamed(lambda key: UNET + key), metadata=said)
    found = recognise(weights)
    network: Any = found.load(weights).model.model.diffusion_model
    shapes = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    assert family == found.NAME
    assert network.dims == dims
    assert shapes == {key: theirs.shape(key) for key in theirs}
    assert len(shapes) == tensors
    assert sum(one.numel() for one in network.parameters()) == parameters


@pytest.mark.parametrize(
    ("kind", "width", "layers", "parameters"),
    [(SD1_L, 768, 12, 123_060_480), (SD2_H, 1024, 24, 354_032_640), (SDXL_G, 1280, 32, 694_659_840)],
    ids=["CLIP ViT-L", "OpenCLIP ViT-H", "OpenCLIP ViT-bigG"],
)
def test_a_released_text_encoder_is_whole(kind: Kind, width: int, layers: int, parameters: int):
    config = transformers.CLIPTextConfig(
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=layers,
        num_attention_heads=width // 64,
        projection_dim=width,
    )
    with shapes_only():
        theirs = (transformers.CLIPTextModelWithProjection if kind.projected else transformers.CLIPTextModel)(config)
    ours: Any = load_clip({kind: Weights.of(theirs.state_dict())}).cond_stage_model.encoder(kind)
    assert ours.dims.heads == config.num_attention_heads
    assert sum(one.numel() for one in ours.parameters()) == parameters
    assert sum(one.numel() for one in theirs.parameters()) == parameters


def test_the_released_autoencoder_is_whole():
    blocks = 4
    with shapes_only():
        theirs = diffusers.AutoencoderKL(
            block_out_channels=[128, 256, 512, 512],
            layers_per_block=2,
            latent_channels=4,
            down_block_types=["DownEncoderBlock2D"] * blocks,
            up_block_types=["UpDecoderBlock2D"] * blocks,
        )
    vae = convolutional(vae_renamed(Weights.of(theirs.state_dict())))
    assert vae_dims(vae) == AutoencoderDims()
    network = load_vae(vae).first_stage_model
    assert set(network.state_dict()) == set(vae)
    assert len(vae) == 248
    assert sum(one.numel() for one in network.parameters()) == 83_653_863


CONTROLNETS = {
    "SD 1.5": (SD1, {}, 340, 361_279_120),
    "SD 2.1": (SD2, {}, 340, 364_228_240),
    "SDXL": (SDXL, {}, 844, 1_251_014_160),
    "SDXL small": (replace(SDXL, depths=((0, 0),) * 3, middle_depth=-1), {}, 124, 125_690_640),
    "SDXL union": (SDXL, {"num_control_type": 6}, 863, 1_255_958_800),
    "SDXL union, ProMax": (SDXL, {"num_control_type": 8}, 863, 1_256_614_800),
}


@pytest.mark.parametrize("name", CONTROLNETS)
def test_a_released_controlnet_is_whole(name: str):
    dims, union, tensors, parameters = CONTROLNETS[name]
    with shapes_only():
        theirs = empty_controlnet(dims, **union).state_dict()
    ours: Any = load_controlnet(Weights.of(theirs)).patcher.model
    text = dims.context_dim if any(map(any, dims.depths)) else 0
    assert ours.dims == replace(dims, up_depths=(), context_dim=text)
    assert len(ours.state_dict()) == len(theirs) == tensors
    assert sum(one.numel() for one in ours.parameters()) == parameters


@pytest.mark.parametrize(
    ("kind", "channels", "parameters"),
    [
        ("full_adapter", [320, 640, 1280, 1280], 77_369_280),
        ("full_adapter_xl", [320, 640, 1280, 1280], 79_028_160),
        ("light_adapter", [320, 640, 1280], 18_689_200),
    ],
)
def test_a_released_t2i_adapter_is_whole(kind: str, channels: list[int], parameters: int):
    factor, layers = 16 if kind == "full_adapter_xl" else 8, 4 if kind == "light_adapter" else 2
    with shapes_only():
        theirs = diffusers.T2IAdapter(3, channels, layers, factor, kind).state_dict()
    ours: Any = load_controlnet(Weights.of(theirs)).patcher.model
    assert len(ours.state_dict()) == len(theirs)
    assert sum(one.numel() for one in ours.parameters()) == parameters


def resampler(width: int) -> ResamplerDims:
    return ResamplerDims(seen=1280, width=width, inner=width, mlp=4 * width, layers=4, questions=16)


IP_ADAPTERS = {
    "ip-adapter_sd15": (SD1, {"whole": (1024, 4)}, 16, 44.6),
    "ip-adapter-plus_sd15": (SD1, {"resampler": resampler(768)}, 16, 98.2),
    "ip-adapter-full-face_sd15": (SD1, {"patches": 1280}, 16, 43.6),
    "ip-adapter_sdxl": (SDXL, {"whole": (1280, 4)}, 70, 702.6),
    "ip-adapter_sdxl_vit-h": (SDXL, {"whole": (1024, 4)}, 70, 698.4),
    "ip-adapter-plus_sdxl_vit-h": (SDXL, {"resampler": resampler(1280)}, 70, 847.5),
}
"""The released files: for which U-Net, how their pictures become words, pairs of keys and values, and megabytes in half
precision."""


@cache
def attention_widths(dims: UNetDims) -> tuple[list[int], list[int]]:
    """Of a U-Net's cross-attentions in the order of diffusers, and in ours."""
    with shapes_only():
        theirs, ours = empty_unet(dims), UNet(dims)
    layers = [one.removesuffix(".processor") for one in theirs.attn_processors if "attn2" in one]
    widths = [theirs.get_submodule(layer).to_q.out_features for layer in layers]
    return widths, [place.width for place in places_in(ours)]


@pytest.mark.parametrize("name", IP_ADAPTERS)
def test_a_released_ip_adapter_is_whole_and_fits_its_unet(name: str):
    dims, words, pairs, megabytes = IP_ADAPTERS[name]
    widths, ours = attention_widths(dims)
    assert widths == ours
    assert len(widths) == pairs
    numbered = {str(2 * number + 1): width for number, width in enumerate(widths)}
    with shapes_only():
        network = IPAdapter(IPAdapterDims(dims.context_dim, numbered, **words))  # type: ignore[arg-type]
    loaded = load_ip_adapter(Weights.of(network.state_dict())).network
    assert loaded.dims == network.dims
    assert sum(one.numel() for one in loaded.parameters()) * 2 / 1e6 == pytest.approx(megabytes, abs=0.1)
