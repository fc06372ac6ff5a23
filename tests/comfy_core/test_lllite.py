"""ControlNet-LLLite: the formula of its files, when and for whom it counts, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from comfy_core.control import load_controlnet, load_lllite, with_lllite
from comfy_core.control.lllite import PREFIX
from comfy_core.families import load_checkpoint
from comfy_core.memory import residency
from comfy_core.patcher import ModelPatcher
from comfy_core.sampling.sample import common_ksampler
from comfy_core.weights import Weights, WeightsError
from tests.tiny_control import lllite_projections, lllite_tensors
from tests.tiny_models import write_model

TEXTS = torch.randn(2, 1, 77, 96, generator=torch.Generator().manual_seed(0))
PICTURE = torch.rand(1, 64, 96, 3, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelPatcher:
    return load_checkpoint(write_model(tmp_path_factory.mktemp("lllite") / "sdxl.safetensors", "sdxl")).model


@pytest.fixture(autouse=True)
def alone() -> Any:
    yield
    residency.free_all()


def file_for(model: ModelPatcher) -> Weights:
    return Weights.of(lllite_tensors(model.model.diffusion_model), path=Path("canny.safetensors"))  # type: ignore[arg-type]


def sample(model: ModelPatcher, batch: int = 1, steps: int = 2) -> Tensor:
    sides = [[[text, {"pooled_output": torch.ones(1, 64)}]] for text in TEXTS]
    latent = {"samples": torch.zeros(batch, 4, 8, 12)}
    return common_ksampler(model, 3, steps, 5.0, "euler", "normal", *sides, latent)["samples"]


def hooked(model: ModelPatcher, file: Weights, strength: float) -> list[Any]:
    """Kohya's formula, written out, on the projections themselves."""

    def hook(name: str) -> Any:
        part = {key.split(".", 1)[1]: file[key] for key in file if key.split(".")[0] == PREFIX + name.replace(".", "_")}
        seen, number = PICTURE.movedim(-1, 1) * 2 - 1, 0
        while (key := f"conditioning1.{number}.weight") in part:
            seen = F.relu(seen) if number else seen
            seen = F.conv2d(seen, part[key], part[key.replace("weight", "bias")], stride=part[key].shape[-1])
            number += 2
        seen = seen.flatten(2).mT

        def changed(layer: Any, inputs: tuple[Tensor]) -> tuple[Tensor]:
            (x,) = inputs
            low = F.relu(F.linear(x, part["down.0.weight"], part["down.0.bias"]))
            both = torch.cat([seen.expand(len(x), -1, -1), low], dim=2)
            mixed = F.relu(F.linear(both, part["mid.0.weight"], part["mid.0.bias"]))
            return (x + strength * F.linear(mixed, part["up.0.weight"], part["up.0.bias"]),)

        return changed

    return [
        layer.register_forward_pre_hook(hook(name))
        for name, layer in lllite_projections(model.model.diffusion_model).items()
    ]


def test_it_is_kohyas_formula(model: ModelPatcher):
    file = file_for(model)
    ours = sample(with_lllite(model, load_lllite(file), PICTURE, 0.7))
    hooks = hooked(model, file, 0.7)
    expected = sample(model)
    for hook in hooks:
        hook.remove()
    assert (expected - sample(model)).abs().max() > 0.1
    assert (ours - expected).abs().max() < 1e-4


def test_it_counts_in_a_part_of_the_steps(model: ModelPatcher):
    control, plain = load_lllite(file_for(model)), sample(model, steps=4)
    first, whole = (sample(with_lllite(model, control, PICTURE, end_at=end), steps=4) for end in (0.5, 1.0))
    assert not torch.equal(first, plain)
    assert not torch.equal(first, whole)
    assert torch.equal(sample(with_lllite(model, control, PICTURE, start_at=1.0), steps=4), plain)


def test_each_latent_of_a_batch_has_its_own_picture_and_a_picture_of_any_size_does(model: ModelPatcher):
    control = load_lllite(file_for(model))
    pictures = torch.cat([PICTURE, 1 - PICTURE])
    both = sample(with_lllite(model, control, pictures), batch=2)
    for place in range(2):
        alone = sample(with_lllite(model, control, pictures[place : place + 1]), batch=2)
        assert (both[place] - alone[place]).abs().max() < 3e-5 * alone.std()
    assert sample(with_lllite(model, control, torch.rand(1, 33, 70, 4))).isfinite().all()


def test_it_is_one_of_several_and_leaves_the_model_as_it_is(model: ModelPatcher):
    control = load_lllite(file_for(model))
    once = with_lllite(model, control, PICTURE, 0.5)
    assert not torch.equal(sample(with_lllite(once, control, 1 - PICTURE, 0.5)), sample(once))
    assert "patches" not in model.model_options["transformer_options"]


# --- bad input -------------------------------------------------------------------------------------------------------


def test_one_for_another_model_is_refused_naming_both(model: ModelPatcher, tmp_path: Path):
    other = load_checkpoint(write_model(tmp_path / "sd1.safetensors", "sd1")).model
    with pytest.raises(ValueError, match=r"canny.safetensors is for Stable Diffusion XL, and the model is Stable Diff"):
        with_lllite(other, load_lllite(file_for(model)), PICTURE)


def test_what_is_none_or_not_whole_is_refused(model: ModelPatcher):
    with pytest.raises(WeightsError, match="is not a ControlNet-LLLite"):
        load_lllite(Weights.of({"x": torch.zeros(1)}))
    file = file_for(model)
    lacking = {name: file[name] for name in file if not name.endswith("mid.0.bias")}
    with pytest.raises(WeightsError, match=r"lacks \d+ tensors"):
        load_lllite(Weights.of(lacking))
    name = f"{PREFIX}input_blocks_1_0_in_layers_2.down.0.weight"
    with pytest.raises(WeightsError, match="no projection of an attention"):
        load_lllite(Weights.of({name: torch.zeros(2, 3, 1, 1)}))
    with pytest.raises(WeightsError, match="take the node Load LLLite"):
        load_controlnet(file)


def test_where_hyper_tile_cut_the_feature_map_before_it_a_sentence_says_so(model: ModelPatcher):
    cut = model.clone()
    cut.set_model_attn1_patch(lambda x, context, value, options: (x[:, :4], context[:, :4], value[:, :4]))
    with pytest.raises(ValueError, match="put HyperTile behind it"):
        sample(with_lllite(cut, load_lllite(file_for(model)), PICTURE))
