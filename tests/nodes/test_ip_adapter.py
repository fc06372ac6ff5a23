"""The nodes that use pictures as prompts, as graphs call them."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from comfy_core.folders import Folders
from comfy_core.patcher import ModelPatcher
from nodes import ip_adapter as nodes
from nodes.loaders import checkpoint_loader_simple
from nodes.sampling import k_sampler
from nodes.vision import clip_vision_loader
from tests.tiny_ip_adapter import write_ip_adapter
from tests.tiny_models import write_model

PICTURES = torch.rand(2, 40, 60, 3, generator=torch.Generator().manual_seed(0))
TEXTS = torch.randn(2, 1, 77, 32, generator=torch.Generator().manual_seed(1))
COMMON = {"weight": 0.8, "weight_type": "linear", "start_at": 0.0, "end_at": 1.0, "embeds_scaling": "V only"}


@pytest.fixture
def scene(base: Folders) -> tuple[ModelPatcher, Any, Any]:
    """A model, an IP-Adapter for it, and an encoder."""
    write_model(base.base / "models" / "checkpoints" / "sd1.safetensors", "sd1")
    write_ip_adapter(base.base / "models", "ip-adapter-plus_sd15.safetensors", "sd1", "plus")
    model = checkpoint_loader_simple(ckpt_name="sd1.safetensors")[0]
    adapter = nodes.ip_adapter_model_loader(ipadapter_file="ip-adapter-plus_sd15.safetensors")
    return model, adapter, clip_vision_loader(clip_name="CLIP-ViT-H-14-laion2B-s32B-b79K.safetensors")


def sample(model: ModelPatcher, batch: int = 1) -> Tensor:
    latent = {"samples": torch.zeros(batch, 4, 8, 8)}
    return k_sampler(model, 1, 2, 5.0, "euler", "normal", [[TEXTS[0], {}]], [[TEXTS[1], {}]], latent)["samples"]


def test_what_the_encoder_node_saw_is_used_as_the_picture_itself(scene: Any):
    model, adapter, vision = scene
    given = {"model": model, "ipadapter": adapter, "clip_vision": vision}
    whole = nodes.ip_adapter_advanced(image=PICTURES, combine_embeds="average", **COMMON, **given)
    seen, nothing = nodes.ip_adapter_encoder(ipadapter=adapter, image=PICTURES, weight=1.0, clip_vision=vision)
    one = nodes.ip_adapter_combine_embeds(embed1=seen[:1], embed2=seen[1:], method="average")
    with_negative = nodes.ip_adapter_embeds(pos_embed=one, neg_embed=nothing, **COMMON, **given)
    expected = sample(whole)
    assert torch.equal(sample(with_negative), expected)
    assert torch.equal(sample(nodes.ip_adapter_embeds(pos_embed=one, **COMMON, **given)), expected)
    assert not torch.equal(sample(model), expected)


def test_the_preset_gives_the_adapter_with_its_encoder_and_the_simple_node_takes_it(scene: Any):
    model, adapter, vision = scene
    same, found = nodes.ip_adapter_unified_loader(model=model, preset="PLUS (high strength)")
    assert same is model
    options = {"model": model, "image": PICTURES[:1], "weight": 0.8, "start_at": 0.0, "end_at": 1.0}
    simple = nodes.ip_adapter(ipadapter=found, weight_type="standard", **options)
    given = {"model": model, "ipadapter": adapter, "clip_vision": vision, "image": PICTURES[:1]}
    assert torch.equal(sample(simple), sample(nodes.ip_adapter_advanced(combine_embeds="concat", **COMMON, **given)))
    with pytest.raises(ValueError, match="link a Load CLIP Vision node"):
        nodes.ip_adapter(ipadapter=adapter, weight_type="standard", **options)


def test_a_batch_has_a_picture_for_each_latent_however_many_are_seen_at_once(scene: Any):
    model, adapter, vision = scene
    given = {"model": model, "ipadapter": adapter, "clip_vision": vision, "image": PICTURES, **COMMON}
    both, one_by_one = (sample(nodes.ip_adapter_batch(encode_batch_size=size, **given), 2) for size in (0, 1))
    assert (both - one_by_one).abs().max() < 3e-5 * both.std()
    together = sample(nodes.ip_adapter_advanced(combine_embeds="concat", **given), 2)
    assert not torch.allclose(both, together, atol=1e-2)


def test_a_negative_picture_changes_the_result(scene: Any):
    model, adapter, vision = scene
    given = {"model": model, "ipadapter": adapter, "clip_vision": vision, "image": PICTURES[:1], **COMMON}
    noise = nodes.ip_adapter_noise(type="dissolve", strength=0.8, blur=3, image_optional=PICTURES[:1])
    plain = nodes.ip_adapter_advanced(combine_embeds="concat", **given)
    against = nodes.ip_adapter_advanced(combine_embeds="concat", image_negative=noise, **given)
    assert not torch.equal(sample(plain), sample(against))


@pytest.mark.parametrize("kind", ["fade", "dissolve", "gaussian", "shuffle"])
def test_noise_is_the_same_each_time_and_none_without_strength(kind: str):
    made = [nodes.ip_adapter_noise(type=kind, strength=0.7, blur=2, image_optional=PICTURES) for _ in range(2)]
    assert torch.equal(*made)
    assert made[0].shape == PICTURES.shape
    assert 0 <= made[0].min() <= made[0].max() <= 1
    still = nodes.ip_adapter_noise(type=kind, strength=0.0, blur=0, image_optional=PICTURES)
    torch.testing.assert_close(still, PICTURES)
    assert nodes.ip_adapter_noise(type=kind, strength=1.0, blur=0).shape == (1, 224, 224, 3)
