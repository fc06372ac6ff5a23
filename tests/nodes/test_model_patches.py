"""Nodes that guide or patch a model, in whole runs on a tiny one: what is neutral is no patch, to the bit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from comfy_core.checkpoint import Checkpoint
from comfy_core.families import load_checkpoint
from comfy_core.guidance.perturbed import MIDDLE, skipped, with_replacements
from comfy_core.patcher import ModelPatcher
from comfy_core.sampling.noise import RandomNoise
from comfy_core.sampling.sample import sample_latent
from comfy_core.sampling.samplers import sampler_object
from comfy_core.sampling.schedulers import sigmas_for
from nodes import attention_guidance, attention_multiply, guidance, latent_operations, unet_patches
from nodes.sampling import k_sampler

EMPTY = {"samples": torch.zeros(1, 4, 16, 16)}
Change = Callable[[ModelPatcher], ModelPatcher]


@pytest.fixture(scope="module")
def checkpoint(tiny: Path) -> Checkpoint:
    return load_checkpoint(tiny)


@pytest.fixture(scope="module")
def plain(checkpoint: Checkpoint, prompts: tuple[Any, Any]) -> Tensor:
    return run(checkpoint.model, prompts)


@pytest.fixture(scope="module")
def prompts(checkpoint: Checkpoint) -> tuple[Any, Any]:
    clip = checkpoint.clip
    cat, nothing = (clip.encode_from_tokens_scheduled(clip.tokenize(text)) for text in ("a cat", "a dog"))
    return cat, nothing


def run(model: ModelPatcher, prompts: tuple[Any, Any], steps: int = 2, cfg: float = 4.0, **more: Any) -> Tensor:
    return k_sampler(model, 1, steps, cfg, "euler", "normal", *prompts, EMPTY, **more)["samples"]


NEUTRAL: dict[str, Change] = {
    "FreeU": lambda m: unet_patches.free_u_1(m, 1.0, 1.0, 1.0, 1.0),
    "FreeU_V2": lambda m: unet_patches.free_u_2(m, 1.0, 1.0, 1.0, 1.0),
    "HyperTile": lambda m: unet_patches.hyper_tile_node(m, 2048, 2, 0, False),
    "TomePatchModel": lambda m: unet_patches.tome_patch_model(m, 0.0),
    "PatchModelAddDownscale": lambda m: unet_patches.patch_model_add_downscale(
        m, 2, 1.0, 0.0, 1.0, True, "bicubic", "bicubic"
    ),
    "EasyCache": lambda m: unet_patches.easy_cache(m, 0.0, 0.0, 1.0, False),
    "LazyCache": lambda m: unet_patches.lazy_cache(m, 0.0, 0.0, 1.0, True),
    "PerturbedAttentionGuidance": lambda m: attention_guidance.perturbed_attention_guidance(m, 0.0),
    "SelfAttentionGuidance": lambda m: attention_guidance.self_attention_guidance(m, 0.0, 2.0),
    "NAGuidance": lambda m: attention_guidance.na_guidance(m, 1.0, 0.5, 1.5),
    "APG": lambda m: guidance.apg(m, 1.0, 0.0, 0.0),
    "FreSca": lambda m: guidance.fre_sca(m, 1.0, 1.0, 20),
    "Epsilon Scaling": lambda m: guidance.epsilon_scaling(m, 1.0),
    "TemporalScoreRescaling": lambda m: guidance.temporal_score_rescaling(m, 1.0, 1.0),
    "CFGOverride": lambda m: guidance.cfg_override(m, 9.0, 1.0, 1.0),
    "UNetSelfAttentionMultiply": lambda m: attention_multiply.unet_self_attention_multiply(m, 1.0, 1.0, 1.0, 1.0),
    "LatentOperationSharpen": lambda m: latent_operations.latent_apply_operation_cfg(
        m, latent_operations.latent_operation_sharpen(9, 1.0, 0.0)
    ),
}

STRONG: dict[str, Change] = {
    "FreeU": lambda m: unet_patches.free_u_1(m, 1.1, 1.2, 0.9, 0.2),
    "FreeU_V2": lambda m: unet_patches.free_u_2(m, 1.3, 1.4, 0.9, 0.2),
    "HyperTile": lambda m: unet_patches.hyper_tile_node(m, 32, 2, 0, False),
    "TomePatchModel": lambda m: unet_patches.tome_patch_model(m, 0.5),
    "PatchModelAddDownscale": lambda m: unet_patches.patch_model_add_downscale(
        m, 2, 2.0, 0.0, 1.0, True, "bicubic", "bislerp"
    ),
    "PatchModelAddDownscale before the skip": lambda m: unet_patches.patch_model_add_downscale(
        m, 1, 1.7, 0.0, 1.0, False, "area", "nearest-exact"
    ),
    "PerturbedAttentionGuidance": lambda m: attention_guidance.perturbed_attention_guidance(m, 3.0),
    "SelfAttentionGuidance": lambda m: attention_guidance.self_attention_guidance(m, 0.5, 2.0),
    "NAGuidance": lambda m: attention_guidance.na_guidance(m, 5.0, 0.5, 1.5),
    "CFGNorm": lambda m: guidance.cfg_norm(m, 1.0, False),
    "CFGNorm before": lambda m: guidance.cfg_norm(m, 1.0, True),
    "CFGZeroStar": guidance.cfg_zero_star,
    "TCFG": guidance.tcfg,
    "APG": lambda m: guidance.apg(m, 0.0, 5.0, -0.5),
    "Mahiro": guidance.mahiro,
    "RenormCFG": lambda m: guidance.renorm_cfg(m, 100, 0.5),
    "FreSca": lambda m: guidance.fre_sca(m, 0.5, 1.5, 2),
    "Epsilon Scaling": lambda m: guidance.epsilon_scaling(m, 1.05),
    "TemporalScoreRescaling": lambda m: guidance.temporal_score_rescaling(m, 0.8, 1.0),
    "VideoLinearCFGGuidance": lambda m: guidance.video_linear_cfg_guidance(m, 1.0),
    "UNetSelfAttentionMultiply": lambda m: attention_multiply.unet_self_attention_multiply(m, 1.0, 1.0, 0.5, 1.0),
    "UNetCrossAttentionMultiply": lambda m: attention_multiply.unet_cross_attention_multiply(m, 2.0, 1.0, 1.0, 1.0),
    "UNetTemporalAttentionMultiply": lambda m: attention_multiply.unet_temporal_attention_multiply(m, 0.5, 1, 1, 1),
    "LatentOperationSharpen": lambda m: latent_operations.latent_apply_operation_cfg(
        m, latent_operations.latent_operation_sharpen(9, 1.0, 1.0)
    ),
    "LatentOperationTonemapReinhard": lambda m: latent_operations.latent_apply_operation_cfg(
        m, latent_operations.latent_operation_tonemap_reinhard(1.0)
    ),
}


@pytest.mark.parametrize("name", NEUTRAL)
def test_what_is_neutral_is_no_patch_to_the_bit(checkpoint: Checkpoint, prompts, plain: Tensor, name: str):
    assert torch.equal(run(NEUTRAL[name](checkpoint.model), prompts), plain)


@pytest.mark.parametrize("name", STRONG)
def test_a_patch_changes_the_picture_the_same_way_every_time(checkpoint: Checkpoint, prompts, plain, name: str):
    model = STRONG[name](checkpoint.model)
    patched = run(model, prompts)
    assert patched.isfinite().all()
    assert not torch.allclose(patched, plain, atol=1e-3)
    assert torch.equal(run(model, prompts), patched)


def test_a_patched_clone_leaves_its_model_alone(checkpoint: Checkpoint, prompts, plain: Tensor):
    for change in STRONG.values():
        change(checkpoint.model)
    assert checkpoint.model.model_options == {"transformer_options": {}}
    assert torch.equal(run(checkpoint.model, prompts), plain)


def first_guess(model: ModelPatcher, prompts: tuple[Any, Any], cfg: float) -> Tensor:
    """The guided guess of the first step: where a run of one step ends."""
    return run(model, prompts, steps=1, cfg=cfg)


def test_perturbed_attention_is_led_away_from(checkpoint: Checkpoint, prompts):
    """Equation 15 of the paper: cond + scale (cond - perturbed)."""
    model = checkpoint.model
    without = model.clone()
    without.model_options = with_replacements(without.model_options, MIDDLE)
    cond, perturbed = (first_guess(one, prompts, 1.0) for one in (model, without))
    guided = first_guess(attention_guidance.perturbed_attention_guidance(model, 3.0), prompts, 1.0)
    torch.testing.assert_close(guided, cond + 3 * (cond - perturbed), rtol=1e-4, atol=1e-3)


def test_perturbed_attention_costs_one_evaluation_a_step(checkpoint: Checkpoint, prompts):
    rows: list[int] = []
    network = checkpoint.model.model.diffusion_model
    handle = network.register_forward_pre_hook(lambda module, args: rows.append(len(args[0])))
    run(attention_guidance.perturbed_attention_guidance(checkpoint.model, 3.0), prompts)
    handle.remove()
    assert rows == [2, 1] * 2


def test_nothing_is_left_out_of_a_u_net_and_that_is_said(checkpoint: Checkpoint, caplog: pytest.LogCaptureFixture):
    model = checkpoint.model
    assert attention_guidance.skip_layer_guidance_sd3(model, "7, 8", 3.0, 0.0, 1.0) is model
    assert attention_guidance.skip_layer_guidance_dit(model, "7", "8", 3.0, 0.0, 1.0, 0.5) is model
    assert attention_guidance.skip_layer_guidance_dit_simple(model, "7", "8", 0.0, 1.0) is model
    assert caplog.text.count("this model is a U-Net: nothing is left out") == 3


class Blocks(torch.nn.Module):
    """A diffusion transformer of three blocks, each of which adds its number; it honours replacements."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor, timesteps: Tensor, context: Tensor, transformer_options: Any = None) -> Tensor:
        given = (transformer_options or {}).get("patches_replace", {}).get("dit", {})
        for number in range(3):
            block = lambda args, number=number: {"img": args["img"] + (number + 1) / 10}  # noqa: E731
            instead = given.get(("double_block", number))
            args = {"img": x}
            x = (block(args) if instead is None else instead(args, {"original_block": block}))["img"]
        return x


