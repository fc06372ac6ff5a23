"""LoRA files of every trainer, and what they do to a weight."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from comfy_core.checkpoint import Checkpoint
from comfy_core.families import load_checkpoint
from comfy_core.lora import LoraPatch, diffusers_unet, load_lora_for_models, read_lora, text_names, unet_names
from comfy_core.weights import Weights, WeightsError, open_weights
from tests.tiny_sd1 import DEEP, write_checkpoint

QUERY = "diffusion_model.input_blocks.1.1.transformer_blocks.0.attn1.to_q.weight"
OUT = "diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_out.0.weight"
CONV = "diffusion_model.input_blocks.1.0.in_layers.2.weight"
TEXT = "clip_l.encoder.layers.1.self_attn.q_proj.weight"
RANK = 2


def matrices(*shapes: tuple[int, ...]) -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(shape, generator=generator) for shape in shapes]


def apply(checkpoint: Checkpoint, tensors: dict[str, Tensor], strength: float = 1.0, strength_clip: float = 1.0):
    return load_lora_for_models(checkpoint.model, checkpoint.clip, Weights.of(tensors), strength, strength_clip)


@pytest.mark.parametrize(
    ("key", "names"),
    [
        (
            QUERY,
            [
                "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q|kohya",
                "lora_unet_input_blocks_1_1_transformer_blocks_0_attn1_to_q|kohya",
                "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q|peft",
                "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q|peft default",
                "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q|diffusers",
                "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.processor.to_q|old diffusers",
                "down_blocks.0.attentions.0.transformer_blocks.0.attn1.processor.to_q|old diffusers",
                "base_model.model.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q|peft",
                "diffusion_model.input_blocks.1.1.transformer_blocks.0.attn1.to_q|peft",
            ],
        ),
        (
            OUT,
            [
                "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_out_0|kohya",
                "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_out.0|peft",
                "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.processor.to_out|old diffusers",
            ],
        ),
        (
            TEXT,
            [
                "lora_te_text_model_encoder_layers_1_self_attn_q_proj|kohya",
                "lora_te1_text_model_encoder_layers_1_self_attn_q_proj|kohya",
                "text_encoder.text_model.encoder.layers.1.self_attn.q_proj|peft",
                "text_encoder.text_model.encoder.layers.1.self_attn.q_proj|diffusers",
            ],
        ),
    ],
)
def test_every_style_of_names_finds_its_weight(checkpoint: Checkpoint, key: str, names: list[str]):
    suffixes = {
        "kohya": (".lora_up.weight", ".lora_down.weight"),
        "peft": (".lora_B.weight", ".lora_A.weight"),
        "peft default": (".lora_B.default.weight", ".lora_A.default.weight"),
        "diffusers": (".lora.up.weight", ".lora.down.weight"),
        "old diffusers": ("_lora.up.weight", "_lora.down.weight"),
    }
    for name, style in (one.split("|") for one in names):
        up, down = matrices((32, RANK), (RANK, 32))
        model, clip = apply(checkpoint, dict(zip((name + end for end in suffixes[style]), (up, down), strict=True)))
        patcher = clip.patcher if key == TEXT else model
        torch.testing.assert_close(patcher.weight(key), patcher.source[key] + up @ down, msg=name)


@pytest.mark.parametrize("strength", [1.0, 0.6, -1.5])
def test_a_weight_becomes_w_plus_strength_alpha_over_rank_up_down(checkpoint: Checkpoint, strength: float):
    up, down = matrices((32, RANK), (RANK, 32))
    name = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"
    tensors = {f"{name}.lora_up.weight": up, f"{name}.lora_down.weight": down, f"{name}.alpha": torch.tensor(8.0)}
    model, _ = apply(checkpoint, tensors, strength)
    expected = checkpoint.model.source[QUERY] + strength * (8 / RANK) * up @ down
    torch.testing.assert_close(model.weight(QUERY), expected)
    assert checkpoint.model.patches == {}


@pytest.mark.parametrize("kernel", [1, 3])
def test_a_convolutions_matrices_are_convolutions(checkpoint: Checkpoint, kernel: int):
    key = CONV if kernel == 3 else "diffusion_model.input_blocks.1.1.proj_in.weight"
    name = "resnets_0_conv1" if kernel == 3 else "attentions_0_proj_in"
    up, down = matrices((32, RANK, 1, 1), (RANK, 32, kernel, kernel))
    prefix = f"lora_unet_down_blocks_0_{name}"
    model, _ = apply(checkpoint, {f"{prefix}.lora_up.weight": up, f"{prefix}.lora_down.weight": down})
    x = torch.randn(1, 32, 6, 6)
    difference = model.weight(key) - checkpoint.model.source[key]
    through = torch.conv2d(torch.conv2d(x, down, padding=kernel // 2), up)
    torch.testing.assert_close(torch.conv2d(x, difference, padding=kernel // 2), through, rtol=1e-4, atol=1e-4)


def test_a_convolution_in_three_parts():
    """LoCon's CP form: 1x1 down, 3x3 in the rank, 1x1 up, one after the other."""
    up, mid, down = matrices((5, RANK, 1, 1), (RANK, RANK, 3, 3), (RANK, 4, 1, 1))
    x = torch.randn(1, 4, 6, 6)
    difference = LoraPatch(up, down, mid=mid).difference(torch.zeros(5, 4, 3, 3))
    through = torch.conv2d(torch.conv2d(torch.conv2d(x, down), mid, padding=1), up)
    torch.testing.assert_close(torch.conv2d(x, difference, padding=1), through, rtol=1e-4, atol=1e-4)


