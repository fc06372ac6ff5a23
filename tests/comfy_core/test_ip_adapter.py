"""Pictures as prompts: where, when, for whom and how much they count; which files and encoders serve, and what is
refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from comfy_core import folders
from comfy_core.families import load_checkpoint
from comfy_core.ip_adapter import (
    COMBINED,
    IPAdapter,
    combined,
    load_ip_adapter,
    seen_in,
    seen_in_nothing,
    with_pictures,
)
from comfy_core.ip_adapter.attention import SCALINGS, ImageAttention, Shown
from comfy_core.ip_adapter.presets import load_preset
from comfy_core.ip_adapter.weights import SD1, SDXL, WEIGHT_TYPES, Place, factor, is_against
from comfy_core.memory import residency
from comfy_core.memory.residency import Residency
from comfy_core.networks.ip_adapter import KeysAndValues
from comfy_core.patcher import ModelPatcher
from comfy_core.sampling.sample import common_ksampler
from comfy_core.vision import ClipVisionModel, load_clip_vision
from comfy_core.weights import Weights, WeightsError, open_weights
from tests.tiny_ip_adapter import ip_adapter_tensors
from tests.tiny_models import write_model
from tests.tiny_sd1 import randomise
from tests.tiny_vision import DEEP_VIT, VIT, vision_tensors

TEXTS = torch.randn(2, 1, 77, 32, generator=torch.Generator().manual_seed(0))
SEEN = torch.randn(2, VIT.projection, generator=torch.Generator().manual_seed(1))
NOTHING = torch.zeros(1, VIT.projection)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelPatcher:
    return load_checkpoint(write_model(tmp_path_factory.mktemp("ip") / "sd1.safetensors", "sd1")).model


@pytest.fixture(scope="module")
def adapter() -> IPAdapter:
    return load_ip_adapter(Weights.of(ip_adapter_tensors("sd1"), path=Path("ip-adapter_sd15.bin")))


@pytest.fixture
def vision() -> ClipVisionModel:
    return load_clip_vision(Weights.of(vision_tensors(VIT)))


@pytest.fixture(autouse=True)
def alone() -> Any:
    yield
    residency.free_all()


def sample(model: ModelPatcher, batch: int = 1, seed: int = 3, steps: int = 2) -> Tensor:
    latent = {"samples": torch.zeros(batch, 4, 8, 12)}
    positive, negative = [[TEXTS[0], {}]], [[TEXTS[1], {}]]
    return common_ksampler(model, seed, steps, 5.0, "euler", "normal", positive, negative, latent)["samples"]


def assert_same(ours: Tensor, expected: Tensor) -> None:
    """Equal but for rounding."""
    assert (ours - expected).abs().max() < 3e-5 * expected.std()


def on(model: ModelPatcher, adapter: IPAdapter, seen: Tensor = SEEN[:1], **options: Any) -> ModelPatcher:
    return with_pictures(model, adapter, seen, NOTHING, **options)


# --- where, when and for whom ----------------------------------------------------------------------------------------


def test_with_no_weight_and_under_a_black_mask_nothing_changes(model: ModelPatcher, adapter: IPAdapter):
    plain = sample(model)
    assert torch.equal(sample(on(model, adapter, weight=0.0)), plain)
    assert torch.equal(sample(on(model, adapter, mask=torch.zeros(1, 64, 96))), plain)
    assert (sample(on(model, adapter)) - plain).abs().max() > 0.05


def test_a_white_mask_is_none_and_half_of_one_counts_on_its_side(model: ModelPatcher, adapter: IPAdapter):
    whole = sample(on(model, adapter), steps=1)
    assert torch.equal(sample(on(model, adapter, mask=torch.ones(1, 33, 7)), steps=1), whole)
    left = torch.zeros(1, 64, 96)
    left[..., :48] = 1
    half = sample(on(model, adapter, mask=left), steps=1)
    plain = sample(model, steps=1)
    changed = (half - plain).abs().mean(dim=(0, 1, 2))
    assert changed[:4].mean() > 1.5 * changed[-4:].mean()


def test_it_counts_in_a_part_of_the_run(model: ModelPatcher, adapter: IPAdapter):
    late = sample(on(model, adapter, start_at=1.0))
    assert torch.equal(late, sample(model))
    assert not torch.equal(sample(on(model, adapter, end_at=0.5), steps=4), sample(on(model, adapter), steps=4))


def test_each_latent_of_a_batch_can_have_its_own_picture(model: ModelPatcher, adapter: IPAdapter):
    both = sample(on(model, adapter, SEEN, unfold=True), batch=2)
    for place in range(2):
        alone = sample(on(model, adapter, SEEN[place : place + 1]), batch=2)
        assert_same(both[place], alone[place])


def test_the_model_itself_is_left_as_it_is(model: ModelPatcher, adapter: IPAdapter):
    showing = on(model, adapter)
    on(showing, adapter, weight=0.5)
    assert model.get_additional_models() == []
    assert not model.model_options["transformer_options"].get("patches_replace")
    patches = showing.model_options["transformer_options"]["patches_replace"]["attn2"].values()
    assert {patch.weight for patch in patches} == {1.0}


def test_another_replacement_of_the_attention_still_does_its_work(model: ModelPatcher, adapter: IPAdapter):
    silent = model.clone()
    for number in range(12):
        for side in ("input", "middle", "output"):
            silent.set_model_attn2_replace(lambda q, k, v, options: torch.zeros_like(q), side, number)
    assert not torch.equal(sample(on(silent, adapter)), sample(on(model, adapter)))
    assert torch.equal(sample(on(silent, adapter, mask=torch.zeros(1, 8, 8))), sample(silent))


# --- how much --------------------------------------------------------------------------------------------------------


def layer(width: int = 64, context: int = 16) -> KeysAndValues:
    made = KeysAndValues(context, width)
    randomise(made, torch.Generator().manual_seed(2))
    return made


@pytest.mark.parametrize("scaling", SCALINGS)
@torch.no_grad()
def test_the_weight_scales_what_is_said(scaling: str):
    generator = torch.Generator().manual_seed(3)
    q, k, v = (torch.randn(2, count, 64, generator=generator) for count in (6, 5, 5))
    words = torch.randn(1, 3, 16, generator=generator)
    kv = layer()
    patch = ImageAttention(Shown(words, words, scaling=scaling), kv, 0.7)
    ours = patch(q, k, v, {"n_heads": 1, "cond_or_uncond": [0, 1]})
    ip_k, ip_v = (one.expand(2, -1, -1) for one in kv(words))
    weight = 0.7 * (64 / 1280 if "C penalty" in scaling else 1.0)
    mean = ip_v.mean(1, keepdim=True)
    expected = {
        "V only": lambda: 0.7 * attended(q, ip_k, ip_v),
        "K+V": lambda: attended(q, ip_k * weight, ip_v * weight),
        "K+V w/ C penalty": lambda: attended(q, ip_k * weight, ip_v * weight),
        "K+mean(V) w/ C penalty": lambda: attended(q, ip_k * weight, ip_v - mean + mean * weight),
    }[scaling]()
    torch.testing.assert_close(ours, attended(q, k, v) + expected)


def attended(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1) @ v


def places(blocks: dict[str, list[int]]) -> list[Place]:
    """All transformers in the order in which they run, one attention each."""
    names = [(side, number) for side in ("input", "middle", "output") for number in blocks[side]]
    return [Place(name, 0, number, len(names)) for number, name in enumerate(names)]


OF_SDXL = places({"input": [4, 5, 7, 8], "middle": [0], "output": [0, 1, 2, 3, 4, 5]})
OF_SD1 = places({"input": [1, 2, 4, 5, 7, 8], "middle": [0], "output": [3, 4, 5, 6, 7, 8, 9, 10, 11]})
NAMED = {
    "style transfer": ({6: 1}, dict.fromkeys([0, 1, 2, 3, *range(9, 16)], 1)),
    "composition": ({3: 1}, {4: 0.25, 5: 1}),
    "strong style transfer": (dict.fromkeys({*range(11)} - {3}, 1), dict.fromkeys({*range(16)} - {4, 5}, 1)),
    "style and composition": ({3: 1, 6: 1}, {**dict.fromkeys([0, 1, 2, 3, *range(9, 16)], 1), 4: 0.25, 5: 1}),
    "style transfer precise": ({3: 1, 6: 1}, {**dict.fromkeys([0, 1, 2, 3, *range(9, 16)], 1), 4: 0.25, 5: 1}),
    "composition precise": (
        {**dict.fromkeys(range(11), 0.1), 3: 1, 6: 1},
        {**dict.fromkeys(range(16), 1), 4: 0.25, 6: 0.1, 7: 0.1, 8: 0.1},
    ),
}
"""The share of the weight by transformer, in SDXL and in Stable Diffusion 1, as the field has it."""


@pytest.mark.parametrize("kind", WEIGHT_TYPES)
def test_a_weight_type_says_how_much_counts_in_each_transformer(kind: str):
    for number, (all_places, roles) in enumerate(((OF_SDXL, SDXL), (OF_SD1, SD1))):
        count = len(all_places)
        for place in all_places:
            at, side = place.transformer, place.block[0]
            expected = {
                "linear": 1.0,
                "ease in": 0.05 + 0.95 * (1 - at / count),
                "ease out": 0.05 + 0.95 * at / count,
                "ease in-out": 0.05 + 0.95 * (1 - abs(at - count / 2) / (count / 2)),
                "reverse in-out": 0.05 + 0.95 * abs(at - count / 2) / (count / 2),
                "weak input": 0.2 if side == "input" else 1.0,
                "weak output": 0.2 if side == "output" else 1.0,
                "weak middle": 0.2 if side == "middle" else 1.0,
                "strong middle": 1.0 if side == "middle" else 0.2,
            }.get(kind)
            if expected is None:
                expected = NAMED[kind][number].get(at, 0.0)
            assert factor(kind, place, roles) == pytest.approx(expected), (kind, place)


def test_precise_types_turn_the_picture_against_what_is_to_stay_out():
    against = {kind: [one.transformer for one in OF_SDXL if is_against(kind, one, SDXL)] for kind in WEIGHT_TYPES}
    assert against.pop("style transfer precise") == [3]
    assert against.pop("composition precise") == [0, 1, 2, 4, 5, 6, 7, 8, 9, 10]
    assert not any(against.values())
    words = torch.randn(1, 3, 16)
    q = torch.randn(2, 6, 64)
    kv, told = layer(), {"n_heads": 1, "cond_or_uncond": [0, 1]}
    with torch.no_grad():
        out = ImageAttention(Shown(words, words + 1), kv, 1.0, against=True)(q, q, q, told) - attended(q, q, q)
        negative = attended(q[1:], *kv(words))
    assert out[0].abs().max() < 1e-6
    torch.testing.assert_close(out[1:], negative)


def test_several_pictures_become_one():
    embeds = torch.randn(3, 5)
    made = {method: combined([embeds[:1], embeds[1:]], method) for method in COMBINED}
    assert torch.equal(made["concat"], embeds)
    torch.testing.assert_close(made["add"], embeds.sum(0)[None])
    torch.testing.assert_close(made["subtract"], (embeds[0] - (embeds[1] + embeds[2]) / 2)[None])
    torch.testing.assert_close(made["average"], embeds.mean(0)[None])
    torch.testing.assert_close(made["norm average"], (embeds / (embeds**2).sum(0).sqrt()).mean(0)[None])
    assert torch.equal(made["max"], embeds.max(0).values[None])
    assert torch.equal(made["min"], embeds.min(0).values[None])
    with pytest.raises(ValueError, match=r"made for different IP-Adapters: their shapes are \[1, 5\], \[1, 7, 5\]"):
        combined([embeds[:1], torch.zeros(1, 7, 5)], "add")


# --- memory, files and encoders --------------------------------------------------------------------------------------


def test_it_is_loaded_when_the_model_samples_and_can_be_freed(model: ModelPatcher, adapter: IPAdapter):
    showing = on(model, adapter)
    residency.free_all()
    sample(showing)
    assert {one.name for one in residency.current().residents} == {"U-Net", "IP-Adapter"}
    residency.free_all()
    assert not residency.current().residents


def test_streamed_it_gives_the_same_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    model = load_checkpoint(write_model(tmp_path / "sd1.safetensors", "sd1")).model
    save_file(ip_adapter_tensors("sd1"), tmp_path / "ip.safetensors")
    adapter = load_ip_adapter(open_weights(tmp_path / "ip.safetensors"))
    expected = sample(on(model, adapter))
    residency.free_all()
    small = Residency(lambda device: 10_000)
    monkeypatch.setattr(residency, "_residency", small)
    ours = sample(on(model, adapter))
    assert all(one.stream is not None for one in small.residents)
    small.free_all()
    assert_same(ours, expected)


def test_the_pickles_of_the_release_are_read(tmp_path: Path):
    tensors = ip_adapter_tensors("sd1", "plus")
    parts: dict[str, dict[str, Tensor]] = {"image_proj": {}, "ip_adapter": {}}
    for name, value in tensors.items():
        parts[name.split(".")[0]][name.partition(".")[2]] = value
    torch.save(parts, tmp_path / "ip-adapter-plus_sd15.bin")
    adapter = load_ip_adapter(open_weights(tmp_path / "ip-adapter-plus_sd15.bin"))
    assert set(adapter.patcher.source) == set(tensors)


def test_the_encoder_sees_less_under_a_mask_and_nothing_in_nothing(vision: ClipVisionModel, adapter: IPAdapter):
    picture = torch.rand(1, 40, 60, 3)
    seeing = adapter.seeing_with(vision)
    assert_same(seen_in(seeing, picture, torch.ones(1, 40, 60)), seen_in(seeing, picture))
    black = seen_in(seeing, picture, torch.zeros(1, 40, 60))
    torch.testing.assert_close(black, vision.encode_nothing().image_embeds)
    assert torch.equal(seen_in_nothing(seeing, black), torch.zeros_like(black))
    plus = load_ip_adapter(Weights.of(ip_adapter_tensors("sd1", "plus"))).seeing_with(vision)
    seen = seen_in(plus, torch.cat([picture, 1 - picture]), at_once=1)
    assert seen.shape == (2, VIT.places, VIT.width)
    assert torch.equal(seen_in_nothing(plus, seen), vision.encode_nothing().penultimate_hidden_states)


def test_a_preset_finds_its_file_and_the_encoder_whose_vectors_fit(own_folders: folders.Folders):
    for kind in ("ipadapter", "clip_vision"):
        (own_folders.base / "models" / kind).mkdir(parents=True)
    models = own_folders.base / "models"
    save_file(ip_adapter_tensors("sd1", "plus"), models / "ipadapter" / "IP-Adapter-Plus SD15.safetensors")
    for name, dims in (("a_bigG", DEEP_VIT), ("z_ViT-H", VIT)):
        save_file(vision_tensors(dims), models / "clip_vision" / f"{name}.safetensors")
    found = load_preset(own_folders, "PLUS (high strength)", for_sdxl=False)
    assert found.network.takes_patches
    assert found.clip_vision is not None
    assert found.clip_vision.model.dims.width == VIT.width
    with pytest.raises(ValueError, match=r"'PLUS FACE .*' for .* is not in models/ipadapter/: put ip-"):
        load_preset(own_folders, "PLUS FACE (portraits)", for_sdxl=False)
    with pytest.raises(ValueError, match=r"no IP-Adapter 'FULL FACE .*' for Stable Diffusion XL"):
        load_preset(own_folders, "FULL FACE - SD1.5 only (portraits stronger)", for_sdxl=True)
    (models / "clip_vision" / "z_ViT-H.safetensors").unlink()
    with pytest.raises(ValueError, match="no encoder in models/clip_vision/ gives them: put ViT-H there"):
        load_preset(own_folders, "PLUS (high strength)", for_sdxl=False)


# --- bad input -------------------------------------------------------------------------------------------------------


def test_one_for_another_family_is_refused_naming_both(model: ModelPatcher):
    other = load_ip_adapter(Weights.of(ip_adapter_tensors("sdxl"), path=Path("ip-adapter_sdxl.bin")))
    with pytest.raises(ValueError, match=r"ip-adapter_sdxl\.bin is for .*, and the model is Stable Diffusion 1\.x"):
        on(model, other)


def test_pictures_that_another_encoder_saw_are_refused(model: ModelPatcher, adapter: IPAdapter):
    with pytest.raises(ValueError, match=r"takes pictures as vectors of 32 numbers, and .* gives 1024: load ViT-H"):
        with_pictures(model, adapter, torch.zeros(1, 1024), torch.zeros(1, 1024))
    with pytest.raises(ValueError, match=r"ip-adapter_sd15\.bin needs an encoder of pictures: link a Load CLIP Vision"):
        adapter.seeing_with(None)


def test_files_of_something_else_are_refused_in_a_sentence():
    face = {**ip_adapter_tensors("sd1"), "ip_adapter.0.to_q_lora.down.weight": torch.zeros(4, 4)}
    with pytest.raises(WeightsError, match="FaceID IP-Adapter, which needs faces as insightface sees them"):
        load_ip_adapter(Weights.of(face))
    with pytest.raises(WeightsError, match=r"is not a file of an IP-Adapter this version knows.*a LoRA"):
        load_ip_adapter(Weights.of({"lora_unet_x.lora_up.weight": torch.zeros(2, 2)}))
    part = {name: value for name, value in ip_adapter_tensors("sd1").items() if name != "ip_adapter.3.to_v_ip.weight"}
    with pytest.raises(WeightsError, match=r"the IP-Adapter lacks 1 tensors, first 'ip_adapter\.3\.to_v_ip\.weight'"):
        load_ip_adapter(Weights.of(part))