@pytest.fixture
def transformer(checkpoint: Checkpoint) -> Iterator[ModelPatcher]:
    model = checkpoint.model.clone()
    model.model.diffusion_model, before = Blocks(), model.model.diffusion_model
    yield model
    model.model.diffusion_model = before


def test_a_transformer_is_led_away_from_what_it_makes_without_some_blocks(transformer: ModelPatcher, prompts):
    plain = first_guess(transformer, prompts, 1.0)
    without = transformer.clone()
    without.model_options = with_replacements(without.model_options, skipped([1, 2], []))
    skipping = first_guess(without, prompts, 1.0)
    guided = first_guess(attention_guidance.skip_layer_guidance_sd3(transformer, "1, 2", 3.0, 0.0, 1.0), prompts, 1.0)
    torch.testing.assert_close(guided, plain + 3 * (plain - skipping), rtol=1e-4, atol=1e-3)
    never = attention_guidance.skip_layer_guidance_sd3(transformer, "1, 2", 3.0, 0.5, 1.0)
    assert torch.equal(first_guess(never, prompts, 1.0), plain)


def test_only_the_negative_side_of_a_transformer_is_without_blocks(transformer: ModelPatcher, prompts):
    cond = first_guess(transformer, prompts, 1.0)
    without = transformer.clone()
    without.model_options = with_replacements(without.model_options, skipped([0], []))
    uncond = first_guess(without, prompts, 1.0)
    simple = attention_guidance.skip_layer_guidance_dit_simple(transformer, "0", "", 0.0, 1.0)
    torch.testing.assert_close(first_guess(simple, prompts, 5.0), uncond + 5 * (cond - uncond), rtol=1e-4, atol=1e-3)


