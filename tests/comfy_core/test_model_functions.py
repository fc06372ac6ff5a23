"""What others have take part in a model's work: the methods that packs call, and each place they reach."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from comfy_core.checkpoint import Checkpoint
from comfy_core.families import load_checkpoint
from comfy_core.memory import residency
from comfy_core.memory.attention import attention
from comfy_core.patcher import ModelPatcher
from comfy_core.sampling.sample import common_ksampler
from comfy_core.wrappers import CallbacksMP, PatcherInjection, WrappersMP
from tests.tiny_sd1 import write_checkpoint

X, TIMES = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(1)), torch.tensor([3.0, 0.5])
TEXT = torch.randn(2, 77, 32, generator=torch.Generator().manual_seed(2))
CONTRACT_NAMES = (
    "clone",
    "is_clone",
    "add_patches",
    "get_key_patches",
    "calculate_weight",
    "model_state_dict",
    "model_size",
    "model_dtype",
    "memory_required",
    "add_object_patch",
    "get_model_object",
    "patch_model",
    "unpatch_model",
    "detach",
    "partially_load",
    "loaded_size",
    "current_loaded_device",
    "set_attachments",
    "get_attachment",
    "remove_attachments",
    "set_injections",
    "get_injections",
    "remove_injections",
    "set_additional_models",
    "get_additional_models",
    "get_additional_models_with_key",
    "set_model_unet_function_wrapper",
    "set_model_sampler_cfg_function",
    "set_model_sampler_post_cfg_function",
    "set_model_sampler_pre_cfg_function",
    "set_model_sampler_calc_cond_batch_function",
    "set_model_denoise_mask_function",
    "set_model_patch",
    "set_model_patch_replace",
    "set_model_attn1_patch",
    "set_model_attn2_patch",
    "set_model_attn1_replace",
    "set_model_attn2_replace",
    "set_model_attn1_output_patch",
    "set_model_attn2_output_patch",
    "set_model_input_block_patch",
    "set_model_input_block_patch_after_skip",
    "set_model_middle_block_after_patch",
    "set_model_output_block_patch",
    "add_wrapper",
    "add_wrapper_with_key",
    "remove_wrappers_with_key",
    "get_wrappers",
    "get_all_wrappers",
    "add_callback",
    "add_callback_with_key",
    "remove_callbacks_with_key",
    "get_callbacks",
    "get_all_callbacks",
)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return load_checkpoint(write_checkpoint(tmp_path_factory.mktemp("tiny") / "tiny.safetensors"))


@pytest.fixture
def model(checkpoint: Checkpoint) -> ModelPatcher:
    return checkpoint.model.clone()


def predicted(model: ModelPatcher, **options: Any) -> Tensor:
    with residency.use([model]), torch.no_grad():
        given = {**model.model_options["transformer_options"], **options}
        return model.model.apply_model(X, TIMES, c_crossattn=TEXT, transformer_options=given)


def sampled(checkpoint: Checkpoint, model: ModelPatcher, cfg: float = 2.0) -> Tensor:
    clip = checkpoint.clip
    cat, nothing = (clip.encode_from_tokens_scheduled(clip.tokenize(text)) for text in ("a cat", ""))
    latent = {"samples": torch.zeros(1, 4, 8, 8)}
    return common_ksampler(model, 1, 2, cfg, "euler", "simple", cat, nothing, latent)["samples"]


@pytest.mark.parametrize("name", CONTRACT_NAMES)
def test_a_method_that_packs_call_is_there(name: str):
    assert callable(getattr(ModelPatcher, name))


def test_patches_that_change_nothing_change_nothing(model: ModelPatcher):
    plain = predicted(model)
    model.set_model_attn1_patch(lambda n, context, value, options: (n, context, value))
    model.set_model_attn2_patch(lambda n, context, value, options: (n, context, value))
    model.set_model_attn1_output_patch(lambda out, options: out)
    model.set_model_attn2_output_patch(lambda out, options: out)
    model.set_model_input_block_patch(lambda h, options: h)
    model.set_model_input_block_patch_after_skip(lambda h, options: h)
    model.set_model_middle_block_after_patch(lambda told: told)
    model.set_model_output_block_patch(lambda h, skip, options: (h, skip))
    model.set_model_attn1_replace(lambda q, k, v, options: attention(q, k, v, options["n_heads"]), "middle", 0, 0)
    model.set_model_attn2_replace(lambda q, k, v, options: attention(q, k, v, options["n_heads"]), "input", 1)
    assert torch.equal(predicted(model), plain)


def test_patches_are_called_in_their_places_and_told_where(model: ModelPatcher):
    heard: list[tuple[str, Any, Any]] = []

    def hears(name: str, result: Any) -> Any:
        def patch(*args: Any) -> Any:
            options = args[-1]
            heard.append((name, options["block"], options.get("transformer_index")))
            assert options["original_shape"] == [2, 4, 8, 8]
            assert options["sigmas"] is TIMES
            return result(args)

        return patch

    model.set_model_input_block_patch(hears("in", lambda args: args[0]))
    model.set_model_output_block_patch(hears("out", lambda args: args[:2]))
    model.set_model_attn1_patch(hears("attn1", lambda args: args[:3]))
    model.set_model_attn2_output_patch(hears("attn2 out", lambda args: args[0]))
    predicted(model, sigmas=TIMES)
    blocks = [("in", ("input", number), None) for number in range(4)]
    blocks += [("out", ("output", number), None) for number in range(4)]
    assert [one for one in heard if one[0] in ("in", "out")] == blocks
    places = [("input", 1), ("input", 3), ("middle", 0), *(("output", number) for number in range(4))]
    assert [one[1:] for one in heard if one[0] == "attn1"] == [(one, number) for number, one in enumerate(places)]
    assert [one[1:] for one in heard if one[0] == "attn2 out"] == [(one, number) for number, one in enumerate(places)]


def test_a_patch_before_attention_changes_what_is_attended_to(model: ModelPatcher):
    other = TEXT.flip(1) * 2
    model.set_model_attn2_patch(lambda n, context, value, options: (n, other, other))
    with residency.use([model]), torch.no_grad():
        expected = model.model.apply_model(X, TIMES, c_crossattn=other)
    torch.testing.assert_close(predicted(model), expected)


def test_a_replacement_serves_its_own_block_alone(model: ModelPatcher):
    shapes = []
    model.set_model_attn1_replace(lambda q, k, v, options: shapes.append(q.shape) or v, "input", 3)
    changed = predicted(model)
    assert len(shapes) == 1
    assert shapes[0] == (2, 16, 64)
    assert not torch.equal(changed, predicted(model.clone(), patches_replace={}))


def test_a_skip_does_not_see_what_is_patched_behind_it(model: ModelPatcher):
    before, behind = model.clone(), model.clone()
    skips: dict[str, Tensor] = {}

    def seen(name: str) -> Any:
        def patch(h: Tensor, skip: Tensor, options: Any) -> tuple[Tensor, Tensor]:
            skips.setdefault(name, skip)
            return h, skip

        return patch

    for one, name in ((before, "before"), (behind, "behind")):
        one.set_model_output_block_patch(seen(name))
    before.set_model_input_block_patch(lambda h, options: h * (0 if options["block"] == ("input", 3) else 1))
    behind.set_model_input_block_patch_after_skip(lambda h, options: h * (0 if options["block"] == ("input", 3) else 1))
    predicted(before)
    predicted(behind)
    assert not skips["before"].any()
    assert skips["behind"].any()


def test_clones_have_functions_of_their_own(model: ModelPatcher):
    twin = model.clone()
    twin.set_model_attn1_patch(lambda *args: args[:3])
    twin.set_model_attn1_replace(lambda q, k, v, options: v, "middle", 0)
    twin.add_wrapper_with_key(WrappersMP.APPLY_MODEL, "mine", lambda run, *args, **more: run(*args, **more))
    assert model.model_options["transformer_options"] == {}
    assert twin.get_wrappers(WrappersMP.APPLY_MODEL, "mine")
    twin.remove_wrappers_with_key(WrappersMP.APPLY_MODEL, "mine")
    assert twin.get_all_wrappers(WrappersMP.APPLY_MODEL) == []


def test_wrappers_run_around_their_stages_the_first_outermost(checkpoint: Checkpoint, model: ModelPatcher):
    plain = sampled(checkpoint, model)
    order: list[str] = []
    stages = [value for name, value in vars(WrappersMP).items() if name.isupper()]

    def around(name: str) -> Any:
        def wrapper(run: Any, *args: Any, **more: Any) -> Any:
            order.append(name)
            return run(*args, **more)

        return wrapper

    for stage in stages:
        model.add_wrapper_with_key(stage, "b", around(f"{stage} first"))
        model.add_wrapper(stage, around(f"{stage} second"))
    assert torch.equal(sampled(checkpoint, model), plain)
    once = [f"{stage} {which}" for stage in stages for which in ("first", "second")]
    assert order == once + once[6:]


def test_a_wrapper_may_answer_in_place_of_the_model(checkpoint: Checkpoint, model: ModelPatcher):
    model.add_wrapper(WrappersMP.CALC_COND_BATCH, lambda run, model, conds, x, *rest: [x * 0 for _ in conds])
    assert sampled(checkpoint, model).abs().max() < 1e-4


def test_a_function_may_stand_in_for_asking_the_model(checkpoint: Checkpoint, model: ModelPatcher):
    model.set_model_sampler_calc_cond_batch_function(lambda args: [args["input"] * 0 for _ in args["conds"]])
    assert sampled(checkpoint, model).abs().max() < 1e-4


def test_callbacks_hear_of_clones_and_runs(checkpoint: Checkpoint, model: ModelPatcher):
    heard: list[Any] = []
    model.add_callback(CallbacksMP.ON_CLONE, lambda old, new: heard.append((old, new)))
    twin = model.clone()
    assert heard == [(model, twin)]
    heard.clear()
    twin.add_callback_with_key(CallbacksMP.ON_PRE_RUN, "mine", lambda patcher: heard.append("begin"))
    twin.add_callback(CallbacksMP.ON_CLEANUP, lambda patcher: heard.append("end"))
    sampled(checkpoint, twin)
    assert heard == ["begin", "end"]


def test_callbacks_hear_when_a_clone_has_its_weights_on_the_device_and_when_no_longer(
    checkpoint: Checkpoint, model: ModelPatcher
):
    """With the arguments that packs take: the device, bytes that stay of a streamed model, and whether it is whole."""
    heard: list[Any] = []
    twins = {name: model.clone() for name in ("plain", "patched")}
    twins["patched"].add_patches({"diffusion_model.time_embed.0.bias": (torch.ones(128),)})
    for name, twin in twins.items():
        twin.add_callback(CallbacksMP.ON_LOAD, lambda *args, name=name: heard.append((name, "on", args[1:])))
        twin.add_callback(CallbacksMP.ON_DETACH, lambda *args, name=name: heard.append((name, "off", args[1:])))
    residency.free_all()
    for name in ("plain", "plain", "patched"):
        sampled(checkpoint, twins[name])
    whole = (model.load_device, 0, False, True)
    assert heard == [("plain", "on", whole), ("plain", "off", (False,)), ("patched", "on", whole)]
    residency.free_all()
    assert heard[3:] == [("patched", "off", (True,))]


def test_a_wrapper_may_change_what_a_run_begins_with(checkpoint: Checkpoint, model: ModelPatcher):
    """Prompts in place of those that were asked for, and a larger shape to make room for."""
    shapes: list[Any] = []
    plain = sampled(checkpoint, model)

    def without_negative(run: Any, patcher: Any, shape: Any, conds: Any, **options: Any) -> Any:
        assert patcher is model
        network, conds, models = run(patcher, shape, {**conds, "negative": conds["positive"]}, **options)
        shapes.append(shape)
        assert (network, models) == (model.model, [model])
        return network, conds, models

    model.add_wrapper(WrappersMP.PREPARE_SAMPLING, without_negative)
    assert not torch.equal(sampled(checkpoint, model), plain)
    assert len(shapes) == 1
    model.remove_wrappers_with_key(WrappersMP.PREPARE_SAMPLING, None)
    assert torch.equal(sampled(checkpoint, model), plain)


def test_an_injection_lasts_as_long_as_the_model_is_at_work(checkpoint: Checkpoint, model: ModelPatcher):
    state: list[str] = []
    model.set_injections("mine", [PatcherInjection(lambda _: state.append("in"), lambda _: state.append("out"))])
    with residency.use([model]):
        assert state == ["in"]
    assert state == ["in", "out"]


def test_further_models_are_loaded_for_a_run(checkpoint: Checkpoint, model: ModelPatcher):
    other = ModelPatcher(torch.nn.Linear(2, 2), model.load_device, model.offload_device)
    seen: list[int] = []
    model.set_additional_models("mine", [other])
    model.set_model_sampler_post_cfg_function(lambda args: seen.append(other.loaded_size()) or args["denoised"])
    sampled(checkpoint, model)
    assert seen == [24, 24]


def test_loading_by_hand_patches_and_unloading_takes_it_back(model: ModelPatcher):
    key = "diffusion_model.time_embed.0.bias"
    pristine = model.source[key].clone()
    model.add_patches({key: (torch.ones_like(pristine),)}, 0.5)
    model.add_object_patch("marker", 5)
    model.model.marker = 1
    network = model.patch_model()
    torch.testing.assert_close(network.diffusion_model.time_embed[0].bias, pristine + 0.5)
    assert (network.marker, model.loaded_size()) == (5, model.model_size())
    model.unpatch_model()
    assert (network.marker, model.loaded_size()) == (1, 0)
    assert network.diffusion_model.time_embed[0].bias.is_meta
    other = model.clone()
    other.patches = {}
    assert other.partially_load(other.load_device) == other.model_size()


def test_a_hundred_clones_take_the_bytes_of_one(model: ModelPatcher):
    residency.free_all()
    for _ in range(100):
        one = model.clone()
        one.add_patches({"diffusion_model.time_embed.0.bias": (torch.ones(128),)})
        with residency.use([one]):
            held = {weight.data_ptr(): weight.nbytes for weight in one.model.parameters()}
            assert sum(held.values()) == model.model_size()
            assert residency.current().bytes_on(one.load_device) == model.model_size()
