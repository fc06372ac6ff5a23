"""Hooks: LoRAs that count for some prompts alone and for part of the run, against runs with the whole model changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from comfy_core import hooks as hooking
from comfy_core.checkpoint import Checkpoint
from comfy_core.families import load_checkpoint
from comfy_core.folders import Folders
from comfy_core.memory import devices, residency
from comfy_core.patcher import ModelPatcher
from comfy_core.sampling.schedulers import sigmas_for
from comfy_core.weights import WeightsError
from nodes import conditioning_properties as properties
from nodes import hooks as nodes
from nodes.lora import lora_loader
from nodes.merging import clip_merge_simple, model_merge_simple
from nodes.sampling import k_sampler, k_sampler_advanced
from tests.tiny_models import write_model
from tests.tiny_sd1 import write_checkpoint

EMPTY = {"samples": torch.zeros(1, 4, 8, 8)}
CFG = 3.0


@pytest.fixture(scope="module")
def checkpoint(tiny: Path) -> Checkpoint:
    return load_checkpoint(tiny)


@pytest.fixture
def prompts(checkpoint: Checkpoint) -> tuple[Any, Any]:
    return encoded(checkpoint.clip, "a cat"), encoded(checkpoint.clip, "a dog")


@pytest.fixture(autouse=True)
def loras(base: Folders, checkpoint: Checkpoint) -> None:
    """Two LoRAs, of attention in U-Net and text encoder."""
    for seed, name in enumerate(("one", "two")):
        generator = torch.Generator().manual_seed(seed)
        tensors: dict[str, Tensor] = {}
        for patcher, prefix in ((checkpoint.model, ""), (checkpoint.clip.patcher, "text_encoders.")):
            for key in patcher.source:
                if key.endswith(("attn2.to_k.weight", "attn1.to_v.weight", "self_attn.v_proj.weight")):
                    out, inner = patcher.source[key].shape
                    stem = prefix + key.removesuffix(".weight")
                    tensors[f"{stem}.lora_up.weight"] = torch.randn(out, 2, generator=generator)
                    tensors[f"{stem}.lora_down.weight"] = torch.randn(2, inner, generator=generator) / 2
        save_file(tensors, base.base / "models" / "loras" / f"{name}.safetensors")


def encoded(clip: Any, text: str) -> Any:
    return clip.encode_from_tokens_scheduled(clip.tokenize(text))


def hook(name: str = "one", strength: float = 1.0, keyframes: Any = None) -> Any:
    made = nodes.create_hook_lora(f"{name}.safetensors", strength, strength)
    return nodes.set_hook_keyframes(made, keyframes) if keyframes else made


def hooked(prompt: Any, group: Any, **more: Any) -> Any:
    return properties.conditioning_set_properties(prompt, 1.0, "default", hooks=group, **more)


def run(model: ModelPatcher, positive: Any, negative: Any, steps: int = 4, cfg: float = CFG) -> Tensor:
    return k_sampler(model, 1, steps, cfg, "euler", "normal", positive, negative, EMPTY)["samples"]


def changed(checkpoint: Checkpoint, name: str = "one", strength: float = 1.0) -> ModelPatcher:
    return lora_loader(checkpoint.model, checkpoint.clip, f"{name}.safetensors", strength, 0.0)[0]


def close(a: Tensor, b: Tensor) -> None:
    torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-3)


def test_a_hook_on_both_prompts_is_a_lora(checkpoint: Checkpoint, prompts):
    both = properties.pair_conditioning_set_properties(*prompts, 1.0, "default", None, hook(strength=0.7))
    assert torch.equal(run(checkpoint.model, *both), run(changed(checkpoint, strength=0.7), *prompts))


def test_a_hook_on_one_prompt_leaves_the_other_to_the_model(checkpoint: Checkpoint, prompts):
    """One step at a scale mixes what the two models say."""
    cat, dog = prompts
    ours = run(checkpoint.model, hooked(cat, hook()), dog, steps=1)
    positive = run(changed(checkpoint), cat, dog, steps=1, cfg=1.0)
    negative = run(checkpoint.model, dog, dog, steps=1, cfg=1.0)
    close(ours, negative + CFG * (positive - negative))


def test_the_model_is_itself_again_after_a_run(checkpoint: Checkpoint, prompts):
    before = run(checkpoint.model, *prompts)
    run(checkpoint.model, hooked(prompts[0], hook()), prompts[1])
    assert torch.equal(run(checkpoint.model, *prompts), before)
    assert checkpoint.model.patches == {}


def test_a_keyframe_switches_a_hook_on_in_the_course_of_a_run(checkpoint: Checkpoint, prompts):
    frames = nodes.create_hook_keyframe(1.0, 0.5, nodes.create_hook_keyframe(0.0, 0.0))
    both = [hooked(one, hook(keyframes=frames)) for one in prompts]
    ours = run(checkpoint.model, *both)
    sampling = checkpoint.model.get_model_object("model_sampling")
    step = sum(float(one) > sampling.percent_to_sigma(0.5) for one in sigmas_for(sampling, "normal", 4))
    assert 0 < step < 4
    walk = ("euler", "normal", *prompts)
    first = k_sampler_advanced(checkpoint.model, "enable", 1, 4, CFG, *walk, EMPTY, 0, step, "enable")
    rest = k_sampler_advanced(changed(checkpoint), "disable", 1, 4, CFG, *walk, first, step, 10_000, "disable")
    close(ours, rest["samples"])


def test_prompts_in_two_places_have_hooks_of_their_own(checkpoint: Checkpoint, prompts):
    left = torch.zeros(1, 8, 8)
    left[:, :, :4] = 1
    cat, dog = prompts
    both = properties.conditioning_set_properties_and_combine(
        hooked(cat, hook("one"), mask=left), cat, 1.0, "default", 1 - left, hook("two")
    )
    ours = run(checkpoint.model, both, dog, steps=1, cfg=1.0)
    one, two = (run(changed(checkpoint, name), cat, dog, steps=1, cfg=1.0) for name in ("one", "two"))
    close(ours, one * left + two * (1 - left))


@pytest.mark.parametrize("flag", ["lowvram", "novram"])
def test_hooks_of_a_streamed_model_are_those_of_a_whole_one(
    checkpoint: Checkpoint, prompts, flag: str, monkeypatch: pytest.MonkeyPatch
):
    """One on each prompt, one of them coming in halfway, over a LoRA that is on the model all the time."""
    frames = nodes.create_hook_keyframe(1.0, 0.5, nodes.create_hook_keyframe(0.2, 0.0))
    both = [hooked(prompts[0], hook("one", keyframes=frames)), hooked(prompts[1], hook("two", 0.5))]
    model = changed(checkpoint, "two", 0.3)
    whole, plain = run(model, *both), run(checkpoint.model, *prompts)
    residency.free_all()
    monkeypatch.setattr("comfy_core.memory.devices.free_bytes", lambda _: model.model_size() // 2)
    monkeypatch.setattr(residency, "_residency", residency.Residency(lambda _: model.model_size() // 2))
    devices.configure(cpu=True, **{flag: True})
    seen: list[int] = []
    model.set_model_sampler_post_cfg_function(lambda args: seen.append(model.loaded_size()) or args["denoised"])
    try:
        assert torch.equal(run(model, *both), whole)
        assert torch.equal(run(checkpoint.model, *prompts), plain)
    finally:
        residency.free_all()
        devices.configure()
    assert max(seen) <= model.model_size() // 2


def test_weights_are_exchanged_only_when_they_change(checkpoint: Checkpoint, prompts, monkeypatch: pytest.MonkeyPatch):
    placed: list[int] = []
    place = residency.place

    def counted(patcher: ModelPatcher, keys: Any) -> None:
        keys = list(keys)
        placed.append(len(keys))
        place(patcher, keys)

    monkeypatch.setattr(residency, "place", counted)
    both = [hooked(one, group) for one, group in zip(prompts, [hook()] * 2, strict=True)]
    run(checkpoint.model, *both)
    count = len(hook()[0].recipes(checkpoint.model))
    assert placed == [len(checkpoint.model.source), count]
    residency.free_all()
    placed.clear()
    run(checkpoint.model, both[0], prompts[1])
    assert placed == [len(checkpoint.model.source), *[count] * 8][: len(placed)]
    assert len(placed) <= 9


def test_a_model_as_a_lora_is_that_model_and_half_of_it_a_merge(checkpoint: Checkpoint, prompts, base: Folders):
    write_checkpoint(base.base / "models" / "checkpoints" / "other.safetensors", seed=5)
    other = load_checkpoint(base.find_model("checkpoints", "other.safetensors"))
    for strength, model in ((1.0, other.model), (0.5, model_merge_simple(checkpoint.model, other.model, 0.5))):
        group = nodes.create_hook_model_as_lora("other.safetensors", strength, strength)
        close(run(checkpoint.model, *(hooked(one, group) for one in prompts)), run(model, *prompts))
    clip = nodes.set_clip_hooks(checkpoint.clip, False, False, group)
    expected = clip_merge_simple(checkpoint.clip, other.clip, 0.5)
    close(encoded(clip, "a cat")[0][0], encoded(expected, "a cat")[0][0])


def test_a_hook_of_another_family_is_refused(checkpoint: Checkpoint, prompts, base: Folders):
    write_model(base.base / "models" / "checkpoints" / "xl.safetensors", "sdxl")
    group = nodes.create_hook_model_as_lora_model_only("xl.safetensors", 1.0)
    with pytest.raises(ValueError, match="not of one family"):
        run(checkpoint.model, hooked(prompts[0], group), prompts[1])
    assert run(checkpoint.model, *prompts).isfinite().all()


def test_a_file_that_is_no_checkpoint_is_refused_where_it_is_chosen(base: Folders):
    (base.base / "models" / "checkpoints" / "broken.ckpt").write_bytes(b"not a model")
    with pytest.raises(WeightsError, match=r"broken\.ckpt"):
        nodes.create_hook_model_as_lora_model_only("broken.ckpt", 1.0)


def test_a_hook_on_a_text_encoder_is_a_lora_on_it(checkpoint: Checkpoint):
    clip = nodes.set_clip_hooks(checkpoint.clip, True, False, hook(strength=0.7))
    (entry,) = encoded(clip, "a cat")
    expected = lora_loader(checkpoint.model, checkpoint.clip, "one.safetensors", 0.0, 0.7)[1]
    assert torch.equal(entry[0], encoded(expected, "a cat")[0][0])
    assert len(entry[1]["hooks"]) == 1
    assert "hooks" not in encoded(nodes.set_clip_hooks(checkpoint.clip, False, False, hook()), "a cat")[0][1]
    assert nodes.set_clip_hooks(checkpoint.clip, True, True) is checkpoint.clip


def test_a_scheduled_text_encoder_encodes_for_each_keyframe(checkpoint: Checkpoint, prompts):
    frames = nodes.create_hook_keyframe(1.0, 0.5, nodes.create_hook_keyframe(0.0, 0.0))
    clip = nodes.set_clip_hooks(checkpoint.clip, False, True, hook(keyframes=frames))
    first, second = encoded(clip, "a cat")
    assert [(one[1]["clip_start_percent"], one[1]["clip_end_percent"]) for one in (first, second)] == [
        (0.0, 0.5),
        (0.5, 1.0),
    ]
    assert torch.equal(first[0], prompts[0][0][0])
    changed_clip = lora_loader(checkpoint.model, checkpoint.clip, "one.safetensors", 0.0, 1.0)[1]
    assert torch.equal(second[0], encoded(changed_clip, "a cat")[0][0])
    early = properties.conditioning_set_properties([first, second], 1.0, "default", timesteps=(0.0, 0.2))
    assert run(checkpoint.model, early, prompts[1]).isfinite().all()


def test_a_strength_of_0_is_no_hook(checkpoint: Checkpoint, prompts):
    assert nodes.create_hook_lora("one.safetensors", 0.0, 0.0) == []
    none = hook(keyframes=nodes.create_hook_keyframe(0.0, 0.0))
    plain = run(checkpoint.model, *prompts)
    assert torch.equal(run(checkpoint.model, *(hooked(one, none) for one in prompts)), plain)
    assert torch.equal(run(checkpoint.model, *(hooked(one, None) for one in prompts)), plain)


@pytest.mark.parametrize(
    ("name", "middle"), [("linear", 0.5), ("ease_in", 0.25), ("ease_out", 0.75), ("ease_in_out", 0.5)]
)
def test_strengths_go_from_one_to_the_other(name: str, middle: float):
    frames = nodes.create_hook_keyframes_interpolated(1.0, 3.0, name, 0.2, 0.8, 3, True)
    assert [(one.strength, one.start_percent) for one in frames] == [
        pytest.approx((1.0, 0.2)),
        pytest.approx((1 + 2 * middle, 0.5)),
        pytest.approx((3.0, 0.8)),
    ]


def test_floats_are_spread_over_the_run_and_keyframes_are_in_order():
    frames = nodes.create_hook_keyframes_from_floats([1, 2, 3], 0.0, 1.0, False)
    assert [(one.strength, one.start_percent) for one in frames] == [(1, 0.0), (2, 0.5), (3, 1.0)]
    (alone,) = nodes.create_hook_keyframes_from_floats(0.5, 0.3, 1.0, False)
    assert (alone.strength, alone.start_percent) == (0.5, 0.3)
    added = nodes.create_hook_keyframe(9.0, 0.25, frames)
    assert [one.strength for one in added] == [1, 9.0, 2, 3]


@pytest.mark.parametrize(("percent", "strength"), [(0.0, 0.4), (0.2, 0.4), (0.3, 0.4), (0.5, 0.8), (1.0, 0.8)])
def test_before_the_first_keyframe_its_strength_counts(percent: float, strength: float):
    frames = hooking.with_keyframes(None, hooking.Keyframe(0.8, 0.5), hooking.Keyframe(0.4, 0.3))
    one = hooking.WeightHook(lambda patcher: {}, 1.0, 1.0, frames)
    assert one.factor(lambda start: start <= percent) == strength


def test_groups_hold_each_hook_once():
    a, b = hook("one"), hook("two")
    assert nodes.combine_hooks_2(a, a) == a
    assert nodes.combine_hooks_4(a, None, b) == a + b
    assert nodes.combine_hooks_8(hooks_H=b) == b
    assert nodes.combine_hooks_2() == []
    assert nodes.create_hook_lora_model_only("two.safetensors", 1.0, a)[0] is a[0]


def test_prompts_are_told_where_and_when_they_count(prompts):
    cat, dog = prompts
    mask = torch.ones(8, 8)
    during, before, after = nodes.conditioning_timesteps_range(0.2, 0.7)
    assert (during, before, after) == ((0.2, 0.7), (0.0, 0.2), (0.7, 1.0))
    pair = properties.pair_conditioning_set_properties_and_combine(
        cat, dog, cat, dog, 0.5, "mask bounds", mask, None, during
    )
    for side, first in zip(pair, prompts, strict=True):
        assert side[0] == first[0]
        said = side[1][1]
        assert (said["start_percent"], said["end_percent"], said["mask_strength"]) == (0.2, 0.7, 0.5)
        assert said["set_area_to_bounds"]
    rest = properties.pair_conditioning_set_default_combine(cat, dog, cat, dog, hook())
    assert [side[1][1]["default"] for side in rest] == [True, True]
    assert [len(side[1][1]["hooks"]) for side in rest] == [1, 1]
    assert properties.conditioning_set_default_combine(cat, dog)[1][1]["default"]
    assert properties.pair_conditioning_combine(cat, dog, dog, cat) == (cat + dog, dog + cat)
