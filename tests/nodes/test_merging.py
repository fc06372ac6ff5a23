"""Models made of two: by the formula, weight by weight, and refused across families."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from comfy_core.checkpoint import Checkpoint
from comfy_core.families import load_checkpoint
from comfy_core.memory import residency
from comfy_core.patcher import ModelPatcher
from comfy_core.patches import AT_ONCE
from execution.load_nodes import load_nodes
from nodes import merging as nodes
from tests.tiny_models import write_model
from tests.tiny_sd1 import write_checkpoint

KEYS = {
    "input": "diffusion_model.input_blocks.1.0.in_layers.2.weight",
    "middle": "diffusion_model.middle_block.1.proj_in.bias",
    "out": "diffusion_model.output_blocks.3.0.emb_layers.1.weight",
    "out.": "diffusion_model.out.2.weight",
    "time": "diffusion_model.time_embed.0.weight",
}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Checkpoint, Checkpoint]:
    folder = tmp_path_factory.mktemp("pair")
    first, second = (load_checkpoint(write_checkpoint(folder / f"{seed}.safetensors", seed=seed)) for seed in (0, 1))
    return first, second


@pytest.fixture
def models(pair: tuple[Checkpoint, Checkpoint]) -> tuple[ModelPatcher, ModelPatcher]:
    return pair[0].model.clone(), pair[1].model.clone()


def weights(models: tuple[ModelPatcher, ModelPatcher], key: str) -> tuple[Tensor, Tensor]:
    return models[0].source[key], models[1].source[key]


def test_a_mix_is_the_ratio_of_the_first_and_the_rest_of_the_second(models):
    merged = nodes.model_merge_simple(*models, 0.25)
    for key in KEYS.values():
        a, b = weights(models, key)
        torch.testing.assert_close(merged.weight(key), 0.25 * a + 0.75 * b)
    assert models[0].patches == {}


def test_a_ratio_of_1_is_the_first_model_and_0_the_second_to_the_bit(models):
    for ratio, number in ((1.0, 0), (0.0, 1)):
        merged = nodes.model_merge_simple(*models, ratio)
        for key in KEYS.values():
            assert torch.equal(merged.weight(key), weights(models, key)[number])


def test_each_part_has_a_ratio_of_its_own_and_the_rest_the_first(models):
    merged = nodes.model_merge_blocks(*models, 0.9, 0.5, 0.1)
    for name, ratio in {"input": 0.9, "middle": 0.5, "out": 0.1, "out.": 0.1, "time": 0.9}.items():
        a, b = weights(models, KEYS[name])
        torch.testing.assert_close(merged.weight(KEYS[name]), ratio * a + (1 - ratio) * b)


@pytest.mark.parametrize("node", [nodes.model_merge_sd1, nodes.model_merge_sd2, nodes.model_merge_sdxl])
def test_every_block_has_a_ratio_of_its_own(models, node: Any):
    ratios = {one.name: 1.0 for one in node.schema.inputs if one.type == "FLOAT"}
    chosen = next(name for name in ratios if name.startswith("output_blocks.3"))
    merged = node(*models, **{**ratios, chosen: 0.3})
    for name, key in KEYS.items():
        a, b = weights(models, key)
        torch.testing.assert_close(merged.weight(key), 0.3 * a + 0.7 * b if name == "out" else a)


def test_what_one_model_learned_is_added_to_another(models):
    """(A - B) times a multiplier, and C + that."""
    difference = nodes.model_merge_subtract(*models, 0.5)
    whole = nodes.model_merge_add(models[0], difference)
    for key in KEYS.values():
        a, b = weights(models, key)
        torch.testing.assert_close(difference.weight(key), 0.5 * (a - b))
        torch.testing.assert_close(whole.weight(key), a + 0.5 * (a - b))


def test_text_encoders_are_merged_alike(pair: tuple[Checkpoint, Checkpoint]):
    first, second = pair[0].clip, pair[1].clip
    key = next(one for one in first.patcher.source if one.endswith("q_proj.weight"))
    a, b = first.patcher.source[key], second.patcher.source[key]
    cases = {
        0.3 * a.sum() + 0.7 * b.sum(): nodes.clip_merge_simple(first, second, 0.3),
        a.sum() + b.sum(): nodes.clip_merge_add(first, second),
        2 * (a.sum() - b.sum()): nodes.clip_merge_subtract(first, second, 2.0),
    }
    for expected, merged in cases.items():
        torch.testing.assert_close(merged.patcher.weight(key).sum(), expected, rtol=1e-3, atol=1e-3)
        assert merged.encode("a cat").isfinite().all()


def test_a_large_weight_is_merged_by_rows_to_the_same_numbers():
    big = [torch.randn(4096, AT_ONCE // 2048, generator=torch.Generator().manual_seed(seed)) for seed in range(2)]
    networks = [torch.nn.Linear(AT_ONCE // 2048, 4096, bias=False) for _ in big]
    first, second = (
        ModelPatcher(network, *[torch.device("cpu")] * 2, source={"weight": one}, dtype=torch.float32)
        for network, one in zip(networks, big, strict=True)
    )
    merged = nodes.blended(first, nodes.others(first, second), lambda name: 0.25)
    torch.testing.assert_close(merged.weight("weight"), 0.25 * big[0] + 0.75 * big[1])
    assert torch.equal(first.source["weight"], big[0])


def test_merging_copies_no_weights_until_they_are_needed(models):
    residency.free_all()
    merged = nodes.model_merge_simple(*models, 0.5)
    assert all(parameter.is_meta for parameter in models[1].model.parameters())
    with residency.use([merged]):
        assert residency.current().bytes_on(merged.load_device) == merged.model_size()


@pytest.mark.parametrize("other", ["sd2", "sdxl"])
def test_models_of_two_families_are_refused(models, tmp_path: Path, other: str):
    stranger = load_checkpoint(write_model(tmp_path / "other.safetensors", other))
    sd1 = load_checkpoint(write_model(tmp_path / "sd1.safetensors", "sd1"))
    for node, more in (
        (nodes.model_merge_simple, (0.5,)),
        (nodes.model_merge_add, ()),
        (nodes.model_merge_subtract, (1,)),
    ):
        with pytest.raises(ValueError, match="not of one family"):
            node(sd1.model, stranger.model, *more)
    with pytest.raises(ValueError, match="not of one family"):
        nodes.clip_merge_simple(sd1.clip, stranger.clip, 0.5)


def test_an_inpainting_model_keeps_its_own_first_layer(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    """Inpainting + (custom - base): the recipe by which any model learns to inpaint."""
    inpainting = load_checkpoint(write_model(tmp_path / "inpainting.safetensors", "sd1_inpainting")).model
    custom, base = (load_checkpoint(write_model(tmp_path / f"{s}.safetensors", "sd1", s)).model for s in (1, 2))
    merged = nodes.model_merge_add(inpainting, nodes.model_merge_subtract(custom, base, 1.0))
    first, key = "diffusion_model.input_blocks.0.0.weight", KEYS["input"]
    assert torch.equal(merged.weight(first), inpainting.source[first])
    expected = inpainting.source[key] + custom.source[key] - base.source[key]
    torch.testing.assert_close(merged.weight(key), expected)
    assert "1 weights differ in shape" in caplog.text


def test_inputs_whose_names_have_dots_reach_the_node():
    schema = load_nodes(("nodes",))["ModelMergeSD1"].schema
    assert schema.input("input_blocks.11.") is not None
    assert schema.any_input is None