def test_a_negative_prompt_counts_at_a_scale_of_1(checkpoint: Checkpoint, prompts):
    cat, dog = prompts
    model = attention_guidance.na_guidance(checkpoint.model, 5.0, 0.5, 1.5)
    assert not torch.equal(run(model, (cat, dog), cfg=1.0), run(model, (cat, cat), cfg=1.0))


def test_perp_neg_is_the_same_as_guider_and_as_node(checkpoint: Checkpoint, prompts):
    clip = checkpoint.clip
    empty = clip.encode_from_tokens_scheduled(clip.tokenize(""))
    by_node = run(guidance.perp_neg(checkpoint.model, empty, 0.7), prompts, cfg=6.0)
    guider = guidance.perp_neg_guider(checkpoint.model, *prompts, empty, 6.0, 0.7)
    sigmas = sigmas_for(checkpoint.model.get_model_object("model_sampling"), "normal", 2)
    by_guider, _ = sample_latent(guider, RandomNoise(1), sampler_object("euler"), sigmas, EMPTY)
    torch.testing.assert_close(by_guider["samples"], by_node, rtol=1e-3, atol=1e-3)
    assert not torch.allclose(by_node, run(checkpoint.model, prompts, cfg=6.0), atol=1e-2)


def test_an_overridden_scale_is_as_if_the_sampler_said_it(checkpoint: Checkpoint, prompts):
    model = guidance.cfg_override(checkpoint.model, 9.0, 0.0, 1.0)
    assert torch.equal(run(model, prompts, cfg=2.0), run(checkpoint.model, prompts, cfg=9.0))


