"""LoRA files of every trainer, and what they do to a weight."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from comfy_core.checkpoint import Checkpoint
from comfy_core.families import load_checkpoint
from comfy_core.lora import diffusers_unet, load_lora_for_models, text_names, unet_names
from comfy_core.weights import Weights, WeightsError, open_weights
from tests.tiny_models import write_model
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


TEXT_NAMES = {
    "sd1": {
        "clip_l": [
            "lora_te_text_model_encoder_layers_1_mlp_fc1.lora_up",
            "lora_te1_text_model_encoder_layers_1_mlp_fc1.lora_up",
            "text_encoder.text_model.encoder.layers.1.mlp.fc1.lora_B",
            "text_encoders.clip_l.transformer.text_model.encoder.layers.1.mlp.fc1.lora_B",
            "clip_l.encoder.layers.1.mlp.fc1.lora_B",
        ]
    },
    "sd2": {
        "clip_h": [
            "lora_te_text_model_encoder_layers_1_mlp_fc1.lora_up",
            "text_encoder.text_model.encoder.layers.1.mlp.fc1.lora_B",
        ]
    },
    "sdxl": {
        "clip_l": [
            "lora_te1_text_model_encoder_layers_1_mlp_fc1.lora_up",
            "text_encoder.text_model.encoder.layers.1.mlp.fc1.lora_B",
        ],
        "clip_g": [
            "lora_te2_text_model_encoder_layers_1_mlp_fc1.lora_up",
            "text_encoder_2.text_model.encoder.layers.1.mlp.fc1.lora_B",
            "text_encoders.clip_g.transformer.text_model.encoder.layers.1.mlp.fc1.lora_B",
        ],
    },
}


@pytest.mark.parametrize("family", TEXT_NAMES)
def test_every_family_has_its_text_encoders_names(family: str, tmp_path: Path):
    clip = load_checkpoint(write_model(tmp_path / "tiny.safetensors", family)).clip
    for encoder, names in TEXT_NAMES[family].items():
        key = f"{encoder}.encoder.layers.1.mlp.fc1.weight"
        before = clip.patcher.source[key]
        up, down = matrices((before.shape[0], RANK), (RANK, before.shape[1]))
        for name in names:
            other = name.replace("lora_up", "lora_down").replace("lora_B", "lora_A")
            lora = Weights.of({f"{name}.weight": up, f"{other}.weight": down})
            _, patched = load_lora_for_models(None, clip, lora, 0, 1)
            assert list(patched.patcher.patches) == [key], name
            torch.testing.assert_close(patched.patcher.weight(key), before + up @ down, msg=name)


def test_old_diffusers_names_of_the_text_encoder(checkpoint: Checkpoint):
    up, down = matrices((32, RANK), (RANK, 32))
    name = "text_encoder.text_model.encoder.layers.1.self_attn.to_q_lora"
    _, clip = apply(checkpoint, {f"{name}.up.weight": up, f"{name}.down.weight": down})
    torch.testing.assert_close(clip.patcher.weight(TEXT), clip.patcher.source[TEXT] + up @ down)


def test_every_module_of_sdxl_has_a_name_in_diffusers(tmp_path: Path):
    source = load_checkpoint(write_model(tmp_path / "tiny.safetensors", "sdxl")).model.source
    own = {key.removesuffix(".weight") for key in source if key.endswith(".weight")}
    assert set(diffusers_unet(own).values()) == own


@pytest.mark.parametrize(
    ("told", "scale"),
    [
        ({"unet.r": 2, "unet.lora_alpha": 8}, 4),
        ({"unet.r": 2, "unet.lora_alpha": 8, "unet.use_rslora": True}, 8 / 2**0.5),
        ({"unet.lora_alpha": 8, "unet.alpha_pattern": {"attn1.to_q": 6}}, 3),
        ({"unet.lora_alpha": 8, "unet.alpha_pattern": {"attn1.to_k": 6}}, 4),
        ({"text_encoder.lora_alpha": 8}, 1),
    ],
)
def test_alpha_may_be_in_the_metadata_that_diffusers_writes(checkpoint: Checkpoint, told: dict, scale: float):
    up, down = matrices((32, RANK), (RANK, 32))
    name = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"
    tensors = {f"{name}.lora_B.weight": up, f"{name}.lora_A.weight": down}
    lora = Weights.of(tensors, {"lora_adapter_metadata": json.dumps(told)})
    model, _ = load_lora_for_models(checkpoint.model, None, lora, 1, 0)
    torch.testing.assert_close(model.weight(QUERY), checkpoint.model.source[QUERY] + scale * up @ down)


def test_metadata_that_is_no_configuration_is_refused(checkpoint: Checkpoint):
    lora = Weights.of({"a.lora_B.weight": torch.ones(1, 1)}, {"lora_adapter_metadata": "[1]"})
    with pytest.raises(WeightsError, match="PEFT's configuration of it cannot be read"):
        load_lora_for_models(checkpoint.model, None, lora, 1, 0)


def test_biases_and_norms_change_and_weights_are_replaced(checkpoint: Checkpoint):
    norm, conv = QUERY.replace("attn1.to_q", "norm1"), CONV.removesuffix("weight") + "bias"
    joined = "lora_unet_down_blocks_0_"
    tensors = {
        f"{joined}attentions_0_transformer_blocks_0_norm1.w_norm": torch.ones(32),
        f"{joined}attentions_0_transformer_blocks_0_norm1.b_norm": 2 * torch.ones(32),
        f"{joined}resnets_0_conv1.diff_b": 3 * torch.ones(32),
        f"{joined}attentions_0_transformer_blocks_0_attn1_to_q.set_weight": torch.ones(32, 32),
    }
    model, _ = apply(checkpoint, tensors, 0.5)
    source = checkpoint.model.source
    bias = norm.replace("weight", "bias")
    torch.testing.assert_close(model.weight(norm), source[norm] + 0.5)
    torch.testing.assert_close(model.weight(bias), source[bias] + 1)
    torch.testing.assert_close(model.weight(conv), source[conv] + 1.5)
    assert torch.equal(model.weight(QUERY), torch.ones(32, 32))


TO_Q = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"


@pytest.mark.parametrize(
    "shapes",
    [
        {"lora_up.weight": (), "lora_down.weight": ()},
        {"lora_up.weight": (32, 2), "lora_down.weight": (0, 32)},
        {"lora_up.weight": (32, 2)},
        {"lora_up.weight": (32, 2), "lora_down.weight": (2, 32), "alpha": (3,)},
        {"lokr_w1": (), "lokr_w2": (32,)},
        {"a1.weight": (1,), "a2.weight": (1,), "b1.weight": (1,), "b2.weight": (1,)},
    ],
)
def test_tensors_that_make_no_change_are_no_lora(checkpoint: Checkpoint, shapes: dict[str, tuple[int, ...]]):
    with pytest.raises(WeightsError, match="holds no LoRA"):
        apply(checkpoint, {f"{TO_Q}.{part}": torch.ones(shape) for part, shape in shapes.items()})


@pytest.mark.parametrize(
    "shapes",
    [
        {"hada_w1_a": (32,), "hada_w1_b": (2,), "hada_w2_a": (32,), "hada_w2_b": (32, 2)},
        {"lokr_w1": (2, 2), "lokr_w2": (8, 16)},
        {"oft_blocks": (4, 3, 3)},
        {"diff": (32,)},
        {"diff": (32, 32), "diff_b": (32,)},
    ],
)
def test_tensors_that_do_not_fit_their_weight_change_nothing(
    checkpoint: Checkpoint, caplog: pytest.LogCaptureFixture, shapes: dict[str, tuple[int, ...]]
):
    """The last one is for a bias that this layer does not have."""
    model, _ = apply(checkpoint, {f"{TO_Q}.{part}": torch.ones(shape) for part, shape in shapes.items()})
    assert model is checkpoint.model
    assert "1 of its 1 modules fit nothing here" in caplog.text


def test_matrices_that_do_not_fit_each_other_name_the_weight(checkpoint: Checkpoint):
    shapes = {"lora_up.weight": (32, 3), "lora_down.weight": (2, 32)}
    model, _ = apply(checkpoint, {f"{TO_Q}.{part}": torch.ones(shape) for part, shape in shapes.items()})
    with pytest.raises(ValueError, match=re.escape(f"does not fit {QUERY} of shape (32, 32)")):
        model.weight(QUERY)


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
    names = [QUERY.removesuffix(".weight"), "text_encoder.text_model.encoder.layers.1.self_attn.q_proj"]
    lora = {name + end: one for name in names for end, one in ((".lora_B.weight", up), (".lora_A.weight", down))}
    load_lora_for_models(checkpoint.model, None, Weights.of(lora), 1, 0)
    assert caplog.records == []


def test_a_file_without_lora_matrices_is_refused(checkpoint: Checkpoint, tmp_path: Path):
    save_file({"a": torch.ones(1)}, tmp_path / "x.safetensors")
    with pytest.raises(WeightsError, match=r"x\.safetensors holds no LoRA: none of its 1 tensors changes a weight"):
        load_lora_for_models(checkpoint.model, None, open_weights(tmp_path / "x.safetensors"), 1, 0)


def test_a_lora_of_another_model_says_so_and_is_not_applied(checkpoint: Checkpoint, caplog: pytest.LogCaptureFixture):
    """Same names, other shapes: what a LoRA of SD 2 looks like to SD 1."""
    up, down = matrices((320, RANK), (RANK, 1024))
    name = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k"
    fitting = QUERY.removesuffix(".weight")
    lora = {f"{fitting}.lora_B.weight": torch.ones(32, 2), f"{fitting}.lora_A.weight": torch.ones(2, 32)}
    lora |= {f"{name}.lora_B.weight": up, f"{name}.lora_A.weight": down}
    model, clip = apply(checkpoint, lora)
    assert model is checkpoint.model
    assert clip is checkpoint.clip
    (record,) = caplog.records
    assert "is a LoRA for Stable Diffusion 2 and is not applied: 1 of its 2 modules fit nothing here" in record.message
    assert f"{name}.lora_B.weight" in record.message


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("lora_unet_double_blocks_0_img_attn_qkv", "for FLUX"),
        ("transformer.single_transformer_blocks.3.attn.to_q", "for FLUX"),
        ("lora_unet_joint_blocks_0_x_block_attn_qkv", "for Stable Diffusion 3"),
        ("lora_unet_nobody_knows_this", "for another model"),
    ],
)
def test_a_lora_none_of_whose_names_are_known_says_what_it_is(
    checkpoint: Checkpoint, caplog: pytest.LogCaptureFixture, name: str, family: str
):
    up, down = matrices((32, RANK), (RANK, 32))
    model, _ = apply(checkpoint, {f"{name}.lora_up.weight": up, f"{name}.lora_down.weight": down})
    assert model is checkpoint.model
    (record,) = caplog.records
    assert f"is a LoRA {family} and is not applied: 1 of its 1 modules fit nothing here" in record.message


def test_one_module_of_another_shape_is_left_out_of_many(checkpoint: Checkpoint, caplog: pytest.LogCaptureFixture):
    """A LoRA of an inpainting model, whose first convolution has more inputs, is still one for this family."""
    lora = {}
    for key in checkpoint.model.source:
        if key.endswith(("to_q.weight", "to_k.weight", "to_v.weight")):
            rows, columns = checkpoint.model.source[key].shape
            lora[f"{key[:-7]}.lora_B.weight"], lora[f"{key[:-7]}.lora_A.weight"] = matrices((rows, 2), (2, columns))
    lora |= {
        "unet.conv_in.lora_B.weight": torch.ones(32, 2, 1, 1),
        "unet.conv_in.lora_A.weight": torch.ones(2, 9, 3, 3),
    }
    model, _ = apply(checkpoint, lora)
    assert QUERY in model.patches
    assert "diffusion_model.input_blocks.0.0.weight" not in model.patches
    (record,) = caplog.records
    assert "2 names fit nothing here" in record.message
    assert "unet.conv_in.lora_A.weight" in record.message


def test_a_lora_for_the_text_alone_leaves_the_model_as_it_is(checkpoint: Checkpoint, caplog: pytest.LogCaptureFixture):
    up, down = matrices((32, RANK), (RANK, 32))
    name = "lora_te_text_model_encoder_layers_1_self_attn_q_proj"
    lora = Weights.of({f"{name}.lora_up.weight": up, f"{name}.lora_down.weight": down})
    model, clip = load_lora_for_models(checkpoint.model, None, lora, 1, 0)
    assert model is checkpoint.model
    assert clip is None
    assert caplog.records == []


def test_every_weight_of_the_network_has_a_name_in_every_style(tmp_path: Path):
    checkpoint = load_checkpoint(write_checkpoint(tmp_path / "deep.safetensors", DEEP))
    weights = [key for key in checkpoint.model.source if key.endswith(".weight")]
    own = {key.removesuffix(".weight") for key in weights}
    assert set(diffusers_unet(own).values()) == own
    assert set(unet_names(checkpoint.model.source).values()) == set(weights)
    text = [key for key in checkpoint.clip.patcher.source if key.endswith(".weight")]
    assert set(text_names(checkpoint.clip.patcher.source).values()) == set(text)
