"""Which checkpoints are recognised, what is read off them, and what the rest are told."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from comfy_core.checkpoint import Checkpoint, MissingPart
from comfy_core.families import UnknownCheckpoint, families, load_checkpoint, recognise, sd1
from comfy_core.families._clip import SD1_L, load_clip
from comfy_core.families._ldm import VAE_PREFIX, vae_dims
from comfy_core.families._unet import UNET, unet_dims
from comfy_core.memory import residency
from comfy_core.networks.autoencoder_kl import AutoencoderDims, AutoencoderKL
from comfy_core.networks.build import shapes_only
from comfy_core.networks.clip_text import ClipText, ClipTextDims
from comfy_core.networks.unet import UNet, UNetDims
from comfy_core.sampling.prediction import Velocity
from comfy_core.vae_files import load_vae_file
from comfy_core.weights import Weights, WeightsError
from tests.tiny_sd1 import DEEP, SMALL, Tiny, tensors, write_checkpoint

GROUPS_OF_32 = Tiny(
    unet=UNetDims(
        model_channels=32,
        channel_mult=(1, 2),
        res_blocks=(1, 1),
        depths=((1,), (1,)),
        up_depths=((1, 1), (1, 1)),
        context_dim=64,
    ),
    vae=AutoencoderDims(channels=32, channel_mult=(1, 1), res_blocks=1),
    clip=ClipTextDims(width=64, layers=1, heads=1, mlp_width=64),
)
"""Wide enough for the usual 32 groups, so that it needs no metadata."""


def full_size() -> dict[str, Tensor]:
    """Stable Diffusion 1.5's tensors, as shapes."""
    with shapes_only():
        parts = {UNET: UNet(UNetDims()), VAE_PREFIX: AutoencoderKL(AutoencoderDims())}
        parts[sd1.TEXTS[SD1_L][0]] = ClipText(ClipTextDims())
    return {prefix + name: value for prefix, part in parts.items() for name, value in part.state_dict().items()}


def test_stable_diffusion_1_5_is_read_off_its_shapes():
    weights = Weights.of(full_size())
    assert recognise(weights).NAME == "Stable Diffusion 1.x"
    unet = weights.under(UNET)
    assert len(unet) == 686
    assert sum(entry.numel() for entry in unet.values()) == 859_520_964
    assert unet_dims(unet, heads=8, norm_groups=32) == UNetDims()
    assert vae_dims(weights.under(VAE_PREFIX)) == AutoencoderDims()
    assert load_clip({SD1_L: weights.under(sd1.TEXTS[SD1_L][0])}).cond_stage_model.clip_l.dims == ClipTextDims()


@pytest.mark.parametrize("tiny", [SMALL, DEEP], ids=["small", "deep"])
def test_any_size_in_the_layout_loads_by_the_same_code(tmp_path: Path, tiny):
    checkpoint = load_checkpoint(write_checkpoint(tmp_path / "x.safetensors", tiny))
    assert checkpoint.model.model.diffusion_model.dims == tiny.unet
    assert checkpoint.vae.first_stage_model.dims == tiny.vae
    assert checkpoint.clip.cond_stage_model.clip_l.dims == tiny.clip


def test_levels_without_transformers_and_a_bare_middle_are_read(tmp_path: Path):
    dims = UNetDims(
        model_channels=32,
        channel_mult=(1, 2),
        res_blocks=(1, 2),
        depths=((0,), (2, 2)),
        up_depths=((0, 0), (2, 2, 2)),
        middle_depth=-1,
        context_dim=16,
        linear_projections=True,
        vector_dim=8,
    )
    with shapes_only():
        network = UNet(dims)
    assert unet_dims(Weights.of(network.state_dict()), heads=8, norm_groups=32) == dims


def test_a_ckpt_loads_like_a_safetensors(tmp_path: Path):
    torch.save({"state_dict": tensors(), "epoch": 1}, tmp_path / "x.ckpt")
    # without metadata the norms have 32 groups, which the tiny one's 16 channels do not divide into
    with pytest.raises(WeightsError, match=r"VAE cannot be built: .*divisible"):
        load_checkpoint(tmp_path / "x.ckpt")
    torch.save({"state_dict": tensors(GROUPS_OF_32), "epoch": 1}, tmp_path / "y.ckpt")
    assert load_checkpoint(tmp_path / "y.ckpt").model.model.diffusion_model.dims.norm_groups == 32


def test_ema_copies_and_leftovers_are_ignored(tmp_path: Path):
    extra = {
        "model_ema.diffusion_modelinput_blocks00weight": torch.ones(2),
        "betas": torch.ones(1000),
        "alphas_cumprod": torch.ones(1000),
        "first_stage_model.loss.logvar": torch.ones(()),
    }
    save_file(tensors() | extra, tmp_path / "x.safetensors", metadata=SMALL.metadata)
    assert load_checkpoint(tmp_path / "x.safetensors").model.model_size() > 0


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float8_e4m3fn])
def test_half_and_quarter_precision_files_compute_in_float32_on_the_cpu(tmp_path: Path, dtype: torch.dtype):
    checkpoint = load_checkpoint(write_checkpoint(tmp_path / "x.safetensors", dtype=dtype))
    key = "diffusion_model.input_blocks.0.0.weight"
    with residency.use([checkpoint.model]):
        weight = checkpoint.model.model.state_dict()[key]
    stored = tensors()["model." + key].to(dtype)
    assert weight.dtype == torch.float32
    assert torch.equal(weight, stored.float())


