"""What a control does to a run: when and where it counts, for whom, how often it looks, and what it refuses."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from comfy_core.control import ControlBase, StrengthType, controlled, load_controlnet, with_kind
from comfy_core.families import load_checkpoint
from comfy_core.memory import residency
from comfy_core.memory.residency import Residency
from comfy_core.networks.unet import Control
from comfy_core.patcher import ModelPatcher
from comfy_core.sampling.conditions import controls_ready, further_models
from comfy_core.sampling.guidance import CFGGuider
from comfy_core.sampling.sample import common_ksampler
from comfy_core.unet_patches.deep_shrink import DeepShrink
from comfy_core.weights import Weights, WeightsError, open_weights
from tests.tiny_control import adapter_dims, adapter_tensors, controlnet_tensors
from tests.tiny_models import MODELS, write_model
from tests.tiny_sd1 import SMALL

LATENT = {"samples": torch.zeros(1, 4, 8, 12)}
PICTURE = torch.rand((1, 64, 96, 3), generator=torch.Generator().manual_seed(3))
TEXTS = torch.randn(3, 1, 77, 32, generator=torch.Generator().manual_seed(0))
X = torch.randn((1, 4, 8, 12), generator=torch.Generator().manual_seed(1))
SIGMA = 2.0


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelPatcher:
    return load_checkpoint(write_model(tmp_path_factory.mktemp("control") / "sd1.safetensors", "sd1")).model


@pytest.fixture
def control() -> ControlBase:
    return load_controlnet(Weights.of(controlnet_tensors("sd1"), path=Path("canny.safetensors")))


@pytest.fixture(autouse=True)
def alone() -> Any:
    yield
    residency.free_all()


def text(place: int, **extra: Any) -> list[list[Any]]:
    return [[TEXTS[place], extra]]


class Asked(list):
    """The sizes of the batches that a network is asked for, and the sigmas."""

    def __init__(self, control: ControlBase, monkeypatch: pytest.MonkeyPatch) -> None:
        original = type(control).residuals

        def residuals(one: ControlBase, x: Tensor, t: Tensor, *rest: Any) -> Control:
            self.append((len(x), float(t[0])))
            return original(one, x, t, *rest)

        monkeypatch.setattr(type(control), "residuals", residuals)


def sample(model: ModelPatcher, positive: list, negative: list, steps: int = 4) -> Tensor:
    return common_ksampler(model, 3, steps, 5.0, "euler", "normal", positive, negative, LATENT)["samples"]


@torch.no_grad()
def guided(model: ModelPatcher, positive: list, negative: list, cfg: float = 3.0, x: Tensor = X) -> Tensor:
    guider = CFGGuider(model)
    guider.set_conds(positive, negative)
    guider.set_cfg(cfg)
    conds = guider.original_conds
    with controls_ready(model, conds), residency.use([model, *further_models(conds)]):
        guider.prepare(x)
        return guider(x, torch.tensor([SIGMA]))


def test_both_sides_are_asked_about_together_in_every_step(
    model: ModelPatcher, control: ControlBase, monkeypatch: pytest.MonkeyPatch
):
    asked = Asked(control, monkeypatch)
    sample(model, *controlled(control, PICTURE, 1.0, text(0), text(1)))
    assert [size for size, _ in asked] == [2, 2, 2, 2]


def test_it_counts_from_one_share_of_the_run_to_another(
    model: ModelPatcher, control: ControlBase, monkeypatch: pytest.MonkeyPatch
):
    asked = Asked(control, monkeypatch)
    sides = controlled(control, PICTURE, 1.0, text(0), text(1), start_percent=0.2, end_percent=0.7)
    sample(model, *sides, steps=10)
    sampling = model.get_model_object("model_sampling")
    first, last = sampling.percent_to_sigma(0.2), sampling.percent_to_sigma(0.7)
    assert 3 <= len(asked) < 10
    assert all(last <= sigma <= first for _, sigma in asked)


def test_it_looks_at_its_picture_once_in_a_run_and_keeps_nothing_after_it(
    model: ModelPatcher, control: ControlBase, monkeypatch: pytest.MonkeyPatch
):
    looks: list[Any] = []
    original = type(control).look

    def look(one: ControlBase, size: Any) -> list[Tensor]:
        looks.append(original(one, size))
        return looks[-1]

    monkeypatch.setattr(type(control), "look", look)
    sides = controlled(control, PICTURE, 1.0, text(0), text(1))
    sample(model, *sides)
    assert len(looks) == 1
    kept = weakref.ref(looks.pop()[0])
    assert kept() is None


def test_one_prompt_is_controlled_and_the_other_is_not(model: ModelPatcher, control: ControlBase):
    (positive,) = controlled(control, PICTURE, 1.0, text(0))
    one = guided(model, positive, text(1))
    both = guided(model, *controlled(control, PICTURE, 1.0, text(0), text(1)))
    assert not torch.allclose(one, both, atol=1e-3)


def test_applied_for_both_it_counts_for_a_negative_prompt_without_one(model: ModelPatcher, control: ControlBase):
    (positive,) = controlled(control, PICTURE, 1.0, text(0), for_negative=True)
    both = controlled(control, PICTURE, 1.0, text(0), text(1))
    assert torch.equal(guided(model, positive, text(1)), guided(model, *both))
    (own,) = controlled(control, 1 - PICTURE, 1.0, text(1))
    kept = guided(model, *controlled(control, PICTURE, 1.0, text(0)), own)
    assert torch.equal(guided(model, positive, own), kept)


def test_prompts_with_pictures_of_their_own_are_predicted_each_by_itself(model: ModelPatcher, control: ControlBase):
    (first,) = controlled(control, PICTURE, 1.0, text(0))
    (second,) = controlled(control, 1 - PICTURE, 1.0, text(1))
    both = guided(model, first + second, text(2))
    alone = [guided(model, one, text(2)) for one in (first, second)]
    torch.testing.assert_close(both, sum(alone) / 2, rtol=0, atol=1e-4)  # type: ignore[arg-type]


def test_a_prompt_in_a_box_has_the_whole_picture_in_it(model: ModelPatcher, control: ControlBase):
    square = PICTURE[:, :, :64]
    (boxed,) = controlled(control, square, 1.0, text(0, area=(8, 8, 0, 4)))
    (alone,) = controlled(control, square, 1.0, text(0))
    ours = guided(model, boxed, text(1), cfg=1.0)[..., 4:]
    torch.testing.assert_close(ours, guided(model, alone, text(1), 1.0, X[..., 4:]), rtol=0, atol=1e-4)


def test_a_prompt_for_the_controlnet_alone_is_what_it_sees(
    model: ModelPatcher, control: ControlBase, monkeypatch: pytest.MonkeyPatch
):
    seen: list[Tensor] = []
    forward = type(control.control_model).forward  # type: ignore[attr-defined]

    def listening(network: Any, x: Tensor, timesteps: Tensor, context: Tensor, *rest: Any, **options: Any) -> Control:
        seen.append(context)
        return forward(network, x, timesteps, context, *rest, **options)

    monkeypatch.setattr(type(control.control_model), "forward", listening)  # type: ignore[attr-defined]
    (positive,) = controlled(control, PICTURE, 1.0, text(0, cross_attn_controlnet=TEXTS[2]))
    guided(model, positive, text(1))
    assert torch.equal(seen[0], TEXTS[2])


def test_the_strength_may_fall_off_towards_fine_detail(model: ModelPatcher, control: ControlBase):
    (positive,) = controlled(control, PICTURE, 0.5, text(0))
    one: ControlBase = positive[0][1]["control"]
    x, t = torch.zeros(1, 4, 8, 12), torch.tensor([SIGMA])
    with torch.no_grad(), controls_ready(model, {"positive": positive}), residency.use(one.get_models()):
        even: Any = one.get_control(x, t, {"c_crossattn": TEXTS[0]}, 1)
        one.strength_type = StrengthType.LINEAR_UP
        falling: Any = one.get_control(x, t, {"c_crossattn": TEXTS[0]}, 1)
    count = len(even["output"])
    for place in range(count):
        expected = even["output"][place] / 0.5 * 0.5 ** (count - place)
        torch.testing.assert_close(falling["output"][place], expected)
    assert torch.equal(falling["middle"][0], even["middle"][0])


def test_of_a_shuffled_picture_the_content_counts_and_not_the_place(model: ModelPatcher):
    weights = Weights.of(controlnet_tensors("sd1"), path=Path("control_v11e_sd15_shuffle_fp16.safetensors"))
    (positive,) = controlled(load_controlnet(weights), PICTURE, 1.0, text(0))
    one: ControlBase = positive[0][1]["control"]
    x, t = torch.randn(1, 4, 8, 12), torch.tensor([SIGMA])
    with torch.no_grad(), controls_ready(model, {"positive": positive}), residency.use(one.get_models()):
        added: Any = one.get_control(x, t, {"c_crossattn": TEXTS[0]}, 1)
    assert {tuple(each.shape[2:]) for each in added["output"]} == {(1, 1)}


@pytest.mark.parametrize("channels", [1, 4])
def test_a_grey_picture_and_one_with_alpha_are_taken(model: ModelPatcher, control: ControlBase, channels: int):
    grey = PICTURE[..., :1].expand(-1, -1, -1, 3)
    given = PICTURE[..., :1] if channels == 1 else torch.cat([grey, torch.zeros_like(grey[..., :1])], dim=-1)
    ours = guided(model, *controlled(control, given, 1.0, text(0), text(1)))
    assert torch.equal(ours, guided(model, *controlled(control, grey, 1.0, text(0), text(1))))


def test_it_leads_a_model_whose_maps_a_patch_makes_smaller(model: ModelPatcher, control: ControlBase):
    shrink = DeepShrink(1, 2.0, 20.0, 0.0, "bicubic", "bicubic")
    shrinking = model.clone()
    shrinking.set_model_input_block_patch(shrink.shrink)
    shrinking.set_model_output_block_patch(shrink.grow)
    led = guided(shrinking, *controlled(control, PICTURE, 1.0, text(0), text(1)))
    assert (led - guided(shrinking, text(0), text(1))).abs().max() > 0.05


# --- memory ----------------------------------------------------------------------------------------------------------


def test_it_is_loaded_for_a_run_beside_the_model_and_can_be_freed(model: ModelPatcher, control: ControlBase):
    sample(model, *controlled(control, PICTURE, 1.0, text(0), text(1)))
    names = {one.name: one.bytes for one in residency.current().residents}
    assert names["ControlNet"] == control.patcher.model_size()
    residency.free_all()
    assert not residency.current().residents


@pytest.mark.parametrize("types", [0, 6], ids=["one kind", "union"])
def test_streamed_it_gives_the_same_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, types: int):
    model = load_checkpoint(write_model(tmp_path / "sd1.safetensors", "sd1")).model
    save_file(controlnet_tensors("sd1", types), tmp_path / "canny.safetensors")
    control = load_controlnet(open_weights(tmp_path / "canny.safetensors"))
    if types:
        control = with_kind(control, "depth")
    sides = controlled(control, PICTURE, 1.0, text(0), text(1))
    expected = guided(model, *sides)
    residency.free_all()
    small = Residency(lambda device: 2_000_000)
    monkeypatch.setattr(residency, "_residency", small)
    ours = guided(model, *sides)
    assert all(one.stream is not None for one in small.residents)
    small.free_all()
    torch.testing.assert_close(ours, expected, rtol=0, atol=1e-5)


# --- bad input -------------------------------------------------------------------------------------------------------


def refusal(model: ModelPatcher, control: ControlBase) -> str:
    with pytest.raises(ValueError, match="is for") as error:
        sample(model, *controlled(control, PICTURE, 1.0, text(0), text(1)))
    return str(error.value)


def test_one_for_another_family_is_refused_naming_both_and_the_next_run_works(model: ModelPatcher):
    other = load_controlnet(Weights.of(controlnet_tensors("sdxl"), path=Path("xl.safetensors")))
    expected = (
        "xl.safetensors is for Stable Diffusion XL, and the model is Stable Diffusion 1.x; take one that was made "
        "for this model"
    )
    assert refusal(model, other) == expected
    assert sample(model, text(0), text(1)).isfinite().all()
    adapter = adapter_tensors(adapter_dims(MODELS["sdxl"].unet, coarse=True))
    assert refusal(model, load_controlnet(Weights.of(adapter, path=Path("xl.safetensors")))) == expected


def test_one_of_the_family_and_another_size_is_refused(model: ModelPatcher):
    tiny = adapter_tensors(adapter_dims(SMALL.unet))
    assert "another Stable Diffusion 1.x, of other widths" in refusal(model, load_controlnet(Weights.of(tiny)))


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ({"controlnet_x_embedder.weight": (2, 2)}, "is for FLUX, which this version does not know"),
        ({"lllite_unet_input_blocks_4_1_down.0.weight": (2, 2)}, "is a ControlNet-LLLite: take the node Load LLLite"),
        ({"lora_unet_x.lora_up.weight": (2, 2)}, "which looks like a LoRA"),
        ({"something": (2,)}, "is not a ControlNet this version knows"),
    ],
)
def test_a_file_of_something_else_is_refused_in_a_sentence(names: dict[str, tuple[int, ...]], says: str):
    file = Weights.of({name: torch.zeros(shape) for name, shape in names.items()}, path=Path("x.safetensors"))
    with pytest.raises(WeightsError, match=says):
        load_controlnet(file)


def test_a_file_that_is_not_whole_is_refused():
    tensors = controlnet_tensors("sd1")
    without = {name: value for name, value in tensors.items() if not name.startswith("middle_block_out")}
    with pytest.raises(WeightsError, match="the ControlNet lacks 2 tensors, first 'middle_block_out"):
        load_controlnet(Weights.of(without))
    odd = {**tensors, "zero_convs.1.0.weight": torch.zeros(3, 3, 1, 1)}
    with pytest.raises(WeightsError, match=r"'zero_convs.1.0.weight' has shape \(3, 3, 1, 1\)"):
        load_controlnet(Weights.of(odd))


def test_half_precision_is_computed_as_the_model_is(model: ModelPatcher, control: ControlBase):
    half = {name: value.half() for name, value in controlnet_tensors("sd1").items()}
    ours = guided(model, *controlled(load_controlnet(Weights.of(half)), PICTURE, 1.0, text(0), text(1)))
    expected = guided(model, *controlled(control, PICTURE, 1.0, text(0), text(1)))
    torch.testing.assert_close(ours, expected, rtol=0, atol=2e-2)


def test_a_union_knows_its_kinds_and_others_none(control: ControlBase):
    union = load_controlnet(Weights.of(controlnet_tensors("sdxl", 6), path=Path("union.safetensors")))
    assert with_kind(union, "depth").extra_args == {"control_type": [1]}
    assert with_kind(with_kind(union, "depth"), "auto").extra_args == {"control_type": []}
    assert union.extra_args == {}
    with pytest.raises(ValueError, match=r"union\.safetensors knows openpose, .*: choose auto, or load .* tile"):
        with_kind(union, "tile")
    with pytest.raises(ValueError, match=r"canny\.safetensors is for one kind of pictures alone"):
        with_kind(control, "depth")
    assert with_kind(control, "auto").extra_args == {}