def test_strength_0_is_no_lora(checkpoint: Checkpoint):
    up, down = matrices((32, RANK), (RANK, 32))
    name = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"
    tensors = {f"{name}.lora_B.weight": up, f"{name}.lora_A.weight": down}
    model, clip = apply(checkpoint, tensors, 0.0, 0.0)
    assert model is checkpoint.model
    assert clip is checkpoint.clip


def test_two_loras_add_up(checkpoint: Checkpoint):
    up, down = matrices((32, RANK), (RANK, 32))
    name = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"
    lora = Weights.of({f"{name}.lora_B.weight": up, f"{name}.lora_A.weight": down})
    once, _ = load_lora_for_models(checkpoint.model, None, lora, 0.7, 0)
    twice, _ = load_lora_for_models(once, None, lora, -0.2, 0)
    torch.testing.assert_close(twice.weight(QUERY), checkpoint.model.source[QUERY] + 0.5 * up @ down)


def test_names_that_fit_nothing_are_listed_in_one_warning(checkpoint: Checkpoint, caplog: pytest.LogCaptureFixture):
    up, down = matrices((32, RANK), (RANK, 32))
    tensors = {
        "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.lora_B.weight": up,
        "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.lora_A.weight": down,
        "lora_te2_text_model_x.lora_up.weight": up,
        "lora_te2_text_model_x.lora_down.weight": down,
        "stray": torch.zeros(1),
    }
    with caplog.at_level(logging.WARNING):
        apply(checkpoint, tensors)
    (record,) = caplog.records
    assert "3 names fit nothing" in record.message
    assert "lora_te2_text_model_x.lora_up.weight" in record.message
    assert "stray" in record.message


def test_without_a_text_encoder_its_part_of_the_file_is_no_matter(
    checkpoint: Checkpoint, caplog: pytest.LogCaptureFixture
):
    up, down = matrices((32, RANK), (RANK, 32))
    names = ["unet.conv_in", "text_encoder.text_model.encoder.layers.1.self_attn.q_proj"]
    lora = {name + end: one for name in names for end, one in ((".lora_B.weight", up), (".lora_A.weight", down))}
    load_lora_for_models(checkpoint.model, None, Weights.of(lora), 1, 0)
    assert caplog.records == []


def test_a_file_without_lora_matrices_is_refused(checkpoint: Checkpoint, tmp_path: Path):
    save_file({"a": torch.ones(1)}, tmp_path / "x.safetensors")
    with pytest.raises(WeightsError, match=r"x\.safetensors holds no LoRA: none of its 1 tensors"):
        load_lora_for_models(checkpoint.model, None, open_weights(tmp_path / "x.safetensors"), 1, 0)


def test_a_lora_of_another_model_names_the_weight_it_does_not_fit(checkpoint: Checkpoint):
    up, down = matrices((320, RANK), (RANK, 320))
    name = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"
    model, _ = apply(checkpoint, {f"{name}.lora_B.weight": up, f"{name}.lora_A.weight": down})
    with pytest.raises(ValueError, match=r"does not fit diffusion_model\.input_blocks\.1\.1.*shape \(32, 32\)"):
        model.weight(QUERY)


def test_every_weight_of_the_network_has_a_name_in_every_style(tmp_path: Path):
    checkpoint = load_checkpoint(write_checkpoint(tmp_path / "deep.safetensors", DEEP))
    weights = [key for key in checkpoint.model.source if key.endswith(".weight")]
    own = {key.removesuffix(".weight") for key in weights}
    assert set(diffusers_unet(own).values()) == own
    assert set(unet_names(checkpoint.model.source).values()) == set(weights)
    text = [key for key in checkpoint.clip.patcher.source if key.endswith(".weight")]
    assert set(text_names(checkpoint.clip.patcher.source).values()) == set(text)


def test_alpha_belongs_to_its_matrices(checkpoint: Checkpoint):
    up, down = torch.ones(4, 2), torch.ones(2, 3)
    lora = {"a.lora_up.weight": up, "a.lora_down.weight": down, "a.alpha": torch.tensor(1.0)}
    patches, unknown = read_lora(Weights.of(lora), {"a": "w"})
    assert patches["w"].scale == 0.5
    assert unknown == []