def test_a_checkpoint_without_a_vae_says_so_when_it_is_used(tmp_path: Path):
    checkpoint = load_checkpoint(write_checkpoint(tmp_path / "x.safetensors", without=("first_stage_model.",)))
    with pytest.raises(MissingPart, match=r"x\.safetensors holds no VAE; add a Load VAE node"):
        checkpoint.vae.decode(torch.zeros(1, 4, 8, 8))


def test_a_checkpoint_without_a_text_encoder_says_so_when_it_is_used(tmp_path: Path):
    checkpoint = load_checkpoint(write_checkpoint(tmp_path / "x.safetensors", without=("cond_stage_model.",)))
    with pytest.raises(MissingPart, match="holds no text encoder"):
        checkpoint.clip.tokenize("a")


def test_a_checkpoint_that_lacks_tensors_names_the_first(tmp_path: Path):
    path = write_checkpoint(tmp_path / "x.safetensors", without=("model.diffusion_model.middle_block.0.in_layers.2",))
    with pytest.raises(WeightsError, match=r"U-Net lacks 2 tensors, first 'diffusion_model\.middle_block\.0\.in_lay"):
        load_checkpoint(path)


def test_a_tensor_of_the_wrong_shape_is_named(tmp_path: Path):
    broken = tensors() | {"model.diffusion_model.out.0.weight": torch.ones(7)}
    save_file(broken, tmp_path / "x.safetensors", metadata=SMALL.metadata)
    with pytest.raises(WeightsError, match=r"'diffusion_model\.out\.0\.weight' has shape \(7,\)"):
        load_checkpoint(tmp_path / "x.safetensors")


@pytest.mark.parametrize(
    ("names", "looks"),
    [
        (["lora_unet_mid_block.lora_up.weight"], "a LoRA"),
        (["cond_stage_model.model.transformer.resblocks.0.ln_1.weight"], "text encoders"),
        (["model.diffusion_model.input_blocks.1.0.time_stack.in_layers.0.bias"], "a video model"),
        (["double_blocks.0.img_attn.qkv.weight"], "FLUX"),
        (["model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight"], "Stable Diffusion 3"),
        (["control_model.zero_convs.0.0.weight"], "a ControlNet"),
        (["adapter.body.0.resnets.0.block1.weight"], "a ControlNet or T2I-Adapter"),
        (["ip_adapter.1.to_k_ip.weight"], "an IP-Adapter"),
        (["lllite_unet_middle_block_1_transformer_blocks_0_attn1_to_q.up.0.weight"], "a ControlNet-LLLite"),
        (["feats.1.lk.conv.weight"], "an upscaling model"),
        (["decoder.conv_in.weight"], "a VAE"),
        (["emb_params"], "an embedding"),
    ],
)
def test_an_unknown_checkpoint_is_told_what_it_looks_like(names: list[str], looks: str):
    weights = Weights.of({name: torch.ones(1) for name in names})
    with pytest.raises(UnknownCheckpoint, match=f"{len(names)} tensors.*looks like {looks}.*supported: .*Diffusion 1"):
        recognise(weights)


@pytest.mark.parametrize("channels", [5, 7])
def test_a_model_with_inputs_of_an_unknown_kind_is_refused(channels: int):
    depth = full_size()
    depth[UNET + "input_blocks.0.0.weight"] = torch.empty(320, channels, 3, 3, device="meta")
    with pytest.raises(UnknownCheckpoint, match="inputs of another kind"):
        recognise(Weights.of(depth))


def test_the_metadata_sets_what_shapes_cannot_tell(tmp_path: Path):
    path = tmp_path / "x.safetensors"
    rows = "[[1,0,0],[0,1,0],[0,0,1],[0,0,0],[0.1,0.2,0.3]]"
    own = {"easel.prediction_type": "v", "easel.scale_factor": "0.5", "easel.latent_rgb": rows}
    save_file(tensors(), path, metadata=SMALL.metadata | own)
    model = load_checkpoint(path).model
    assert isinstance(model.get_model_object("model_sampling"), Velocity)
    assert model.get_model_object("latent_format").scale_factor == 0.5
    assert model.get_model_object("latent_format").latent_rgb_factors[1] == (0, 1, 0)
    assert model.get_model_object("latent_format").latent_rgb_factors_bias == (0.1, 0.2, 0.3)


@pytest.mark.parametrize("prefix", ["", "first_stage_model."])
def test_a_vae_file_decodes_as_the_checkpoint_it_came_from(tmp_path: Path, checkpoint: Checkpoint, prefix: str):
    own = {name: value for name, value in tensors().items() if name.startswith("first_stage_model.")}
    own = {prefix + name.removeprefix("first_stage_model."): value for name, value in own.items()}
    save_file(own, tmp_path / "vae.safetensors", metadata=SMALL.metadata)
    latent = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    assert torch.equal(load_vae_file(tmp_path / "vae.safetensors").decode(latent), checkpoint.vae.decode(latent))


def test_a_vae_with_attention_stored_as_matrices_loads(tmp_path: Path, checkpoint: Checkpoint):
    flat = {
        name: value.flatten(1) if ".attn_1." in name and value.ndim == 4 else value for name, value in tensors().items()
    }
    save_file(flat, tmp_path / "flat.safetensors", metadata=SMALL.metadata)
    latent = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    assert torch.equal(load_checkpoint(tmp_path / "flat.safetensors").vae.decode(latent), checkpoint.vae.decode(latent))


def test_every_family_offers_what_a_family_offers():
    for family in families():
        assert family.NAME
        assert callable(family.recognise)
        assert callable(family.load)