@pytest.mark.parametrize("node", [unet_patches.easy_cache, unet_patches.lazy_cache])
def test_a_cache_leaves_out_evaluations(checkpoint: Checkpoint, prompts, node: Any):
    calls: list[int] = []
    network = checkpoint.model.model.diffusion_model
    handle = network.register_forward_pre_hook(lambda module, args: calls.append(1))
    model = node(checkpoint.model, 3.0, 0.0, 1.0, True)
    assert run(model, prompts, steps=12).isfinite().all()
    first = len(calls)
    run(model, prompts, steps=12)
    handle.remove()
    assert first < 12
    assert len(calls) == 2 * first


def test_attention_weights_are_multiplied(checkpoint: Checkpoint):
    model, clip = checkpoint.model, checkpoint.clip
    name = "diffusion_model.middle_block.1.transformer_blocks.0.{}.{}"
    multiplied = attention_multiply.unet_cross_attention_multiply(model, 2.0, 3.0, 0.5, 0.0)
    for part, factor in (("to_q.weight", 2), ("to_k.weight", 3), ("to_v.weight", 0.5), ("to_out.0.bias", 0)):
        key = name.format("attn2", part)
        torch.testing.assert_close(multiplied.weight(key), model.source[key] * factor)
    untouched = name.format("attn1", "to_q.weight")
    assert torch.equal(multiplied.weight(untouched), model.source[untouched])
    scaled = attention_multiply.clip_attention_multiply(clip, 1.0, 1.0, 1.0, 0.25)
    key = next(one for one in clip.patcher.source if one.endswith("self_attn.out_proj.bias"))
    torch.testing.assert_close(scaled.patcher.weight(key), clip.patcher.source[key] * 0.25)


def test_temporal_attention_is_told_from_that_within_frames():
    sources = [
        "a.attn1.to_out.0.weight",
        "a.time_stack.0.attn1.to_out.0.weight",
        "a.time_stack.0.attn2.to_out.0.weight",
    ]
    network = torch.nn.Module()
    patcher = ModelPatcher(network, *[torch.device("cpu")] * 2, source={one: torch.ones(1) for one in sources})
    changed = attention_multiply.unet_temporal_attention_multiply(patcher, 2.0, 3.0, 4.0, 5.0)
    assert [float(changed.weight(one)) for one in sources] == [2.0, 3.0, 5.0]


def test_sharpening_by_its_formula():
    """The kernel is a unit impulse, plus alpha times that less the Gaussian."""
    x = torch.randn(1, 4, 12, 12, generator=torch.Generator().manual_seed(1))
    operation = latent_operations.latent_operation_sharpen(2, 1.0, 0.7)
    places = torch.arange(5.0) - 2
    line = torch.exp(-0.5 * places**2)
    kernel = -0.7 * torch.outer(line, line) / line.sum() ** 2
    kernel[2, 2] += 1.7
    length = x.norm(dim=1, keepdim=True)
    padded = torch.nn.functional.pad(x / length, [2] * 4, mode="reflect")
    expected = sum(kernel[i, j] * padded[:, :, i : i + 12, j : j + 12] for i in range(5) for j in range(5)) * length
    out = latent_operations.latent_apply_operation({"samples": x, "kept": 1}, operation)
    torch.testing.assert_close(out["samples"], expected, rtol=1e-4, atol=1e-5)
    assert out["kept"] == 1
    tiny = torch.randn(1, 4, 1, 3)
    assert latent_operations.latent_operation_sharpen(31, 1.0, 1.0)(tiny).isfinite().all()


def test_tone_mapping_by_its_formula():
    x = 3 * torch.randn(2, 4, 6, 6, generator=torch.Generator().manual_seed(1))
    out = latent_operations.latent_operation_tonemap_reinhard(0.5)(x)
    for picture in range(2):
        length = x[picture].norm(dim=0)
        white = (length.mean() + 5 * length.std()) * 0.5
        expected = x[picture] / length * (length / white) / (1 + length / white) * white
        torch.testing.assert_close(out[picture], expected, rtol=1e-4, atol=1e-4)
    assert not latent_operations.latent_operation_tonemap_reinhard(1.0)(torch.zeros(1, 4, 2, 2)).any()


def test_patches_of_several_nodes_work_together(checkpoint: Checkpoint, prompts):
    model = checkpoint.model
    for name in ("FreeU_V2", "TomePatchModel", "HyperTile", "PatchModelAddDownscale", "APG"):
        model = STRONG[name](model)
    for name in ("PerturbedAttentionGuidance", "SelfAttentionGuidance", "CFGNorm"):
        model = STRONG[name](model)
    assert run(model, prompts).isfinite().all()
